/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Removing what has been kept for long enough. See prune.h.
 */
#include "evidence/prune.h"

#include <string.h>

#include "evidence/daily.h"
#include "evidence/settle.h"

enum { DAY_MS = 86400000 };

#define WITHIN(domain) "(" domain " = h.domain OR " domain " LIKE '%.' || h.domain)"
/* A hold that lasts at $3 and is about this time. */
#define HELD_AT(time) "h.ends > $3 AND " time " >= h.first_time AND " time " < h.last_time"
#define HELD_MESSAGE \
  HELD_AT("m.time") " AND (h.domain IS NULL OR " WITHIN("m.author_domain") " OR " WITHIN("m.mail_from_domain") \
  " OR EXISTS (SELECT 1 FROM recipient r WHERE r.message_id = m.id AND " WITHIN("r.domain") "))"
/* What the MTA tells of a message that is held is held with it. */
#define HELD_WITH_MESSAGE \
  " AND NOT EXISTS (SELECT 1 FROM message m JOIN hold h ON " HELD_MESSAGE " WHERE m.id = a.message_id)"

/* Which rows of the day from $1 to $2 go. */
static const char *const choices[] = {
    "INSERT INTO doomed_message SELECT m.id FROM message m WHERE m.time >= $1 AND m.time < $2 AND NOT EXISTS (SELECT 1 FROM"
    " hold h WHERE " HELD_MESSAGE ")",
    "INSERT INTO doomed_accepted SELECT a.id FROM accepted a WHERE a.time >= $1 AND a.time < $2 AND NOT EXISTS (SELECT 1 FROM"
    " hold h WHERE " HELD_AT("a.time") ")" HELD_WITH_MESSAGE,
    "INSERT INTO doomed_delivery SELECT a.id FROM delivery a WHERE a.time >= $1 AND a.time < $2 AND NOT EXISTS (SELECT 1 FROM"
    " hold h WHERE " HELD_AT("a.time") " AND (h.domain IS NULL OR " WITHIN("a.domain") "))" HELD_WITH_MESSAGE,
};

static const char *const makings[] = {
    "CREATE TEMPORARY TABLE IF NOT EXISTS doomed_message (id BIGINT PRIMARY KEY)",
    "CREATE TEMPORARY TABLE IF NOT EXISTS doomed_accepted (id BIGINT PRIMARY KEY)",
    "CREATE TEMPORARY TABLE IF NOT EXISTS doomed_delivery (id BIGINT PRIMARY KEY)",
};

static const char *const emptyings[] = {"DELETE FROM doomed_message", "DELETE FROM doomed_accepted",
                                        "DELETE FROM doomed_delivery"};

static const char *const removals[] = {
    "DELETE FROM delivery WHERE id IN (SELECT id FROM doomed_delivery)",
    "DELETE FROM accepted WHERE id IN (SELECT id FROM doomed_accepted)",
    "DELETE FROM dane_host WHERE message_id IN (SELECT id FROM doomed_message)",
    "DELETE FROM recipient WHERE message_id IN (SELECT id FROM doomed_message)",
    "DELETE FROM spf WHERE message_id IN (SELECT id FROM doomed_message)",
    "DELETE FROM dkim WHERE message_id IN (SELECT id FROM doomed_message)",
    "DELETE FROM dmarc WHERE message_id IN (SELECT id FROM doomed_message)",
    "DELETE FROM message WHERE id IN (SELECT id FROM doomed_message)",
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static int run_all(struct database *database, const char *const *statements, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (database_run(database, statements[i]) < 0)
      return -1;
  return 0;
}

/* One statement with up to three whole numbers. */
static int run_bound(struct database *database, const char *sql, int count, int64_t a, int64_t b, int64_t c)
{
  const int64_t values[] = {a, b, c};
  struct statement *statement = database_prepare(database, sql);
  for (int i = 0; statement && i < count; i++)
    statement_bind_integer(statement, i + 1, values[i]);
  int status = statement ? statement_run(statement) : -1;
  statement_free(statement);
  return status;
}

/* The first value of the first row; 0 for null. */
static int read_number(struct database *database, const char *sql, int count, int64_t a, int64_t b, int64_t *number)
{
  struct statement *statement = database_prepare(database, sql);
  if (statement && count > 0)
    statement_bind_integer(statement, 1, a);
  if (statement && count > 1)
    statement_bind_integer(statement, 2, b);
  int status = statement ? statement_step(statement) : -1;
  *number = status == 1 ? statement_integer(statement, 0) : 0;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

static int note(struct database *database, const struct prune_options *options, const char *class, int64_t first,
                int64_t last, const struct prune_count *count, const struct prune_file *file)
{
  struct statement *statement = database_prepare(
      database, "INSERT INTO pruned (id, time, class, first_time, last_time, days, messages, events, accepted, deliveries,"
                " counts, path, digest, first_seq, last_seq) SELECT coalesce(max(id), 0) + 1, CAST($1 AS BIGINT),"
                " CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT),"
                " CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS TEXT),"
                " CAST($12 AS TEXT), CAST($13 AS BIGINT), CAST($14 AS BIGINT) FROM pruned");
  if (!statement)
    return -1;
  const int64_t numbers[] = {(int64_t)count->days,     (int64_t)count->messages,   (int64_t)count->events,
                             (int64_t)count->accepted, (int64_t)count->deliveries, (int64_t)count->counts};
  char path[TEXT_PRINTABLE_MAX + 1];
  statement_bind_integer(statement, 1, options->now);
  statement_bind(statement, 2, class);
  statement_bind_integer(statement, 3, first);
  statement_bind_integer(statement, 4, last);
  for (int i = 0; i < (int)COUNT(numbers); i++)
    statement_bind_integer(statement, 5 + i, numbers[i]);
  for (int i = 11; i <= 14; i++)
    statement_bind(statement, i, NULL);
  if (file) {
    statement_bind(statement, 11, text_printable(path, sizeof path, file->path, strlen(file->path)));
    statement_bind(statement, 12, file->digest);
    statement_bind_integer(statement, 13, (int64_t)file->first_seq);
    statement_bind_integer(statement, 14, (int64_t)file->last_seq);
  }
  int status = statement_run(statement);
  statement_free(statement);
  return status;
}

static int choose(struct database *database, const struct prune_options *options, int64_t day)
{
  if (run_all(database, emptyings, COUNT(emptyings)) < 0)
    return -1;
  for (size_t i = 0; i < COUNT(choices); i++)
    if (run_bound(database, choices[i], 3, day, day + DAY_MS, options->now) < 0)
      return -1;
  return 0;
}

static int count_doomed(struct database *database, int64_t day, struct prune_count *count)
{
  int64_t messages, accepted, deliveries, all;
  if (read_number(database, "SELECT count(*) FROM doomed_message", 0, 0, 0, &messages) < 0 ||
      read_number(database, "SELECT count(*) FROM doomed_accepted", 0, 0, 0, &accepted) < 0 ||
      read_number(database, "SELECT count(*) FROM doomed_delivery", 0, 0, 0, &deliveries) < 0 ||
      read_number(database, "SELECT count(*) FROM message WHERE time >= $1 AND time < $2", 2, day, day + DAY_MS, &all) < 0)
    return -1;
  *count = (struct prune_count){.messages = (uint64_t)messages,
                                .accepted = (uint64_t)accepted,
                                .deliveries = (uint64_t)deliveries,
                                .held = (uint64_t)(all - messages)};
  count->days = messages + accepted + deliveries > 0;
  return 0;
}

/* Within a transaction. */
static int remove_day(struct database *database, const struct prune_options *options, int64_t day,
                      struct prune_count *count)
{
  if (choose(database, options, day) < 0 || count_doomed(database, day, count) < 0)
    return -1;
  if (count->days == 0)
    return 0;
  if (run_all(database, removals, COUNT(removals)) < 0)
    return -1;
  return note(database, options, "lines", day, day + DAY_MS, count, NULL);
}

static int finish(struct database *database, const struct prune_options *options, int status)
{
  if (status == 0 && !options->rehearse)
    return database_commit(database);
  database_rollback(database);
  return status;
}

/* The first line at or after a moment, or 0. */
static int next_line(struct database *database, int64_t from, int64_t before, int64_t *time)
{
  return read_number(database,
                     "SELECT min(t) FROM (SELECT min(time) AS t FROM message WHERE time >= $1 AND time < $2 UNION ALL"
                     " SELECT min(time) FROM accepted WHERE time >= $1 AND time < $2 UNION ALL"
                     " SELECT min(time) FROM delivery WHERE time >= $1 AND time < $2) AS first", 2, from, before, time);
}

static int remove_lines(struct database *database, const struct prune_options *options, struct prune_count *total)
{
  int64_t time, from = 0;
  for (;;) {
    if (next_line(database, from, options->lines_before, &time) < 0)
      return -1;
    if (time == 0)
      return 0;
    int64_t day = time - time % DAY_MS;
    struct prune_count count = {0};
    if (database_begin(database) < 0)
      return -1;
    if (finish(database, options, remove_day(database, options, day, &count)) < 0)
      return -1;
    total->days += count.days;
    total->messages += count.messages;
    total->accepted += count.accepted;
    total->deliveries += count.deliveries;
    total->held += count.held;
    from = day + DAY_MS;
  }
}

/* Days are numbers there. */
#define DAYS(table) {"SELECT count(*) FROM " table " WHERE day < $1", "DELETE FROM " table " WHERE day < $1"}

static const struct {
  const char *count, *remove;
} sums[] = {DAYS("daily_inbound"), DAYS("daily_outbound"), DAYS("daily_proven"), DAYS("daily_message"), DAYS("daily_host"),
          DAYS("daily_total")};

/* A file all of whose lines are that old has told nothing that is still there. $1 is the moment, in milliseconds. */
static const char *const old_files[] = {
    "DELETE FROM event WHERE time < $1 AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.ends > $2 AND event.time >= h.first_time AND"
    " event.time < h.last_time)",
    "DELETE FROM problem WHERE file_id IN (SELECT id FROM file WHERE coalesce(last_time, imported) < $1)",
    "DELETE FROM span WHERE file_id IN (SELECT id FROM file WHERE coalesce(last_time, imported) < $1)",
    "DELETE FROM file WHERE coalesce(last_time, imported) < $1 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.time < $1 AND"
    " m.file_id = file.id) AND NOT EXISTS (SELECT 1 FROM event e WHERE e.time < $1 AND e.file_id = file.id) AND NOT EXISTS"
    " (SELECT 1 FROM delivery d WHERE d.time < $1 AND d.file_id = file.id)",
};

/* Within a transaction. */
static int remove_old_counts(struct database *database, const struct prune_options *options, struct prune_count *total)
{
  int64_t rows, before, after, day = options->counts_before / DAY_MS;
  struct prune_count count = {0};
  for (size_t i = 0; i < COUNT(sums); i++) {
    if (read_number(database, sums[i].count, 1, day, 0, &rows) < 0 || run_bound(database, sums[i].remove, 1, day, 0, 0) < 0)
      return -1;
    count.counts += (uint64_t)rows;
  }
  if (read_number(database, "SELECT count(*) FROM event", 0, 0, 0, &before) < 0)
    return -1;
  for (size_t i = 0; i < COUNT(old_files); i++)
    if (run_bound(database, old_files[i], i == 0 ? 2 : 1, options->counts_before, options->now, 0) < 0)
      return -1;
  if (read_number(database, "SELECT count(*) FROM event", 0, 0, 0, &after) < 0)
    return -1;
  count.events = (uint64_t)(before - after);
  total->counts = count.counts;
  total->events = count.events;
  return count.counts + count.events > 0 ? note(database, options, "counts", 0, options->counts_before, &count, NULL) : 0;
}

int prune_note_file(struct database *database, const struct prune_options *options, const struct prune_file *file)
{
  const struct prune_count none = {0};
  if (database_begin(database) < 0)
    return -1;
  return finish(database, options, note(database, options, "file", file->first_time, file->last_time, &none, file));
}

int prune_run(struct database *database, const struct prune_options *options, struct prune_count *count)
{
  *count = (struct prune_count){0};
  /* What is removed is to be gone from the file too. */
  if (!database_is_server(database) && database_run(database, "PRAGMA secure_delete = 1") < 0)
    return -1;
  /* What an interrupted import did not count is counted before it goes. */
  if (!options->rehearse && (settle_all(database) < 0 || daily_settle(database) < 0))
    return -1;
  if (run_all(database, makings, COUNT(makings)) < 0 || remove_lines(database, options, count) < 0 ||
      database_begin(database) < 0)
    return -1;
  return finish(database, options, remove_old_counts(database, options, count));
}
