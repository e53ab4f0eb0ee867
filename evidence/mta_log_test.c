/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The frame of a log line, in every form, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "evidence/moment.h"
#include "evidence/mta_log.h"

/* 2026-11-24T00:47:39Z */
#define MOMENT INT64_C(1795481259000)
#define LATEST (MOMENT + 3600000)

static const struct {
  const char *line;
  int status;
  int64_t time;
  const char *host, *program;
  long long pid;
  const char *message;
} rows[] = {
    {"Nov 24 00:47:39 mx1 postfix/smtp[103]: hello", 1, MOMENT, "mx1", "postfix/smtp", 103, "hello"},
    {"Nov 24 00:47:39.250 MX1.Example.NL postfix/smtp[103]: a: b", 1, MOMENT + 250, "mx1.example.nl", "postfix/smtp", 103, "a: b"},
    {"Nov 24 00:47:39 sendmail[7]: x", 1, MOMENT, "", "sendmail", 7, "x"},
    {"<22>Nov 24 00:47:39 mx1 sendmail[7]: x", 1, MOMENT, "mx1", "sendmail", 7, "x"},
    {"2026-11-24T01:47:39.123456+01:00 mx1 postfix/qmgr[2]: x", 1, MOMENT + 123, "mx1", "postfix/qmgr", 2, "x"},
    {"2026-11-24T01:47:39+0100 mx1 postfix/qmgr[2]: x", 1, MOMENT, "mx1", "postfix/qmgr", 2, "x"},
    {"2026-11-23T19:17:39-0530 mx1 postfix/qmgr[2]: x", 1, MOMENT, "mx1", "postfix/qmgr", 2, "x"},
    {"<22>1 2026-11-24T00:47:39Z mx1 postfix/smtp 103 - - hello", 1, MOMENT, "mx1", "postfix/smtp", 103, "hello"},
    {"<22>1 2026-11-24T00:47:39Z mx1 postfix/smtp 103 - [a b=\"c\"] hello", 1, MOMENT, "mx1", "postfix/smtp", 103, "hello"},
    {"Nov 24 00:47:39 mx1 kernel: x", 1, MOMENT, "mx1", "kernel", 0, "x"},
    {"{\"__REALTIME_TIMESTAMP\":\"1795481259000123\",\"_HOSTNAME\":\"Mx1\",\"SYSLOG_IDENTIFIER\":\"postfix/smtp\","
     "\"_PID\":\"103\",\"MESSAGE\":\"hello\"}", 1, MOMENT, "mx1", "postfix/smtp", 103, "hello"},
    {"{\"__REALTIME_TIMESTAMP\":\"1795481259000123\",\"_HOSTNAME\":\"mx1\",\"SYSLOG_IDENTIFIER\":\"sm-mta\","
     "\"SYSLOG_PID\":\"5\",\"_PID\":\"103\",\"MESSAGE\":[104,0,255,105]}", 1, MOMENT, "mx1", "sm-mta", 5, "h?\xffi"},
    {"{\"__REALTIME_TIMESTAMP\":\"1795481259000123\",\"_TRANSPORT\":\"kernel\",\"MESSAGE\":null}", 0, 0, NULL, NULL, 0, NULL},
    {"-- Boot 3f2a --", 0, 0, NULL, NULL, 0, NULL},
    {"Nov 24 00:47:39 mx1 last message repeated 2 times", 0, 0, NULL, NULL, 0, NULL},
    {"Nov 24 00:47:39", -1, 0, NULL, NULL, 0, NULL},
    {"Nov 24 00:4", -1, 0, NULL, NULL, 0, NULL},
    {"Nov", -1, 0, NULL, NULL, 0, NULL},
    {"Nov 34 00:47:39 mx1 a: b", -1, 0, NULL, NULL, 0, NULL},
    {"<", -1, 0, NULL, NULL, 0, NULL},
    {"{\"__REALTIME_TIMESTAMP\":\"17954812", -1, 0, NULL, NULL, 0, NULL},
    {"{\"__REALTIME_TIMESTAMP\":\"x\",\"MESSAGE\":\"m\"}", -1, 0, NULL, NULL, 0, NULL},
    {"to be or not", -1, 0, NULL, NULL, 0, NULL},
    {"\x1b[2J", -1, 0, NULL, NULL, 0, NULL},
    {" ", -1, 0, NULL, NULL, 0, NULL},
};

static void frames(void **state)
{
  (void)state;
  struct mta_log *log = mta_log_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char line[500];
    const char *why = NULL;
    struct mta_line told;
    snprintf(line, sizeof line, "%s", rows[i].line);
    int status = mta_log_read(log, &told, line, strlen(line), LATEST, &why);
    if (status != rows[i].status || (status < 0) != (why != NULL))
      fail_msg("%s: %d (%s)", rows[i].line, status, why ? why : "");
    if (status != 1)
      continue;
    if (told.time != rows[i].time || told.pid != rows[i].pid || strcmp(told.host, rows[i].host) != 0 ||
        strcmp(told.program, rows[i].program) != 0 || strcmp(told.message, rows[i].message) != 0)
      fail_msg("%s: %lld %s %s %lld %s", rows[i].line, (long long)told.time, told.host, told.program, told.pid, told.message);
  }
  mta_log_free(log);
}

/* Every beginning of a line is read without a step past its end. */
static void pieces(void **state)
{
  (void)state;
  struct mta_log *log = mta_log_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t length = 0; length < strlen(rows[i].line); length++) {
      const char *why;
      struct mta_line told;
      char *line = malloc(length + 1);
      memcpy(line, rows[i].line, length);
      line[length] = '\0';
      mta_log_read(log, &told, line, length, LATEST, &why);
      free(line);
    }
  mta_log_free(log);
}

static void a_nul_is_no_end(void **state)
{
  (void)state;
  char line[] = "Nov 24 00:47:39 mx1 a[1]: b\0c";
  const char *why = NULL;
  struct mta_line told;
  struct mta_log *log = mta_log_new();
  assert_int_equal(mta_log_read(log, &told, line, sizeof line - 1, LATEST, &why), -1);
  assert_non_null(why);
  mta_log_free(log);
}

static void years(void **state)
{
  (void)state;
  static const struct {
    const char *text, *latest, *expected;
  } moments[] = {
      {"Dec 31 23:59:59", "2027-01-01T00:10:00Z", "2026-12-31T23:59:59Z"},
      {"Jan  1 00:00:01", "2027-01-01T00:10:00Z", "2027-01-01T00:00:01Z"},
      {"Jan  2 00:00:00", "2027-01-01T00:10:00Z", "2027-01-02T00:00:00Z"}, /* a clock that is ahead */
      {"Jan  3 00:00:00", "2027-01-01T00:10:00Z", "2026-01-03T00:00:00Z"},
      {"Feb 29 12:00:00", "2027-03-01T00:00:00Z", "2024-02-29T12:00:00Z"},
      {"Feb 29 12:00:00", "2028-03-01T00:00:00Z", "2028-02-29T12:00:00Z"},
      {"Nov 24 10:00:00", "2026-11-24T10:00:05Z", "2026-11-24T10:00:00Z"},
  };
  for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
    int64_t latest, expected, found;
    assert_int_equal(moment_read(&latest, moments[i].latest), strlen(moments[i].latest));
    assert_int_equal(moment_read(&expected, moments[i].expected), strlen(moments[i].expected));
    assert_int_equal(moment_read_short(&found, moments[i].text, latest, 0), 15);
    if (found != expected)
      fail_msg("%s before %s: %lld, not %lld", moments[i].text, moments[i].latest, (long long)found, (long long)expected);
  }
}

/* Summer time ends at 01:00 UTC on 25 October 2026, and the hour from 2 o'clock comes twice. */
static void the_hour_that_comes_twice(void **state)
{
  (void)state;
  static const struct {
    const char *line, *expected;
  } lines[] = {
      {"Oct 25 01:59:59 mx1 postfix/smtp[1]: a", "2026-10-24T23:59:59Z"}, {"Oct 25 02:10:00 mx1 postfix/smtp[1]: a", "2026-10-25T00:10:00Z"},
      {"Oct 25 02:59:59 mx1 postfix/smtp[1]: a", "2026-10-25T00:59:59Z"}, {"Oct 25 02:59:58 mx1 postfix/smtp[1]: a", "2026-10-25T00:59:58Z"},
      {"Oct 25 02:00:01 mx1 postfix/smtp[1]: a", "2026-10-25T01:00:01Z"}, {"Oct 25 02:00:00 mx1 postfix/smtp[1]: a", "2026-10-25T01:00:00Z"},
      {"Oct 25 02:30:00 mx1 postfix/smtp[1]: a", "2026-10-25T01:30:00Z"}, {"Oct 25 02:29:57 mx1 postfix/smtp[1]: a", "2026-10-25T01:29:57Z"},
      {"Oct 25 02:59:59 mx1 postfix/smtp[1]: a", "2026-10-25T01:59:59Z"}, {"Oct 25 03:00:00 mx1 postfix/smtp[1]: a", "2026-10-25T02:00:00Z"},
      {"Mar 29 01:59:59 mx1 postfix/smtp[1]: a", "2026-03-29T00:59:59Z"}, {"Mar 29 03:00:00 mx1 postfix/smtp[1]: a", "2026-03-29T01:00:00Z"},
  };
  struct mta_log *log = mta_log_new();
  assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
  tzset();
  int64_t latest;
  moment_read(&latest, "2026-11-01T00:00:00Z");
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct mta_line told;
    int64_t expected;
    char line[100];
    const char *why;
    snprintf(line, sizeof line, "%s", lines[i].line);
    moment_read(&expected, lines[i].expected);
    assert_int_equal(mta_log_read(log, &told, line, strlen(line), latest, &why), 1);
    if (told.time != expected)
      fail_msg("row %zu, %s: %lld, not %lld", i, lines[i].line, (long long)told.time, (long long)expected);
  }
  mta_log_free(log);
  unsetenv("TZ");
  tzset();
}

static void days_that_a_month_has(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t length;
  } days[] = {
      {"2026-02-28T00:00:00Z", 20}, {"2026-02-29T00:00:00Z", 0}, {"2028-02-29T00:00:00Z", 20}, {"2100-02-29T00:00:00Z", 0},
      {"2026-06-30T00:00:00Z", 20}, {"2026-06-31T00:00:00Z", 0}, {"2026-12-31T00:00:00Z", 20}, {"2026-12-32T00:00:00Z", 0},
      {"2026-01-00T00:00:00Z", 0},  {"Feb 30 00:00:00", 0},      {"Jun 31 00:00:00", 0},       {"Jun 30 00:00:00", 15},
  };
  for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
    int64_t moment;
    size_t found = days[i].text[0] == '2' ? moment_read(&moment, days[i].text)
                                          : moment_read_short(&moment, days[i].text, INT64_C(1800000000000), 0);
    if (found != days[i].length)
      fail_msg("%s: %zu", days[i].text, found);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames),
      cmocka_unit_test(pieces),
      cmocka_unit_test(a_nul_is_no_end),
      cmocka_unit_test(years),
      cmocka_unit_test(the_hour_that_comes_twice),
      cmocka_unit_test(days_that_a_month_has),
  };
  setenv("TZ", "UTC", 1);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
