/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sums by day. See daily.h.
 *
 * Messages and events are never changed, so each is added once: `setting` holds the highest numbers that were counted.
 */
#include "evidence/daily.h"

#include <inttypes.h>
#include <stdio.h>

enum { DAY_MS = 86400000 };

/* A message waits in a queue for days, and its last attempt can be that much younger than the first one: Postfix and
 * Sendmail give up after 5. */
#define QUEUE_LIFE_MS (INT64_C(10) * DAY_MS)

#define DAY "time / 86400000"
#define NEW "id > $1 AND id <= $2"
#define NEW_MESSAGE "m.id > $1 AND m.id <= $2"

/* RFC 6376 6.1: one good signature is enough. One that could not be examined might have been good, so that temperror
 * comes next. No row at all: no signature, where DMARC asked for them. */
#define DKIM_RESULT \
  "CASE (SELECT max(CASE k.result WHEN 'pass' THEN 6 WHEN 'temperror' THEN 5 WHEN 'permerror' THEN 4 WHEN 'fail' THEN 3" \
  " WHEN 'policy' THEN 2 ELSE 1 END) FROM dkim k WHERE k.message_id = m.id) WHEN 6 THEN 'pass' WHEN 5 THEN 'temperror'" \
  " WHEN 4 THEN 'permerror' WHEN 3 THEN 'fail' WHEN 2 THEN 'policy' WHEN 1 THEN 'neutral' ELSE" \
  " CASE WHEN d.message_id IS NULL THEN 'not-checked' ELSE 'none' END END"

/* What DMARC found to be aligned with the author domain; `no-author` where the message has no single one. One that was held
 * unexamined was not looked at. */
#define ALIGNED \
  "CASE WHEN d.aligned_spf = 1 AND d.aligned_dkim = 1 THEN 'both' WHEN d.aligned_spf = 1 THEN 'spf' WHEN d.aligned_dkim = 1" \
  " THEN 'dkim' WHEN m.author_domain IS NULL AND coalesce(m.rule, '') <> 'crash-journal' THEN 'no-author' ELSE '' END"

/* Behind insecure MX records, hosts may have DANE, some of them, or records that are not usable: the verdict does not say. Of those
 * that could be reached: `dane` all of them, `signed` at least, `unsigned` one of them. */
#define HAS_HOST(condition) \
  "EXISTS (SELECT 1 FROM dane_host h WHERE h.message_id = r.message_id AND h.recipient = r.number AND " condition ")"
#define HOSTS \
  "CASE WHEN coalesce(r.verdict, '') <> 'insecure-mx' THEN '' WHEN " HAS_HOST("h.address = 'insecure' AND h.tlsa = 'not-asked'") \
  " THEN 'unsigned' WHEN " HAS_HOST("h.tlsa IN ('none', 'insecure', 'unusable')") " THEN 'signed' WHEN " \
  HAS_HOST("h.tlsa = 'usable'") " THEN 'dane' ELSE '' END"

/* The next hop where it is not the recipient's domain: then all that was found out is about the relay. */
#define RELAY "CASE WHEN r.verdict IS NULL OR r.next_hop = r.domain THEN '' ELSE coalesce(r.next_hop, '') END"

#define COUNT_MESSAGE "INSERT INTO daily_message (day, kind, word, messages) "
#define ADD_MESSAGE \
  " ON CONFLICT (day, kind, word) DO UPDATE SET messages = daily_message.messages + excluded.messages"
/* What was done with a recipient. One that was let through goes nowhere where the message was refused, put off or broken off. */
#define RECIPIENT_ACTION \
  "CASE WHEN coalesce(r.action, 'accept') IN ('accept', 'quarantine') AND m.action IN ('abort', 'defer', 'reject')" \
  " THEN m.action ELSE coalesce(r.action, 'accept') END"
#define EXAMINED "r.verdict IS NOT NULL AND " RECIPIENT_ACTION " IN ('accept', 'quarantine')"
#define UNKNOWABLE "r.verdict IN ('temperror', 'bogus')"

/* $1 and $2: the number that was counted last, and the newest one. */
static const char *const of_messages[] = {
    "INSERT INTO daily_inbound (day, domain, spf, spf_own, dkim, dmarc, policy, aligned, override, tls, action, messages)"
    " SELECT m." DAY ", coalesce(m.author_domain, m.mail_from_domain, ''), coalesce(s.result, h.result, 'not-checked'),"
    " CASE WHEN coalesce(s.domain, h.domain) = coalesce(m.author_domain, m.mail_from_domain) THEN 1 ELSE 0 END, "
    DKIM_RESULT ", coalesce(d.result, 'not-checked'), coalesce(d.policy, ''), " ALIGNED ","
    " coalesce(d.override, ''), coalesce(m.tls_grade, CASE WHEN m.tls_version IS NULL THEN 'no-tls' ELSE 'not-graded'"
    " END), coalesce(m.action, 'unknown'), count(*) FROM message m LEFT JOIN spf s ON s.message_id = m.id AND"
    " s.identity = 'mailfrom' LEFT JOIN spf h ON h.message_id = m.id AND h.identity = 'helo' LEFT JOIN dmarc d ON"
    " d.message_id = m.id WHERE " NEW_MESSAGE " AND m.direction = 'inbound' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    " ON CONFLICT (day, domain, spf, spf_own, dkim, dmarc, policy, aligned, override, tls, action) DO UPDATE SET"
    " messages = daily_inbound.messages + excluded.messages",

    "INSERT INTO daily_outbound (day, domain, relay, verdict, link, hosts, action, recipients, messages, last_time, last_message)"
    " SELECT m." DAY ", coalesce(r.domain, ''), " RELAY ", coalesce(r.verdict, 'not-examined'), coalesce(r.link, ''),"
    " " HOSTS ", " RECIPIENT_ACTION ", count(*), count(DISTINCT m.id), max(m.time), max(m.id) FROM message m JOIN recipient r"
    " ON r.message_id = m.id WHERE " NEW_MESSAGE " AND m.direction = 'outbound' GROUP BY 1, 2, 3, 4, 5, 6, 7"
    " ON CONFLICT (day, domain, relay, verdict, link, hosts, action) DO UPDATE SET recipients = daily_outbound.recipients +"
    " excluded.recipients, messages = daily_outbound.messages + excluded.messages, last_message = CASE WHEN"
    " excluded.last_time >= daily_outbound.last_time THEN excluded.last_message ELSE daily_outbound.last_message END,"
    " last_time = CASE WHEN excluded.last_time >= daily_outbound.last_time THEN excluded.last_time ELSE"
    " daily_outbound.last_time END",

    COUNT_MESSAGE "SELECT " DAY ", 'outbound-action', coalesce(action, 'unknown'), count(*) FROM message WHERE " NEW
    " AND direction = 'outbound' GROUP BY 1, 3" ADD_MESSAGE,
    COUNT_MESSAGE "SELECT m." DAY ", 'assessed', coalesce(r.verdict, 'not-examined'), count(DISTINCT m.id) FROM message m"
    " JOIN recipient r ON r.message_id = m.id WHERE " NEW_MESSAGE " AND m.direction = 'outbound' GROUP BY 1, 3" ADD_MESSAGE,
    COUNT_MESSAGE "SELECT m." DAY ", 'assessed-all', '', count(DISTINCT m.id) FROM message m JOIN recipient r ON"
    " r.message_id = m.id WHERE " NEW_MESSAGE " AND m.direction = 'outbound' GROUP BY 1" ADD_MESSAGE,
    COUNT_MESSAGE "SELECT m." DAY ", 'dane', CASE WHEN " UNKNOWABLE " THEN 'deferred' ELSE 'refused' END,"
    " count(DISTINCT m.id) FROM message m JOIN recipient r ON r.message_id = m.id WHERE " NEW_MESSAGE
    " AND m.direction = 'outbound' AND " EXAMINED " AND r.verdict <> 'dane' GROUP BY 1, 3" ADD_MESSAGE,
    COUNT_MESSAGE "SELECT " DAY ", 'exception', exception, count(DISTINCT id) FROM (SELECT time, id, exception FROM"
    " message WHERE " NEW " AND exception IS NOT NULL UNION ALL SELECT m.time, m.id, r.exception FROM message m JOIN"
    " recipient r ON r.message_id = m.id WHERE " NEW_MESSAGE " AND r.exception IS NOT NULL) u GROUP BY 1, 3" ADD_MESSAGE,
};

/* One for each table whose lines have sequence numbers. */
#define COUNT_LINES(table) \
  "INSERT INTO daily_host (day, host_id, lines, first_seq, last_seq, first_time, last_time) SELECT " DAY ", host_id," \
  " count(*), min(seq), max(seq), min(time), max(time) FROM " table " WHERE " NEW " GROUP BY 1, 2" \
  " ON CONFLICT (day, host_id) DO UPDATE SET lines = daily_host.lines + excluded.lines," \
  " first_seq = CASE WHEN excluded.first_seq < daily_host.first_seq THEN excluded.first_seq ELSE daily_host.first_seq END," \
  " last_seq = CASE WHEN excluded.last_seq > daily_host.last_seq THEN excluded.last_seq ELSE daily_host.last_seq END," \
  " first_time = CASE WHEN excluded.first_time < daily_host.first_time THEN excluded.first_time ELSE" \
  " daily_host.first_time END," \
  " last_time = CASE WHEN excluded.last_time > daily_host.last_time THEN excluded.last_time ELSE daily_host.last_time END"

static const char *const of_message_lines[] = {COUNT_LINES("message")};
static const char *const of_event_lines[] = {COUNT_LINES("event")};

/* A message by what the milter knows it by, as MTAs use queue ids again; else by its queue id and when it was taken in. It counts
 * on the day of its first delivery in all its classes, so that these are of the same messages as all of them. That day can lie
 * before those that are counted anew: then it was counted. */
#define MESSAGE_CLASSES \
  "(SELECT message_id, host_id, queue_id, arrived, class, min(time) AS time FROM (SELECT coalesce(message_id, 0) AS message_id," \
  " CASE WHEN message_id IS NULL THEN host_id END AS host_id, CASE WHEN message_id IS NULL THEN queue_id END AS queue_id," \
  " CASE WHEN message_id IS NULL THEN (SELECT max(a.time + 0) FROM accepted a WHERE a.queue_id = delivery.queue_id AND a.host_id" \
  " = delivery.host_id AND a.time <= delivery.time + 5000) END AS arrived, class, time FROM delivery WHERE time >= $1 AND" \
  " last = 1 AND class <> 'local') d GROUP BY 1, 2, 3, 4, 5)"
#define OF_MESSAGE "OVER (PARTITION BY message_id, host_id, queue_id, arrived ORDER BY time, class)"
#define LEFT_BY_MESSAGE(kind, word, which) \
  COUNT_MESSAGE "SELECT day, '" kind "', " word ", count(*) FROM (SELECT class, first_value(time) " OF_MESSAGE \
  " / 86400000 AS day, row_number() " OF_MESSAGE " AS place FROM " MESSAGE_CLASSES " c) t WHERE day >=" \
  " CAST($2 AS BIGINT) / 86400000 AND day < CAST($3 AS BIGINT) / 86400000" which " GROUP BY 1, 3"

/* $1: the moment from which on deliveries are looked at; from $2 until $3 they are counted anew. */
static const char *const of_messages_that_left[] = {LEFT_BY_MESSAGE("proven", "class", ""),
                                                    LEFT_BY_MESSAGE("proven-all", "''", " AND place = 1")};

/* From $1 until $2. PostgreSQL is told of what type a parameter is where it stands alone. */
#define DAYS "day >= CAST($1 AS BIGINT) / 86400000 AND day < CAST($2 AS BIGINT) / 86400000"

static const char *const of_deliveries[] = {
    "DELETE FROM daily_message WHERE " DAYS " AND kind IN ('proven', 'proven-all', 'accepted', 'delivery', 'mta-setting')",
    "DELETE FROM daily_proven WHERE " DAYS,
    "INSERT INTO daily_proven (day, domain, relay, class, verdict, recipients) SELECT d." DAY ","
    " coalesce(d.domain, ''), " RELAY ", d.class, coalesce(r.verdict, ''), count(*) FROM delivery d LEFT JOIN recipient r"
    " ON r.message_id = d.message_id AND r.number = d.recipient WHERE d.time >= $1 AND d.time < $2 AND d.last = 1 AND d.class <> 'local' GROUP BY 1, 2, 3, 4, 5",
    COUNT_MESSAGE "SELECT " DAY ", 'accepted', CASE WHEN message_id IS NULL THEN 'without-audit-line' ELSE"
    " 'with-audit-line' END, count(*) FROM accepted WHERE time >= $1 AND time < $2 GROUP BY 1, 3",
    COUNT_MESSAGE "SELECT " DAY ", 'mta-setting', mta || ' ' || coalesce(tls_level, '?'), count(*) FROM delivery WHERE"
    " time >= $1 AND time < $2 AND last = 1 AND class <> 'local' GROUP BY 1, 3",
    COUNT_MESSAGE "SELECT " DAY ", 'delivery', CASE WHEN class = 'local' THEN 'local' WHEN message_id IS NULL THEN"
    " 'without-audit-line' ELSE 'with-audit-line' END, count(*) FROM delivery WHERE time >= $1 AND time < $2 AND last = 1 GROUP BY 1, 3",
};

#define TOTAL(condition, what) "sum(CASE WHEN " condition " THEN " what " ELSE 0 END)"

/* What trends are made of, from the sums above: from $1 until $2. What was not sent proves nothing of how mail travels. */
static const char *const of_totals[] = {
    "DELETE FROM daily_total WHERE " DAYS,
    "INSERT INTO daily_total (day, inbound, spf, dkim, dmarc, strict, tls, adequate, examined, dane, sent, proven, covered)"
    " SELECT day, sum(inbound), sum(spf), sum(dkim), sum(dmarc), sum(strict), sum(tls), sum(adequate), sum(examined),"
    " sum(dane), sum(sent), sum(proven), sum(covered) FROM (SELECT day, sum(messages) AS inbound, "
    TOTAL("spf = 'pass'", "messages") " AS spf, " TOTAL("dkim = 'pass'", "messages") " AS dkim, "
    TOTAL("dmarc = 'pass'", "messages") " AS dmarc, " TOTAL("policy IN ('quarantine', 'reject')", "messages") " AS strict, "
    TOTAL("tls <> 'no-tls'", "messages") " AS tls, " TOTAL("tls IN ('good', 'sufficient')", "messages") " AS adequate,"
    " 0 AS examined, 0 AS dane, 0 AS sent, 0 AS proven, 0 AS covered FROM daily_inbound WHERE " DAYS " GROUP BY day"
    " UNION ALL SELECT day, 0, 0, 0, 0, 0, 0, 0, sum(recipients), " TOTAL("verdict = 'dane'", "recipients") ", 0, 0, 0 FROM"
    " daily_outbound WHERE " DAYS " AND verdict <> 'not-examined' GROUP BY day"
    " UNION ALL SELECT day, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(recipients), " TOTAL("class = 'dane-verified'", "recipients") ", "
    TOTAL("class NOT IN ('plaintext', 'unknown')", "recipients") " FROM daily_proven WHERE " DAYS
    " AND class NOT IN ('not-sent', 'dane-failed-deferred') GROUP BY day) t GROUP BY day",
};

#define ITEMS(array) (array), sizeof(array) / sizeof *(array)

/* Each with as many parameters as there are. 0 or -1. */
static int run_all(struct database *database, const char *const *statements, size_t count, const int64_t *parameters,
                   int parameter_count)
{
  int status = 0;
  for (size_t i = 0; i < count && status == 0; i++) {
    struct statement *statement = database_prepare(database, statements[i]);
    if (!statement)
      return -1;
    for (int j = 0; j < parameter_count; j++)
      statement_bind_integer(statement, j + 1, parameters[j]);
    status = statement_run(statement);
    statement_free(statement);
  }
  return status;
}

/* Rows of one table: from those that were counted up to the newest. */
struct stretch {
  const char *mark; /* of the setting */
  const char *sql;  /* the highest number, the first and the last time of the rows above $1 */
  int64_t counted, last, first_time, last_time;
};

static int read_stretch(struct database *database, struct stretch *stretch)
{
  struct statement *statement = database_prepare(database, "SELECT CAST(value AS BIGINT) FROM setting WHERE name = $1");
  if (!statement)
    return -1;
  statement_bind(statement, 1, stretch->mark);
  int status = statement_step(statement);
  stretch->counted = status > 0 ? statement_integer(statement, 0) : 0;
  statement_free(statement);
  statement = status < 0 ? NULL : database_prepare(database, stretch->sql);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, stretch->counted);
  status = statement_step(statement);
  if (status > 0) {
    stretch->last = statement_integer(statement, 0); /* 0 where nothing is new */
    stretch->first_time = statement_integer(statement, 1);
    stretch->last_time = statement_integer(statement, 2);
  }
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

static int store_mark(struct database *database, const struct stretch *stretch)
{
  char number[24];
  if (stretch->last == 0)
    return 0;
  struct statement *statement = database_prepare(
      database, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  if (!statement)
    return -1;
  snprintf(number, sizeof number, "%" PRId64, stretch->last);
  statement_bind(statement, 1, stretch->mark);
  statement_bind(statement, 2, number);
  int status = statement_run(statement);
  statement_free(statement);
  return status;
}

static int64_t start_of_day(int64_t moment)
{
  return moment > 0 ? moment - moment % DAY_MS : 0;
}

/* Until when lines were removed, or 0. */
static int read_pruned(struct database *database, int64_t *until)
{
  struct statement *statement =
      database_prepare(database, "SELECT coalesce(max(last_time), 0) FROM pruned WHERE class = 'lines'");
  int status = statement ? statement_step(statement) : -1;
  *until = status > 0 ? statement_integer(statement, 0) : 0;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

/* A new row can change what those of the days around it mean. Of days whose lines are gone the sums stay as they are. */
static int count_deliveries(struct database *database, int64_t first_time, int64_t last_time)
{
  int64_t pruned;
  if (read_pruned(database, &pruned) < 0)
    return -1;
  int64_t from = start_of_day(first_time - QUEUE_LIFE_MS);
  if (from < pruned)
    from = pruned;
  int64_t bounds[] = {start_of_day(from - QUEUE_LIFE_MS), from, start_of_day(last_time + QUEUE_LIFE_MS) + DAY_MS};
  /* Messages of such days that came in later are in the sums, so in the totals too. */
  int64_t days[] = {start_of_day(first_time - QUEUE_LIFE_MS), bounds[2]};
  return run_all(database, ITEMS(of_deliveries), bounds + 1, 2) < 0 ||
                 run_all(database, ITEMS(of_messages_that_left), bounds, 3) < 0 ||
                 run_all(database, ITEMS(of_totals), days, 2) < 0
             ? -1
             : 0;
}

#define STRETCH(table) \
  {.mark = "daily-" table, .sql = "SELECT max(id), min(time), max(time) FROM " table " WHERE id > $1"}

static int count_all(struct database *database)
{
  enum { MESSAGES, EVENTS, ACCEPTED, DELIVERIES, COUNT };
  struct stretch all[COUNT] = {STRETCH("message"), STRETCH("event"), STRETCH("accepted"), STRETCH("delivery")};
  int64_t first_time = INT64_MAX, last_time = 0;
  for (int i = 0; i < COUNT; i++) {
    if (read_stretch(database, &all[i]) < 0)
      return -1;
    if (i == EVENTS || all[i].last == 0)
      continue;
    first_time = all[i].first_time < first_time ? all[i].first_time : first_time;
    last_time = all[i].last_time > last_time ? all[i].last_time : last_time;
  }
  const int64_t messages[] = {all[MESSAGES].counted, all[MESSAGES].last};
  const int64_t events[] = {all[EVENTS].counted, all[EVENTS].last};
  if (all[MESSAGES].last > 0 && (run_all(database, ITEMS(of_messages), messages, 2) < 0 ||
                                 run_all(database, ITEMS(of_message_lines), messages, 2) < 0))
    return -1;
  if (all[EVENTS].last > 0 && run_all(database, ITEMS(of_event_lines), events, 2) < 0)
    return -1;
  if (last_time > 0 && count_deliveries(database, first_time, last_time) < 0)
    return -1;
  for (int i = 0; i < COUNT; i++)
    if (store_mark(database, &all[i]) < 0)
      return -1;
  return 0;
}

int daily_settle(struct database *database)
{
  if (database_begin(database) < 0)
    return -1;
  if (count_all(database) == 0 && database_commit(database) == 0)
    return 0;
  database_rollback(database);
  return -1;
}
