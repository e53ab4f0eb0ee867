/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report as one page of HTML. See write.h.
 *
 * The page has no script and loads nothing, which its Content-Security-Policy makes sure of. It is made for WCAG 2.1 AA:
 * nothing is said by colour alone, all of it can be read and reached without a mouse, and beside each plot stands
 * the table that it was made from. report/html_test.py looks at it in a browser.
 */
#include <stdio.h>
#include <string.h>

#include "report/html_style.h"
#include "report/plot.h"
#include "report/summary.h"
#include "report/tone.h"
#include "report/write.h"

/* A table with more columns than WIDE stands below its plot. */
enum { ROWS_MAX = 100, WIDE = 5, NAME_SIZE = 100 };

static void add_head(struct page *page, const char *title, enum language language)
{
  page_start(page, "html");
  page_attribute(page, "lang", words_code(language));
  page_start(page, "head");
  page_start(page, "meta");
  page_attribute(page, "charset", "utf-8");
  page_end_void(page);
  page_start(page, "meta");
  page_attributes(page, (const char *const[]){"http-equiv", "Content-Security-Policy", "content",
                                              "default-src 'none'; style-src '" HTML_STYLE_HASH
                                              "'; base-uri 'none'; form-action 'none'", NULL});
  page_end_void(page);
  page_start(page, "meta");
  page_attributes(page, (const char *const[]){"name", "viewport", "content", "width=device-width, initial-scale=1", NULL});
  page_end_void(page);
  page_start(page, "meta");
  page_attributes(page, (const char *const[]){"name", "referrer", "content", "no-referrer", NULL});
  page_end_void(page);
  page_element(page, "title", NULL, title);
  page_style(page, html_style);
  page_end(page);
}

static void add_header(struct page *page, const struct figures *figures, const char *period, enum language language)
{
  struct text made = {0}, line = {0};
  words_date(&made, language, figures->made * 1000);
  words_fill(&line, language, "made", (const char *const[]){made.bytes, NULL});
  page_start(page, "header");
  page_element(page, "h1", NULL, words_text(language, "title"));
  page_element(page, "p", "period", period);
  page_element(page, "p", "made", line.bytes);
  if (figures->threshold > 0) {
    text_clear(&made);
    text_clear(&line);
    words_number(&made, language, figures->threshold);
    words_fill(&line, language, "public", (const char *const[]){made.bytes, NULL});
    page_element(page, "p", "public", line.bytes);
  }
  page_end(page);
  text_free(&made);
  text_free(&line);
}

static void add_link(struct page *page, const char *target, const char *text)
{
  page_start(page, "li");
  page_start(page, "a");
  page_attribute(page, "href", target);
  page_text(page, text);
  page_end(page);
  page_end(page);
}

static void add_contents(struct page *page, const struct figures *figures, enum language language)
{
  const char *section = "";
  page_start(page, "nav");
  page_attribute(page, "aria-labelledby", "contents");
  page_start(page, "h2");
  page_attribute(page, "id", "contents");
  page_text(page, words_text(language, "contents"));
  page_end(page);
  page_start(page, "ol");
  add_link(page, "#summary", words_text(language, "summary"));
  for (size_t i = 0; i < figures->count; i++) {
    char target[NAME_SIZE];
    if (strcmp(section, figures->tables[i].shape->section) == 0)
      continue;
    section = figures->tables[i].shape->section;
    snprintf(target, sizeof target, "#section-%s", section);
    add_link(page, target, words_label(language, "section", section));
  }
  page_end(page);
  page_end(page);
}

static bool is_number(enum figures_kind kind)
{
  return kind == FIGURES_NUMBER || kind == FIGURES_SHARE;
}

static void add_column_heads(struct page *page, const struct figures_shape *shape, enum language language)
{
  page_start(page, "thead");
  page_start(page, "tr");
  for (int j = 0; j < FIGURES_COLUMNS_MAX && shape->columns[j].name; j++) {
    page_start(page, "th");
    page_attribute(page, "scope", "col");
    if (is_number(shape->columns[j].kind))
      page_attribute(page, "class", "number");
    page_text(page, words_label(language, "column", shape->columns[j].name));
    page_end(page);
  }
  page_end(page);
  page_end(page);
}

/* The first cell names the row. */
static void add_cell(struct page *page, const struct figures_table *table, size_t i, int j, enum language language)
{
  const struct figures_column *column = &table->shape->columns[j];
  const struct figures_cell *cell = &table->rows[i].cells[j];
  struct text words = {0}, count = {0};
  enum tone tone = column->kind == FIGURES_WORD ? tone_of(column->name, cell->text) : TONE_UNKNOWN;
  char class[32];
  page_start(page, j == 0 ? "th" : "td");
  if (j == 0)
    page_attribute(page, "scope", "row");
  snprintf(class, sizeof class, "word-%s", tone_name(tone));
  if (is_number(column->kind) || tone != TONE_UNKNOWN)
    page_attribute(page, "class", is_number(column->kind) ? "number" : class);
  if (j == 0 && table->merged > 0 && i + 1 == table->count) {
    words_number(&count, language, table->merged);
    words_fill(&words, language, "others", (const char *const[]){count.bytes, NULL});
  } else if (j == 0 && !cell->known) {
    text_add(&words, words_text(language, "unknown-cell"));
  } else {
    write_cell(&words, cell, column, language);
  }
  page_text(page, words.bytes ? words.bytes : "");
  page_end(page);
  text_free(&words);
  text_free(&count);
}

/* In a region of its own, so that a table that is wider than the screen is scrolled alone, by the keyboard too. */
static void add_rows(struct page *page, const struct figures_table *table, const char *heading, enum language language)
{
  size_t rows = table->count < ROWS_MAX ? table->count : ROWS_MAX;
  page_start(page, "div");
  page_attributes(page, (const char *const[]){"class", "scroll", "role", "region", "tabindex", "0", "aria-labelledby", heading,
                                              NULL});
  page_start(page, "table");
  page_attribute(page, "aria-labelledby", heading);
  add_column_heads(page, table->shape, language);
  page_start(page, "tbody");
  for (size_t i = 0; i < rows; i++) {
    page_start(page, "tr");
    for (int j = 0; j < FIGURES_COLUMNS_MAX && table->shape->columns[j].name; j++)
      add_cell(page, table, i, j, language);
    page_end(page);
  }
  page_end(page);
  page_end(page);
  if (table->count > ROWS_MAX) {
    struct text count = {0}, more = {0};
    words_number(&count, language, (int64_t)(table->count - ROWS_MAX));
    words_fill(&more, language, "more", (const char *const[]){count.bytes, NULL});
    page_element(page, "p", "more", more.bytes);
    text_free(&count);
    text_free(&more);
  }
  page_end(page);
}

static void add_table(struct page *page, const struct figures_table *table, enum language language)
{
  const char *note = words_find(language, "note", table->shape->name);
  char heading[NAME_SIZE];
  snprintf(heading, sizeof heading, "table-%s", table->shape->name);
  page_start(page, "h3");
  page_attribute(page, "id", heading);
  page_text(page, words_label(language, "table", table->shape->name));
  page_end(page);
  if (note)
    page_element(page, "p", "note", note);
  if (table->count == 0) {
    page_element(page, "p", "nothing", words_text(language, "nothing"));
    return;
  }
  page_start(page, "div");
  page_attribute(page, "class", table->shape->columns[WIDE].name ? "pair wide" : "pair");
  if (table->shape->flags & FIGURES_PLOT)
    plot_table(page, table, language);
  add_rows(page, table, heading, language);
  page_end(page);
  if (table->shape->flags & FIGURES_BY_DOMAIN)
    page_element(page, "p", "note", words_text(language, "trace"));
}

static void start_section(struct page *page, const char *name, const char *title, const char *intro)
{
  char heading[NAME_SIZE], class[NAME_SIZE];
  snprintf(heading, sizeof heading, "section-%s", name);
  snprintf(class, sizeof class, "about-%s", name);
  page_start(page, "section");
  page_attributes(page, (const char *const[]){"class", class, "aria-labelledby", heading, NULL});
  page_start(page, "h2");
  page_attribute(page, "id", heading);
  page_text(page, title);
  page_end(page);
  if (intro)
    page_element(page, "p", "intro", intro);
}

static void add_sections(struct page *page, const struct figures *figures, enum language language)
{
  const char *section = "";
  for (size_t i = 0; i < figures->count; i++) {
    const struct figures_shape *shape = figures->tables[i].shape;
    if (strcmp(section, shape->section) != 0) {
      if (*section)
        page_end(page);
      section = shape->section;
      start_section(page, section, words_label(language, "section", section), words_find(language, "intro", section));
    }
    add_table(page, &figures->tables[i], language);
  }
  if (*section)
    page_end(page);
}

void write_html(struct text *out, const struct figures *figures, enum language language)
{
  struct page *page = page_new();
  struct text from = {0}, to = {0}, period = {0}, title = {0};
  words_date(&from, language, figures->from);
  words_date(&to, language, figures->to - 1);
  words_fill(&period, language, "period", (const char *const[]){from.bytes, to.bytes, NULL});
  text_printf(&title, "%s, %s", words_text(language, "title"), period.bytes);
  add_head(page, title.bytes, language);
  page_start(page, "body");
  page_start(page, "a");
  page_attributes(page, (const char *const[]){"class", "skip", "href", "#main", NULL});
  page_text(page, words_text(language, "skip"));
  page_end(page);
  plot_patterns(page);
  add_header(page, figures, period.bytes, language);
  add_contents(page, figures, language);
  page_start(page, "main");
  page_attributes(page, (const char *const[]){"id", "main", "tabindex", "-1", NULL});
  summary_add(page, figures, language);
  add_sections(page, figures, language);
  page_finish(page, out); /* ends what is open */
  text_add_char(out, '\n');
  text_free(&from);
  text_free(&to);
  text_free(&period);
  text_free(&title);
}
