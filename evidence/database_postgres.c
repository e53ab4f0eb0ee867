/* SPDX-License-Identifier: BSD-2-Clause
 *
 * PostgreSQL behind database.h. Loaders send their rows with COPY, so that an import does not wait for the network at
 * every row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/memory.h"
#include "evidence/backend.h"

enum { PARAMETERS_MAX = 64, COPY_AT_ONCE = 256 * 1024 };

struct postgres {
  PGconn *connection;
  unsigned statements; /* prepared so far: their names are numbers */
};

struct postgres_statement {
  PGconn *connection;
  char name[24];
  struct text values[PARAMETERS_MAX];
  bool is_set[PARAMETERS_MAX];
  int parameters;
  PGresult *result; /* NULL before the first step */
  int row, rows;
};

struct postgres_loader {
  PGconn *connection;
  char *copy; /* the COPY command */
  struct text rows;
  bool in_row;
};

static int check(PGconn *connection, PGresult *result, ExecStatusType wanted, struct text *error)
{
  int status = PQresultStatus(result) == wanted ? 0 : -1;
  if (status < 0)
    text_add(error, PQerrorMessage(connection));
  PQclear(result);
  return status;
}

static int postgres_run(void *of, const char *sql, struct text *error)
{
  struct postgres *postgres = of;
  PGresult *result = PQexec(postgres->connection, sql);
  ExecStatusType status = PQresultStatus(result);
  return check(postgres->connection, result, status == PGRES_TUPLES_OK ? status : PGRES_COMMAND_OK, error);
}

/* "relation exists already, skipping" is nothing to tell a user. */
static void ignore_notice(void *context, const PGresult *result)
{
  (void)context;
  (void)result;
}

static void postgres_close(void *of)
{
  struct postgres *postgres = of;
  PQfinish(postgres->connection);
  free(postgres);
}

static void *postgres_open(const char *where, enum database_mode mode, struct text *error)
{
  struct postgres *postgres = memory_new(sizeof *postgres);
  postgres->connection = PQconnectdb(where);
  if (PQstatus(postgres->connection) != CONNECTION_OK) {
    text_add(error, PQerrorMessage(postgres->connection)); /* names the host, never the password */
    postgres_close(postgres);
    return NULL;
  }
  PQsetNoticeReceiver(postgres->connection, ignore_notice, NULL);
  if (PQsetClientEncoding(postgres->connection, "UTF8") != 0 ||
      (mode == DATABASE_READ && postgres_run(postgres, "SET default_transaction_read_only = on", error) < 0)) {
    text_add(error, PQerrorMessage(postgres->connection));
    postgres_close(postgres);
    return NULL;
  }
  return postgres;
}

static void *postgres_prepare(void *of, const char *sql, struct text *error)
{
  struct postgres *postgres = of;
  struct postgres_statement *statement = memory_new(sizeof *statement);
  statement->connection = postgres->connection;
  snprintf(statement->name, sizeof statement->name, "sluis%u", ++postgres->statements);
  if (check(postgres->connection, PQprepare(postgres->connection, statement->name, sql, 0, NULL), PGRES_COMMAND_OK, error) < 0) {
    free(statement);
    return NULL;
  }
  PGresult *known = PQdescribePrepared(postgres->connection, statement->name);
  statement->parameters = PQnparams(known);
  PQclear(known);
  if (statement->parameters > PARAMETERS_MAX)
    abort(); /* A statement of the program, which a test has run. */
  return statement;
}

static void postgres_reset(void *of)
{
  struct postgres_statement *statement = of;
  PQclear(statement->result);
  statement->result = NULL;
}

static void postgres_free_statement(void *of)
{
  struct postgres_statement *statement = of;
  struct text sql = {0};
  postgres_reset(statement);
  /* The name is our own. */
  text_printf(&sql, "DEALLOCATE %s", statement->name);
  PQclear(PQexec(statement->connection, sql.bytes));
  text_free(&sql);
  for (int i = 0; i < PARAMETERS_MAX; i++)
    text_free(&statement->values[i]);
  free(statement);
}

static void postgres_bind(void *of, int index, const char *text)
{
  struct postgres_statement *statement = of;
  text_clear(&statement->values[index - 1]);
  text_add(&statement->values[index - 1], text ? text : "");
  statement->is_set[index - 1] = text != NULL;
}

static void postgres_bind_integer(void *of, int index, int64_t value)
{
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRId64, value);
  postgres_bind(of, index, digits);
}

static int execute(struct postgres_statement *statement, struct text *error)
{
  const char *values[PARAMETERS_MAX];
  for (int i = 0; i < statement->parameters; i++)
    values[i] = statement->is_set[i] ? statement->values[i].bytes : NULL;
  statement->result = PQexecPrepared(statement->connection, statement->name, statement->parameters, values, NULL, NULL, 0);
  ExecStatusType status = PQresultStatus(statement->result);
  statement->row = -1;
  statement->rows = status == PGRES_TUPLES_OK ? PQntuples(statement->result) : 0;
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
    return 0;
  text_add(error, PQerrorMessage(statement->connection));
  postgres_reset(statement);
  return -1;
}

static int postgres_step(void *of, struct text *error)
{
  struct postgres_statement *statement = of;
  if (!statement->result && execute(statement, error) < 0)
    return -1;
  if (++statement->row < statement->rows)
    return 1;
  postgres_reset(statement);
  return 0;
}

static bool postgres_is_null(void *of, int column)
{
  struct postgres_statement *statement = of;
  return PQgetisnull(statement->result, statement->row, column);
}

static const char *postgres_text(void *of, int column)
{
  struct postgres_statement *statement = of;
  return postgres_is_null(of, column) ? NULL : PQgetvalue(statement->result, statement->row, column);
}

static int64_t postgres_integer(void *of, int column)
{
  const char *text = postgres_text(of, column);
  return text ? strtoll(text, NULL, 10) : 0;
}

static double postgres_real(void *of, int column)
{
  const char *text = postgres_text(of, column);
  return text ? strtod(text, NULL) : 0;
}

static void *postgres_open_loader(void *of, const char *table, const char *columns, struct text *error)
{
  struct postgres *postgres = of;
  struct postgres_loader *loader = memory_new(sizeof *loader);
  struct text copy = {0};
  (void)error;
  loader->connection = postgres->connection;
  text_printf(&copy, "COPY %s (%s) FROM STDIN", table, columns);
  loader->copy = copy.bytes;
  return loader;
}

static void postgres_close_loader(void *of)
{
  struct postgres_loader *loader = of;
  text_free(&loader->rows);
  free(loader->copy);
  free(loader);
}

static void begin_value(struct postgres_loader *loader)
{
  if (loader->in_row)
    text_add_char(&loader->rows, '\t');
  loader->in_row = true;
}

/* The text format of COPY: \N is null, and what ends a value or a row stands behind a backslash. */
static void postgres_load(void *of, const char *text)
{
  struct postgres_loader *loader = of;
  begin_value(loader);
  if (!text) {
    text_add(&loader->rows, "\\N");
    return;
  }
  for (;;) {
    size_t plain = strcspn(text, "\\\t\n\r");
    text_add_bytes(&loader->rows, text, plain);
    text += plain;
    if (!*text)
      return;
    text_add_char(&loader->rows, '\\');
    text_add_char(&loader->rows, *text == '\t' ? 't' : *text == '\n' ? 'n' : *text == '\r' ? 'r' : '\\');
    text++;
  }
}

static void postgres_load_integer(void *of, int64_t value)
{
  struct postgres_loader *loader = of;
  begin_value(loader);
  text_printf(&loader->rows, "%" PRId64, value);
}

static int postgres_flush(void *of, struct text *error)
{
  struct postgres_loader *loader = of;
  if (loader->rows.length == 0)
    return 0;
  if (check(loader->connection, PQexec(loader->connection, loader->copy), PGRES_COPY_IN, error) < 0)
    return -1;
  int sent = PQputCopyData(loader->connection, loader->rows.bytes, (int)loader->rows.length);
  text_clear(&loader->rows);
  if (sent != 1 || PQputCopyEnd(loader->connection, NULL) != 1) {
    text_add(error, PQerrorMessage(loader->connection));
    return -1;
  }
  int status = check(loader->connection, PQgetResult(loader->connection), PGRES_COMMAND_OK, error);
  for (PGresult *more = PQgetResult(loader->connection); more; more = PQgetResult(loader->connection))
    PQclear(more);
  return status;
}

static int postgres_end_row(void *of, struct text *error)
{
  struct postgres_loader *loader = of;
  text_add_char(&loader->rows, '\n');
  loader->in_row = false;
  return loader->rows.length < COPY_AT_ONCE ? 0 : postgres_flush(loader, error);
}

const struct backend database_postgres = {
    .open = postgres_open,
    .close = postgres_close,
    .run = postgres_run,
    .prepare = postgres_prepare,
    .free_statement = postgres_free_statement,
    .bind = postgres_bind,
    .bind_integer = postgres_bind_integer,
    .step = postgres_step,
    .reset = postgres_reset,
    .text = postgres_text,
    .integer = postgres_integer,
    .real = postgres_real,
    .is_null = postgres_is_null,
    .open_loader = postgres_open_loader,
    .close_loader = postgres_close_loader,
    .load = postgres_load,
    .load_integer = postgres_load_integer,
    .end_row = postgres_end_row,
    .flush = postgres_flush,
};
