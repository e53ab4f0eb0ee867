/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Holds. See hold.h.
 */
#include "evidence/hold.h"

static int is_there(struct database *database, const char *sql, const char *name, int64_t moment, int count)
{
  struct statement *statement = database_prepare(database, sql);
  if (!statement)
    return -1;
  statement_bind(statement, 1, name);
  if (count > 1)
    statement_bind_integer(statement, 2, moment);
  int status = statement_step(statement);
  statement_free(statement);
  return status;
}

static int insert(struct database *database, const struct hold *hold)
{
  struct statement *statement =
      database_prepare(database, "INSERT INTO hold (name, reason, domain, first_time, last_time, made, ends)"
                                 " VALUES ($1, $2, $3, $4, $5, $6, $7)");
  if (!statement)
    return -1;
  statement_bind(statement, 1, hold->name);
  statement_bind(statement, 2, hold->reason);
  statement_bind(statement, 3, hold->domain);
  statement_bind_integer(statement, 4, hold->first_time);
  statement_bind_integer(statement, 5, hold->last_time);
  statement_bind_integer(statement, 6, hold->made);
  statement_bind_integer(statement, 7, hold->ends);
  int status = statement_run(statement);
  statement_free(statement);
  return status;
}

static int end(struct database *database, const char *name, int64_t now)
{
  struct statement *statement = database_prepare(database, "UPDATE hold SET ends = $1 WHERE name = $2");
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, now);
  statement_bind(statement, 2, name);
  int status = statement_run(statement);
  statement_free(statement);
  return status;
}

static int finish(struct database *database, int status)
{
  if (status == 0 && database_commit(database) == 0)
    return 0;
  database_rollback(database);
  return status == 0 ? -1 : status;
}

int hold_add(struct database *database, const struct hold *hold)
{
  if (database_begin(database) < 0)
    return -1;
  int status = is_there(database, "SELECT 1 FROM hold WHERE name = $1", hold->name, 0, 1);
  if (status == 0)
    status = insert(database, hold);
  return finish(database, status);
}

int hold_end(struct database *database, const char *name, int64_t now)
{
  if (database_begin(database) < 0)
    return -1;
  int status = is_there(database, "SELECT 1 FROM hold WHERE name = $1 AND ends > $2", name, now, 2);
  if (status >= 0)
    status = status == 0 ? 1 : end(database, name, now);
  return finish(database, status);
}

int hold_list(struct database *database, void (*each)(void *context, const struct hold *hold), void *context)
{
  struct statement *statement = database_prepare(
      database, "SELECT name, reason, domain, first_time, last_time, made, ends FROM hold ORDER BY name");
  int status = statement ? 0 : -1;
  while (statement && (status = statement_step(statement)) == 1) {
    const struct hold hold = {statement_text(statement, 0),    statement_text(statement, 1),
                              statement_text(statement, 2),    statement_integer(statement, 3),
                              statement_integer(statement, 4), statement_integer(statement, 5),
                              statement_integer(statement, 6)};
    each(context, &hold);
  }
  statement_free(statement);
  return status;
}
