/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Grades of TLS sessions, and the table behind them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "checks/tls.h"
#include "checks/tls_guideline.h"

static void sessions_are_graded(void **state)
{
  (void)state;
  static const struct {
    const char *version, *cipher, *bits;
    enum tls_grade grade;
    unsigned expected_bits;
  } rows[] = {
      {"TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", TLS_GRADE_GOOD, 256},
      {"TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "256", TLS_GRADE_GOOD, 256},
      {"TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", TLS_GRADE_SUFFICIENT, 128},
      {"TLSv1.3", "TLS_AES_128_CCM_8_SHA256", "128", TLS_GRADE_INSUFFICIENT, 128},
      {"TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", TLS_GRADE_SUFFICIENT, 256},
      {"TLSv1.2", "ECDHE-RSA-AES256-SHA384", "256", TLS_GRADE_PHASE_OUT, 256},
      {"TLSv1.2", "ECDHE-ARIA128-GCM-SHA256", "128", TLS_GRADE_PHASE_OUT, 128},
      {"TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", "256", TLS_GRADE_PHASE_OUT, 256},
      {"TLSv1.2", "TLS_DHE_RSA_WITH_ARIA_128_CBC_SHA256", "128", TLS_GRADE_PHASE_OUT, 128},
      {"TLSv1.2", "ECDHE-RSA-AES256-SHA", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"TLSv1.2", "AES256-GCM-SHA384", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"TLSv1.2", "ADH-AES256-GCM-SHA384", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"TLSv1.2", "DES-CBC3-SHA", "112", TLS_GRADE_INSUFFICIENT, 112},
      /* The version alone spoils it. */
      {"TLSv1.1", "ECDHE-RSA-AES256-GCM-SHA384", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"TLSv1", "ECDHE-RSA-AES256-SHA", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"SSLv3", "ECDHE-RSA-AES256-GCM-SHA384", "256", TLS_GRADE_INSUFFICIENT, 256},
      /* What the table does not have, near misses included. */
      {"TLSv1.4", "TLS_AES_256_GCM_SHA384", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"tlsv1.3", "TLS_AES_256_GCM_SHA384", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"TLSv1.3", "TLS_AES_256_GCM_SHA384 ", "256", TLS_GRADE_INSUFFICIENT, 256},
      {"TLSv1.3", "TLS_NEW_CIPHER", "256", TLS_GRADE_INSUFFICIENT, 256},
      /* Only one of the two is told. */
      {"TLSv1.3", "", "", TLS_GRADE_GOOD, 0},
      {"TLSv1.2", NULL, NULL, TLS_GRADE_SUFFICIENT, 0},
      {"TLSv1.1", NULL, NULL, TLS_GRADE_INSUFFICIENT, 0},
      {NULL, "ECDHE-RSA-AES128-GCM-SHA256", "128", TLS_GRADE_SUFFICIENT, 128},
      {"", "AES128-SHA", "128", TLS_GRADE_INSUFFICIENT, 128},
      /* Numbers that are none. */
      {"TLSv1.3", "TLS_AES_256_GCM_SHA384", "-1", TLS_GRADE_GOOD, 0},
      {"TLSv1.3", "TLS_AES_256_GCM_SHA384", "12x", TLS_GRADE_GOOD, 0},
      {"TLSv1.3", "TLS_AES_256_GCM_SHA384", "99999999999999999999", TLS_GRADE_GOOD, 0},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tls_fact fact = tls_check(arena, rows[i].version, rows[i].cipher, rows[i].bits);
    assert_true(fact.used);
    assert_int_equal(fact.grade, rows[i].grade);
    assert_int_equal(fact.bits, rows[i].expected_bits);
    assert_string_equal(fact.version, rows[i].version ? rows[i].version : "");
    assert_string_equal(fact.cipher, rows[i].cipher ? rows[i].cipher : "");
  }
  arena_free(arena);
}

static void no_words_are_no_tls(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  for (int i = 0; i < 2; i++) {
    struct tls_fact fact = tls_check(arena, i ? "" : NULL, i ? NULL : "", "256");
    assert_false(fact.used);
    assert_int_equal(fact.grade, TLS_GRADE_NONE);
    assert_null(tls_grade_name(fact.grade));
    assert_string_equal(fact.version, "");
    assert_string_equal(fact.cipher, "");
    assert_int_equal(fact.bits, 0);
  }
  arena_free(arena);
}

static void hostile_words_become_printable(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  char longer[5000];
  memset(longer, 'A', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  struct tls_fact fact = tls_check(arena, "TLSv1.3\r\nX: y", longer, "256");
  assert_string_equal(fact.version, "TLSv1.3??X: y");
  assert_int_equal(strlen(fact.cipher), 100);
  assert_int_equal(fact.grade, TLS_GRADE_INSUFFICIENT);
  arena_free(arena);
}

static void table_is_consistent(void **state)
{
  (void)state;
  static const size_t expected[] = {
      [TLS_GRADE_GOOD] = 2, [TLS_GRADE_SUFFICIENT] = 10, [TLS_GRADE_PHASE_OUT] = 35, [TLS_GRADE_INSUFFICIENT] = 0};
  size_t counted[sizeof expected / sizeof *expected] = {0};
  assert_string_equal(tls_guideline_edition(), "NCSC-NL 2025-05");
  for (size_t i = 0; i < tls_ncsc_2025_05.cipher_count; i++) {
    const struct tls_guideline_row *row = &tls_ncsc_2025_05.ciphers[i];
    counted[row->grade]++;
    assert_true(strlen(row->name) <= 100);
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(row->name, tls_ncsc_2025_05.ciphers[j].name);
  }
  for (size_t grade = 0; grade < sizeof expected / sizeof *expected; grade++)
    assert_int_equal(counted[grade], expected[grade]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_are_graded), cmocka_unit_test(no_words_are_no_tls),
      cmocka_unit_test(hostile_words_become_printable), cmocka_unit_test(table_is_consistent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
