/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF records: what is one, and what it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/spf_record.h"

static void versions_are_told_apart(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool is;
  } rows[] = {
    {"v=spf1", true}, {"v=spf1 ", true}, {"V=SPF1 -all", true}, {"v=spf10", false}, {"v=spf1\t-all", false},
    {" v=spf1", false}, {"v=spf", false}, {"", false}, {"v=spf1-all", false}, {"spf2.0/mfrom -all", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(spf_record_is(rows[i].text, strlen(rows[i].text)), rows[i].is);
}

/* A record as one line of what was understood. */
static void describe(struct text *out, const struct spf_record *record)
{
  static const char *const kinds[] = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "redirect"};
  for (size_t i = 0; i < record->count; i++) {
    const struct spf_term *term = &record->terms[i];
    char address[IP_TEXT_SIZE];
    text_printf(out, "%c%s", term->qualifier, kinds[term->kind]);
    if (term->domain)
      text_printf(out, ":%s", term->domain);
    if (term->kind == TERM_A || term->kind == TERM_MX)
      text_printf(out, "/%u//%u", term->prefix4, term->prefix6);
    if (term->kind == TERM_IP4 || term->kind == TERM_IP6)
      text_printf(out, ":%s/%u", ip_format(&term->network.address, address), term->network.prefix);
    text_add_char(out, ';');
  }
  if (record->redirect)
    text_printf(out, "redirect=%s;", record->redirect->domain);
  if (record->explanation)
    text_printf(out, "exp=%s;", record->explanation);
  text_add(out, "");
}

static const struct row {
  const char *terms, *expected; /* NULL: a syntax error */
} rows[] = {
  {"", ""},
  {" ", ""},
  {"   -all  ", "-all;"},
  {" all", "+all;"},
  {" +all", "+all;"},
  {" ?ALL", "?all;"},
  {" -all:", NULL},
  {" -all:example.com", NULL},
  {" -all/8", NULL},
  {" --all", NULL},
  {" -", NULL},
  {" *all", NULL},
  {" -all.", NULL},
  {" -all -all", "-all;-all;"},
  {" a", "+a/32//128;"},
  {" A:Example.COM", "+a:Example.COM/32//128;"},
  {" a:", NULL},
  {" a:/24", NULL},
  {" a/0", "+a/0//128;"},
  {" a//0", "+a/32//0;"},
  {" a/0//0", "+a/0//0;"},
  {" a/24", "+a/24//128;"},
  {" a//64", "+a/32//64;"},
  {" a/24//64", "+a/24//64;"},
  {" a/24/64", NULL},
  {" a//64/24", NULL},
  {" a/33", NULL},
  {" a//129", NULL},
  {" a/032", NULL},
  {" a/00", NULL},
  {" a//064", NULL},
  {" a/", NULL},
  {" a//", NULL},
  {" a/24//", NULL},
  {" a/-1", NULL},
  {" a/24x", NULL},
  {" a/4294967296", NULL},
  {" a:example.com/24//64", "+a:example.com/24//64;"},
  {" a:foo/24.example.com/8", "+a:foo/24.example.com/8//128;"},
  {" a:%{l/}/24", "+a:%{l/}/24//128;"},
  {" a:example.com///24", NULL},
  {" a:example.com/24x", NULL},
  {" a:museum", NULL},
  {" a:museum.", NULL},
  {" a:111.222.33.44", NULL},
  {" a:example.com:8080", NULL},
  {" a=example.com", ""}, /* an unknown modifier by the grammar */
  {" mx", "+mx/32//128;"},
  {" ~mx:%{d}//48", "~mx:%{d}/32//48;"},
  {" mx/", NULL},
  {" ptr", "+ptr;"},
  {" ptr:example.com", "+ptr:example.com;"},
  {" ptr:", NULL},
  {" ptr/24", NULL},
  {" include", NULL},
  {" include:", NULL},
  {" include:example.com", "+include:example.com;"},
  {" include:example.com/24", NULL},
  {" include/24", NULL},
  {" exists:%{i}._spf.%{d}", "+exists:%{i}._spf.%{d};"},
  {" exists", NULL},
  {" exists:example.com/24", NULL},
  {" exists:%(ir).example.com", NULL},
  {" exists:%{c}.example.com", NULL},
  {" ip4:192.0.2.1", "+ip4:192.0.2.1/32;"},
  {" ip4:192.0.2.1/0", "+ip4:192.0.2.1/0;"},
  {" ip4:192.0.2.0/24", "+ip4:192.0.2.0/24;"},
  {" ip4:192.0.2.0/33", NULL},
  {" ip4:192.0.2.0/032", NULL},
  {" ip4:192.0.2.0//24", NULL},
  {" ip4:192.0.2", NULL},
  {" ip4:192.0.2.01", NULL},
  {" ip4:192.0.2.256", NULL},
  {" ip4:", NULL},
  {" ip4", NULL},
  {" ip4=192.0.2.1", ""},
  {" ip4:192.0.2.1:25", NULL},
  {" ip4:::1", NULL},
  {" ip4:IPv6:::1", NULL},
  {" ip4:%{i}", NULL},
  {" ip4:00000000000000000000000000000000000000000000000000000000000192.0.2.1", NULL},
  {" ip6:2001:db8::/32", "+ip6:2001:db8::/32;"},
  {" ip6:::/0", "+ip6:::/0;"},
  {" ip6:::1", "+ip6:::1/128;"},
  {" ip6:::1/129", NULL},
  {" ip6:::ffff:192.0.2.1/96", "+ip6:::ffff:192.0.2.1/96;"},
  {" ip6:192.0.2.1", NULL},
  {" ip6:IPv6:::1", NULL},
  {" ip6:fe80::1%eth0", NULL},
  {" ip6:1:2", NULL},
  {" ip6", NULL},
  {" redirect=example.com", "redirect=example.com;"},
  {" Redirect=Example.com -All", "-all;redirect=Example.com;"},
  {" redirect=a.example redirect=b.example", NULL},
  {" redirect=", NULL},
  {" redirect:example.com", NULL},
  {" +redirect=example.com", NULL},
  {" redirect=example.com/24", NULL},
  {" exp=a.example exp=a.example", NULL},
  {" exp=", NULL},
  {" exp=a.example -all", "-all;exp=a.example;"},
  {" exp=a-b", NULL},
  {" moo.cow-far_out=man:dog/cat", ""},
  {" moo=", ""},
  {" moo=%{r}", ""},
  {" moo=%", NULL},
  {" moo=%abc", NULL},
  {" moo=a moo=b", ""},
  {" -moo=a", NULL},
  {" 3moo=a", NULL},
  {" _moo=a", NULL},
  {" =a", NULL},
  {" moo", NULL},
  {" moo:a.example", NULL},
  {" default=pass -all", "-all;"},
  {" a:a.example,b.example", "+a:a.example,b.example/32//128;"},
  {" ip4:192.0.2.1,192.0.2.2", NULL},
  {"\t-all", NULL},
  {" -all\n", NULL},
  {" -all\r", NULL},
  {" a:b\xc3\xbc.example", NULL},
  {" moo=\x7f", NULL},
  {" \"-all\"", NULL},
};

static void records_are_read_strictly(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena *arena = arena_new();
    struct spf_record record;
    struct text out = {0};
    const char *why = NULL;
    char *text = arena_printf(arena, "v=spf1%s", rows[i].terms);
    int status = spf_record_parse(&record, arena, text, strlen(text), &why);
    print_message("# %zu\n", i);
    assert_int_equal(status, rows[i].expected ? 0 : -1);
    if (status == 0) {
      describe(&out, &record);
      assert_string_equal(out.bytes, rows[i].expected);
    } else {
      char safe[400];
      assert_string_equal(why, text_ascii(safe, sizeof safe, why, strlen(why)));
    }
    text_free(&out);
    arena_free(arena);
  }
}

static void reasons_quote_the_term(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  struct spf_record record;
  const char *why = NULL;
  static const char nul[] = "v=spf1 a:\0.example -all";
  assert_int_equal(spf_record_parse(&record, arena, nul, sizeof nul - 1, &why), -1);
  assert_string_equal(why, "byte 0x00 in the SPF record");
  static const char bad[] = "v=spf1 mx ipv4:192.0.2.1 -all";
  assert_int_equal(spf_record_parse(&record, arena, bad, sizeof bad - 1, &why), -1);
  assert_string_equal(why, "syntax error in the SPF record at \"ipv4:192.0.2.1\"");
  char wide[5000] = "v=spf1 ";
  memset(wide + 7, 'x', sizeof wide - 7);
  assert_int_equal(spf_record_parse(&record, arena, wide, sizeof wide, &why), -1);
  assert_true(strlen(why) < 160);
  arena_free(arena);
}

static void many_terms_are_all_kept(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  struct text text = {0};
  struct spf_record record;
  const char *why = NULL;
  text_add(&text, "v=spf1");
  for (unsigned i = 0; i < 3000; i++)
    text_printf(&text, " ip4:10.%u.%u.0/24", i / 256, i % 256);
  text_add(&text, " -all");
  assert_int_equal(spf_record_parse(&record, arena, text.bytes, text.length, &why), 0);
  assert_int_equal(record.count, 3001);
  assert_int_equal(record.terms[3000].kind, TERM_ALL);
  assert_string_equal(record.terms[2999].text, "ip4:10.11.183.0/24");
  text_free(&text);
  arena_free(arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(versions_are_told_apart),
    cmocka_unit_test(records_are_read_strictly),
    cmocka_unit_test(reasons_quote_the_term),
    cmocka_unit_test(many_terms_are_all_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
