/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making answers: one allocation each, counted references. Below resolver/ only.
 */
#pragma once

#include "resolver/dns.h"

struct dns_answer_owned {
  struct dns_answer answer;
  unsigned references; /* atomic */
  size_t size;         /* bytes of memory in all, for the cache's bound */
};

/* A copy of everything that `from` points to. One reference, yours. */
struct dns_answer_owned *answer_new(const struct dns_answer *from);
struct dns_answer_owned *answer_failure(enum dns_status status, uint32_t ttl, const char *why);
struct dns_answer_owned *answer_hold(struct dns_answer_owned *answer);
void answer_release(struct dns_answer_owned *answer); /* takes NULL */
