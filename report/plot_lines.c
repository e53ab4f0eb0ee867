/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Shares over time. See plot_lines.h.
 */
#include "report/plot_lines.h"

#include <stdio.h>

#include "report/write.h"

enum { TOP = 22, HEIGHT = 210, BOTTOM = 26, SCALE = 1000, MARKS = 8, DAY_MS = 86400000 };

/* Shapes around the middle, one for each line, so that lines are told apart without colour. */
static const char *const shapes[] = {"M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "M-4.5 -4.5h9v9h-9z", "M0 -6l6 6l-6 6l-6 -6z",
                                     "M0 -6l6 10h-12z"};
enum { LINES_MAX = sizeof shapes / sizeof *shapes };

static double share_of(const struct figures_cell *cell)
{
  return cell->base > 0 ? (double)cell->number / (double)cell->base : 0;
}

static int64_t start_of(const struct figures_table *table, size_t i)
{
  return table->rows[i].cells[0].number;
}

/* From left to right by time, from 0 to 1: a step in which there was no mail has no row. */
static double place_of(const struct figures_table *table, size_t i)
{
  return (double)(start_of(table, i) - start_of(table, 0)) / (double)(start_of(table, table->count - 1) - start_of(table, 0));
}

/* The time between two rows with none left out. */
static int64_t step_of(const struct figures_table *table)
{
  int64_t step = INT64_MAX;
  for (size_t i = 1; i < table->count; i++)
    if (start_of(table, i) - start_of(table, i - 1) < step)
      step = start_of(table, i) - start_of(table, i - 1);
  return step;
}

static void add_grid(struct page *page)
{
  for (int percent = 0; percent <= 100; percent += 25) {
    int y = TOP + HEIGHT - HEIGHT * percent / 100;
    page_start(page, "line");
    page_attributes(page, (const char *const[]){"class", "grid", "x1", "0", "x2", "100%", NULL});
    page_number(page, "y1", y);
    page_number(page, "y2", y);
    page_end_void(page);
  }
}

/* In the margin, where no line is. */
static void add_percentages(struct page *page)
{
  for (int percent = 0; percent <= 100; percent += 25) {
    char label[16];
    snprintf(label, sizeof label, "%d%%", percent);
    page_label(page, "tick end", "-12", TOP + HEIGHT - HEIGHT * percent / 100 + 4, label);
  }
}

static void add_days(struct page *page, const struct figures_table *table, enum language language)
{
  static const struct {
    const char *class, *x;
  } places[] = {{"tick", "0"}, {"tick middle", "50%"}, {"tick end", "100%"}};
  int64_t first = start_of(table, 0), last = start_of(table, table->count - 1);
  const int64_t moments[] = {first, first + (last - first) / 2, last};
  for (int i = 0; i < 3; i++) {
    struct text day = {0};
    if (moments[i] % DAY_MS != 0)
      continue;
    const struct figures_cell cell = {.number = moments[i], .known = true};
    write_cell(&day, &cell, &table->shape->columns[0], language);
    page_label(page, places[i].class, places[i].x, TOP + HEIGHT + 18, day.bytes);
    text_free(&day);
  }
}

/* A stretch of moments that are all known, with none left out. */
static void add_stretch(struct page *page, const struct figures_table *table, int column, int line, size_t from, size_t to)
{
  struct text points = {0};
  char class[24];
  for (size_t i = from; i < to; i++)
    text_printf(&points, "%s%d,%d", i > from ? " " : "", (int)(SCALE * place_of(table, i)),
                (int)(SCALE * (1 - share_of(&table->rows[i].cells[column]))));
  snprintf(class, sizeof class, "line line-%d", line);
  page_start(page, "polyline");
  page_attributes(page, (const char *const[]){"class", class, "points", points.bytes, NULL});
  page_end_void(page);
  text_free(&points);
}

/* Stretched to the width of the page; the pen keeps its width. */
static void add_line(struct page *page, const struct figures_table *table, int column, int line)
{
  page_start(page, "svg");
  page_attributes(page, (const char *const[]){"x", "0", "width", "100%", "viewBox", "0 0 1000 1000", "preserveAspectRatio",
                                              "none", "overflow", "visible", NULL});
  page_number(page, "y", TOP);
  page_number(page, "height", HEIGHT);
  size_t from = 0;
  int64_t step = step_of(table);
  for (size_t i = 0; i <= table->count; i++) {
    bool known = i < table->count && table->rows[i].cells[column].known;
    if (known && (i == from || start_of(table, i) - start_of(table, i - 1) == step))
      continue;
    if (i > from + 1)
      add_stretch(page, table, column, line, from, i);
    from = known ? i : i + 1;
  }
  page_end(page);
}

static void add_mark(struct page *page, int line)
{
  char class[24];
  snprintf(class, sizeof class, "mark mark-%d", line);
  page_start(page, "path");
  page_attributes(page, (const char *const[]){"class", class, "d", shapes[line], NULL});
  page_end_void(page);
}

static void add_marks(struct page *page, const struct figures_table *table, int column, int line)
{
  size_t step = table->count <= 2 * MARKS ? 1 : table->count / MARKS;
  for (size_t i = step > 1 ? (size_t)line * step / LINES_MAX : 0; i < table->count; i += step) {
    const struct figures_cell *cell = &table->rows[i].cells[column];
    if (!cell->known)
      continue;
    page_start(page, "svg");
    page_attribute(page, "overflow", "visible");
    page_percent(page, "x", place_of(table, i));
    page_number(page, "y", TOP + (int)(HEIGHT * (1 - share_of(cell))));
    page_attributes(page, (const char *const[]){"width", "1", "height", "1", NULL});
    add_mark(page, line);
    page_end(page);
  }
}

static void add_legend(struct page *page, const struct figures_table *table, enum language language)
{
  page_start(page, "ul");
  page_attribute(page, "class", "legend");
  for (int line = 0; line < LINES_MAX && table->shape->columns[line + 1].name; line++) {
    const char *title = words_label(language, "column", table->shape->columns[line + 1].name);
    char class[24];
    snprintf(class, sizeof class, "line line-%d", line);
    page_start(page, "li");
    page_start(page, "svg");
    page_attributes(page, (const char *const[]){"aria-hidden", "true", "width", "40", "height", "14", "viewBox", "-20 -7 40 14",
                                                NULL});
    page_start(page, "path");
    page_attributes(page, (const char *const[]){"class", class, "d", "M-20 0h40", NULL});
    page_end_void(page);
    add_mark(page, line);
    page_end(page);
    page_text(page, title);
    page_end(page);
  }
  page_end(page);
}

void plot_lines(struct page *page, const struct figures_table *table, enum language language)
{
  page_number(page, "height", TOP + HEIGHT + BOTTOM);
  page_attribute(page, "overflow", "visible");
  add_grid(page);
  add_days(page, table, language);
  for (int line = 0; line < LINES_MAX && table->shape->columns[line + 1].name; line++)
    add_line(page, table, line + 1, line);
  for (int line = 0; line < LINES_MAX && table->shape->columns[line + 1].name; line++)
    add_marks(page, table, line + 1, line);
  add_percentages(page);
  page_end(page);
  add_legend(page, table, language);
}
