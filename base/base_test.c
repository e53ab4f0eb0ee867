/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ground that everything stands on: memory, text, addresses, names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/domain.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/memory.h"
#include "base/text.h"

static void arena_keeps_everything(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  char *small[200];
  for (int i = 0; i < 200; i++)
    small[i] = arena_printf(arena, "piece %d of some length", i);
  char *large = arena_alloc(arena, 100000);
  memset(large, 'x', 100000);
  char *after = arena_string(arena, "after");
  for (int i = 0; i < 200; i++) {
    char expected[40];
    snprintf(expected, sizeof expected, "piece %d of some length", i);
    assert_string_equal(small[i], expected);
    assert_int_equal((uintptr_t)small[i] % 16, 0);
  }
  assert_string_equal(after, "after");
  assert_null(arena_string(arena, NULL));
  arena_free(arena);
  arena_free(NULL);
}

static void hashes_tell_apart(void **state)
{
  (void)state;
  const char bytes[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  uint64_t key[2] = {1, 2}, other[2] = {1, 3}, seen[40];
  size_t count = 0;
  for (size_t length = 0; length <= 16; length++) {
    seen[count++] = hash_bytes(key, 0, bytes, length);
    seen[count++] = hash_bytes(key, 1, bytes, length);
  }
  seen[count++] = hash_bytes(other, 0, bytes, 16);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      assert_int_not_equal(seen[i], seen[j]);
  assert_int_equal(hash_bytes(key, 0, NULL, 0), seen[0]);
  hash_make_key(key);
  hash_make_key(other);
  assert_memory_not_equal(key, other, sizeof key);
}

static void text_grows(void **state)
{
  (void)state;
  struct text text = {0};
  for (int i = 0; i < 1000; i++)
    text_printf(&text, "%d,", i);
  text_add_char(&text, 'z');
  assert_int_equal(text.length, strlen(text.bytes));
  assert_int_equal(text.length, 3891);
  text_clear(&text);
  assert_string_equal(text.bytes, "");
  text_free(&text);
}

static void printable_is_one_line_of_utf8(void **state)
{
  (void)state;
  static const struct {
    const char *label, *in;
    size_t length, room;
    const char *printable, *ascii;
  } rows[] = {
      {"plain", "abc", 3, 100, "abc", "abc"},
      {"line ends", "a\r\nb", 4, 100, "a??b", "a??b"},
      {"NUL inside", "a\0b", 3, 100, "a?b", "a?b"},
      {"UTF-8", "caf\xc3\xa9", 5, 100, "caf\xc3\xa9", "caf?"},
      {"overlong", "\xc0\xaf", 2, 100, "??", "??"},
      {"surrogate", "\xed\xa0\x80", 3, 100, "???", "???"},
      {"C1 control", "\xc2\x85", 2, 100, "?", "?"},
      {"line separator", "\xe2\x80\xa8", 3, 100, "?", "?"},
      {"right-to-left override", "\xe2\x80\xae", 3, 100, "?", "?"},
      {"cut on a character", "aaa\xc3\xa9", 5, 5, "aaa", "aaa?"},
      {"cut short", "abcdef", 6, 4, "abc", "abc"},
      {"escape", "\x1b[2J", 4, 100, "?[2J", "?[2J"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[100];
    assert_string_equal(text_printable(out, rows[i].room, rows[i].in, rows[i].length), rows[i].printable);
    assert_string_equal(text_ascii(out, rows[i].room, rows[i].in, rows[i].length), rows[i].ascii);
    assert_true(text_is_utf8(out, strlen(out)));
  }
}

static void utf8_is_told_at_every_offset(void **state)
{
  (void)state;
  static const struct {
    const char *bytes;
    bool valid;
  } rows[] = {{"\xc3\xa9", true},      {"\xe2\x82\xac", true},  {"\xf4\x8f\xbf\xbf", true},  {"\xff", false},
              {"\x80", false},         {"\xc3", false},          {"\xc0\xaf", false},          {"\xe0\x80\x80", false},
              {"\xed\xa0\x80", false}, {"\xe2\x82", false},     {"\xf4\x90\x80\x80", false}, {"\xf5\x80\x80\x80", false}};
  assert_true(text_is_utf8("", 0));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t before = 0; before < 20; before++)
      for (size_t after = 0; after < 20; after++) {
        char text[50];
        int length = snprintf(text, sizeof text, "%.*s%s%.*s", (int)before, "abcdefghijklmnopqrst", rows[i].bytes, (int)after,
                              "abcdefghijklmnopqrst");
        assert_int_equal(text_is_utf8(text, (size_t)length), rows[i].valid);
      }
}

static void addresses_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1"}, {"::ffff:192.0.2.1", "192.0.2.1"}, {"2001:DB8::1", "2001:db8::1"},
      {"IPv6:2001:db8::1", "2001:db8::1"}, {"1.2.3", NULL}, {"1.2.3.4.5", NULL}, {"", NULL}, {"::1::", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ip ip;
    char out[IP_TEXT_SIZE];
    assert_int_equal(ip_parse(&ip, rows[i].in), rows[i].out ? 0 : -1);
    assert_string_equal(ip_format(&ip, out), rows[i].out ? rows[i].out : "");
  }
}

static void networks_contain(void **state)
{
  (void)state;
  static const struct {
    const char *network, *address;
    int inside; /* -1: no network */
  } rows[] = {
      {"127.0.0.0/8", "127.1.2.3", 1},     {"127.0.0.0/8", "128.0.0.1", 0},  {"192.0.2.77/24", "192.0.2.1", 1},
      {"192.0.2.128/25", "192.0.2.127", 0}, {"0.0.0.0/0", "8.8.8.8", 1},      {"0.0.0.0/0", "::1", 0},
      {"::1/128", "::1", 1},               {"::1", "::1", 1},                {"2001:db8::/33", "2001:db8:8000::1", 0},
      {"192.0.2.0/33", "192.0.2.1", -1},   {"192.0.2.0/", "192.0.2.1", -1},  {"192.0.2.0/ 8", "192.0.2.1", -1},
      {"::ffff:192.0.2.0/120", "192.0.2.9", 1}, {"x/8", "192.0.2.1", -1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct network network;
    struct ip ip;
    assert_int_equal(network_parse(&network, rows[i].network), rows[i].inside < 0 ? -1 : 0);
    assert_int_equal(ip_parse(&ip, rows[i].address), 0);
    if (rows[i].inside >= 0)
      assert_int_equal(network_contains(&network, 1, &ip), rows[i].inside);
  }
}

static void reverse_names(void **state)
{
  (void)state;
  struct ip ip;
  char out[74];
  ip_parse(&ip, "192.0.2.1");
  ip_reverse_name(&ip, out);
  assert_string_equal(out, "1.2.0.192.in-addr.arpa");
  ip_parse(&ip, "2001:db8::567:89ab");
  ip_reverse_name(&ip, out);
  assert_string_equal(out, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

static void domains_have_one_form(void **state)
{
  (void)state;
  char long_label[66] = "", long_name[300] = "";
  memset(long_label, 'a', 64);
  for (int i = 0; i < 64; i++)
    strcat(long_name, "abc.");
  const struct {
    const char *in, *out;
  } rows[] = {
      {"Example.NL", "example.nl"},
      {"example.nl.", "example.nl"},
      {"example.nl..", NULL},
      {".example.nl", NULL},
      {"a..b", NULL},
      {"", NULL},
      {".", NULL},
      {"_dmarc.example.nl", "_dmarc.example.nl"},
      {"exa mple.nl", NULL},
      {"exam\nple.nl", NULL},
      {"a;b.nl", NULL},
      {"[192.0.2.1]", NULL},
      {"b\xc3\xbc" "cher.example", "xn--bcher-kva.example"},
      {"B\xc3\x9c" "CHER.example.", "xn--bcher-kva.example"},
      {"stra\xc3\x9f" "e.example", "xn--strae-oqa.example"},
      {"\xff\xfe.example", NULL},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"nl", "nl"},
      {long_label, NULL},
      {long_name, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[DOMAIN_SIZE];
    assert_int_equal(domain_normalize(out, rows[i].in, strlen(rows[i].in)), rows[i].out ? 0 : -1);
    assert_string_equal(out, rows[i].out ? rows[i].out : "");
  }
  char out[DOMAIN_SIZE];
  assert_int_equal(domain_normalize(out, "a\0b.nl", 6), -1);
}

static void domains_form_a_tree(void **state)
{
  (void)state;
  assert_true(domain_is_under("a.example.nl", "example.nl"));
  assert_true(domain_is_under("example.nl", "example.nl"));
  assert_false(domain_is_under("badexample.nl", "example.nl"));
  assert_false(domain_is_under("nl", "example.nl"));
  assert_int_equal(domain_labels("a.b.c"), 3);
  assert_int_equal(domain_labels(""), 0);
  assert_string_equal(domain_parent("a.b.c"), "b.c");
  assert_null(domain_parent("c"));
  assert_string_equal(domain_suffix("a.b.c.d", 2), "c.d");
  assert_string_equal(domain_suffix("c.d", 7), "c.d");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_keeps_everything), cmocka_unit_test(hashes_tell_apart),
      cmocka_unit_test(text_grows),
      cmocka_unit_test(printable_is_one_line_of_utf8), cmocka_unit_test(utf8_is_told_at_every_offset),
      cmocka_unit_test(addresses_are_read),
      cmocka_unit_test(networks_contain), cmocka_unit_test(reverse_names),
      cmocka_unit_test(domains_have_one_form), cmocka_unit_test(domains_form_a_tree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
