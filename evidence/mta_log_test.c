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
    assert_int_equal(moment_read_short(&found, moments[i].text, latest), 15);
    if (found != expected)
      fail_msg("%s before %s: %lld, not %lld", moments[i].text, moments[i].latest, (long long)found, (long long)expected);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames),
      cmocka_unit_test(pieces),
      cmocka_unit_test(a_nul_is_no_end),
      cmocka_unit_test(years),
  };
  setenv("TZ", "UTC", 1);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
