/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What one DKIM-Signature field says (RFC 6376 3.5), and whether it may be evaluated at all: the guard in front
 * of libopendkim.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/facts.h"

struct arena;

enum {
  SIGNATURE_MAX_LENGTH = 8192,  /* of the field's value */
  SIGNATURE_MAX_NAMES = 100,    /* in h= */
  SIGNATURE_CLOCK_SKEW = 300    /* seconds that a signer's clock may be ahead of ours */
};

struct signature {
  enum auth_result refused; /* AUTH_NONE: may be evaluated; else the result, and why */
  const char *why;
  const char *domain;    /* d=, normalized; "" where unreadable */
  const char *selector;  /* s=, normalized; "" */
  const char *algorithm; /* a=, printable, lower case; "" */
  const char *shown;     /* the first 8 characters of b= (RFC 6008); "" */

  /* Only where it was not refused: */
  bool ed25519;            /* else RSA; always SHA-256 */
  bool relaxed_header;     /* canonicalization, else simple */
  bool relaxed_body;
  bool identity_below;     /* i= names a domain below d= */
  bool limited;            /* there is an l= */
  uint64_t body_length;    /* its value */
  unsigned from_names;     /* how often h= names From */
  unsigned own_names;      /* how often h= names DKIM-Signature */
  const char *fields;      /* h= without white space */
  const char *body_hash;   /* bh=, padded */
  const char *value;       /* b=, without white space */
  bool spaced;             /* white space between the tag name b and its "=" */
  size_t value_start, value_end; /* where b='s value stands in the field's value, from behind "=" */
};

/* Never fails: what cannot be understood is refused. now: seconds since 1970. The strings lie in the arena. */
void signature_read(struct arena *arena, struct signature *signature, const char *value, size_t length, int64_t now);
