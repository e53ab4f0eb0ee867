/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lexical ground of structured header fields (RFC 5322 3.2): white space, comments, quoted strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct text;

/* A place in a field's value. why is set where a function returned -1: plain words, a literal. */
struct scan {
  const char *next, *end;
  const char *why;
};

/* -1 where the value holds NUL, a CR or LF that is no part of a fold, that is, of a line end with white space behind
 * it. The other functions rely on this having been asked first. */
int scan_begin(struct scan *scan, const char *value, size_t length);
/* RFC 5322 3.2.2 CFWS, comments nested to any depth. 1 where there was some, 0 for none, -1 for a comment that
 * does not end. */
int scan_space(struct scan *scan);
/* RFC 5322 3.2.4: a quoted string, next standing on its first quote. Its text, without quoting and folds, is added to
 * out. -1 where it does not end. */
int scan_quoted(struct scan *scan, struct text *out);

/* RFC 5322 3.2.3 and RFC 6532 3.2: what an atom is made of. */
bool scan_is_atext(char c);
/* RFC 2045 5.1, RFC 8616 5: what a token is made of. */
bool scan_is_token(char c);
