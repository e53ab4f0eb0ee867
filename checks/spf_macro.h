/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF macros (RFC 7208 section 7): checked against the grammar first, then expanded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/ip.h"

struct text;

/* Where a macro string stands: the grammar and the letters allowed differ. */
enum macro_use {
  MACRO_DOMAIN_SPEC,   /* the target of a mechanism, of redirect= and exp= */
  MACRO_STRING,        /* the value of an unknown modifier */
  MACRO_EXPLAIN_STRING /* the text that exp= leads to */
};

/* What the letters stand for. */
struct spf_macro_values {
  const struct ip *client;   /* i, c, v */
  const char *local;         /* l; raw bytes */
  const char *sender_domain; /* o; s is local@sender_domain */
  const char *domain;        /* d: the domain whose record is being evaluated */
  const char *helo;          /* h; raw bytes */
  const char *receiver;      /* r */
  int64_t now;               /* t */
  /* p: a validated name of the client, "unknown" where there is none. Asked only when a p is met. */
  const char *(*client_name)(void *context, const char *domain);
  void *context;
};

/* True where the text is what its use allows. */
bool spf_macro_is_valid(const char *text, size_t length, enum macro_use use);
/* True where the (valid) text has a macro with this lower-case letter. */
bool spf_macro_uses(const char *text, char letter);
/* Appends the expansion of a valid text. What is of no use is not built: of a long domain-spec the end is kept,
 * of a long explanation the beginning. */
void spf_macro_expand(struct text *out, const char *text, enum macro_use use, const struct spf_macro_values *values);
/* Expands a valid domain-spec to the name to ask for: at most 253 characters, without a final dot. Returns 0, or -1
 * with out = "" where nothing that can be asked for comes out. */
int spf_macro_expand_name(char out[DOMAIN_SIZE], const char *text, const struct spf_macro_values *values);
