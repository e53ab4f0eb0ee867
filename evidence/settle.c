/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The join of proven and assessed. See settle.h.
 *
 * A queue id alone does not name a message: short ones are used again. So the message of a delivery is the one of the
 * same host and queue id that was taken in last before it. Hosts are the same where their names are, or where one is the
 * other's first label: syslog mostly has the short name.
 */
#include "evidence/settle.h"

#include <stdlib.h>

#include "evidence/settle_recipients.h"

/* Milliseconds, as text of SQL. A queue id is given out before the whole message is there, which can take a while
 * (RFC 5321 4.5.3.2: ten minutes for the end of data alone). */
#define CLOCK "5000"
#define INCOMING "86400000"
/* RFC 5321 4.5.4.1: four or five days are usual in a queue. */
#define IN_QUEUE "864000000"

#define SAME_HOST(mta, audit) "EXISTS (SELECT 1 FROM related r WHERE r.mta = " mta " AND r.audit = " audit ")"

static const char *const prepare[] = {
    "CREATE TEMPORARY TABLE IF NOT EXISTS related (mta BIGINT NOT NULL, audit BIGINT NOT NULL, PRIMARY KEY (mta, audit))",
    "CREATE TEMPORARY TABLE IF NOT EXISTS settling (id BIGINT PRIMARY KEY)",
    "CREATE TEMPORARY TABLE IF NOT EXISTS settling_message (message_id BIGINT NOT NULL, id BIGINT NOT NULL,"
    " PRIMARY KEY (message_id, id))",
    "CREATE TEMPORARY TABLE IF NOT EXISTS settled (id BIGINT PRIMARY KEY, recipient BIGINT, class TEXT, why TEXT)",
    "DELETE FROM related",
    "DELETE FROM settling",
    "DELETE FROM settling_message",
    "DELETE FROM settled",
    "INSERT INTO related SELECT a.id, b.id FROM host a, host b WHERE lower(a.name) = lower(b.name) OR"
    " lower(substr(b.name, 1, length(a.name) + 1)) = lower(a.name) || '.' OR"
    " lower(substr(a.name, 1, length(b.name) + 1)) = lower(b.name) || '.'",
};

/* $1, $2, $3: the last message, accepted and delivery that were settled before. */
struct step {
  const char *sql;
  int parameters; /* which of the three, as bits from the left: 4, 2, 1 */
};

/* "+ 0": only the queue id is to be looked up. By the time, PostgreSQL would walk over days to find a single row. */
#define MESSAGE_OF_ACCEPTED \
  "(SELECT m.id FROM message m WHERE m.queue_id = accepted.queue_id AND m.time + 0 BETWEEN accepted.time - " CLOCK \
  " AND accepted.time + " INCOMING " AND " SAME_HOST("accepted.host_id", "m.host_id") " ORDER BY m.time + 0 LIMIT 1)"

static const struct step steps[] = {
    {"UPDATE accepted SET message_id = " MESSAGE_OF_ACCEPTED " WHERE id > $1", 2},
    {"UPDATE accepted SET message_id = " MESSAGE_OF_ACCEPTED " WHERE id IN (SELECT a.id FROM message m JOIN accepted a ON"
     " a.queue_id = m.queue_id WHERE m.id > $1 AND a.id <= $2 AND a.message_id IS NULL)", 6},
    {"INSERT INTO settling SELECT id FROM delivery WHERE id > $1", 1},
    {"INSERT INTO settling SELECT DISTINCT d.id FROM message m JOIN delivery d ON d.queue_id = m.queue_id WHERE m.id > $1"
     " AND d.id <= $2 ON CONFLICT (id) DO NOTHING", 5},
    {"INSERT INTO settling SELECT DISTINCT d.id FROM accepted a JOIN delivery d ON d.queue_id = a.queue_id AND d.host_id ="
     " a.host_id WHERE a.id > $1 AND d.id <= $2 ON CONFLICT (id) DO NOTHING", 3},
    /* The other attempts of these messages. */
    {"INSERT INTO settling SELECT DISTINCT o.id FROM settling s JOIN delivery n ON n.id = s.id JOIN delivery o ON"
     " o.queue_id = n.queue_id AND o.host_id = n.host_id WHERE o.id <= $1 ON CONFLICT (id) DO NOTHING", 1},
    {"UPDATE delivery SET message_id = (SELECT m.id FROM message m WHERE m.queue_id = delivery.queue_id AND"
     " m.time + 0 BETWEEN coalesce((SELECT max(a.time + 0) FROM accepted a WHERE a.queue_id = delivery.queue_id AND a.host_id ="
     " delivery.host_id AND a.time <= delivery.time + " CLOCK ") - " CLOCK ", delivery.time - " IN_QUEUE ") AND"
     " delivery.time + " CLOCK " AND " SAME_HOST("delivery.host_id", "m.host_id") " ORDER BY m.time + 0 DESC LIMIT 1),"
     " last = 1 WHERE id IN (SELECT id FROM settling)", 0},
    /* Only what was put off is tried again: after that, the same queue id is another message. */
    {"UPDATE delivery SET last = 0 WHERE id IN (SELECT o.id FROM settling s JOIN delivery o ON o.id = s.id JOIN delivery n"
     " ON n.queue_id = o.queue_id AND n.host_id = o.host_id AND n.mark = o.mark WHERE o.status = 'deferred' AND"
     " (n.time > o.time OR (n.time = o.time AND n.id > o.id)) AND n.time < o.time + " IN_QUEUE ")", 0},
    {"INSERT INTO settling_message SELECT coalesce(d.message_id, 0), d.id FROM settling s JOIN delivery d ON d.id = s.id", 0},
};

static int run_step(struct database *database, const struct step *step, const int64_t settled[3])
{
  struct statement *statement = database_prepare(database, step->sql);
  int number = 0;
  for (int i = 0; statement && i < 3; i++)
    if (step->parameters & (4 >> i))
      statement_bind_integer(statement, ++number, settled[i]);
  int status = statement ? statement_run(statement) : -1;
  statement_free(statement);
  return status;
}

static int read_number(struct database *database, const char *sql, int64_t *number)
{
  struct statement *statement = database_prepare(database, sql);
  int status = statement ? statement_step(statement) : -1;
  const char *value = status == 1 ? statement_text(statement, 0) : NULL;
  *number = value ? strtoll(value, NULL, 10) : 0;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

static const struct {
  const char *setting, *newest;
} tables[3] = {
    {"SELECT value FROM setting WHERE name = 'settled-message'", "SELECT max(id) FROM message"},
    {"SELECT value FROM setting WHERE name = 'settled-accepted'", "SELECT max(id) FROM accepted"},
    {"SELECT value FROM setting WHERE name = 'settled-delivery'", "SELECT max(id) FROM delivery"},
};

static int note_settled(struct database *database, const int64_t newest[3])
{
  struct statement *statement = database_prepare(
      database, "INSERT INTO setting (name, value) VALUES ('settled-message', $1), ('settled-accepted', $2),"
                " ('settled-delivery', $3) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  for (int i = 0; statement && i < 3; i++)
    statement_bind_integer(statement, i + 1, newest[i]);
  int status = statement ? statement_run(statement) : -1;
  statement_free(statement);
  return status;
}

static int settle_rows(struct database *database, const int64_t settled[3])
{
  for (size_t i = 0; i < sizeof prepare / sizeof *prepare; i++)
    if (database_run(database, prepare[i]) < 0)
      return -1;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    if (run_step(database, &steps[i], settled) < 0)
      return -1;
    /* The server plans by what it knows of a table, and of these it knows nothing. */
    if (database_is_server(database) && database_run(database, "ANALYZE settling") < 0)
      return -1;
  }
  if (settle_recipients(database) < 0)
    return -1;
  return database_run(database, "UPDATE delivery SET recipient = s.recipient, class = s.class, why = s.why FROM settled s"
                                " WHERE delivery.id = s.id");
}

int settle_all(struct database *database)
{
  int64_t settled[3] = {0}, newest[3] = {0};
  bool any = false, old = false;
  if (database_begin(database) < 0)
    return -1;
  for (int i = 0; i < 3; i++) {
    if (read_number(database, tables[i].setting, &settled[i]) < 0 || read_number(database, tables[i].newest, &newest[i]) < 0)
      goto failed;
    old = old || newest[i] != settled[i];
    any = any || (i > 0 && newest[i] > 0);
  }
  if (old && any && settle_rows(database, settled) < 0)
    goto failed;
  if (old && note_settled(database, newest) < 0)
    goto failed;
  return database_commit(database);
failed:
  database_rollback(database);
  return -1;
}
