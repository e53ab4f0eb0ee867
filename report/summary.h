/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The report in short: what a reader who stops after the first screen should have seen.
 */
#pragma once

#include "report/figures.h"
#include "report/page.h"
#include "report/words.h"

/* A section with the measures of the trend and the findings. */
void summary_add(struct page *page, const struct figures *figures, enum language language);
