/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The report in short. See summary.h.
 */
#include "report/summary.h"

#include <stdio.h>
#include <string.h>

#include "report/tone.h"

/* Of the table `trend`. */
enum { MEASURE, BEFORE, NOW, CHANGE };

static void add_measure(struct page *page, const struct figures_row *row, enum language language)
{
  struct text now = {0}, before = {0}, line = {0};
  const char *change = row->cells[CHANGE].text;
  char class[32];
  if (row->cells[NOW].known)
    words_percentage(&now, language, row->cells[NOW].number, row->cells[NOW].base);
  else
    text_add(&now, words_text(language, "no-data"));
  if (row->cells[BEFORE].known)
    words_percentage(&before, language, row->cells[BEFORE].number, row->cells[BEFORE].base);
  page_start(page, "div");
  page_element(page, "dt", NULL, words_label(language, "measure", row->cells[MEASURE].text));
  page_element(page, "dd", row->cells[NOW].known ? "big" : "big none", now.bytes);
  if (before.bytes) {
    text_printf(&line, "%s (%s)", words_value(language, "change", change), before.bytes);
    snprintf(class, sizeof class, "word-%s", tone_name(tone_of("change", change)));
    page_element(page, "dd", class, line.bytes);
  }
  page_end(page);
  text_free(&now);
  text_free(&before);
  text_free(&line);
}

/* The number in a table of two columns, or 0. */
static int64_t fact(const struct figures *figures, const char *name, const char *first)
{
  const struct figures_table *table = figures_find(figures, name);
  for (size_t i = 0; table && i < table->count; i++)
    if (table->rows[i].cells[0].text && strcmp(table->rows[i].cells[0].text, first) == 0)
      return table->rows[i].cells[1].number;
  return 0;
}

/* Rows with such a word in a column. */
static int64_t count_rows(const struct figures *figures, const char *name, int column, const char *word)
{
  const struct figures_table *table = figures_find(figures, name);
  int64_t count = 0;
  for (size_t i = 0; table && i < table->count; i++)
    count += table->rows[i].cells[column].text && strcmp(table->rows[i].cells[column].text, word) == 0;
  return count;
}

/* All rows, those that were merged too. */
static int64_t count_all(const struct figures *figures, const char *name)
{
  const struct figures_table *table = figures_find(figures, name);
  if (!table)
    return 0;
  return (int64_t)table->count + (table->merged > 0 ? table->merged - 1 : 0);
}

static int64_t sum_last(const struct figures *figures, const char *name)
{
  const struct figures_table *table = figures_find(figures, name);
  int64_t sum = 0;
  int last = 0;
  while (table && last + 1 < FIGURES_COLUMNS_MAX && table->shape->columns[last + 1].name)
    last++;
  for (size_t i = 0; table && i < table->count; i++)
    sum += table->rows[i].cells[last].number;
  return sum;
}

static void add_finding(struct page *page, const char *name, const char *target, int64_t number, enum language language)
{
  struct text shown = {0};
  if (number == 0)
    return;
  words_number(&shown, language, number);
  page_start(page, "li");
  page_start(page, "a");
  page_attribute(page, "href", target);
  page_text(page, words_text(language, name));
  page_end(page);
  page_text(page, ": ");
  page_element(page, "strong", NULL, shown.bytes);
  page_end(page);
  text_free(&shown);
}

static void add_findings(struct page *page, const struct figures *figures, enum language language)
{
  struct {
    const char *name, *target;
    int64_t number;
  } findings[] = {
      {"finding-without-line", "#table-completeness", fact(figures, "completeness", "accepted-without-audit-line")},
      {"finding-missing", "#table-completeness", fact(figures, "completeness", "missing-lines")},
      {"finding-disagreements", "#table-disagreements", sum_last(figures, "disagreements")},
      {"finding-lacking", "#table-lacking-dane", count_all(figures, "lacking-dane")},
      {"finding-expired", "#table-exceptions", count_rows(figures, "exceptions", 1, "expired")},
      {"finding-unused", "#table-exceptions", count_rows(figures, "exceptions", 1, "unused")},
  };
  int64_t all = 0;
  for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
    all += findings[i].number;
  page_element(page, "h3", NULL, words_text(language, "findings"));
  if (all == 0) {
    page_element(page, "p", "nothing", words_text(language, "nothing"));
    return;
  }
  page_start(page, "ul");
  page_attribute(page, "class", "findings");
  for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
    add_finding(page, findings[i].name, findings[i].target, findings[i].number, language);
  page_end(page);
}

void summary_add(struct page *page, const struct figures *figures, enum language language)
{
  const struct figures_table *trend = figures_find(figures, "trend");
  page_start(page, "section");
  page_attributes(page, (const char *const[]){"class", "about-summary", "aria-labelledby", "summary", NULL});
  page_start(page, "h2");
  page_attribute(page, "id", "summary");
  page_text(page, words_text(language, "summary"));
  page_end(page);
  page_element(page, "p", "intro", words_text(language, "summary-intro"));
  page_start(page, "dl");
  page_attribute(page, "class", "measures");
  for (size_t i = 0; trend && i < trend->count; i++)
    add_measure(page, &trend->rows[i], language);
  page_end(page);
  add_findings(page, figures, language);
  page_end(page);
}
