/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The forms of a report. Each appends to out, which is then valid UTF-8; values from the wire are made harmless for the
 * form.
 */
#pragma once

#include "report/figures.h"
#include "report/words.h"

typedef void write_report(struct text *out, const struct figures *figures, enum language language);

/* For people at a terminal: the longest tables are cut, which is said. */
write_report write_text;
/* For people with a browser: one file that loads nothing. The longest tables are cut, which is said. */
write_report write_html;
/* One object on one line: period, then an object by section, in it a list of rows by table. In no language. */
write_report write_json;
/* RFC 4180: table, row, column, value, base. No value is a formula to a spreadsheet. In no language. */
write_report write_csv;

/* "2026-11-24T00:47:39Z". */
void write_time(struct text *out, int64_t moment);
/* What a cell says to people, as text and HTML have it: "12.345 (27,0%)". */
void write_cell(struct text *out, const struct figures_cell *cell, const struct figures_column *column,
                enum language language);
