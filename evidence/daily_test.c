/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sums by day: the same, however the facts come in, and after the facts are gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/daily.h"
#include "evidence/prune.h"

/* Days 20000 and 20001. */
#define MESSAGE(id, time, seq, direction, domain, more) \
  "INSERT INTO message (id, file_id, line, time, host_id, seq, direction, author_domain, tls_version, tls_grade, action," \
  " exception) VALUES (" id ", 1, " seq ", " time ", 1, " seq ", '" direction "', " domain ", " more ")"
#define DELIVERY(id, time, mark, status, class, last) \
  "INSERT INTO delivery (id, file_id, line, time, host_id, queue_id, mta, domain, mark, status, tls, message_id, recipient," \
  " class, last) VALUES (" id ", 2, " id ", " time ", 1, 'Q3', 'postfix', 'dane.example', " mark ", '" status \
  "', 'none', 3, 0, '" class "', " last ")"

static const char *const first_part[] = {
    "INSERT INTO host (id, name) VALUES (1, 'mx1.example.nl')",
    MESSAGE("1", "1728000001000", "1", "inbound", "'a.example'", "'TLSv1.3', 'good', 'accept', 'e1'"),
    MESSAGE("2", "1728000002000", "2", "inbound", "'a.example'", "NULL, NULL, 'accept', NULL"),
    "INSERT INTO spf (message_id, identity, domain, result) VALUES (1, 'helo', 'h.example', 'none'), (1, 'mailfrom',"
    " 'a.example', 'pass'), (2, 'helo', 'h.example', 'fail')",
    "INSERT INTO dkim (message_id, number, domain, result) VALUES (1, 0, 'a.example', 'fail'), (1, 1, 'a.example', 'pass')",
    "INSERT INTO dmarc (message_id, result, policy, aligned_spf, aligned_dkim) VALUES (1, 'pass', 'reject', 1, 1)",
    MESSAGE("3", "1728000003000", "4", "outbound", "NULL", "NULL, NULL, 'accept', NULL"),
    "INSERT INTO recipient (message_id, number, domain, verdict, link, action, exception) VALUES"
    " (3, 0, 'dane.example', 'dane', NULL, 'accept', NULL), (3, 1, 'none.example', 'none', 'no-tlsa', 'accept', 'e1'),"
    " (3, 2, 'none.example', 'none', 'no-tlsa', 'accept', 'e1'), (3, 3, NULL, NULL, NULL, 'accept', NULL)",
    DELIVERY("1", "1728000004000", "1", "deferred", "not-sent", "1"),
};

static const char *const second_part[] = {
    MESSAGE("4", "1728000005000", "5", "inbound", "'a.example'", "'TLSv1.3', 'good', 'accept', 'e1'"),
    "INSERT INTO spf (message_id, identity, domain, result) VALUES (4, 'mailfrom', 'a.example', 'pass')",
    "INSERT INTO dkim (message_id, number, domain, result) VALUES (4, 0, 'a.example', 'pass')",
    "INSERT INTO dmarc (message_id, result, policy, aligned_spf, aligned_dkim) VALUES (4, 'pass', 'reject', 1, 1)",
    /* The client broke it off: nobody got it. */
    MESSAGE("5", "1728000003000", "6", "outbound", "NULL", "NULL, NULL, 'abort', NULL"),
    "INSERT INTO recipient (message_id, number, domain, verdict, link, action) VALUES (5, 0, 'none.example', 'none',"
    " 'no-tlsa', 'accept'), (5, 1, 'none.example', 'none', 'no-tlsa', 'reject')",
    "INSERT INTO event (id, file_id, line, time, host_id, seq, event) VALUES (1, 1, 3, 1728000002500, 1, 3, 'reload')",
    /* The next day the message leaves after all: the attempt before is the last one no more. */
    "UPDATE delivery SET last = 0 WHERE id = 1",
    DELIVERY("2", "1728086400000", "1", "sent", "dane-verified", "1"),
    DELIVERY("3", "1728086401000", "2", "sent", "dane-verified", "1"),
    "INSERT INTO accepted (id, file_id, line, time, host_id, queue_id, source, message_id) VALUES"
    " (1, 2, 1, 1728000003000, 1, 'Q3', 'smtp', 3), (2, 2, 2, 1728000003500, 1, 'Q9', 'smtp', NULL)",
};

static const char *const wanted[] = {
    "daily_inbound 20000 a.example fail 0 not-checked not-checked    no-tls accept 1",
    "daily_inbound 20000 a.example pass 1 pass pass reject both  good accept 2",
    "daily_outbound 20000   not-examined   accept 1 1 1728000003000 3",
    "daily_outbound 20000 dane.example  dane   accept 1 1 1728000003000 3",
    "daily_outbound 20000 none.example  none no-tlsa  abort 1 1 1728000003000 5",
    "daily_outbound 20000 none.example  none no-tlsa  accept 2 1 1728000003000 3",
    "daily_outbound 20000 none.example  none no-tlsa  reject 1 1 1728000003000 5",
    "daily_proven 20001 dane.example  dane-verified dane 2",
    "daily_message 20000 accepted with-audit-line 1",
    "daily_message 20000 accepted without-audit-line 1",
    "daily_message 20000 assessed dane 1",
    "daily_message 20000 assessed none 2",
    "daily_message 20000 assessed not-examined 1",
    "daily_message 20000 assessed-all  2",
    "daily_message 20000 dane refused 1",
    "daily_message 20000 exception e1 3",
    "daily_message 20000 outbound-action abort 1",
    "daily_message 20000 outbound-action accept 1",
    "daily_message 20001 delivery with-audit-line 2",
    "daily_message 20001 mta-setting postfix ? 2",
    "daily_message 20001 proven dane-verified 1",
    "daily_message 20001 proven-all  1",
    "daily_total 20000 3 2 2 2 2 2 2 5 1 0 0 0",
    "daily_total 20001 0 0 0 0 0 0 0 0 0 2 2 2",
    "daily_host 20000 1 6 1 6 1728000001000 1728000005000",
};

/* So that the classes above stay, which the import would find anew. */
static const char *const settled[] = {
    "INSERT INTO setting (name, value) VALUES ('settled-accepted', 1000), ('settled-delivery', 1000), ('settled-message', 1000)",
};

static const struct {
  const char *name;
  int columns;
} tables[] = {{"daily_inbound", 12}, {"daily_outbound", 11}, {"daily_proven", 6}, {"daily_message", 4},
              {"daily_total", 13}, {"daily_host", 7}};

static void dump(struct database *database, struct text *out)
{
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2, 3, 4", tables[i].name);
    struct statement *statement = database_prepare(database, sql);
    assert_non_null(statement);
    while (statement_step(statement) > 0) {
      text_add(out, tables[i].name);
      for (int j = 0; j < tables[i].columns; j++)
        text_printf(out, " %s", statement_text(statement, j));
      text_add_char(out, '\n');
    }
    statement_free(statement);
  }
}

static void run(struct database *database, const char *const *facts, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (database_run(database, facts[i]) < 0)
      fail_msg("%s: %s", facts[i], database_error(database));
}

static void settle(struct database *database)
{
  if (daily_settle(database) < 0)
    fail_msg("%s", database_error(database));
}

static void assert_wanted(struct database *database)
{
  struct text found = {0}, all = {0};
  dump(database, &found);
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    text_printf(&all, "%s\n", wanted[i]);
  assert_string_equal(found.bytes, all.bytes);
  text_free(&found);
  text_free(&all);
}

static struct database *open_empty(void)
{
  struct text error = {0};
  struct database *database = database_open(":memory:", DATABASE_WRITE, &error);
  assert_non_null(database);
  return database;
}

#define RUN(database, list) run(database, list, sizeof(list) / sizeof *(list))

static void sums_do_not_depend_on_when_facts_come(void **state)
{
  (void)state;
  for (int way = 0; way < 2; way++) {
    struct database *database = open_empty();
    settle(database); /* nothing is no trouble */
    RUN(database, first_part);
    if (way == 1) {
      settle(database);
      settle(database);
    }
    RUN(database, second_part);
    settle(database);
    settle(database);
    assert_wanted(database);
    database_close(database);
  }
}

/* Lines go before they were counted, and their numbers are not counted twice later on. */
static void sums_outlive_the_facts(void **state)
{
  (void)state;
  struct database *database = open_empty();
  struct prune_count count;
  const struct prune_options lines = {.lines_before = INT64_C(1728172800000), .now = INT64_C(1800000000000)};
  const struct prune_options all = {.lines_before = INT64_C(1728172800000), .counts_before = INT64_C(1728172800000),
                                    .now = INT64_C(1800000000000)};
  RUN(database, first_part);
  RUN(database, second_part);
  RUN(database, settled);
  assert_int_equal(prune_run(database, &lines, &count), 0);
  assert_int_equal(count.messages, 5);
  assert_wanted(database);
  settle(database);
  assert_wanted(database);
  assert_int_equal(prune_run(database, &all, &count), 0);
  struct text found = {0};
  dump(database, &found);
  assert_null(found.bytes);
  database_close(database);
}

static int64_t number(struct database *database, const char *sql)
{
  struct statement *statement = database_prepare(database, sql);
  assert_non_null(statement);
  assert_int_equal(statement_step(statement), 1);
  int64_t found = statement_integer(statement, 0);
  statement_free(statement);
  return found;
}

#define LEFT(id, time, queue_id, mark, message, class) \
  "INSERT INTO delivery (id, file_id, line, time, host_id, queue_id, mta, domain, mark, status, tls, message_id, recipient," \
  " class, last) VALUES (" id ", 2, " id ", " time ", 1, '" queue_id "', 'postfix', 'dane.example', " mark ", 'sent', 'none', " \
  message ", NULL, '" class "', 1)"
#define TAKEN(id, time, queue_id) \
  "INSERT INTO accepted (id, file_id, line, time, host_id, queue_id, source) VALUES (" id ", 2, " id ", " time ", 1, '" queue_id \
  "', 'local')"

/* Days 20000, 20001 and 20020. Message 3 leaves on two days in two ways; three that the milter never saw share a queue id. */
static const char *const leaving[] = {
    LEFT("1", "1728000004000", "Q3", "1", "3", "dane-verified"), LEFT("2", "1728086400000", "Q3", "2", "3", "tls-only"),
    TAKEN("1", "1728000000000", "R"), LEFT("3", "1728000001000", "R", "1", "NULL", "tls-only"),
    LEFT("4", "1728000002000", "R", "2", "NULL", "tls-only"), TAKEN("2", "1728000103000", "R"),
    LEFT("5", "1728000103000", "R", "1", "NULL", "tls-only"), TAKEN("3", "1729728000000", "R"),
    LEFT("6", "1729728000000", "R", "1", "NULL", "plaintext"),
};

static void a_message_leaves_on_one_day(void **state)
{
  (void)state;
  static const struct {
    const char *sql;
    int64_t wanted;
  } rows[] = {
#define MESSAGES "SELECT coalesce(sum(messages), 0) FROM daily_message WHERE "
      {MESSAGES "kind = 'proven-all'", 4},
      {MESSAGES "kind = 'proven-all' AND day = 20000", 3},
      {MESSAGES "kind = 'proven' AND day = 20000 AND word = 'tls-only'", 3},
      {MESSAGES "kind = 'proven' AND day = 20000 AND word = 'dane-verified'", 1},
      {MESSAGES "day = 20001 AND kind LIKE 'proven%'", 0},
      {MESSAGES "kind = 'proven' AND day = 20020 AND word = 'plaintext'", 1},
  };
  struct database *database = open_empty();
  RUN(database, leaving);
  settle(database);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (number(database, rows[i].sql) != rows[i].wanted)
      fail_msg("%s: %lld", rows[i].sql, (long long)number(database, rows[i].sql));
  database_close(database);
}

/* Its messages are in the sums, and so in the totals. */
static void a_line_of_a_pruned_day_comes_in(void **state)
{
  (void)state;
  struct database *database = open_empty();
  struct prune_count count;
  const struct prune_options lines = {.lines_before = INT64_C(1728172800000), .now = INT64_C(1800000000000)};
  RUN(database, first_part);
  assert_int_equal(prune_run(database, &lines, &count), 0);
  assert_int_equal(number(database, "SELECT inbound FROM daily_total"), 2);
  run(database, (const char *const[]){MESSAGE("9", "1728000001000", "9", "inbound", "'a.example'", "NULL, NULL, 'accept', NULL")}, 1);
  settle(database);
  assert_int_equal(number(database, "SELECT sum(messages) FROM daily_inbound"), 3);
  assert_int_equal(number(database, "SELECT inbound FROM daily_total"), 3);
  database_close(database);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_do_not_depend_on_when_facts_come),
      cmocka_unit_test(sums_outlive_the_facts),
      cmocka_unit_test(a_message_leaves_on_one_day),
      cmocka_unit_test(a_line_of_a_pruned_day_comes_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
