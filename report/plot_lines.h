/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Shares over time as lines: a row of the table is a moment, each share a line. For plot.c only.
 */
#pragma once

#include "report/figures.h"
#include "report/page.h"
#include "report/words.h"

/* Inside an svg, which it ends; a legend follows. At least two rows. */
void plot_lines(struct page *page, const struct figures_table *table, enum language language);
