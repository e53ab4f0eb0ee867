/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text of a configuration file, checked before libconfuse sees it.
 *
 * libconfuse 3.3 reads more than its manual says, and we want none of it: "${NAME}" is replaced from the
 * environment, characters that it does not know are skipped in silence, `a|b` reaches into sections, a string
 * without its end spoils the next file that the process reads, and a comment makes later lines count double. So
 * here comments become spaces, and what is left is plain: words, strings, = += { } and commas.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct syntax {
  struct text text;        /* what libconfuse may read, line for line */
  unsigned *section_lines; /* where each section at the top opens, in order */
  size_t section_count;
  unsigned line;     /* of the error */
  const char *error; /* static; NULL where all is well */
};

/* 0, or -1 with line and error set. Start with {0}; free with syntax_free() in both cases. */
int syntax_read(struct syntax *syntax, const char *bytes, size_t length);
void syntax_free(struct syntax *syntax);
