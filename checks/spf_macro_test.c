/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF macros: which texts are valid, and what they become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "checks/spf_macro.h"

static void grammar_is_strict(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool domain, string, explanation;
  } rows[] = {
    {"example.com", true, true, true},
    {"example.com.", true, true, true},
    {"example.com..", false, true, true},
    {"example", false, true, true}, /* no dot before the top label */
    {".com", true, true, true},
    {"com.", false, true, true},
    {"a.b-c", true, true, true},
    {"a.-bc", false, true, true},
    {"a.bc-", false, true, true},
    {"a.1a", true, true, true},
    {"a.123", false, true, true},
    {"192.0.2.1", false, true, true},
    {"a.c_m", false, true, true},
    {"foo:8080.example.com", true, true, true},
    {"example.com:8080", false, true, true},
    {"", false, true, true},
    {"%{d}", true, true, true},
    {"%{D}", true, true, true},
    {"%{d}.", false, true, true},
    {"%{d}.com", true, true, true},
    {"a.%{d}com", false, true, true},
    {"%{d.}com", false, true, true},
    {"a}", false, true, true},
    {"%%", true, true, true},
    {"%_", true, true, true},
    {"%-", true, true, true},
    {"a_", false, true, true},
    {"%", false, false, false},
    {"a%", false, false, false},
    {"%a", false, false, false},
    {"%{", false, false, false},
    {"%{d", false, false, false},
    {"%{}", false, false, false},
    {"%{x}", false, false, false},
    {"%{1}", false, false, false},
    {"%{dd}", false, false, false},
    {"%{d1r}", true, true, true},
    {"%{d1R}", true, true, true},
    {"%{dr1}", false, false, false},
    {"%{d0}", false, false, false},
    {"%{d00}", false, false, false},
    {"%{d01}", true, true, true},
    {"%{d99999999999999999999}", true, true, true},
    {"%{d.-+,/_=}", true, true, true},
    {"%{d|}", false, false, false},
    {"%{d.r}", false, false, false},
    {"%{d }", false, false, false},
    {"%(d)", false, false, false},
    {"%{c}", false, true, true},
    {"%{r}", false, true, true},
    {"%{T}", false, true, true},
    {"%{p}", true, true, true},
    {"two words.com", false, false, true},
    {"tab\t.com", false, false, false},
    {"\x7f.com", false, false, false},
    {"b\xc3\xbc.com", false, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t length = strlen(rows[i].text);
    print_message("# %s\n", rows[i].text);
    assert_int_equal(spf_macro_is_valid(rows[i].text, length, MACRO_DOMAIN_SPEC), rows[i].domain);
    assert_int_equal(spf_macro_is_valid(rows[i].text, length, MACRO_STRING), rows[i].string);
    assert_int_equal(spf_macro_is_valid(rows[i].text, length, MACRO_EXPLAIN_STRING), rows[i].explanation);
  }
  assert_false(spf_macro_is_valid("a\0b.com", 7, MACRO_EXPLAIN_STRING));
}

static const char *client_name(void *context, const char *domain)
{
  unsigned *asked = context;
  ++*asked;
  assert_string_equal(domain, "email.example.com");
  return "mx.example.org";
}

static void begin(struct spf_macro_values *values, struct ip *client, const char *address, unsigned *asked)
{
  assert_int_equal(ip_parse(client, address), 0);
  *values = (struct spf_macro_values){.client = client,
                                      .local = "strong-bad",
                                      .sender_domain = "email.example.com",
                                      .domain = "email.example.com",
                                      .helo = "mail.example.net",
                                      .receiver = "mx.example.nl",
                                      .now = 1700000000,
                                      .client_name = client_name,
                                      .context = asked};
}

static void letters_expand(void **state)
{
  (void)state;
  /* Those with strong-bad@email.example.com are RFC 7208 7.4's own. */
  static const struct {
    const char *text, *expected, *local, *client;
  } rows[] = {
    {"%{s}", "strong-bad@email.example.com", NULL, NULL},
    {"%{o}", "email.example.com", NULL, NULL},
    {"%{d}", "email.example.com", NULL, NULL},
    {"%{d4}", "email.example.com", NULL, NULL},
    {"%{d3}", "email.example.com", NULL, NULL},
    {"%{d2}", "example.com", NULL, NULL},
    {"%{d1}", "com", NULL, NULL},
    {"%{dr}", "com.example.email", NULL, NULL},
    {"%{d2r}", "example.email", NULL, NULL},
    {"%{d1r}", "email", NULL, NULL},
    {"%{d3r}", "com.example.email", NULL, NULL},
    {"%{d9r}", "com.example.email", NULL, NULL},
    {"%{l}", "strong-bad", NULL, NULL},
    {"%{l-}", "strong.bad", NULL, NULL},
    {"%{lr}", "strong-bad", NULL, NULL},
    {"%{lr-}", "bad.strong", NULL, NULL},
    {"%{l1r-}", "strong", NULL, NULL},
    {"%{l1-}", "bad", NULL, NULL},
    {"%{l1-}", "plain", "plain", NULL},
    {"%{l1r-}", "plain", "plain", NULL},
    {"%{l}", "a.b-c+d,e/f_g=h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l+}", "a.b-c.d,e/f_g=h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l,}", "a.b-c+d.e/f_g=h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l/}", "a.b-c+d,e.f_g=h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l_}", "a.b-c+d,e/f.g=h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l=}", "a.b-c+d,e/f_g.h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l3r.-+,/_=}", "c.b.a", "a.b-c+d,e/f_g=h", NULL},
    {"%{l3.-+,/_=}", "f.g.h", "a.b-c+d,e/f_g=h", NULL},
    {"%{l2-}", "b.", "a-b-", NULL},
    {"%{lr-}", ".b.a", "a-b-", NULL},
    {"%{l1r-}", "", "-a", NULL},
    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com", NULL, NULL},
    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", NULL, NULL},
    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com", NULL, NULL},
    {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com", NULL, NULL},
    {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net", NULL, NULL},
    {"%{ir}.%{v}._spf.%{d2}",
     "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com", NULL, "2001:db8::cb01"},
    {"%{i2}", "C.B", NULL, "2001:db8::cb"},
    {"%{c}", "192.0.2.3", NULL, NULL},
    {"%{c}", "2001:db8::cb01", NULL, "2001:db8::cb01"},
    {"%{v}/%{i}", "in-addr/192.0.2.3", NULL, "::ffff:192.0.2.3"},
    {"%{h} %{r} %{t} %{p} %{p1}", "mail.example.net mx.example.nl 1700000000 mx.example.org org", NULL, NULL},
    {"%%%_%-%{H2}", "% %20example.net", NULL, NULL},
    {"%{S}", "a%26b%3D~%22%C3%BC._-%40email.example.com", "a&b=~\"\xc3\xbc._-", NULL},
    {"%{S1}", "com", NULL, NULL},
    {"no macros: {d} }{", "no macros: {d} }{", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct spf_macro_values values;
    struct ip client;
    struct text out = {0};
    unsigned asked = 0;
    print_message("# %s\n", rows[i].text);
    begin(&values, &client, rows[i].client ? rows[i].client : "192.0.2.3", &asked);
    if (rows[i].local)
      values.local = rows[i].local;
    assert_true(spf_macro_is_valid(rows[i].text, strlen(rows[i].text), MACRO_EXPLAIN_STRING));
    text_add(&out, "");
    spf_macro_expand(&out, rows[i].text, MACRO_EXPLAIN_STRING, &values);
    assert_string_equal(out.bytes, rows[i].expected);
    /* p costs lookups: it is asked for only where it stands. */
    assert_int_equal(asked > 0, strstr(rows[i].text, "%{p") != NULL);
    assert_int_equal(spf_macro_uses(rows[i].text, 'p'), asked > 0);
    text_free(&out);
  }
  assert_false(spf_macro_uses("%%{p}", 'p'));
  assert_true(spf_macro_uses("%{P3r-}", 'p'));
}

static void names_are_bounded(void **state)
{
  (void)state;
  char long_local[3000], long_text[20000], name[DOMAIN_SIZE];
  struct spf_macro_values values;
  struct ip client;
  unsigned asked = 0;
  begin(&values, &client, "192.0.2.3", &asked);
  static const struct {
    const char *text, *local, *expected; /* NULL: nothing to ask for */
  } rows[] = {
    {"a.example.com.", "x", "a.example.com"},
    {"%{l}.example.com", "b\xc3\xbc\x63her", NULL}, /* RFC 8616 4 */
    {"%{l}.example.com", "a b", "a b.example.com"},
    {"%{l}.example.com", "a\\b", "a\\b.example.com"},
    {"%{l}.example.com", "a\x7f", NULL},
    {"%{l}.example.com", "a\r\nb", NULL},
    {"%{l}.example.com", "#$&'*+=?^`{|}~", "#$&'*+=?^`{|}~.example.com"},
    {"%_%%%-.example.com", "x", " %%20.example.com"},
    {"%{l1r-}%{l1r-}", "-", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    values.local = rows[i].local;
    assert_int_equal(spf_macro_expand_name(name, rows[i].text, &values), rows[i].expected ? 0 : -1);
    assert_string_equal(name, rows[i].expected ? rows[i].expected : "");
  }
  /* RFC 7208 7.3: whole labels go on the left. 83 x 3 + "a.e" is 252. */
  for (size_t i = 0; i + 1 < sizeof long_local; i++)
    long_local[i] = i % 3 == 2 ? '.' : 'x';
  long_local[sizeof long_local - 1] = '\0';
  values.local = long_local;
  assert_int_equal(spf_macro_expand_name(name, "%{l}.a.e", &values), 0);
  assert_int_equal(strlen(name), 252);
  assert_memory_equal(name, "xx.xx.", 6);
  assert_string_equal(name + 246, "xx.a.e");
  /* Megabytes of expansion stay small, and their end is what counts. */
  for (size_t i = 0; i + 4 < sizeof long_text; i += 4)
    memcpy(long_text + i, "%{l}", 5);
  assert_int_equal(spf_macro_expand_name(name, long_text, &values), 0);
  memcpy(long_text + sizeof long_text - 20, ".e.f", 5);
  assert_int_equal(spf_macro_expand_name(name, long_text, &values), 0);
  assert_string_equal(name + strlen(name) - 4, ".e.f");
  struct text out = {0};
  spf_macro_expand(&out, long_text, MACRO_EXPLAIN_STRING, &values);
  assert_true(out.length < 20000);
  text_free(&out);
  /* One label over 253 cannot be cut. */
  memset(long_local, 'x', 400);
  long_local[400] = '\0';
  assert_int_equal(spf_macro_expand_name(name, "%{l}", &values), -1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(grammar_is_strict),
    cmocka_unit_test(letters_expand),
    cmocka_unit_test(names_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
