/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Authentication-Results field (RFC 8601): whose it is, and writing one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* What an existing field is to us (CONTRACT 4, RFC 8601 5). */
enum results_origin {
  RESULTS_FOREIGN, /* another authserv-id: kept */
  RESULTS_OURS,    /* our authserv-id, in any case, quoted, commented or with a final dot: forged */
  RESULTS_UNPARSABLE /* no authserv-id can be read: nobody can say that it is not ours */
};

/* value is the field's value as it stands in the message, folds included. */
enum results_origin results_origin(const char *value, size_t length, const char *authserv_id);

/* Writes one field's value into a text, each method on a line of its own, folded with "\n\t" at 78 columns where that
 * can be, never inside a value. Values are made safe: a token and an address of tokens stay as they are, anything else is quoted, what
 * cannot be quoted (control characters, non-ASCII unless utf8), is too long for a line or has a semicolon, where
 * simple readers split, is dropped with its property. Comments lose semicolons, parentheses, backslashes and quotes.
 * The value begins with the authserv-id; the space behind the field's colon is counted, not written. */
struct results_writer {
  struct text *out;
  size_t column;
  bool any;  /* a method has been written */
  bool utf8; /* RFC 8616: the message is SMTPUTF8, raw UTF-8 may stand in values */
};

void results_begin(struct results_writer *writer, struct text *out, const char *authserv_id, bool utf8);
/* comment may be NULL. */
void results_method(struct results_writer *writer, const char *method, const char *result, const char *comment);
/* A NULL or empty value writes nothing. ptype and property are our own words. */
void results_property(struct results_writer *writer, const char *ptype, const char *property, const char *value);
/* "; none" where no method was written (RFC 8601 2.2). */
void results_end(struct results_writer *writer);
