/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The length of canonical bodies, in one piece and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checks/canonical.h"

static void bodies_are_counted(void **state)
{
  (void)state;
  static const struct {
    const char *body;
    uint64_t simple, relaxed;
  } rows[] = {
      {"", 0, 0},
      {"\r\n", 0, 0},
      {"\r\n\r\n\r\n", 0, 0},
      {"abc\r\n", 5, 5},
      {"abc", 3, 3},
      {"abc\r\n\r\n\r\n", 5, 5},
      {"abc\r\n\r\ndef\r\n", 12, 12},
      {"a  b \t c\r\n", 10, 7},
      {"abc \t\r\n", 7, 5},
      {" abc\r\n", 6, 6},
      {"  \r\n\r\n", 4, 0},
      {"abc\r\n \r\n", 8, 5},
      {"abc\r\n \r\nd\r\n", 11, 10},
      {"a\rb\r\n", 5, 5},
      {"a\nb\r\n", 5, 5},
      {"a\r\r\n", 4, 4},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int relaxed = 0; relaxed < 2; relaxed++) {
      struct canonical whole = {.relaxed = relaxed}, pieces = {.relaxed = relaxed};
      size_t length = strlen(rows[i].body);
      canonical_count(&whole, rows[i].body, length);
      for (size_t j = 0; j < length; j++)
        canonical_count(&pieces, rows[i].body + j, 1);
      assert_int_equal(whole.length, pieces.length);
      if (whole.length != (relaxed ? rows[i].relaxed : rows[i].simple))
        fail_msg("row %zu, relaxed %d: %d", i, relaxed, (int)whole.length);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(bodies_are_counted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
