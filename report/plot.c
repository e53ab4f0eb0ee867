/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Plots in SVG: bars, and the frame of all plots. See plot.h; plot_lines.c has the lines.
 */
#include "report/plot.h"

#include <stdio.h>
#include <string.h>

#include "report/plot_lines.h"
#include "report/tone.h"
#include "report/write.h"

enum { BARS_MAX = 10, ROW_HEIGHT = 38, TEXT_Y = 13, BAR_Y = 19, BAR_HEIGHT = 12, LABEL_MAX = 34, PATTERN_SIZE = 8 };

static void add_path(struct page *page, const char *class, const char *path)
{
  page_start(page, "path");
  page_attributes(page, (const char *const[]){"class", class, "d", path, NULL});
  page_end_void(page);
}

/* Plain, hatched, cross-hatched, dotted: told apart without colour. */
void plot_patterns(struct page *page)
{
  static const char *const paths[TONE_COUNT] = {
      [TONE_UNKNOWN] = "M2 2h2v2h-2zM6 6h2v2h-2z",
      [TONE_GOOD] = NULL,
      [TONE_ATTENTION] = "M-2 2l4 -4M0 8l8 -8M6 10l4 -4",
      [TONE_BAD] = "M0 0l8 8M0 8l8 -8",
  };
  page_start(page, "svg");
  page_attributes(page, (const char *const[]){"class", "patterns", "aria-hidden", "true", "width", "0", "height", "0", NULL});
  for (int i = 0; i < TONE_COUNT; i++) {
    char id[32], class[32];
    snprintf(id, sizeof id, "tone-%s", tone_name((enum tone)i));
    snprintf(class, sizeof class, "ink-%s", tone_name((enum tone)i));
    page_start(page, "pattern");
    page_attributes(page, (const char *const[]){"id", id, "patternUnits", "userSpaceOnUse", NULL});
    page_number(page, "width", PATTERN_SIZE);
    page_number(page, "height", PATTERN_SIZE);
    page_start(page, "rect");
    page_attributes(page, (const char *const[]){"class", class, "width", "8", "height", "8", NULL});
    page_end_void(page);
    if (paths[i])
      add_path(page, "hatch", paths[i]);
    page_end(page);
  }
  page_end(page);
}

/* The column that bars show: recipients before messages, as classes are of recipients; else the last number. */
static int value_column(const struct figures_shape *shape)
{
  int found = -1;
  for (int i = 0; i < FIGURES_COLUMNS_MAX && shape->columns[i].name; i++) {
    enum figures_kind kind = shape->columns[i].kind;
    if (kind == FIGURES_SHARE && (found < 0 || strcmp(shape->columns[i].name, "recipients") == 0))
      found = i;
  }
  for (int i = 0; found < 0 && i < FIGURES_COLUMNS_MAX && shape->columns[i].name; i++)
    if (shape->columns[i].kind == FIGURES_NUMBER)
      found = i;
  return found;
}

/* A label of one line: without the log's word in brackets, and cut where it is long. */
static void add_label(struct text *out, const char *label)
{
  const char *bracket = *label == '(' ? NULL : strstr(label, " (");
  size_t length = bracket ? (size_t)(bracket - label) : strlen(label);
  size_t characters = 0, end = 0;
  while (end < length && characters < LABEL_MAX) {
    end++;
    while (end < length && ((unsigned char)label[end] & 0xC0) == 0x80)
      end++;
    characters++;
  }
  text_add_bytes(out, label, end);
  if (end < length)
    text_add(out, "\xE2\x80\xA6");
}

static void add_rect(struct page *page, const char *class, int y, double share)
{
  page_start(page, "rect");
  page_attribute(page, "class", class);
  page_number(page, "y", y);
  page_percent(page, "width", share);
  page_number(page, "height", BAR_HEIGHT);
  page_end_void(page);
}

/* A share of the Forum's columns is of what passes. */
static enum tone tone_of_bar(const struct figures_table *table, size_t i)
{
  return strcmp(table->shape->section, "forum") == 0 ? TONE_GOOD : tone_of_row(table->shape, &table->rows[i]);
}

static void add_bar(struct page *page, const struct figures_table *table, size_t i, int column, int64_t most,
                    enum language language, int y)
{
  const struct figures_row *row = &table->rows[i];
  const struct figures_cell *cell = &row->cells[column];
  bool is_share = table->shape->columns[column].kind == FIGURES_SHARE;
  struct text label = {0}, words = {0}, value = {0};
  char class[32];
  if (table->merged > 0 && i + 1 == table->count) {
    words_number(&value, language, table->merged);
    words_fill(&words, language, "others", (const char *const[]){value.bytes, NULL});
    text_clear(&value);
  } else {
    write_cell(&words, &row->cells[0], &table->shape->columns[0], language);
  }
  add_label(&label, words.bytes ? words.bytes : "");
  if (is_share)
    words_percentage(&value, language, cell->number, cell->base);
  else
    words_number(&value, language, cell->number);
  snprintf(class, sizeof class, "bar fill-%s", tone_name(tone_of_bar(table, i)));
  /* A picture of its own, which cuts off what is too wide for it. */
  page_start(page, "svg");
  page_attributes(page, (const char *const[]){"width", "78%", NULL});
  page_number(page, "height", y + BAR_Y);
  page_label(page, "label", "0", y + TEXT_Y, label.bytes ? label.bytes : "");
  page_end(page);
  page_label(page, "label end", "100%", y + TEXT_Y, value.bytes);
  add_rect(page, "track", y + BAR_Y, 1);
  add_rect(page, class, y + BAR_Y, (double)cell->number / (double)(is_share ? cell->base : most));
  text_free(&label);
  text_free(&words);
  text_free(&value);
}

/* What the patterns mean, as far as this plot has them. */
static void add_legend(struct page *page, const bool *shown, enum language language)
{
  int kinds = 0;
  for (int i = 0; i < TONE_COUNT; i++)
    kinds += shown[i];
  if (kinds == 0 || (kinds == 1 && shown[TONE_UNKNOWN]))
    return;
  page_start(page, "ul");
  page_attribute(page, "class", "legend");
  for (int i = 0; i < TONE_COUNT; i++) {
    char class[32], word[32];
    if (!shown[i])
      continue;
    snprintf(class, sizeof class, "bar fill-%s", tone_name((enum tone)i));
    snprintf(word, sizeof word, "tone-%s", tone_name((enum tone)i));
    page_start(page, "li");
    page_start(page, "svg");
    page_attributes(page, (const char *const[]){"aria-hidden", "true", "width", "24", "height", "12", NULL});
    add_rect(page, class, 0, 1);
    page_end(page);
    page_text(page, words_text(language, word));
    page_end(page);
  }
  page_end(page);
}

static void start_figure(struct page *page, const struct figures_table *table, size_t rows, enum language language)
{
  const char *title = words_label(language, "table", table->shape->name);
  struct text name = {0}, count = {0};
  words_number(&count, language, (int64_t)rows);
  if (rows > 0)
    words_fill(&name, language, "plot-top", (const char *const[]){count.bytes, title, NULL});
  else
    words_fill(&name, language, "plot", (const char *const[]){title, NULL});
  page_start(page, "figure");
  page_start(page, "svg");
  page_attributes(page, (const char *const[]){"role", "img", "width", "100%", "aria-label", name.bytes, NULL});
  text_free(&name);
  text_free(&count);
}

static bool is_bar(const struct figures_table *table, size_t i, int column)
{
  const struct figures_cell *cell = &table->rows[i].cells[column];
  return cell->known && (table->shape->columns[column].kind != FIGURES_SHARE || cell->base > 0);
}

static bool plot_bars(struct page *page, const struct figures_table *table, enum language language)
{
  int column = value_column(table->shape);
  int64_t most = 1;
  int bars = 0;
  size_t skipped = 0;
  for (size_t i = 0; i < table->count; i++) {
    if (!is_bar(table, i, column))
      continue;
    skipped += bars >= BARS_MAX && strcmp(table->shape->section, "forum") != 0;
    bars++;
    if (bars <= BARS_MAX && table->rows[i].cells[column].number > most)
      most = table->rows[i].cells[column].number;
  }
  if (bars == 0)
    return false;
  if (skipped > 0)
    bars = BARS_MAX;
  bool shown[TONE_COUNT] = {false};
  start_figure(page, table, skipped > 0 ? BARS_MAX : 0, language);
  page_number(page, "height", (int64_t)bars * ROW_HEIGHT);
  for (size_t i = 0, row = 0; row < (size_t)bars; i++) {
    if (!is_bar(table, i, column))
      continue;
    add_bar(page, table, i, column, most, language, (int)row++ * ROW_HEIGHT);
    shown[tone_of_bar(table, i)] = true;
  }
  page_end(page);
  add_legend(page, shown, language);
  page_end(page);
  return true;
}

bool plot_table(struct page *page, const struct figures_table *table, enum language language)
{
  if (table->shape->columns[0].kind != FIGURES_DAY)
    return plot_bars(page, table, language);
  if (table->count < 2)
    return false;
  start_figure(page, table, 0, language);
  plot_lines(page, table, language);
  page_end(page);
  return true;
}
