/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading the figures of a report. See figures.h.
 */
#include "report/figures.h"

#include <stdlib.h>
#include <string.h>

static const char *keep(struct arena *arena, const char *value)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  return value ? arena_string(arena, text_printable(shown, sizeof shown, value, strlen(value))) : NULL;
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
  return &table->rows[table->count++];
}

static void read_row(struct figures *figures, struct figures_table *table, struct statement *statement)
{
  struct figures_row *row = add_row(figures, table);
  const struct figures_column *columns = table->shape->columns;
  int from = 0;
  for (int i = 0; i < FIGURES_COLUMNS_MAX && columns[i].name; i++) {
    struct figures_cell *cell = &row->cells[i];
    cell->known = !statement_is_null(statement, from);
    if (columns[i].kind == FIGURES_TEXT)
      cell->text = keep(figures->arena, statement_text(statement, from));
    else
      cell->number = statement_integer(statement, from);
    from++;
    if (columns[i].kind == FIGURES_SHARE)
      cell->base = statement_integer(statement, from++);
  }
}

static int last_column(const struct figures_shape *shape)
{
  int last = 0;
  while (last + 1 < FIGURES_COLUMNS_MAX && shape->columns[last + 1].name)
    last++;
  return last;
}

/* Rows that could tell of a single correspondent become one row without a name. */
static void merge_small(const struct figures *figures, struct figures_table *table)
{
  int volume = last_column(table->shape);
  size_t kept = 0;
  struct figures_row other = {0};
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

static int read_table(struct figures *figures, struct figures_table *table, struct database *database)
{
  struct statement *statement = database_prepare(database, table->shape->sql);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, figures->from);
  statement_bind_integer(statement, 2, figures->to);
  int status;
  while ((status = statement_step(statement)) > 0)
    read_row(figures, table, statement);
  statement_free(statement);
  if (table->shape->by_domain && figures->threshold > 0)
    merge_small(figures, table);
  return status;
}

static void set_text(struct figures *figures, struct figures_row *row, int column, const char *value)
{
  row->cells[column].text = keep(figures->arena, value);
  row->cells[column].known = value != NULL;
}

static void add_design(struct figures *figures, struct figures_table *table, const struct config *config)
{
  struct figures_row *row = add_row(figures, table);
  set_text(figures, row, 0, "mode");
  set_text(figures, row, 1, mode_name(config->mode));
  row = add_row(figures, table);
  set_text(figures, row, 0, "resolver.trust-anchor");
  set_text(figures, row, 1, config->resolver.trust_anchor);
  for (int i = 0; i < STANDARD_COUNT; i++) {
    row = add_row(figures, table);
    set_text(figures, row, 0, standard_name((enum standard)i));
    set_text(figures, row, 1, level_name(config->levels[i]));
  }
}

static const struct config_exception *find_exception(const struct config *config, const char *id)
{
  for (size_t i = 0; i < config->exception_count; i++)
    if (strcmp(config->exceptions[i].id, id) == 0)
      return &config->exceptions[i];
  return NULL;
}

static void add_exception(struct figures *figures, struct figures_table *table, const struct config_exception *exception,
                          const char *id, int64_t used, int64_t now)
{
  struct figures_row *row = add_row(figures, table);
  set_text(figures, row, 0, id);
  set_text(figures, row, 1,
           !exception ? "not-configured" : now >= exception->ends ? "expired" : used > 0 ? "used" : "unused");
  set_text(figures, row, 2, exception ? exception->reason : NULL);
  set_text(figures, row, 3, exception ? exception->owner : NULL);
  set_text(figures, row, 4, exception ? exception->until : NULL);
  row->cells[5] = (struct figures_cell){.number = used, .known = true};
}

static int add_exceptions(struct figures *figures, struct figures_table *table, struct database *database,
                          const struct figures_options *options)
{
  const struct config *config = options->config;
  struct statement *statement = database_prepare(
      database, "SELECT u.exception, count(DISTINCT u.id) FROM (SELECT exception, id FROM message WHERE time >= $1 AND"
                " time < $2 UNION ALL SELECT r.exception, m.id FROM message m JOIN recipient r ON r.message_id = m.id WHERE"
                " m.time >= $1 AND m.time < $2) u WHERE u.exception IS NOT NULL GROUP BY u.exception ORDER BY 1");
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, figures->from);
  statement_bind_integer(statement, 2, figures->to);
  int status;
  while ((status = statement_step(statement)) > 0) {
    const char *id = statement_text(statement, 0);
    add_exception(figures, table, find_exception(config, id), id, statement_integer(statement, 1), options->now);
  }
  statement_free(statement);
  size_t used = table->count;
  for (size_t i = 0; i < config->exception_count && status == 0; i++) {
    const struct config_exception *exception = &config->exceptions[i];
    bool known = false;
    for (size_t j = 0; j < used; j++)
      known = known || strcmp(table->rows[j].cells[0].text, exception->id) == 0;
    if (!known)
      add_exception(figures, table, exception, exception->id, 0, options->now);
  }
  return status;
}

/* From the first to the last moment that the database knows, where the caller does not say. */
static int find_period(struct figures *figures, struct database *database)
{
  struct statement *statement = database_prepare(
      database, "SELECT min(a), max(b) FROM (SELECT min(time) AS a, max(time) AS b FROM message UNION ALL"
                " SELECT min(time), max(time) FROM delivery) t");
  int status = statement ? statement_step(statement) : -1;
  if (status > 0 && figures->from == 0)
    figures->from = statement_integer(statement, 0);
  if (status > 0 && figures->to == 0)
    figures->to = statement_integer(statement, 1) + 1;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

static int read_all(struct figures *figures, struct database *database, const struct figures_options *options)
{
  if ((figures->from == 0 || figures->to == 0) && find_period(figures, database) < 0)
    return -1;
  for (size_t i = 0; i < figures_shape_count; i++) {
    const struct figures_shape *shape = &figures_shapes[i];
    if (shape->is_internal && figures->threshold > 0)
      continue;
    struct figures_table *table = &figures->tables[figures->count++];
    table->shape = shape;
    int status = 0;
    if (shape->sql)
      status = read_table(figures, table, database);
    else if (strcmp(shape->name, "design") == 0)
      add_design(figures, table, options->config);
    else
      status = add_exceptions(figures, table, database, options);
    if (status < 0)
      return -1;
  }
  return 0;
}

struct figures *figures_read(struct database *database, const struct figures_options *options)
{
  struct arena *arena = arena_new();
  struct figures *figures = arena_alloc(arena, sizeof *figures);
  *figures = (struct figures){.from = options->from, .to = options->to, .threshold = options->threshold, .arena = arena};
  figures->tables = arena_alloc(arena, figures_shape_count * sizeof *figures->tables);
  if (database_begin(database) == 0) {
    int status = read_all(figures, database, options);
    /* Nothing was written; this only lets go of the moment. */
    database_rollback(database);
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
