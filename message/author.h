/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who the message says it is from: the author domain (RFC 9989 3.2.2), or why there is no single one.
 */
#pragma once

#include <stddef.h>

struct arena;

enum author_status {
  AUTHOR_ONE,             /* one From field, one domain in it */
  AUTHOR_NO_FROM,         /* no From field */
  AUTHOR_SEVERAL_FIELDS,  /* more than one From field */
  AUTHOR_SEVERAL_DOMAINS, /* one field, addresses of different domains */
  AUTHOR_INVALID          /* a From field that cannot be parsed, has no address, or no legal domain */
};

/* What was found about the author: a fact for policy, header and log. */
struct author {
  enum author_status status;
  const char *domain; /* normalized; NULL unless AUTHOR_ONE */
  const char *why;    /* for people, printable; NULL where AUTHOR_ONE */
};

/* Collects From fields: call author_field() for each, then author_find(). Start with {0}. */
struct author_fields {
  unsigned count;
  struct author first; /* what the first field alone says */
};

void author_field(struct author_fields *fields, struct arena *arena, const char *value, size_t length);
struct author author_find(const struct author_fields *fields);
