/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF through libspf2: records with every kind of macro, and a client, a HELO name and a MAIL FROM to put into them.
 * The input: client address, HELO, MAIL FROM, each on a line, then the DNS (oracle.h).
 */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/spf.h"
#include "fuzz/fuzz.h"
#include "fuzz/oracle.h"
#include "resolver/resolver.h"

static void require_fact(const struct spf_fact *fact)
{
  fuzz_require(fact->result != AUTH_POLICY);
  fuzz_require(fuzz_is_domain(fact->domain));
  fuzz_require(fuzz_is_printable(fact->why));
  fuzz_require(fact->result == AUTH_FAIL || !fact->explanation);
  for (const char *at = fact->explanation; at && *at; at++)
    fuzz_require(*at >= ' ' && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  const char *client = input_string(&input, arena);
  struct spf_query query = {.receiver = "mx1.example.nl", .now = 1700000000};
  struct oracle oracle;
  query.helo = input_string(&input, arena);
  query.sender = input_string(&input, arena);
  if (ip_parse(&query.client, client) < 0)
    query.client.family = 0; /* it came over no network */
  oracle_open(&oracle, &input);
  spf_start(oracle.lookups, &query);
  struct spf_fact helo = spf_check_helo(oracle.arena, oracle.lookups, &query);
  struct spf_fact mailfrom = spf_check_mailfrom(oracle.arena, oracle.lookups, &query);
  require_fact(&helo);
  require_fact(&mailfrom);
  /* RFC 7208 4.6.4: ten terms for each identity, of which one may lead to ten names. */
  fuzz_require(lookups_sent(oracle.lookups) <= 300);
  oracle_close(&oracle);
  arena_free(arena);
  return 0;
}
