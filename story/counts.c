/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Counts by month. See counts.h.
 */
#include "story/counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "story/row.h"

enum { DAY_MS = 86400000 };

#define DAY "86400000"

/* RFC 6376 6.1: one good signature is enough, as the report has it. */
#define DKIM_RESULT \
  "CASE (SELECT max(CASE k.result WHEN 'pass' THEN 6 WHEN 'temperror' THEN 5 WHEN 'permerror' THEN 4 WHEN 'fail' THEN 3" \
  " WHEN 'policy' THEN 2 ELSE 1 END) FROM dkim k WHERE k.message_id = m.id) WHEN 6 THEN 'pass' WHEN 5 THEN 'temperror'" \
  " WHEN 4 THEN 'permerror' WHEN 3 THEN 'fail' WHEN 2 THEN 'policy' WHEN 1 THEN 'neutral' ELSE" \
  " CASE WHEN EXISTS (SELECT 1 FROM dmarc d WHERE d.message_id = m.id) THEN 'none' ELSE 'not-checked' END END"
#define SPF_RESULT \
  "coalesce((SELECT s.result FROM spf s WHERE s.message_id = m.id ORDER BY CASE s.identity WHEN 'mailfrom' THEN 0 ELSE 1" \
  " END, s.identity LIMIT 1), 'not-checked')"
#define DMARC_RESULT "coalesce((SELECT d.result FROM dmarc d WHERE d.message_id = m.id), 'not-checked')"
#define DMARC_POLICY "(SELECT d.policy FROM dmarc d WHERE d.message_id = m.id)"
#define TLS_RESULT "coalesce(m.tls_grade, CASE WHEN m.tls_version IS NULL THEN 'no-tls' ELSE 'not-graded' END)"

#define INBOUND(subject, value) \
  {"inbound", subject, \
   "SELECT m.time / " DAY ", " value ", count(*), 0 FROM message m WHERE coalesce(m.author_domain, m.mail_from_domain) =" \
   " $1 AND m.direction = 'inbound' AND m.time >= $2 AND m.time < $3 GROUP BY 1, 2"}
#define OUTBOUND(subject, value) \
  {"outbound", subject, \
   "SELECT m.time / " DAY ", " value ", count(DISTINCT m.id), count(*) FROM recipient r JOIN message m ON m.id =" \
   " r.message_id WHERE r.domain = $1 AND m.direction = 'outbound' AND m.time >= $2 AND m.time < $3 GROUP BY 1, 2"}

/* Day, value, messages, recipients. */
struct question {
  const char *direction, *subject, *sql;
};

static const struct question questions[] = {
    INBOUND("action", "coalesce(m.action, 'accept')"),
    INBOUND("spf", SPF_RESULT),
    INBOUND("dkim", DKIM_RESULT),
    INBOUND("dmarc", DMARC_RESULT),
    INBOUND("dmarc-policy", DMARC_POLICY),
    INBOUND("tls", TLS_RESULT),
    OUTBOUND("action", "coalesce(r.action, 'accept')"),
    OUTBOUND("verdict", "coalesce(r.verdict, 'not-examined')"),
    {"outbound", "class",
     "SELECT d.time / " DAY ", d.class, count(DISTINCT d.queue_id), count(*) FROM delivery d WHERE d.domain = $1 AND"
     " d.last = 1 AND d.time >= $2 AND d.time < $3 GROUP BY 1, 2"},
};

enum { QUESTION_COUNT = sizeof questions / sizeof *questions };

static int month_of(int64_t day)
{
  time_t seconds = (time_t)day * 86400;
  struct tm parts = {0};
  gmtime_r(&seconds, &parts);
  return (parts.tm_year + 1900) * 12 + parts.tm_mon;
}

static void add(struct counts *counts, const struct count *add)
{
  for (size_t i = 0; i < counts->count; i++) {
    struct count *row = &counts->rows[i];
    if (row->month == add->month && strcmp(row->direction, add->direction) == 0 &&
        strcmp(row->subject, add->subject) == 0 && strcmp(row->value, add->value) == 0) {
      row->messages += add->messages;
      row->recipients += add->recipients;
      return;
    }
  }
  if (counts->count == counts->size) {
    size_t size = counts->size ? 2 * counts->size : 64;
    struct count *rows = arena_alloc(counts->arena, size * sizeof *rows);
    if (counts->count > 0)
      memcpy(rows, counts->rows, counts->count * sizeof *rows);
    counts->rows = rows;
    counts->size = size;
  }
  counts->rows[counts->count] = *add;
  counts->rows[counts->count].direction = arena_string(counts->arena, add->direction);
  counts->rows[counts->count].subject = arena_string(counts->arena, add->subject);
  counts->rows[counts->count++].value = arena_string(counts->arena, add->value);
}

/* The same of days whose lines were removed: of the sums by day, in which a day is a number. */
#define INBOUND_SUM(subject, value) \
  {"inbound", subject, \
   "SELECT day, " value ", sum(messages), 0 FROM daily_inbound WHERE domain = $1 AND day >= $2 AND day < $3 AND " value \
   " <> '' GROUP BY 1, 2"}
#define OUTBOUND_SUM(subject, value, table, messages) \
  {"outbound", subject, "SELECT day, " value ", " messages ", sum(recipients) FROM " table \
                        " WHERE domain = $1 AND day >= $2 AND day < $3 GROUP BY 1, 2"}

static const struct question sums[] = {
    INBOUND_SUM("action", "action"),
    INBOUND_SUM("spf", "spf"),
    INBOUND_SUM("dkim", "dkim"),
    INBOUND_SUM("dmarc", "dmarc"),
    INBOUND_SUM("dmarc-policy", "policy"),
    INBOUND_SUM("tls", "tls"),
    OUTBOUND_SUM("action", "action", "daily_outbound", "sum(messages)"),
    OUTBOUND_SUM("verdict", "verdict", "daily_outbound", "sum(messages)"),
    OUTBOUND_SUM("class", "class", "daily_proven", "sum(recipients)"),
};

static int ask_all(struct counts *counts, struct database *database, const struct question *list, const char *domain,
                   int64_t from, int64_t to)
{
  for (size_t i = 0; i < QUESTION_COUNT; i++) {
    struct statement *statement = row_ask_period(database, list[i].sql, domain, from, to);
    int status = -1;
    while (statement && (status = statement_step(statement)) > 0) {
      const struct count row = {month_of(statement_integer(statement, 0)), list[i].direction, list[i].subject,
                                statement_text(statement, 1),              statement_integer(statement, 2),
                                statement_integer(statement, 3)};
      if (row.value)
        add(counts, &row);
    }
    statement_free(statement);
    if (status < 0)
      return -1;
  }
  return 0;
}

/* Until when lines were removed. 0 or -1. */
static int read_pruned(struct database *database, int64_t *until)
{
  struct statement *statement =
      database_prepare(database, "SELECT coalesce(max(last_time), 0) FROM pruned WHERE class = 'lines'");
  int status = statement ? statement_step(statement) : -1;
  *until = status > 0 ? statement_integer(statement, 0) : 0;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

int counts_read(struct counts *counts, struct database *database, const char *domain, int64_t from, int64_t to)
{
  int64_t pruned;
  if (read_pruned(database, &pruned) < 0)
    return -1;
  int64_t end = to < pruned ? to : pruned;
  if (from < end && ask_all(counts, database, sums, domain, from / DAY_MS, end / DAY_MS) < 0)
    return -1;
  return ask_all(counts, database, questions, domain, from > pruned ? from : pruned, to);
}

static int compare(const void *a, const void *b)
{
  const struct count *first = a, *second = b;
  if (first->month != second->month)
    return first->month < second->month ? -1 : 1;
  int order = strcmp(first->direction, second->direction);
  if (order == 0)
    order = strcmp(first->subject, second->subject);
  if (order == 0 && first->messages != second->messages)
    order = first->messages > second->messages ? -1 : 1;
  return order ? order : strcmp(first->value, second->value);
}

void counts_write(struct counts *counts, struct emitter *emitter)
{
  char month[32];
  if (counts->count > 0)
    qsort(counts->rows, counts->count, sizeof *counts->rows, compare);
  emitter_key(emitter, "counts");
  emitter_open_list(emitter);
  for (size_t i = 0; i < counts->count; i++) {
    const struct count *row = &counts->rows[i];
    snprintf(month, sizeof month, "%04d-%02d", row->month / 12, row->month % 12 + 1);
    emitter_open_map(emitter);
    row_write_text(emitter, "month", month);
    row_write_text(emitter, "direction", row->direction);
    row_write_text(emitter, "subject", row->subject);
    row_write_text(emitter, "value", row->value);
    row_write_number(emitter, "messages", row->messages);
    row_write_number(emitter, "recipients", row->recipients);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}
