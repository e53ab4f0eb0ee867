/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Plots in SVG, for a page. What a plot says by colour it says by pattern, shape and words too, and the table beside it
 * has the same figures. Places are percentages of the width, so that text keeps its size on any screen.
 */
#pragma once

#include <stdbool.h>

#include "report/figures.h"
#include "report/page.h"
#include "report/words.h"

/* The patterns that plots are filled with: once in a page, before the first plot. */
void plot_patterns(struct page *page);
/* A figure for a table with FIGURES_PLOT. False where there is nothing to plot, and then nothing is written. */
bool plot_table(struct page *page, const struct figures_table *table, enum language language);
