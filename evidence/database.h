/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One small door to SQLite and PostgreSQL. SQL is constant text of the program; every value goes in as a bound
 * parameter or through a loader, never as text of a statement.
 *
 * SQL for both: parameters are $1, $2 ... which first appear in this order; times are BIGINT milliseconds since 1970
 * UTC; upserts as ON CONFLICT (...) DO ...; nothing else that only one of the two knows. A database is used by one
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct database;
struct statement;
struct loader;

enum database_mode {
  DATABASE_READ,  /* must exist; nothing is written */
  DATABASE_WRITE, /* made where it is missing, with the schema; one writer at a time */
};

/* where: a file name, or a postgresql:// (or postgres://) address. Makes or checks the schema. NULL with a printable
 * message appended to error. */
struct database *database_open(const char *where, enum database_mode mode, struct text *error);
void database_close(struct database *database); /* takes NULL; what was not committed is gone */
bool database_is_server(const struct database *database);
/* What went wrong last; one printable line, "" for nothing. Borrowed. */
const char *database_error(const struct database *database);

/* Constant SQL without values. 0 or -1. */
int database_run(struct database *database, const char *sql);
int database_begin(struct database *database);
int database_commit(struct database *database);
void database_rollback(struct database *database);

/* NULL on error, which is database_error(). statement_free() takes NULL. */
struct statement *database_prepare(struct database *database, const char *sql);
void statement_free(struct statement *statement);
/* index begins at 1. The text is copied; NULL binds null. */
void statement_bind(struct statement *statement, int index, const char *text);
void statement_bind_integer(struct statement *statement, int index, int64_t value);
/* 1: a row stands ready; 0: there are no more; -1: error. After 0 or -1 the statement may be bound and run again;
 * statement_reset() does so earlier. With PostgreSQL the whole result is fetched at the first step: page through
 * large ones by key. */
int statement_step(struct statement *statement);
void statement_reset(struct statement *statement);
/* Of the row at hand; column begins at 0. Text is borrowed until the next call for this statement; NULL for null. */
const char *statement_text(struct statement *statement, int column);
int64_t statement_integer(struct statement *statement, int column); /* 0 for null */
double statement_real(struct statement *statement, int column);
bool statement_is_null(struct statement *statement, int column);
/* Runs a statement that gives no rows. 0 or -1. */
int statement_run(struct statement *statement);

/* The fast way in: rows for one table, values in the order of columns ("a, b, c"). They are in the database after
 * loader_flush(), which is to be called before the commit. NULL on error. */
struct loader *loader_open(struct database *database, const char *table, const char *columns);
void loader_close(struct loader *loader); /* takes NULL; drops what was not flushed */
/* NULL for null; valid UTF-8; borrowed until the end of the row. */
void loader_text(struct loader *loader, const char *text);
void loader_integer(struct loader *loader, int64_t value);
void loader_null(struct loader *loader);
int loader_end_row(struct loader *loader); /* 0 or -1 */
int loader_flush(struct loader *loader);
