/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is there a word for everything that a report can say, in each language? And numbers and dates in each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks/facts.h"
#include "report/figures.h"
#include "report/words.h"

static void keys_are_in_order_and_have_all_languages(void **state)
{
  (void)state;
  for (size_t i = 0; i < words_count; i++) {
    if (i > 0 && strcmp(words_all[i - 1].key, words_all[i].key) >= 0)
      fail_msg("%s is not behind %s", words_all[i].key, words_all[i - 1].key);
    for (int j = 0; j < LANGUAGE_COUNT; j++)
      if (!words_all[i].in[j] || !*words_all[i].in[j] || !text_is_utf8(words_all[i].in[j], strlen(words_all[i].in[j])))
        fail_msg("%s has no word in %s", words_all[i].key, words_code((enum language)j));
    /* Places for values are the same in number. */
    size_t places[LANGUAGE_COUNT] = {0};
    for (int j = 0; j < LANGUAGE_COUNT; j++)
      for (const char *mark = words_all[i].in[j]; (mark = strstr(mark, "{}")); mark += 2)
        places[j]++;
    assert_int_equal(places[LANGUAGE_ENGLISH], places[LANGUAGE_DUTCH]);
  }
}

/* A sentence, so a text of several words, is never the same in both languages. */
static void sentences_are_translated(void **state)
{
  (void)state;
  for (size_t i = 0; i < words_count; i++) {
    const char *const *in = words_all[i].in;
    const char *space = strchr(in[LANGUAGE_ENGLISH], ' ');
    if (space && strchr(space + 1, ' ') && strcmp(in[LANGUAGE_ENGLISH], in[LANGUAGE_DUTCH]) == 0)
      fail_msg("%s is not translated: %s", words_all[i].key, in[0]);
  }
}

static void must_have(const char *kind, const char *name)
{
  if (!words_find(LANGUAGE_DUTCH, kind, name))
    fail_msg("no word for %s.%s", kind, name);
}

static void tables_and_columns_have_words(void **state)
{
  (void)state;
  for (size_t i = 0; i < figures_shape_count; i++) {
    must_have("section", figures_shapes[i].section);
    must_have("intro", figures_shapes[i].section);
    must_have("table", figures_shapes[i].name);
    for (int j = 0; j < FIGURES_COLUMNS_MAX && figures_shapes[i].columns[j].name; j++)
      must_have("column", figures_shapes[i].columns[j].name);
  }
}

/* The values of columns of our own words, from those who write them, or from the contracts that name them. */
static const struct {
  const char *column, *values;
} values[] = {
    {"result", "pass fail softfail neutral none temperror permerror policy not-checked"},
    {"grade", "good sufficient phase-out insufficient no-tls not-graded"},
    {"policy", "none quarantine reject"},
    {"override", "local_policy policy_test_mode"},
    {"verdict", "not-examined"},
    {"action", "accept quarantine reject defer abort unknown"},
    {"direction", "inbound outbound"},
    {"event", "start stop reload resolver-failure resolver-recovered exception-expired"},
    {"state", "used unused expired not-configured"},
    {"kind", "audit mta empty"},
    {"dmarc", "passed failed not-measured"},
    {"change", "improvement regression neutral no-data"},
    {"remedy", "domain-unsigned mx-insecure host-unsigned no-tlsa tlsa-unusable bogus dns-failure microsoft"},
    {"standard", "dmarc dkim spf dmarc-policy spf-policy starttls starttls-ncsc dnssec-domain dnssec-mx dane ipv6-ns"
        " ipv6-mx tls"
                 " author"},
    {"measure", "spf-pass dkim-pass dmarc-pass dmarc-strict tls-used tls-adequate dane-assessed dane-proven"
        " tls-proven"},
    {"item", "software standards tls-guideline trust-anchor compared-with"},
    {"fact", "messages-inbound messages-outbound accepted-by-mta accepted-without-audit-line deliveries"
             " deliveries-without-audit-line deliveries-local missing-lines skipped-lines"},
};

static void must_tell(const char *column, const char *value)
{
  if (!words_find(LANGUAGE_DUTCH, column, value) && !words_find(LANGUAGE_DUTCH, "any", value))
    fail_msg("no word for %s in column %s", value, column);
}

static void values_have_words(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char list[500], *rest = list;
    snprintf(list, sizeof list, "%s", values[i].values);
    for (const char *value; (value = strsep(&rest, " "));)
      must_tell(values[i].column, value);
  }
  for (int i = DANE_FULL; i <= DANE_NOT_APPLICABLE; i++)
    must_tell("verdict", dane_verdict_name((enum dane_verdict)i));
  for (int i = DANE_LINK_DOMAIN_UNSIGNED; i <= DANE_LINK_DNS_FAILURE; i++) {
    must_tell("link", dane_link_name((enum dane_link)i));
    must_tell("remedy", dane_link_name((enum dane_link)i));
  }
}

/* doc/database.md has the classes in a table. */
static void classes_have_words(void **state)
{
  (void)state;
  char path[1000], line[1000];
  int classes = 0;
  const char *top = getenv("top_srcdir");
  snprintf(path, sizeof path, "%s/doc/database.md", top ? top : ".");
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  bool inside = false;
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '#')
      inside = strcmp(line, "## Classes\n") == 0;
    char *end = inside && strncmp(line, "| `", 3) == 0 ? strchr(line + 3, '`') : NULL;
    if (!end)
      continue;
    *end = '\0';
    must_tell("class", line + 3);
    classes++;
  }
  fclose(file);
  assert_in_range(classes, 12, 30);
}

static void numbers_and_dates_are_in_a_language(void **state)
{
  (void)state;
  static const struct {
    int64_t number, base;
    const char *english, *dutch;
  } rows[] = {
      {0, 3, "0 0.0%", "0 0,0%"},
      {999, 1000, "999 99.9%", "999 99,9%"},
      {1234567, 1234567, "1,234,567 100.0%", "1.234.567 100,0%"},
      {1, 100000, "1 0.1%", "1 0,1%"},
      {99999, 100000, "99,999 99.9%", "99.999 99,9%"},
      {-1000, 0, "-1,000 ", "-1.000 "},
      {INT64_MIN, 0, "-9,223,372,036,854,775,808 ", "-9.223.372.036.854.775.808 "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int j = 0; j < LANGUAGE_COUNT; j++) {
      struct text out = {0};
      words_number(&out, (enum language)j, rows[i].number);
      text_add_char(&out, ' ');
      words_percentage(&out, (enum language)j, rows[i].number, rows[i].base);
      assert_string_equal(out.bytes, j == LANGUAGE_ENGLISH ? rows[i].english : rows[i].dutch);
      text_free(&out);
    }
  struct text out = {0};
  words_date(&out, LANGUAGE_ENGLISH, INT64_C(1782864000000));
  words_date(&out, LANGUAGE_DUTCH, INT64_C(1772323200000) - 1);
  assert_string_equal(out.bytes, "1 July 202628 februari 2026");
  text_clear(&out);
  words_fill(&out, LANGUAGE_DUTCH, "period", (const char *const[]){"{}", "b", NULL});
  assert_string_equal(out.bytes, "{} tot en met b (UTC)");
  text_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_are_in_order_and_have_all_languages),
      cmocka_unit_test(sentences_are_translated),
      cmocka_unit_test(tables_and_columns_have_words),
      cmocka_unit_test(values_have_words),
      cmocka_unit_test(classes_have_words),
      cmocka_unit_test(numbers_and_dates_are_in_a_language),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
