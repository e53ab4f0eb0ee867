/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report as plain text, and how the forms for people write a cell. See write.h.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "report/write.h"

enum { ROWS_MAX = 50, COLUMNS = 100 };

void write_time(struct text *out, int64_t moment)
{
  time_t seconds = (time_t)(moment / 1000);
  struct tm parts;
  char shown[40] = "";
  if (gmtime_r(&seconds, &parts))
    strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &parts);
  text_add(out, shown);
}

/* The day, and the minute too: "2026-11-24 00:47". */
static void add_moment(struct text *out, int64_t moment, bool minute)
{
  struct text whole = {0};
  write_time(&whole, moment);
  if (whole.length > 16) {
    text_add_bytes(out, whole.bytes, 10);
    if (minute)
      text_printf(out, " %.5s", whole.bytes + 11);
  }
  text_free(&whole);
}

void write_cell(struct text *out, const struct figures_cell *cell, const struct figures_column *column,
                enum language language)
{
  if (!cell->known) {
    text_add_char(out, '-');
    return;
  }
  switch (column->kind) {
  case FIGURES_TEXT:
    text_add(out, cell->text);
    break;
  case FIGURES_WORD:
    text_add(out, words_value(language, column->name, cell->text));
    break;
  case FIGURES_NUMBER:
    words_number(out, language, cell->number);
    break;
  case FIGURES_SHARE:
    words_number(out, language, cell->number);
    text_add(out, " (");
    words_percentage(out, language, cell->number, cell->base);
    text_add_char(out, ')');
    break;
  case FIGURES_TIME:
    add_moment(out, cell->number, true);
    break;
  case FIGURES_DAY:
    add_moment(out, cell->number, false);
    break;
  }
}

/* Characters, as far as each of them takes one place. */
static size_t width_of(const char *bytes)
{
  size_t width = 0;
  for (; *bytes; bytes++)
    width += ((unsigned char)*bytes & 0xC0) != 0x80;
  return width;
}

static void add_padded(struct text *out, const char *bytes, size_t width)
{
  text_add(out, "  ");
  text_add(out, bytes);
  for (size_t i = width_of(bytes); i < width; i++)
    text_add_char(out, ' ');
}

static void trim(struct text *out)
{
  while (out->length > 0 && out->bytes[out->length - 1] == ' ')
    out->bytes[--out->length] = '\0';
}

/* A sentence, folded at spaces. */
static void add_folded(struct text *out, const char *sentence)
{
  size_t column = 0;
  while (*sentence) {
    size_t word = strcspn(sentence, " ");
    if (column > 0 && column + 1 + word > COLUMNS) {
      text_add_char(out, '\n');
      column = 0;
    }
    text_add(out, column == 0 ? "  " : " ");
    text_add_bytes(out, sentence, word);
    column += word + 1;
    sentence += word;
    sentence += strspn(sentence, " ");
  }
  text_add_char(out, '\n');
}

/* The cells that are shown, as text: the titles of the columns, then row by row. Free each, and the list. */
static struct text *show_cells(const struct figures_table *table, size_t rows, int columns, enum language language)
{
  struct text *cells = memory_new((rows + 1) * (size_t)columns * sizeof *cells);
  for (int j = 0; j < columns; j++) {
    const struct figures_column *column = &table->shape->columns[j];
    text_add(&cells[j], words_label(language, "column", column->name));
    for (size_t i = 0; i < rows; i++) {
      struct text *cell = &cells[(i + 1) * (size_t)columns + (size_t)j];
      if (j == 0 && table->merged > 0 && i + 1 == table->count) {
        struct text count = {0};
        words_number(&count, language, table->merged);
        words_fill(cell, language, "others", (const char *const[]){count.bytes, NULL});
        text_free(&count);
      } else {
        write_cell(cell, &table->rows[i].cells[j], column, language);
      }
    }
  }
  return cells;
}

static void add_rows(struct text *out, const struct figures_table *table, enum language language)
{
  size_t rows = table->count < ROWS_MAX ? table->count : ROWS_MAX;
  int columns = 0;
  while (columns < FIGURES_COLUMNS_MAX && table->shape->columns[columns].name)
    columns++;
  struct text *cells = show_cells(table, rows, columns, language);
  size_t widths[FIGURES_COLUMNS_MAX] = {0};
  for (size_t i = 0; i < (rows + 1) * (size_t)columns; i++) {
    size_t width = cells[i].bytes ? width_of(cells[i].bytes) : 0;
    if (width > widths[i % (size_t)columns])
      widths[i % (size_t)columns] = width;
  }
  for (size_t i = 0; i < (rows + 1) * (size_t)columns; i++) {
    add_padded(out, cells[i].bytes ? cells[i].bytes : "", widths[i % (size_t)columns]);
    text_free(&cells[i]);
    if ((i + 1) % (size_t)columns == 0) {
      trim(out);
      text_add_char(out, '\n');
    }
  }
  free(cells);
}

static void add_table(struct text *out, const struct figures_table *table, enum language language)
{
  const char *note = words_find(language, "note", table->shape->name);
  text_printf(out, "\n%s\n", words_label(language, "table", table->shape->name));
  if (note)
    add_folded(out, note);
  if (table->count == 0)
    text_printf(out, "  %s\n", words_text(language, "nothing"));
  else
    add_rows(out, table, language);
  if (table->count > ROWS_MAX) {
    struct text more = {0};
    words_number(&more, language, (int64_t)(table->count - ROWS_MAX));
    text_add(out, "  ");
    words_fill(out, language, "more", (const char *const[]){more.bytes, NULL});
    text_add_char(out, '\n');
    text_free(&more);
  }
  if ((table->shape->flags & FIGURES_BY_DOMAIN) && table->count > 0)
    text_printf(out, "  %s\n", words_text(language, "trace"));
}

static void add_section(struct text *out, const char *section, enum language language)
{
  const char *intro = words_find(language, "intro", section);
  size_t start = out->length;
  text_printf(out, "\n\n%s\n", words_label(language, "section", section));
  for (size_t width = width_of(out->bytes + start + 2) - 1; width > 0; width--)
    text_add_char(out, '=');
  text_add_char(out, '\n');
  if (intro)
    add_folded(out, intro);
}

void write_text(struct text *out, const struct figures *figures, enum language language)
{
  const char *section = "";
  struct text from = {0}, to = {0}, threshold = {0};
  words_date(&from, language, figures->from);
  words_date(&to, language, figures->to - 1);
  words_number(&threshold, language, figures->threshold);
  text_printf(out, "%s\n", words_text(language, "title"));
  words_fill(out, language, "period", (const char *const[]){from.bytes, to.bytes, NULL});
  text_add_char(out, '\n');
  if (figures->threshold > 0) {
    struct text line = {0};
    words_fill(&line, language, "public", (const char *const[]){threshold.bytes, NULL});
    add_folded(out, line.bytes);
    text_free(&line);
  }
  for (size_t i = 0; i < figures->count; i++) {
    const struct figures_table *table = &figures->tables[i];
    if (strcmp(section, table->shape->section) != 0)
      add_section(out, section = table->shape->section, language);
    add_table(out, table, language);
  }
  text_free(&from);
  text_free(&to);
  text_free(&threshold);
}
