/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a database must be able to do, for database.c only. The contracts are those of database.h.
 */
#pragma once

#include "evidence/database.h"

struct backend {
  /* A connection of its own kind, or NULL with a message in error. */
  void *(*open)(const char *where, enum database_mode mode, struct text *error);
  void (*close)(void *connection);
  int (*run)(void *connection, const char *sql, struct text *error);
  void *(*prepare)(void *connection, const char *sql, struct text *error);
  void (*free_statement)(void *statement);
  void (*bind)(void *statement, int index, const char *text);
  void (*bind_integer)(void *statement, int index, int64_t value);
  int (*step)(void *statement, struct text *error);
  void (*reset)(void *statement);
  const char *(*text)(void *statement, int column);
  int64_t (*integer)(void *statement, int column);
  double (*real)(void *statement, int column);
  bool (*is_null)(void *statement, int column);
  void *(*open_loader)(void *connection, const char *table, const char *columns, struct text *error);
  void (*close_loader)(void *loader);
  void (*load)(void *loader, const char *text);
  void (*load_integer)(void *loader, int64_t value);
  int (*end_row)(void *loader, struct text *error);
  int (*flush)(void *loader, struct text *error);
};

extern const struct backend database_sqlite;
extern const struct backend database_postgres;
