/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows as JSON. See row.h.
 */
#include "story/row.h"

#include <stdio.h>
#include <time.h>

void row_write_time(struct emitter *emitter, const char *key, int64_t moment)
{
  char shown[48] = "", full[64];
  time_t seconds = (time_t)(moment / 1000);
  struct tm parts;
  if (gmtime_r(&seconds, &parts))
    strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(full, sizeof full, "%s.%03dZ", shown, (int)(moment % 1000));
  row_write_text(emitter, key, full);
}

void row_write_text(struct emitter *emitter, const char *key, const char *value)
{
  emitter_key(emitter, key);
  emitter_string(emitter, value);
}

void row_write_number(struct emitter *emitter, const char *key, int64_t value)
{
  emitter_key(emitter, key);
  emitter_number(emitter, value);
}

void row_write(struct emitter *emitter, struct statement *statement, int from, const struct row_column *columns)
{
  for (; columns->key; columns++, from++) {
    if (statement_is_null(statement, from)) {
      row_write_text(emitter, columns->key, NULL);
    } else if (columns->kind == ROW_TEXT) {
      row_write_text(emitter, columns->key, statement_text(statement, from));
    } else if (columns->kind == ROW_TIME) {
      row_write_time(emitter, columns->key, statement_integer(statement, from));
    } else if (columns->kind == ROW_NUMBER) {
      row_write_number(emitter, columns->key, statement_integer(statement, from));
    } else {
      emitter_key(emitter, columns->key);
      emitter_bool(emitter, statement_integer(statement, from) != 0);
    }
  }
}

int row_write_all(struct emitter *emitter, const char *key, struct statement *statement, const struct row_column *columns)
{
  int status = -1;
  emitter_key(emitter, key);
  emitter_open_list(emitter);
  while (statement && (status = statement_step(statement)) > 0) {
    emitter_open_map(emitter);
    row_write(emitter, statement, 0, columns);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
  statement_free(statement);
  return status;
}

struct statement *row_ask(struct database *database, const char *sql, const char *text)
{
  struct statement *statement = database_prepare(database, sql);
  if (statement)
    statement_bind(statement, 1, text);
  return statement;
}

struct statement *row_ask_number(struct database *database, const char *sql, int64_t number)
{
  struct statement *statement = database_prepare(database, sql);
  if (statement)
    statement_bind_integer(statement, 1, number);
  return statement;
}

struct statement *row_ask_period(struct database *database, const char *sql, const char *text, int64_t from, int64_t to)
{
  struct statement *statement = row_ask(database, sql, text);
  if (statement) {
    statement_bind_integer(statement, 2, from);
    statement_bind_integer(statement, 3, to);
  }
  return statement;
}
