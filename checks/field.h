/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Header fields as an MTA hands them over: a name, and a value with its leading space.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Length of the name without white space behind it (RFC 5322 4.5); 0 where it is no name. */
size_t field_name_length(const char *name);
/* The first `length` characters of name are this word; case does not matter. */
bool field_is(const char *name, size_t length, const char *word);
/* The field as it was on the wire, without the final CRLF: folds may come as LF alone. */
void field_join(struct text *field, const char *name, const char *value, size_t length);
/* The value has white space that is none (RFC 6376 2.8): VT, FF, or a CR that ends no line. */
bool field_has_odd_space(const char *value, size_t length);
