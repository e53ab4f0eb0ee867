/* SPDX-License-Identifier: BSD-2-Clause
 *
 * For tests: one row of a report.
 */
#pragma once

#include <string.h>

#include "report/figures.h"

/* The row of a table whose first cell holds this text; NULL where there is none. */
static inline const struct figures_row *find_row(const struct figures *figures, const char *name, const char *first)
{
  const struct figures_table *table = figures_find(figures, name);
  for (size_t i = 0; table && i < table->count; i++)
    if (table->rows[i].cells[0].text && strcmp(table->rows[i].cells[0].text, first) == 0)
      return &table->rows[i];
  return NULL;
}
