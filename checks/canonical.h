/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How long a body is in canonical form (RFC 6376 3.4.3, 3.4.4): what l= must reach to leave nothing unsigned.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start with {.relaxed = ...}. */
struct canonical {
  bool relaxed;
  uint64_t length; /* octets so far, without empty lines that may turn out to be the last */
  uint64_t empty;  /* such lines */
  bool text;       /* the line has something in it */
  bool space;      /* white space that counts once something follows (relaxed) */
  bool cr;         /* a CR that may be half of a line end */
};

/* Any pieces of the body. */
void canonical_count(struct canonical *canonical, const char *bytes, size_t length);
