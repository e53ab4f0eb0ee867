/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Authentication-Results: whose a field is, and the exact text of those that are written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "message/results.h"

static void check_origin(const char *value, size_t length, const char *id, enum results_origin expected)
{
  enum results_origin found = results_origin(value, length, id);
  if (found != expected)
    fail_msg("%s: found %d, expected %d", value, found, expected);
}

static void the_origin_is_told(void **state)
{
  (void)state;
  static const struct {
    const char *value;
    enum results_origin origin;
  } rows[] = {
      {" mx1.example.nl; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl", RESULTS_OURS},
      {"mx1.example.nl;", RESULTS_OURS},
      {"MX1.Example.NL; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl.; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl 1; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl(c)1(d); dkim=pass", RESULTS_OURS},
      {"\"mx1.example.nl\"; dkim=pass", RESULTS_OURS},
      {"\"mx1\\.example\\.nl\"; dkim=pass", RESULTS_OURS},
      {"\" mx1.example.nl \"; dkim=pass", RESULTS_OURS},
      {"\"mx1.\r\n\texample.nl\"; dkim=pass", RESULTS_UNPARSABLE},
      {"(a (nested \\) comment)) mx1.example.nl; dkim=pass", RESULTS_OURS},
      {"\r\n mx1.example.nl;\r\n dkim=pass", RESULTS_OURS},
      {"\n\t(c)\n mx1.example.nl\n\t;\n dkim=pass", RESULTS_OURS},
      {"mx1.example.nl/1; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl junk; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl=x", RESULTS_OURS},
      {"mx1.example.nl\x01; dkim=pass", RESULTS_OURS},
      {"mx1.example.nl; dkim=pass (open", RESULTS_OURS},
      {"m\xef\xbd\x98" "1.example.nl; dkim=pass", RESULTS_OURS},              /* a full-width x */
      {"mx1\xe3\x80\x82" "example.nl; dkim=pass", RESULTS_OURS},              /* an ideographic full stop */
      {"mx1.exam\xc2\xadple.nl; dkim=pass", RESULTS_OURS},                    /* a soft hyphen */
      {"mx2.example.nl; dkim=pass", RESULTS_FOREIGN},
      {"example.nl; dkim=pass", RESULTS_FOREIGN},
      {"mx1.example.nl.evil.example; dkim=pass", RESULTS_FOREIGN},
      {"mx1-example-nl", RESULTS_FOREIGN},
      {"gateway; none", RESULTS_FOREIGN},
      {"gateway 1; none", RESULTS_FOREIGN},
      {"\"an id with spaces\" (c); none", RESULTS_FOREIGN},
      {"b\xc3\xbc" "cher.example; none", RESULTS_FOREIGN},
      {"mx2.example.nl (mx1.example.nl); dkim=pass", RESULTS_FOREIGN},
      {"mx2.example.nl; dkim=pass reason=\"mx1.example.nl; (\" (\")", RESULTS_FOREIGN},
      {"mx2.example.nl; dkim=pass)", RESULTS_FOREIGN},
      {"", RESULTS_UNPARSABLE},
      {"  \r\n ", RESULTS_UNPARSABLE},
      {"(mx1.example.nl)", RESULTS_UNPARSABLE},
      {";", RESULTS_UNPARSABLE},
      {"; dkim=pass", RESULTS_UNPARSABLE},
      {"\"\"; dkim=pass", RESULTS_UNPARSABLE},
      {"dkim=pass header.d=example.nl", RESULTS_UNPARSABLE},
      {"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none", RESULTS_UNPARSABLE},
      {"mx2.example.nl mx1.example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"mx2.example.nl 1 2; dkim=pass", RESULTS_UNPARSABLE},
      {"mx1(c).example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"mx1. example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"mx1\r\n .example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"\"mx1\".example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"=?utf-8?q?mx1.example.nl?=; dkim=pass", RESULTS_UNPARSABLE},
      {"\x01mx1.example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"\"mx1.example.nl\x01\"; dkim=pass", RESULTS_UNPARSABLE},
      {"mx1.example.nl\xc2\xa0; dkim=pass", RESULTS_UNPARSABLE},              /* a space that does not break */
      {"\xe2\x80\xaemx1.example.nl; dkim=pass", RESULTS_UNPARSABLE},          /* right to left */
      {"mx1.example.nl\xff; dkim=pass", RESULTS_UNPARSABLE},
      {"(mx1.example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"\"mx1.example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"mx2.example.nl; dkim=pass (open", RESULTS_UNPARSABLE},
      {"mx2.example.nl; dkim=pass reason=\"open", RESULTS_UNPARSABLE},
      {"mx2.example.nl\r mx1.example.nl; dkim=pass", RESULTS_UNPARSABLE},
      {"mx2.example.nl;\n mx1.example.nl\nb", RESULTS_UNPARSABLE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check_origin(rows[i].value, strlen(rows[i].value), "mx1.example.nl", rows[i].origin);
  check_origin("mx1.example.nl\0; dkim=pass", 26, "mx1.example.nl", RESULTS_UNPARSABLE);
  check_origin("mx2.example.nl; \0", 17, "mx1.example.nl", RESULTS_UNPARSABLE);
  check_origin("MX1.example.nl.; none", 21, "mx1.Example.nl.", RESULTS_OURS);
  check_origin("xn--bcher-kva.example; none", 27, "b\xc3\xbc" "cher.example", RESULTS_OURS);
  check_origin("\"My Gateway\"; none", 18, "my gateway", RESULTS_OURS);
  check_origin("\"My Gateway 2\"; none", 20, "my gateway", RESULTS_FOREIGN);
}

static void fields_are_written(void **state)
{
  (void)state;
  struct text out = {0};
  struct results_writer writer;
  results_begin(&writer, &out, "mx1.example.nl", false);
  results_method(&writer, "spf", "pass", NULL);
  results_property(&writer, "smtp", "mailfrom", "sender.example");
  results_property(&writer, "policy", "dnssec", "secure");
  results_method(&writer, "spf", "none", "");
  results_property(&writer, "smtp", "helo", "mail.sender.example");
  results_method(&writer, "dkim", "pass", "2048-bit rsa");
  results_property(&writer, "header", "d", "sender.example");
  results_property(&writer, "header", "s", "s1");
  results_property(&writer, "header", "a", "rsa-sha256");
  results_property(&writer, "header", "b", "Ab/d+f=h");
  results_property(&writer, "policy", "dnssec", NULL);
  results_method(&writer, "x-tls", "pass", NULL);
  results_property(&writer, "smtp", "tls-cipher", "TLS_AES_256_GCM_SHA384");
  results_end(&writer);
  assert_string_equal(out.bytes, "mx1.example.nl;\n"
                                 "\tspf=pass smtp.mailfrom=sender.example policy.dnssec=secure;\n"
                                 "\tspf=none smtp.helo=mail.sender.example;\n"
                                 "\tdkim=pass (2048-bit rsa) header.d=sender.example header.s=s1\n"
                                 "\theader.a=rsa-sha256 header.b=\"Ab/d+f=h\";\n"
                                 "\tx-tls=pass smtp.tls-cipher=TLS_AES_256_GCM_SHA384");
  text_clear(&out);
  results_begin(&writer, &out, "mx1.example.nl", false);
  results_end(&writer);
  assert_string_equal(out.bytes, "mx1.example.nl; none");
  text_free(&out);
}

static void values_are_made_safe(void **state)
{
  (void)state;
  char long_value[1000], far_value[901];
  memset(long_value, 'a', sizeof long_value - 1);
  long_value[sizeof long_value - 1] = '\0';
  memset(far_value, 'a', sizeof far_value - 1);
  far_value[sizeof far_value - 1] = '\0';
  const struct {
    const char *value;
    bool utf8;
    const char *written; /* NULL: dropped */
  } rows[] = {
      {"sender.example", false, "sender.example"},
      {"jan@sender.example", false, "jan@sender.example"},
      {"@sender.example", false, "@sender.example"},
      {"jan+x@sender.example", false, "jan+x@sender.example"},
      {"a.b-c_d@sender.example", false, "a.b-c_d@sender.example"},
      {"a=b@sender.example", false, "\"a=b@sender.example\""},
      {"a..b@sender.example", false, "\"a..b@sender.example\""},
      {".a@sender.example", false, "\".a@sender.example\""},
      {"a.@sender.example", false, "\"a.@sender.example\""},
      {"a@b@sender.example", false, "\"a@b@sender.example\""},
      {"a@sender..example", false, "\"a@sender..example\""},
      {"a@-sender.example", false, "\"a@-sender.example\""},
      {"a@_sender.example", false, "\"a@_sender.example\""},
      {"a@[192.0.2.1]", false, "\"a@[192.0.2.1]\""},
      {"a@", false, "\"a@\""},
      {"@", false, "\"@\""},
      {"\"a b\"@sender.example", false, "\"\\\"a b\\\"@sender.example\""},
      {"a\\b", false, "\"a\\\\b\""},
      {"a b", false, "\"a b\""},
      {"a(b", false, "\"a(b\""},
      {"AES/256", false, "\"AES/256\""},
      {"a; dkim=pass", false, NULL},
      {"", false, NULL},
      {NULL, false, NULL},
      {"a\r\nX-Evil: b", false, NULL},
      {"a\tb", false, NULL},
      {"a\x7f", false, NULL},
      {"jan@b\xc3\xbc" "cher.example", false, NULL},
      {"jan@b\xc3\xbc" "cher.example", true, "jan@b\xc3\xbc" "cher.example"},
      {"j\xc3\xb6rg", true, "j\xc3\xb6rg"},
      {"j\xc3\xb6 rg", true, "\"j\xc3\xb6 rg\""},
      {"j\xf6rg", true, NULL},
      {"\xe2\x80\xaeorg", true, NULL},
      {long_value, false, NULL},
      {far_value, false, far_value},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text out = {0};
    struct results_writer writer;
    char expected[1200];
    results_begin(&writer, &out, "id", rows[i].utf8);
    results_method(&writer, "spf", "pass", NULL);
    results_property(&writer, "smtp", "x", rows[i].value);
    results_end(&writer);
    if (!rows[i].written)
      snprintf(expected, sizeof expected, "id;\n\tspf=pass");
    else
      snprintf(expected, sizeof expected, "id;\n\tspf=pass%ssmtp.x=%s", rows[i].written == far_value ? "\n\t" : " ",
               rows[i].written);
    assert_string_equal(out.bytes, expected);
    text_free(&out);
  }
}

static void comments_and_names_are_made_safe(void **state)
{
  (void)state;
  static const struct {
    const char *id, *comment;
    bool utf8;
    const char *written;
  } rows[] = {
      {"id", "p=reject", false, "id;\n\tx=pass (p=reject)"},
      {"id", "a;b(c)d\\e\"f", false, "id;\n\tx=pass (abcdef)"},
      {"id", "a\r\nb", false, "id;\n\tx=pass (a??b)"},
      {"id", "\xc3\xa9", false, "id;\n\tx=pass (?)"},
      {"id", "\xc3\xa9", true, "id;\n\tx=pass (\xc3\xa9)"},
      {"id", "();", false, "id;\n\tx=pass"},
      {"my gateway", NULL, false, "\"my gateway\";\n\tx=pass"},
      {"a/b", NULL, false, "\"a/b\";\n\tx=pass"},
      {"b\xc3\xbc" "cher.example", NULL, false, "xn--bcher-kva.example;\n\tx=pass"},
      {"b\xc3\xbc" "cher.example", NULL, true, "b\xc3\xbc" "cher.example;\n\tx=pass"},
      {"a\nb", NULL, false, "\"a?b\";\n\tx=pass"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text out = {0};
    struct results_writer writer;
    results_begin(&writer, &out, rows[i].id, rows[i].utf8);
    results_method(&writer, "x", "pass", rows[i].comment);
    results_end(&writer);
    assert_string_equal(out.bytes, rows[i].written);
    text_free(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_origin_is_told),
      cmocka_unit_test(fields_are_written),
      cmocka_unit_test(values_are_made_safe),
      cmocka_unit_test(comments_and_names_are_made_safe),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
