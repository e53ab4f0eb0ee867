/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQLite behind database.h.
 *
 * The rollback journal, not the write-ahead log: an import appends, so that there is little to roll back, while a
 * write-ahead log would hold the whole file a second time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/memory.h"
#include "evidence/backend.h"

enum { BUSY_WAIT_MS = 10000, CACHE_KIB = 49152 };

struct sqlite_loader {
  sqlite3_stmt *statement;
  int at; /* the parameter bound last */
};

static void fail(struct text *error, sqlite3 *connection)
{
  text_add(error, connection ? sqlite3_errmsg(connection) : "out of memory");
}

static int sqlite_run(void *connection, const char *sql, struct text *error)
{
  if (sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK)
    return 0;
  fail(error, connection);
  return -1;
}

static void *sqlite_open(const char *where, enum database_mode mode, struct text *error)
{
  sqlite3 *connection = NULL;
  int flags = mode == DATABASE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  char set_cache[64];
  if (sqlite3_open_v2(where, &connection, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK) {
    text_printf(error, "%s: ", where);
    fail(error, connection);
    sqlite3_close_v2(connection);
    return NULL;
  }
  sqlite3_busy_timeout(connection, BUSY_WAIT_MS);
  snprintf(set_cache, sizeof set_cache, "PRAGMA cache_size = -%d", CACHE_KIB);
  /* Without trusted_schema a database from elsewhere cannot run functions behind our back. */
  if (sqlite_run(connection, set_cache, error) < 0 || sqlite_run(connection, "PRAGMA trusted_schema = 0", error) < 0 ||
      (mode == DATABASE_WRITE && sqlite_run(connection, "PRAGMA synchronous = NORMAL", error) < 0)) {
    sqlite3_close_v2(connection);
    return NULL;
  }
  return connection;
}

static void sqlite_close(void *connection)
{
  sqlite3_close_v2(connection);
}

/* $1 is a name to SQLite and takes its number from where it first appears. */
static bool is_in_order(sqlite3_stmt *statement)
{
  char wanted[16];
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
    const char *name = sqlite3_bind_parameter_name(statement, i);
    snprintf(wanted, sizeof wanted, "$%d", i);
    if (!name || strcmp(name, wanted) != 0)
      return false;
  }
  return true;
}

static void *sqlite_prepare(void *connection, const char *sql, struct text *error)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
    fail(error, connection);
    return NULL;
  }
  if (statement && is_in_order(statement))
    return statement;
  text_add(error, "parameters are not in order: ");
  text_add(error, sql);
  sqlite3_finalize(statement);
  return NULL;
}

static void sqlite_free_statement(void *statement)
{
  sqlite3_finalize(statement);
}

static void sqlite_bind(void *statement, int index, const char *text)
{
  if (text)
    sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null(statement, index);
}

static void sqlite_bind_integer(void *statement, int index, int64_t value)
{
  sqlite3_bind_int64(statement, index, value);
}

static int sqlite_step(void *statement, struct text *error)
{
  int status = sqlite3_step(statement);
  if (status == SQLITE_ROW)
    return 1;
  if (status != SQLITE_DONE)
    fail(error, sqlite3_db_handle(statement));
  sqlite3_reset(statement);
  return status == SQLITE_DONE ? 0 : -1;
}

static void sqlite_reset(void *statement)
{
  sqlite3_reset(statement);
}

static const char *sqlite_text(void *statement, int column)
{
  return (const char *)sqlite3_column_text(statement, column);
}

static int64_t sqlite_integer(void *statement, int column)
{
  return sqlite3_column_int64(statement, column);
}

static double sqlite_real(void *statement, int column)
{
  return sqlite3_column_double(statement, column);
}

static bool sqlite_is_null(void *statement, int column)
{
  return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

static void *sqlite_open_loader(void *connection, const char *table, const char *columns, struct text *error)
{
  struct text sql = {0};
  int number = 1;
  text_printf(&sql, "INSERT INTO %s (%s) VALUES ($1", table, columns);
  for (const char *comma = strchr(columns, ','); comma; comma = strchr(comma + 1, ','))
    text_printf(&sql, ", $%d", ++number);
  text_add_char(&sql, ')');
  sqlite3_stmt *statement = sqlite_prepare(connection, sql.bytes, error);
  text_free(&sql);
  if (!statement)
    return NULL;
  struct sqlite_loader *loader = memory_new(sizeof *loader);
  loader->statement = statement;
  return loader;
}

static void sqlite_close_loader(void *of)
{
  struct sqlite_loader *loader = of;
  sqlite3_finalize(loader->statement);
  free(loader);
}

static void sqlite_load(void *of, const char *text)
{
  struct sqlite_loader *loader = of;
  if (text)
    sqlite3_bind_text(loader->statement, ++loader->at, text, -1, SQLITE_STATIC);
  else
    sqlite3_bind_null(loader->statement, ++loader->at);
}

static void sqlite_load_integer(void *of, int64_t value)
{
  struct sqlite_loader *loader = of;
  sqlite3_bind_int64(loader->statement, ++loader->at, value);
}

static int sqlite_end_row(void *of, struct text *error)
{
  struct sqlite_loader *loader = of;
  loader->at = 0;
  return sqlite_step(loader->statement, error);
}

static int sqlite_flush(void *loader, struct text *error)
{
  (void)loader;
  (void)error;
  return 0;
}

const struct backend database_sqlite = {
    .open = sqlite_open,
    .close = sqlite_close,
    .run = sqlite_run,
    .prepare = sqlite_prepare,
    .free_statement = sqlite_free_statement,
    .bind = sqlite_bind,
    .bind_integer = sqlite_bind_integer,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .text = sqlite_text,
    .integer = sqlite_integer,
    .real = sqlite_real,
    .is_null = sqlite_is_null,
    .open_loader = sqlite_open_loader,
    .close_loader = sqlite_close_loader,
    .load = sqlite_load,
    .load_integer = sqlite_load_integer,
    .end_row = sqlite_end_row,
    .flush = sqlite_flush,
};
