/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making answers. See answer.h.
 */
#include "resolver/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Copies length bytes to *room and moves it on. */
static char *take(char **room, const void *bytes, size_t length)
{
  char *at = *room;
  if (length)
    memcpy(at, bytes, length);
  *room += length;
  return at;
}

struct dns_answer_owned *answer_new(const struct dns_answer *from)
{
  char why[TEXT_PRINTABLE_MAX + 1] = "";
  if (from->why)
    text_printable(why, sizeof why, from->why, strlen(from->why));
  size_t why_size = from->why ? strlen(why) + 1 : 0;
  size_t canonical_size = from->canonical ? strlen(from->canonical) + 1 : 0;
  size_t records_size = from->count * sizeof *from->records;
  size_t size = sizeof(struct dns_answer_owned) + records_size + canonical_size + why_size;
  for (size_t i = 0; i < from->count; i++)
    size += from->records[i].length;

  struct dns_answer_owned *owned = memory_new(size);
  owned->answer = *from;
  owned->references = 1;
  owned->size = size;
  struct dns_record *records = (void *)(owned + 1);
  char *room = (char *)(records + from->count);
  for (size_t i = 0; i < from->count; i++) {
    records[i].length = from->records[i].length;
    records[i].data = (uint8_t *)take(&room, from->records[i].data, from->records[i].length);
  }
  owned->answer.records = from->count ? records : NULL;
  owned->answer.canonical = from->canonical ? take(&room, from->canonical, canonical_size) : NULL;
  owned->answer.why = from->why ? take(&room, why, why_size) : NULL;
  return owned;
}

struct dns_answer_owned *answer_failure(enum dns_status status, uint32_t ttl, const char *why)
{
  return answer_new(&(struct dns_answer){
      .status = status,
      .dnssec = status == DNS_BOGUS ? DNSSEC_BOGUS : DNSSEC_INDETERMINATE,
      .ttl = ttl,
      .why = why,
  });
}

struct dns_answer_owned *answer_hold(struct dns_answer_owned *answer)
{
  __atomic_add_fetch(&answer->references, 1, __ATOMIC_RELAXED);
  return answer;
}

void answer_release(struct dns_answer_owned *answer)
{
  if (answer && __atomic_sub_fetch(&answer->references, 1, __ATOMIC_ACQ_REL) == 0)
    free(answer);
}
