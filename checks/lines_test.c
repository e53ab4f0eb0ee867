/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Odd lines of bodies, in one piece and byte by byte; fields as they were on the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checks/field.h"
#include "checks/lines.h"

static void oddities_are_seen(void **state)
{
  (void)state;
  static const struct {
    const char *body;
    bool bare_cr, bare_lf, ended;
    size_t longest;
  } rows[] = {
      {"", false, false, true, 0},           {"\r\n", false, false, true, 1},
      {"ab\r\ncde\r\n", false, false, true, 4},
      {"ab\r\ncde", false, false, false, 3}, {"\n", false, true, false, 0},     {"a\nb\r\n", false, true, true, 2},
      {"a\rb\r\n", true, false, true, 4},    {"a\r\r\n", true, false, true, 3}, {"a\r", true, false, false, 2},
      {"\r\n\n", false, true, false, 1},     {"\r", true, false, false, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int pieces = 0; pieces < 2; pieces++) {
      struct lines lines = {0};
      size_t length = strlen(rows[i].body), step = pieces || length == 0 ? 1 : length;
      for (size_t at = 0; at < length; at += step)
        lines_watch(&lines, rows[i].body + at, step);
      bool ended = lines_end(&lines);
      if (lines.bare_cr != rows[i].bare_cr || lines.bare_lf != rows[i].bare_lf || ended != rows[i].ended ||
          lines.longest != rows[i].longest)
        fail_msg("row %zu, pieces %d: %d %d %d %zu", i, pieces, lines.bare_cr, lines.bare_lf, ended, lines.longest);
    }
}

static void names_are_measured(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    size_t length;
  } rows[] = {{"From", 4}, {"From \t", 4}, {"", 0},      {" From", 0}, {"Fr om", 0},
              {"a:b", 0},  {"a\x7f", 0},   {"\xff", 0}, {" ", 0},      {"x;y", 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(field_name_length(rows[i].name), rows[i].length);
  assert_true(field_is("fROM ", 4, "From"));
  assert_false(field_is("From", 3, "From"));
}

static void fields_get_their_crlf(void **state)
{
  (void)state;
  static const struct {
    const char *value, *field;
  } rows[] = {{" a", "X: a"},         {"", "X:"},         {" a\n\tb\n c", "X: a\r\n\tb\r\n c"},
              {" a\r\n b", "X: a\r\n b"},
              {" a\rb", "X: a\rb"}, {"\n a", "X:\r\n a"}, {" a\n", "X: a\r\n"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text text = {0};
    field_join(&text, "X", rows[i].value, strlen(rows[i].value));
    assert_string_equal(text.bytes, rows[i].field);
    text_free(&text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(oddities_are_seen), cmocka_unit_test(names_are_measured),
                                     cmocka_unit_test(fields_get_their_crlf)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
