/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report as CSV: one value on each line, so that all tables have one form. See write.h.
 */
#include <inttypes.h>
#include <string.h>

#include "report/write.h"

/* A spreadsheet would run what begins like a formula; some take the wide forms of U+FF0B, FF0D, FF1D and FF20 for the
 * same signs. */
static bool is_formula(const char *value)
{
  static const char *const wide[] = {"\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\x9D", "\xEF\xBC\xA0"};
  value += strspn(value, " ");
  if (*value && strchr("=+-@\t\r", *value))
    return true;
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    if (strncmp(value, wide[i], 3) == 0)
      return true;
  return false;
}

/* RFC 4180 2: in quotes, with quotes doubled. */
static void add_value(struct text *out, const char *value)
{
  text_add_char(out, '"');
  if (is_formula(value))
    text_add_char(out, '\'');
  for (; *value; value++) {
    if (*value == '"')
      text_add_char(out, '"');
    text_add_char(out, *value);
  }
  text_add_char(out, '"');
}

static void add_cell(struct text *out, const struct figures_cell *cell, enum figures_kind kind)
{
  if (!cell->known)
    text_add_char(out, ',');
  else if (kind == FIGURES_TEXT || kind == FIGURES_WORD)
    add_value(out, cell->text);
  else if (kind == FIGURES_TIME || kind == FIGURES_DAY)
    write_time(out, cell->number);
  else
    text_printf(out, "%" PRId64, cell->number);
  if (cell->known)
    text_add_char(out, ',');
  if (kind == FIGURES_SHARE)
    text_printf(out, "%" PRId64, cell->base);
  text_add(out, "\r\n");
}

void write_csv(struct text *out, const struct figures *figures, enum language language)
{
  (void)language;
  text_add(out, "table,row,column,value,base\r\n");
  for (size_t i = 0; i < figures->count; i++) {
    const struct figures_table *table = &figures->tables[i];
    const struct figures_column *columns = table->shape->columns;
    for (size_t j = 0; j < table->count; j++)
      for (int k = 0; k < FIGURES_COLUMNS_MAX && columns[k].name; k++) {
        text_printf(out, "%s,%zu,%s,", table->shape->name, j + 1, columns[k].name);
        add_cell(out, &table->rows[j].cells[k], columns[k].kind);
      }
  }
}
