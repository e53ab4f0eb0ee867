/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The forms of a report. Each appends to out, which is then valid UTF-8; values from the wire are made harmless for the
 * form.
 */
#pragma once

#include "report/figures.h"

typedef void write_report(struct text *out, const struct figures *figures);

/* For people at a terminal: the longest tables are cut, which is said. */
write_report write_text;
/* One object on one line: period, then an object by section, in it a list of rows by table. */
write_report write_json;
/* RFC 4180: table, row, column, value, base. No value is a formula to a spreadsheet. */
write_report write_csv;

/* "2026-11-24T00:47:39Z". */
void write_time(struct text *out, int64_t moment);
