/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every word of a report, in each language. The keys of tables, columns and values are those of JSON and CSV, which are
 * never translated.
 *
 * Dutch is plain language (B1). Terms of the field keep their name: pas toe of leg uit, streefbeeldafspraak, VvT, and
 * the result words of the RFCs stand beside the Dutch ones.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum language { LANGUAGE_ENGLISH, LANGUAGE_DUTCH, LANGUAGE_COUNT };

struct word {
  const char *key; /* "kind.name" */
  const char *in[LANGUAGE_COUNT];
};

/* In order of key. */
extern const struct word words_all[];
extern const size_t words_count;

/* NULL where there is none. */
const char *words_find(enum language language, const char *kind, const char *name);
/* The same, but the name itself where there is none. */
const char *words_label(enum language language, const char *kind, const char *name);
/* What a cell of a column says: a word of this column, or one that all columns have; else the value itself. */
const char *words_value(enum language language, const char *column, const char *value);
/* A text of the report itself, kind "text". Never NULL. */
const char *words_text(enum language language, const char *name);
/* The same, with each {} in it replaced by the next value, a NULL-terminated list. */
void words_fill(struct text *out, enum language language, const char *name, const char *const *values);
/* "nl": what a page says of itself. */
const char *words_code(enum language language);

/* 12345: "12,345", "12.345". */
void words_number(struct text *out, enum language language, int64_t number);
/* 123 of 456: "27.0%", "27,0%". Nothing where base is 0. */
void words_percentage(struct text *out, enum language language, int64_t number, int64_t base);
/* "1 July 2026", "1 juli 2026", of milliseconds in UTC. */
void words_date(struct text *out, enum language language, int64_t moment);
