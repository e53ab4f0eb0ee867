/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is odd about the lines of a body: how long they are, and CR and LF that stand alone, which RFC 5322 2.3
 * forbids.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Start with {0}. */
struct lines {
  bool any;              /* there is a body */
  bool bare_cr, bare_lf; /* a CR at the very end counts once lines_end() was called */
  size_t longest;
  size_t current; /* length of the last line so far */
  char last[2];   /* bytes of the body */
};

/* Any pieces of the body. */
void lines_watch(struct lines *lines, const char *bytes, size_t length);
/* After the last piece. True where the body ends in CRLF or is empty. */
bool lines_end(struct lines *lines);
