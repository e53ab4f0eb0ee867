/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RDATA of every type that Sluis reads. The input is one record's bytes, read as each type.
 */
#include <string.h>

#include "base/memory.h"
#include "checks/tlsa.h"
#include "fuzz/fuzz.h"
#include "resolver/answer.h"
#include "resolver/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct arena *arena = arena_new();
  const struct dns_record record = {bytes, size};
  char name[DOMAIN_SIZE];
  struct ip ip;
  struct rdata_mx mx;
  struct rdata_tlsa tlsa;
  size_t length;
  if (rdata_read_address(&ip, &record) == 0)
    fuzz_require(ip_bits(&ip) == 8 * size || ip_bits(&ip) == 32);
  if (rdata_read_mx(&mx, &record) == 0)
    fuzz_require(fuzz_is_domain(mx.exchange) && mx.preference < 65536);
  if (rdata_read_name(name, &record) == 0)
    fuzz_require(*name && fuzz_is_domain(name));
  if (rdata_read_tlsa(&tlsa, &record) == 0) {
    fuzz_require(tlsa.data + tlsa.length == bytes + size);
    tlsa_is_usable(&tlsa);
  }
  const char *text = rdata_read_txt(arena, &record, &length);
  fuzz_require(!text || (length < size && text[length] == '\0'));
  struct dns_answer_owned *answer =
      answer_new(&(struct dns_answer){.status = DNS_FOUND, .count = 1, .records = &record});
  fuzz_require(answer->answer.records[0].length == size);
  fuzz_require(size == 0 || memcmp(answer->answer.records[0].data, bytes, size) == 0);
  answer_release(answer);
  arena_free(arena);
  return 0;
}
