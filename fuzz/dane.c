/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DANE for one destination. The input: the next hop on a line, then the DNS (oracle.h).
 */
#include <string.h>

#include "base/memory.h"
#include "checks/dane.h"
#include "fuzz/fuzz.h"
#include "fuzz/oracle.h"
#include "resolver/resolver.h"

static void require_host(const struct dane_host *host)
{
  fuzz_require(fuzz_is_domain(host->name) && host->address && host->tlsa);
  fuzz_require(!host->base || fuzz_is_domain(host->base));
  /* RFC 7672 2.2.2: without a secure address no TLSA record is looked at, but for what an alias leads to. */
  fuzz_require(strcmp(host->tlsa, "usable") != 0 || host->base);
}

static void require_fact(const struct dane_fact *fact)
{
  fuzz_require(fact->verdict != DANE_NOT_EXAMINED && dane_verdict_name(fact->verdict));
  fuzz_require(fact->domain && fact->mx && fuzz_is_printable(fact->domain) && fuzz_is_printable(fact->why));
  fuzz_require(fact->host_count <= DANE_HOSTS_MAX);
  unsigned usable = 0;
  for (size_t i = 0; i < fact->host_count; i++) {
    require_host(&fact->hosts[i]);
    fuzz_require(i == 0 || fact->hosts[i - 1].preference <= fact->hosts[i].preference);
    usable += strcmp(fact->hosts[i].tlsa, "usable") == 0;
  }
  if (fact->verdict == DANE_FULL) {
    fuzz_require(usable > 0 && fact->link == DANE_LINK_NONE);
    fuzz_require(strcmp(fact->mx, "insecure") != 0 && strcmp(fact->mx, "bogus") != 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  struct oracle oracle;
  const char *next_hop = input_string(&input, arena);
  oracle_open(&oracle, &input);
  dane_start(oracle.lookups, next_hop);
  struct dane_fact fact = dane_check(oracle.arena, oracle.lookups, next_hop);
  require_fact(&fact);
  fuzz_require(lookups_sent(oracle.lookups) <= 3 + 5 * DANE_HOSTS_MAX);
  oracle_close(&oracle);
  arena_free(arena);
  return 0;
}
