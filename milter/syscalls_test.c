/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The filter of system calls as text, of both architectures; what it does to a process is isolation_test.py's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "milter/syscalls.h"

static void print_filter(struct text *out, const char *architecture)
{
  char error[200] = "", bytes[8192];
  FILE *file = tmpfile();
  assert_non_null(file);
  if (syscalls_print(fileno(file), architecture, error, sizeof error) < 0)
    fail_msg("%s", error);
  rewind(file);
  for (size_t count; (count = fread(bytes, 1, sizeof bytes, file)) > 0;)
    text_add_bytes(out, bytes, count);
  fclose(file);
}

/* What the filter says about one call: the text from its name to the next one's. */
static char *about(const struct text *filter, const char *call)
{
  char heading[80];
  snprintf(heading, sizeof heading, "# filter for syscall \"%s\"", call);
  const char *begin = strstr(filter->bytes, heading);
  if (!begin)
    return NULL;
  const char *end = strstr(begin + strlen(heading), "# ");
  return strndup(begin, end ? (size_t)(end - begin) : strlen(begin));
}

static void assert_action(const struct text *filter, const char *call, const char *action)
{
  char *found = about(filter, call);
  if (!found || !strstr(found, action))
    fail_msg("%s: %s", call, found ? found : "not in the filter");
  free(found);
}

static void each_architecture_has_what_it_needs(void **state)
{
  (void)state;
  static const struct {
    const char *architecture;
    const char *calls[12]; /* its own names for what all need */
  } rows[] = {
      {"x86_64", {"open", "openat", "unlink", "poll", "epoll_wait", "futex", "mmap", "clone", "rseq", "accept4"}},
      {"aarch64", {"openat", "unlinkat", "ppoll", "epoll_pwait", "futex", "mmap", "clone", "rseq", "newfstatat"}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text filter = {0};
    print_filter(&filter, rows[i].architecture);
    for (size_t call = 0; rows[i].calls[call]; call++)
      assert_action(&filter, rows[i].calls[call], "action ALLOW;");
    assert_action(&filter, "execve", "action KILL_PROCESS;");
    assert_action(&filter, "ptrace", "action KILL_PROCESS;");
    assert_action(&filter, "mprotect", "action ERRNO(1);");
    assert_non_null(strstr(filter.bytes, "# default action\n  action ERRNO(38);"));
    assert_null(about(&filter, "clone3"));
    assert_null(about(&filter, "chmod"));
    assert_null(about(&filter, "fchmodat"));
    assert_null(about(&filter, "rename"));
    assert_null(about(&filter, "renameat"));
    assert_null(about(&filter, "setresuid"));
    text_free(&filter);
  }
}

static void an_unknown_architecture_is_an_error(void **state)
{
  (void)state;
  char error[200] = "";
  assert_int_equal(syscalls_print(STDOUT_FILENO, "abacus", error, sizeof error), -1);
  assert_non_null(strstr(error, "abacus"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_architecture_has_what_it_needs),
      cmocka_unit_test(an_unknown_architecture_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
