/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of the database as members of a JSON object.
 */
#pragma once

#include <stdint.h>

#include "audit/emitter.h"
#include "evidence/database.h"

enum row_kind { ROW_TEXT, ROW_NUMBER, ROW_TIME, ROW_BOOL };

/* A list of these ends with a key of NULL. */
struct row_column {
  const char *key;
  enum row_kind kind;
};

/* The columns of the row at hand, from number `from` on. */
void row_write(struct emitter *emitter, struct statement *statement, int from, const struct row_column *columns);
/* "key":[{...}, ...], an object for each row that the statement gives; an empty list where there is none. Frees the
 * statement. 0, or -1 where it is NULL or fails. */
int row_write_all(struct emitter *emitter, const char *key, struct statement *statement, const struct row_column *columns);

/* "2026-11-24T00:47:39.123Z" */
void row_write_time(struct emitter *emitter, const char *key, int64_t moment);
void row_write_text(struct emitter *emitter, const char *key, const char *value); /* takes NULL */
void row_write_number(struct emitter *emitter, const char *key, int64_t value);

/* A statement with one text and up to two whole numbers bound, or NULL. */
struct statement *row_ask(struct database *database, const char *sql, const char *text);
struct statement *row_ask_number(struct database *database, const char *sql, int64_t number);
struct statement *row_ask_period(struct database *database, const char *sql, const char *text, int64_t from, int64_t to);
