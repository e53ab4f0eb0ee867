/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is a word of the report good news? A plot shows it by pattern and colour, a table by colour beside the word.
 */
#pragma once

#include "report/figures.h"

enum tone { TONE_UNKNOWN, TONE_GOOD, TONE_ATTENTION, TONE_BAD, TONE_COUNT };

/* "good": of classes, patterns and words. */
const char *tone_name(enum tone tone);
/* value may be NULL. */
enum tone tone_of(const char *column, const char *value);
/* By the first word in the row that has a tone. */
enum tone tone_of_row(const struct figures_shape *shape, const struct figures_row *row);
