/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An SPF record, read strictly by the grammar of RFC 7208 section 12: nothing that does not fit in it comes
 * through, and one error anywhere makes the whole record unusable (4.6).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

struct arena;

enum term_kind { TERM_ALL, TERM_INCLUDE, TERM_A, TERM_MX, TERM_PTR, TERM_IP4, TERM_IP6, TERM_EXISTS, TERM_REDIRECT };

struct spf_term {
  enum term_kind kind;
  char qualifier;          /* '+', '-', '~' or '?' */
  const char *text;        /* as it stands in the record: visible ASCII */
  const char *domain;      /* domain-spec with its macros, valid; NULL: the current domain */
  unsigned prefix4, prefix6; /* a, mx: bits to compare, 32 and 128 where nothing is said */
  struct network network;  /* ip4, ip6 */
};

struct spf_record {
  struct spf_term *terms; /* the mechanisms, in order */
  size_t count;
  const struct spf_term *redirect; /* NULL where absent */
  const char *explanation;         /* exp=, a valid domain-spec; NULL where absent */
};

/* RFC 7208 4.5: is this TXT value an SPF record at all? */
bool spf_record_is(const char *text, size_t length);
/* Reads what spf_record_is() has let through. 0, or -1 with a printable reason in why. All lies in the arena. */
int spf_record_parse(struct spf_record *record, struct arena *arena, const char *text, size_t length,
                     const char **why);
