/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DMARC: the policy record, the walk up the DNS tree and alignment, and where the record sends reports. The input: the
 * author domain, the SPF domain and a DKIM domain, each on a line, then the DNS (oracle.h).
 */
#include <string.h>

#include "base/domain.h"
#include "base/memory.h"
#include "checks/dmarc.h"
#include "checks/dmarc_record.h"
#include "feedback/destination.h"
#include "fuzz/fuzz.h"
#include "fuzz/oracle.h"
#include "resolver/resolver.h"

/* A line as a normalized domain, or the other one. */
static const char *read_domain(struct input *input, struct arena *arena, const char *otherwise)
{
  char domain[DOMAIN_SIZE];
  struct input line = input_until(input, '\n');
  return arena_string(arena, domain_normalize(domain, line.at, input_length(&line)) == 0 ? domain : otherwise);
}

static void read_record(const char *text, size_t length)
{
  struct dmarc_record record;
  const char *tag;
  if (dmarc_record_read(&record, text, length) < 0)
    return;
  fuzz_require(record.has_sp || record.sp == record.p);
  fuzz_require(record.has_np || record.np == record.sp);
  fuzz_require(dmarc_record_is_confirmed(&record));
  for (int i = 0; i < 4; i++) {
    fuzz_require(dmarc_record_policy(&record, i & 1, i & 2, &tag) <= OWNER_POLICY_REJECT);
    fuzz_require(strlen(tag) <= 2);
  }
}

static void require_fact(const struct dmarc_fact *fact)
{
  fuzz_require(fuzz_is_printable(fact->why));
  if (!fact->found)
    return;
  fuzz_require(fact->policy_domain && fuzz_is_domain(fact->policy_domain));
  fuzz_require(!fact->organizational_domain || fuzz_is_domain(fact->organizational_domain));
  fuzz_require(fact->effective <= fact->policy && fact->policy - fact->effective <= (fact->testing ? 1 : 0));
  fuzz_require((fact->result == AUTH_PASS) == (fact->aligned_spf || fact->aligned_dkim));
}

static void require_destination(const struct destination *destination)
{
  fuzz_require(destination->count <= DESTINATIONS_MAX);
  fuzz_require(fuzz_is_printable(destination->why));
  /* Nothing that a mailer or its shell could take for more than an address. */
  for (size_t i = 0; i < destination->count; i++) {
    const char *address = destination->addresses[i];
    fuzz_require(*address != '-' && *address != '/' && strchr(address, '@'));
    fuzz_require(strcspn(address, " \t\r\n,;:<>()[]\"\\|!%") == strlen(address));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  struct oracle oracle;
  struct facts facts = {
      .author = {.status = AUTHOR_ONE, .domain = read_domain(&input, arena, "a.b.c.example.nl")},
      .spf_mailfrom = {.result = AUTH_PASS, .domain = read_domain(&input, arena, "mail.example.nl")},
      .dkim = {.signatures = {{.result = AUTH_PASS, .domain = read_domain(&input, arena, "x.example.nl")},
                              {.result = AUTH_TEMPERROR, .domain = "example.org"}},
               .count = 2}};
  read_record(input.at, input_length(&input));
  if (input_length(&input) > 4)
    read_record(input.at + 4, input_length(&input) - 4); /* behind "TXT+" */
  oracle_open(&oracle, &input);
  dmarc_start(oracle.lookups, facts.author.domain);
  struct dmarc_fact fact = dmarc_check(oracle.arena, oracle.lookups, &facts);
  require_fact(&fact);
  /* RFC 9989 4.10: eight questions for a walk, and up to five walks. */
  fuzz_require(lookups_sent(oracle.lookups) <= 5 * 8);
  struct destination destination = destination_find(oracle.arena, oracle.lookups, facts.author.domain);
  require_destination(&destination);
  oracle_close(&oracle);
  arena_free(arena);
  return 0;
}
