/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report as plain text, and how all forms write a moment. See write.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/write.h"

enum { ROWS_MAX = 50 };

/* By section and by table. */
static const struct {
  const char *name, *title;
} titles[] = {
    {"scope", "SCOPE AND COMPLETENESS"},
    {"control", "THE CONTROL: DESIGN, EXISTENCE, OPERATION"},
    {"inbound", "INBOUND"},
    {"outbound", "OUTBOUND: ASSESSED BY THE MILTER, PROVEN BY THE LOG OF THE MTA"},
    {"exceptions", "EXCEPTIONS"},
    {"enforcement", "WHAT LEVEL REJECT WOULD HAVE REFUSED OF WHAT WAS LET THROUGH"},
};

/* What mends the first missing link (CONTRACT 6), in the order of the chain. */
static const struct {
  const char *link, *remedy;
} remedies[] = {
    {"domain-unsigned", "the domain's owner has its zone signed with DNSSEC"},
    {"mx-insecure", "the domain's owner puts its MX records into a signed zone"},
    {"host-unsigned", "the mail provider signs the zone of its mail hosts; at Microsoft: inbound SMTP DANE, mx.microsoft"},
    {"no-tlsa", "the operator of the mail host publishes TLSA records, 3 1 1"},
    {"tlsa-unusable", "the operator of the mail host publishes TLSA records of usage 3 or 2"},
    {"bogus", "the DNS operator mends its DNSSEC signatures or DS record"},
    {"dns-failure", "the DNS operator mends its name servers"},
};

void write_time(struct text *out, int64_t moment)
{
  time_t seconds = (time_t)(moment / 1000);
  struct tm parts;
  char shown[40] = "";
  if (gmtime_r(&seconds, &parts))
    strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &parts);
  text_add(out, shown);
}

static void add_cell(struct text *out, const struct figures_cell *cell, enum figures_kind kind)
{
  if (!cell->known)
    text_add_char(out, '-');
  else if (kind == FIGURES_TEXT || kind == FIGURES_WORD)
    text_add(out, cell->text);
  else if (kind == FIGURES_TIME || kind == FIGURES_DAY)
    write_time(out, cell->number);
  else
    text_printf(out, "%" PRId64, cell->number);
  if (cell->known && kind == FIGURES_SHARE && cell->base > 0)
    text_printf(out, " (%.1f%%)", 100.0 * (double)cell->number / (double)cell->base);
}

static void pad(struct text *out, size_t start, size_t width)
{
  while (out->length - start < width)
    text_add_char(out, ' ');
  text_add(out, "  ");
}

static void add_table(struct text *out, const struct figures_table *table)
{
  const struct figures_column *columns = table->shape->columns;
  text_printf(out, "\n%s\n", table->shape->name);
  if (table->count == 0)
    text_add(out, "  nothing\n");
  for (size_t i = 0; i < table->count && i < ROWS_MAX; i++) {
    for (int j = 0; i == 0 && j < FIGURES_COLUMNS_MAX && columns[j].name; j++) {
      size_t start = out->length;
      text_printf(out, "  %s", columns[j].name);
      pad(out, start, j == 0 ? 32 : 22);
    }
    if (i == 0)
      text_add_char(out, '\n');
    for (int j = 0; j < FIGURES_COLUMNS_MAX && columns[j].name; j++) {
      const struct figures_cell *cell = &table->rows[i].cells[j];
      size_t start = out->length;
      text_add(out, "  ");
      if (j == 0 && table->merged > 0 && i + 1 == table->count)
        text_printf(out, "(%" PRId64 " others)", table->merged);
      else
        add_cell(out, cell, columns[j].kind);
      pad(out, start, j == 0 ? 32 : 22);
    }
    text_add_char(out, '\n');
  }
  if (table->count > ROWS_MAX)
    text_printf(out, "  ... and %zu more: --format csv or json has them all\n", table->count - ROWS_MAX);
  if ((table->shape->flags & FIGURES_BY_DOMAIN) && table->count > 0)
    text_add(out, "  lines of a domain: grep -F '\"DOMAIN\"' AUDIT-LOG\n");
}

/* What each link that occurs asks for. */
static void add_remedies(struct text *out, const struct figures_table *table)
{
  for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
    for (size_t j = 0; j < table->count; j++)
      if (table->rows[j].cells[2].text && strcmp(table->rows[j].cells[2].text, remedies[i].link) == 0) {
        text_printf(out, "  remedy for %s: %s\n", remedies[i].link, remedies[i].remedy);
        break;
      }
}

static void add_title(struct text *out, const char *section)
{
  for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
    if (strcmp(titles[i].name, section) == 0)
      text_printf(out, "\n%s\n", titles[i].title);
}

void write_text(struct text *out, const struct figures *figures)
{
  const char *section = "";
  text_add(out, "Report on mail standards, from ");
  write_time(out, figures->from);
  text_add(out, " up to ");
  write_time(out, figures->to);
  text_add_char(out, '\n');
  for (size_t i = 0; i < figures->count; i++) {
    const struct figures_table *table = &figures->tables[i];
    if (strcmp(section, table->shape->section) != 0)
      add_title(out, section = table->shape->section);
    add_table(out, table);
    if (strcmp(table->shape->name, "lacking-dane") == 0)
      add_remedies(out, table);
  }
}
