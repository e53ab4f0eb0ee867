/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The door to the databases. See database.h; the two kinds are in database_sqlite.c and database_postgres.c.
 */
#include "evidence/database.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evidence/backend.h"
#include "evidence/schema.h"

struct database {
  const struct backend *backend;
  enum database_mode mode;
  void *connection;
  struct text error;
  char shown[TEXT_PRINTABLE_MAX + 1];
};

struct statement {
  struct database *database;
  void *inner;
};

struct loader {
  struct database *database;
  void *inner;
};

static bool is_server_address(const char *where)
{
  return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

/* As note() below. */
static void add_printable(struct text *error, const struct text *message)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  size_t length = message->length;
  while (length > 0 && message->bytes[length - 1] == '\n')
    length--;
  text_printable(shown, sizeof shown, length > 0 ? message->bytes : "", length);
  text_add(error, shown);
}

struct database *database_open(const char *where, enum database_mode mode, struct text *error)
{
  struct text message = {0};
  struct database *database = memory_new(sizeof *database);
  database->backend = is_server_address(where) ? &database_postgres : &database_sqlite;
  database->mode = mode;
  database->connection = database->backend->open(where, mode, &message);
  if (!database->connection)
    add_printable(error, &message);
  text_free(&message);
  if (!database->connection) {
    free(database);
    return NULL;
  }
  if (schema_prepare(database, mode, error) < 0) {
    database_close(database);
    return NULL;
  }
  return database;
}

void database_close(struct database *database)
{
  if (!database)
    return;
  database->backend->close(database->connection);
  text_free(&database->error);
  free(database);
}

bool database_is_server(const struct database *database)
{
  return database->backend == &database_postgres;
}

const char *database_error(const struct database *database)
{
  return database->shown;
}

/* Both libraries end their messages with a newline at times, and quote values that came from a log. */
static int note(struct database *database, int status)
{
  if (status >= 0)
    return status;
  size_t length = database->error.length;
  while (length > 0 && database->error.bytes[length - 1] == '\n')
    length--;
  text_printable(database->shown, sizeof database->shown, length > 0 ? database->error.bytes : "", length);
  text_clear(&database->error);
  return status;
}

int database_run(struct database *database, const char *sql)
{
  return note(database, database->backend->run(database->connection, sql, &database->error));
}

/* A writer that began as a reader could lose against another one in mid-way: it takes the place at once. The number
 * means nothing; only that all agree on it. */
int database_begin(struct database *database)
{
  if (database->mode == DATABASE_READ)
    return database_run(database, "BEGIN");
  if (!database_is_server(database))
    return database_run(database, "BEGIN IMMEDIATE");
  if (database_run(database, "BEGIN") < 0)
    return -1;
  if (database_run(database, "SELECT pg_advisory_xact_lock(5387539)") == 0)
    return 0;
  database_rollback(database);
  return -1;
}

int database_commit(struct database *database)
{
  return database_run(database, "COMMIT");
}

void database_rollback(struct database *database)
{
  /* The first error stays the one that is told. */
  struct text ignored = {0};
  database->backend->run(database->connection, "ROLLBACK", &ignored);
  text_free(&ignored);
}

struct statement *database_prepare(struct database *database, const char *sql)
{
  void *inner = database->backend->prepare(database->connection, sql, &database->error);
  if (!inner) {
    note(database, -1);
    return NULL;
  }
  struct statement *statement = memory_new(sizeof *statement);
  *statement = (struct statement){database, inner};
  return statement;
}

void statement_free(struct statement *statement)
{
  if (!statement)
    return;
  statement->database->backend->free_statement(statement->inner);
  free(statement);
}

void statement_bind(struct statement *statement, int index, const char *text)
{
  statement->database->backend->bind(statement->inner, index, text);
}

void statement_bind_integer(struct statement *statement, int index, int64_t value)
{
  statement->database->backend->bind_integer(statement->inner, index, value);
}

int statement_step(struct statement *statement)
{
  struct database *database = statement->database;
  return note(database, database->backend->step(statement->inner, &database->error));
}

void statement_reset(struct statement *statement)
{
  statement->database->backend->reset(statement->inner);
}

const char *statement_text(struct statement *statement, int column)
{
  return statement->database->backend->text(statement->inner, column);
}

int64_t statement_integer(struct statement *statement, int column)
{
  return statement->database->backend->integer(statement->inner, column);
}

double statement_real(struct statement *statement, int column)
{
  return statement->database->backend->real(statement->inner, column);
}

bool statement_is_null(struct statement *statement, int column)
{
  return statement->database->backend->is_null(statement->inner, column);
}

int statement_run(struct statement *statement)
{
  int status;
  do
    status = statement_step(statement);
  while (status > 0);
  return status;
}

struct loader *loader_open(struct database *database, const char *table, const char *columns)
{
  void *inner = database->backend->open_loader(database->connection, table, columns, &database->error);
  if (!inner) {
    note(database, -1);
    return NULL;
  }
  struct loader *loader = memory_new(sizeof *loader);
  *loader = (struct loader){database, inner};
  return loader;
}

void loader_close(struct loader *loader)
{
  if (!loader)
    return;
  loader->database->backend->close_loader(loader->inner);
  free(loader);
}

void loader_text(struct loader *loader, const char *text)
{
  loader->database->backend->load(loader->inner, text);
}

void loader_integer(struct loader *loader, int64_t value)
{
  loader->database->backend->load_integer(loader->inner, value);
}

void loader_null(struct loader *loader)
{
  loader_text(loader, NULL);
}

int loader_end_row(struct loader *loader)
{
  struct database *database = loader->database;
  return note(database, database->backend->end_row(loader->inner, &database->error));
}

int loader_flush(struct loader *loader)
{
  struct database *database = loader->database;
  return note(database, database->backend->flush(loader->inner, &database->error));
}
