/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the daemon's own writer makes is verified as whole. What is done to logs, and the words for it, is in
 * tamper_test.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/log.h"
#include "trail/mark.h"
#include "trail/verify.h"

enum { PATH_SIZE = 300 };

static char folder[PATH_SIZE / 2], path[PATH_SIZE], rotated[PATH_SIZE];

static int set_up(void **state)
{
  (void)state;
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/sluis-trail-XXXXXX", parent ? parent : "/tmp");
  if (!mkdtemp(folder))
    return -1;
  snprintf(path, sizeof path, "%s/audit.jsonl", folder);
  snprintf(rotated, sizeof rotated, "%s/audit.jsonl.1", folder);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  unlink(path);
  unlink(rotated);
  return rmdir(folder);
}

static void write_events(const char *const *events)
{
  char error[200];
  struct audit_log *log = audit_log_open(path, NULL, NULL, error, sizeof error);
  assert_non_null(log);
  for (; *events; events++)
    assert_int_equal(audit_log_write(log, *events, "mx1.example.nl", NULL), 0);
  audit_log_close(log);
}

static void append(const char *bytes)
{
  FILE *file = fopen(path, "ab");
  assert_non_null(file);
  fputs(bytes, file);
  fclose(file);
}

static void test_writer(void **state)
{
  (void)state;
  char *paths[] = {path, rotated};
  struct verdict verdict;
  write_events((const char *const[]){"start", "message", NULL});
  append("{\"v\":1,\"seq\":3,\"ti"); /* killed in mid-write */
  write_events((const char *const[]){"start", "stop", NULL});
  assert_int_equal(rename(path, rotated), 0);
  write_events((const char *const[]){"start", "message", NULL});
  verify_files(&verdict, paths, 2);
  assert_int_equal(verdict.breaks, 0);
  assert_int_equal(verdict.lines, 7);
  assert_int_equal(verdict.chain_count, 1);
  const struct chain_summary *chain = &verdict.chains[0];
  assert_string_equal(chain->host, "mx1.example.nl");
  assert_int_equal(chain->lines, 6);
  assert_int_equal(chain->starts, 3);
  assert_int_equal(chain->killed, 1);
  assert_int_equal(chain->first.seq, 1);
  assert_int_equal(chain->last.seq, 6);
  assert_false(chain->stopped);
  assert_int_equal(verdict.finding_count, 2);
  assert_int_equal(verdict.findings[0].kind, FINDING_TORN);
  assert_int_equal(verdict.findings[0].at.line, 3);
  assert_int_equal(verdict.findings[1].kind, FINDING_KILLED);
  assert_int_equal(verdict.findings[1].at.line, 4);
  verdict_free(&verdict);
}

#define PREV "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_mark(void **state)
{
  (void)state;
  static const struct {
    const char *line;
    bool whole, fragment, root;
    uint64_t seq;
    const char *time, *host;
    enum mark_event event;
  } rows[] = {
      {"{\"v\":1,\"seq\":7,\"time\":\"2026-11-23T10:00:00.000Z\",\"event\":\"start\",\"host\":\"mx\",\"prev\":null}",
       true, false, true, 7, "2026-11-23T10:00:00.000Z", "mx", MARK_START},
      {"{\"v\":1,\"seq\":7,\"time\":\"2026-11-23T10:00:00.000Z\",\"event\":\"stop\",\"host\":null,\"prev\":\"" PREV
       "\"}", true, false, false, 7, "2026-11-23T10:00:00.000Z", "", MARK_STOP},
      {"{\"v\":1,\"seq\":7,\"time\":\"\x1b[2J\",\"event\":\"\x1b[2J\",\"host\":\"\x1b[2J\",\"prev\":\"" PREV "\"}",
       true, false, false, 7, "", "?[2J", MARK_OTHER},
      {"{\"v\":1,\"seq\":7,\"time\":\"2026,\"prev\":null}", true, false, true, 7, "", "", MARK_OTHER},
      {"{\"v\":1,\"seq\":7,\"prev\":null}", true, false, true, 7, "", "", MARK_OTHER},
      {"{\"v\":1,\"seq\":7,\"time\":\"2026", false, true, false, 0, "", "", MARK_OTHER},
      {"{", false, true, false, 0, "", "", MARK_OTHER},
      {"", false, false, false, 0, "", "", MARK_OTHER},
      {"{}", false, false, false, 0, "", "", MARK_OTHER},
      {"rubbish", false, false, false, 0, "", "", MARK_OTHER},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct mark mark;
    mark_read(&mark, rows[i].line, strlen(rows[i].line));
    assert_int_equal(mark.whole, rows[i].whole);
    assert_int_equal(mark.fragment, rows[i].fragment);
    assert_int_equal(mark.root, rows[i].root);
    assert_int_equal(mark.seq, rows[i].seq);
    assert_string_equal(mark.time, rows[i].time);
    assert_string_equal(mark.host, rows[i].host);
    assert_int_equal(mark.event, rows[i].event);
    if (mark.whole && !mark.root)
      assert_string_equal(mark.prev, PREV);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_writer, set_up, tear_down),
      cmocka_unit_test(test_mark),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
