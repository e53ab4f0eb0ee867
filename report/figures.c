/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading the figures of a report. See figures.h.
 */
#include "report/figures_make.h"

#include <stdlib.h>
#include <string.h>

#include "report/senders.h"

static const char *keep(struct arena *arena, const char *value)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  return value ? arena_string(arena, text_printable(shown, sizeof shown, value, strlen(value))) : NULL;
}

enum { DAY_MS = 86400000, STEPS_MAX = 45, WEEK = 7 };

static int last_column(const struct figures_shape *shape)
{
  int last = 0;
  while (last + 1 < FIGURES_COLUMNS_MAX && shape->columns[last + 1].name)
    last++;
  return last;
}

static struct figures_row make_row(const struct figures *figures, const struct figures_table *table)
{
  size_t columns = (size_t)last_column(table->shape) + 1;
  return (struct figures_row){.cells = arena_alloc(figures->arena, columns * sizeof(struct figures_cell))};
}

static struct figures_row *add_row(struct figures *figures, struct figures_table *table)
{
  if (table->count == table->size) {
    size_t size = table->size > 0 ? 2 * table->size : 8;
    struct figures_row *rows = arena_alloc(figures->arena, size * sizeof *rows);
    if (table->count > 0)
      memcpy(rows, table->rows, table->count * sizeof *rows);
    table->rows = rows;
    table->size = size;
  }
  table->rows[table->count] = make_row(figures, table);
  return &table->rows[table->count++];
}

struct figures_row *figures_add_row(struct figures_making *making, struct figures_table *table)
{
  return add_row(making->figures, table);
}

void figures_set_text(struct figures_making *making, struct figures_row *row, int column, const char *value)
{
  row->cells[column].text = keep(making->figures->arena, value);
  row->cells[column].known = value != NULL;
}

void figures_set_number(struct figures_row *row, int column, int64_t number)
{
  row->cells[column] = (struct figures_cell){.number = number, .known = true};
}

void figures_set_share(struct figures_row *row, int column, int64_t number, int64_t base)
{
  row->cells[column] = (struct figures_cell){.number = number, .base = base, .known = base > 0};
}

static void read_row(struct figures *figures, struct figures_table *table, struct statement *statement)
{
  struct figures_row *row = add_row(figures, table);
  const struct figures_column *columns = table->shape->columns;
  int from = 0;
  for (int i = 0; i < FIGURES_COLUMNS_MAX && columns[i].name; i++) {
    struct figures_cell *cell = &row->cells[i];
    cell->known = !statement_is_null(statement, from);
    if (columns[i].kind == FIGURES_TEXT || columns[i].kind == FIGURES_WORD)
      cell->text = keep(figures->arena, statement_text(statement, from));
    else
      cell->number = statement_integer(statement, from);
    from++;
    if (columns[i].kind == FIGURES_SHARE) {
      cell->base = statement_integer(statement, from++);
      cell->known = cell->base > 0;
    }
  }
}

/* Rows that could tell of a single correspondent become one row without a name. */
static void merge_small(const struct figures *figures, struct figures_table *table)
{
  int volume = last_column(table->shape);
  size_t kept = 0;
  struct figures_row other = make_row(figures, table);
  for (size_t i = 0; i < table->count; i++) {
    if (table->rows[i].cells[volume].number >= figures->threshold) {
      table->rows[kept++] = table->rows[i];
      continue;
    }
    other.cells[volume].number += table->rows[i].cells[volume].number;
    other.cells[volume].known = true;
    table->merged++;
  }
  if (table->merged > 0)
    table->rows[kept++] = other;
  table->count = kept;
}

static int run_sql(struct figures_making *making, struct figures_table *table)
{
  struct figures *figures = making->figures;
  struct statement *statement = database_prepare(making->database, table->shape->sql);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, figures->from);
  statement_bind_integer(statement, 2, figures->to);
  if (strstr(table->shape->sql, "$3"))
    statement_bind_integer(statement, 3, figures->step);
  int status;
  while ((status = statement_step(statement)) > 0)
    read_row(figures, table, statement);
  statement_free(statement);
  return status;
}

/* From the first to the last day that the database knows, where the caller does not say. One day at least: what the caller does
 * say can lie beyond them. */
static int find_period(struct figures *figures, struct database *database)
{
  struct statement *statement = database_prepare(
      database, "SELECT min(a), max(b) FROM (SELECT min(day) AS a, max(day) AS b FROM daily_host UNION ALL"
                " SELECT min(day), max(day) FROM daily_proven) t");
  int status = statement ? statement_step(statement) : -1;
  bool known = status > 0 && !statement_is_null(statement, 0);
  int64_t today = figures->made * 1000 / DAY_MS * DAY_MS;
  int64_t first = known ? statement_integer(statement, 0) * DAY_MS : today;
  int64_t end = (known ? statement_integer(statement, 1) * DAY_MS : today) + DAY_MS;
  if (figures->from == 0)
    figures->from = figures->to == 0 || first < figures->to ? first : figures->to - DAY_MS;
  if (figures->to == 0)
    figures->to = end > figures->from ? end : figures->from + DAY_MS;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

/* Steps of time that a plot can show: days, weeks, or several weeks. */
static int find_step(const struct figures *figures)
{
  int64_t days = (figures->to - figures->from) / DAY_MS;
  if (days <= STEPS_MAX)
    return 1;
  return (int)(WEEK * ((days + INT64_C(53) * WEEK - 1) / (INT64_C(53) * WEEK)));
}

static int read_all(struct figures_making *making)
{
  struct figures *figures = making->figures;
  if ((figures->from == 0 || figures->to == 0) && find_period(figures, making->database) < 0)
    return -1;
  figures->step = find_step(figures);
  making->before = figures->from - (figures->to - figures->from);
  for (size_t i = 0; i < figures_shape_count; i++) {
    const struct figures_shape *shape = &figures_shapes[i];
    if ((shape->flags & FIGURES_INTERNAL) && figures->threshold > 0)
      continue;
    struct figures_table *table = &figures->tables[figures->count++];
    table->shape = shape;
    if ((shape->sql ? run_sql(making, table) : shape->add(making, table)) < 0)
      return -1;
    if ((shape->flags & FIGURES_BY_DOMAIN) && figures->threshold > 0)
      merge_small(figures, table);
  }
  return 0;
}

struct figures *figures_read(struct database *database, const struct figures_options *options)
{
  struct arena *arena = arena_new();
  struct figures *figures = arena_alloc(arena, sizeof *figures);
  *figures = (struct figures){.from = options->from,
                              .to = options->to,
                              .made = options->now,
                              .threshold = options->threshold,
                              .arena = arena};
  struct figures_making making = {.figures = figures, .database = database, .options = options};
  figures->tables = arena_alloc(arena, figures_shape_count * sizeof *figures->tables);
  if (database_begin(database) == 0) {
    int status = read_all(&making);
    /* Nothing was written; this only lets go of the moment. */
    database_rollback(database);
    profiles_free(making.profiles);
    senders_free(making.senders);
    if (status == 0)
      return figures;
  }
  figures_free(figures);
  return NULL;
}

void figures_free(struct figures *figures)
{
  if (figures)
    arena_free(figures->arena);
}

const struct figures_table *figures_find(const struct figures *figures, const char *name)
{
  for (size_t i = 0; i < figures->count; i++)
    if (strcmp(figures->tables[i].shape->name, name) == 0)
      return &figures->tables[i];
  return NULL;
}
