/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A story in plain words.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct value;

/* Appends the story that story.h made as lines of JSON. */
void tell_stories(struct text *out, const char *lines, size_t length);

/* For tell*.c alone: a label and a text, folded at spaces. */
void tell_row(struct text *out, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "FILE:LINE" of a fact. */
void tell_place(struct text *out, const struct value *fact);
void tell_message(struct text *out, const struct value *story);
void tell_unassessed(struct text *out, const struct value *story);
void tell_domain(struct text *out, const struct value *story);
/* The members of an object as text; "" and 0 where there is none. */
const char *tell_get(const struct value *of, const char *key);
long long tell_number(const struct value *of, const char *key);
