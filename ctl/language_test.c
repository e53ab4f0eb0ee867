/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which language a report is in, by the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/language.h"

static void locales_choose(void **state)
{
  (void)state;
  static const struct {
    const char *lc_all, *lc_messages, *lang;
    enum language language;
  } rows[] = {
      {NULL, NULL, NULL, LANGUAGE_ENGLISH},
      {NULL, NULL, "nl_NL.UTF-8", LANGUAGE_DUTCH},
      {NULL, NULL, "nl", LANGUAGE_DUTCH},
      {NULL, NULL, "nl_BE@euro", LANGUAGE_DUTCH},
      {NULL, NULL, "nl.UTF-8", LANGUAGE_DUTCH},
      {NULL, NULL, "nld_X", LANGUAGE_ENGLISH},
      {NULL, NULL, "n", LANGUAGE_ENGLISH},
      {NULL, NULL, "C.UTF-8", LANGUAGE_ENGLISH},
      {NULL, "nl_NL", "en_US", LANGUAGE_DUTCH},
      {"C", "nl_NL", "nl_NL", LANGUAGE_ENGLISH},
      {"", "", "nl_NL", LANGUAGE_DUTCH},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (language_choose(rows[i].lc_all, rows[i].lc_messages, rows[i].lang) != rows[i].language)
      fail_msg("row %zu", i);
}

static void words_choose(void **state)
{
  (void)state;
  enum language language = LANGUAGE_ENGLISH;
  assert_true(language_read(&language, "nl"));
  assert_int_equal(language, LANGUAGE_DUTCH);
  assert_true(language_read(&language, "en"));
  assert_int_equal(language, LANGUAGE_ENGLISH);
  assert_false(language_read(&language, "de"));
  assert_false(language_read(&language, ""));
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(locales_choose), cmocka_unit_test(words_choose)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
