/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The hashes of a body are those of the canonical form that RFC 6376 3.4 describes, however the body is cut.
 */
#include "checks/body.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define TEXT(literal) literal, sizeof literal - 1

/* The base64 of the SHA-256 of some bytes. */
static const char *hash_of(const char *bytes, size_t length)
{
  static char base64[48];
  unsigned char hash[32];
  EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL);
  EVP_EncodeBlock((unsigned char *)base64, hash, sizeof hash);
  return base64;
}

static void bodies_are_hashed(void **state)
{
  (void)state;
  static const struct {
    const char *body;
    size_t length;
    const char *simple, *relaxed;
  } rows[] = {
      {TEXT(""), "\r\n", ""},
      {TEXT("\r\n"), "\r\n", ""},
      {TEXT("\r\n\r\n\r\n"), "\r\n", ""},
      {TEXT("abc\r\n"), "abc\r\n", "abc\r\n"},
      {TEXT("abc"), "abc\r\n", "abc\r\n"},
      {TEXT("abc\r\n\r\n\r\n"), "abc\r\n", "abc\r\n"},
      {TEXT("\r\n\r\nabc\r\n"), "\r\n\r\nabc\r\n", "\r\n\r\nabc\r\n"},
      {TEXT("abc\r\n\r\ndef\r\n"), "abc\r\n\r\ndef\r\n", "abc\r\n\r\ndef\r\n"},
      /* The example of RFC 6376 3.4.5. */
      {TEXT(" C \r\nD \t E\r\n\r\n\r\n"), " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
      {TEXT("a  b \t c\r\n"), "a  b \t c\r\n", "a b c\r\n"},
      {TEXT("abc \t"), "abc \t\r\n", "abc\r\n"},
      {TEXT(" \t \r\n\r\n"), " \t \r\n", ""},
      {TEXT("abc\r\n \r\n"), "abc\r\n \r\n", "abc\r\n"},
      {TEXT("abc\r\n \r\nd\r\n"), "abc\r\n \r\nd\r\n", "abc\r\n\r\nd\r\n"},
      /* CR and LF that stand alone are text. */
      {TEXT("a\rb\r\n"), "a\rb\r\n", "a\rb\r\n"},
      {TEXT("a\nb\r\n"), "a\nb\r\n", "a\nb\r\n"},
      {TEXT("a\r\r\n"), "a\r\r\n", "a\r\r\n"},
      {TEXT("a\r"), "a\r\r\n", "a\r\r\n"},
      {TEXT("\r"), "\r\r\n", "\r\r\n"},
      {TEXT("\n"), "\n\r\n", "\n\r\n"},
      {TEXT("a \r b\r\n"), "a \r b\r\n", "a \r b\r\n"},
      {TEXT("a\r\n\r\r\n\r\n"), "a\r\n\r\r\n", "a\r\n\r\r\n"},
      {TEXT("\xff\x80 \x01\r\n"), "\xff\x80 \x01\r\n", "\xff\x80 \x01\r\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t step = 1; step <= rows[i].length + 1; step++) {
      struct body *body = body_new();
      size_t simple = body_want(body, false, UINT64_MAX), relaxed = body_want(body, true, UINT64_MAX);
      for (size_t at = 0; at < rows[i].length; at += step)
        body_feed(body, rows[i].body + at, step < rows[i].length - at ? step : rows[i].length - at);
      assert_true(body_wants_more(body));
      body_end(body);
      if (!body_hash_is(body, simple, hash_of(rows[i].simple, strlen(rows[i].simple))) ||
          !body_hash_is(body, relaxed, hash_of(rows[i].relaxed, strlen(rows[i].relaxed))))
        fail_msg("row %zu, step %zu", i, step);
      assert_false(body_falls_short(body, simple) || body_goes_on(body, simple));
      body_free(body);
    }
}

static void a_nul_is_text(void **state)
{
  (void)state;
  struct body *body = body_new();
  size_t number = body_want(body, true, UINT64_MAX);
  body_feed(body, "a\0 b\r\n", 6);
  body_end(body);
  assert_true(body_hash_is(body, number, hash_of("a\0 b\r\n", 6)));
  body_free(body);
}

/* Longer than any buffer, in lines and empty lines longer than it too. */
static void long_bodies_are_hashed(void **state)
{
  (void)state;
  static char text[100000];
  memset(text, 'x', sizeof text);
  for (size_t i = 30000; i < 60000; i += 2)
    memcpy(text + i, "\r\n", 2);
  memcpy(text + sizeof text - 2, "\r\n", 2);
  for (size_t step = 1; step < 20000; step = 3 * step + 1) {
    struct body *body = body_new();
    size_t whole = body_want(body, true, UINT64_MAX), part = body_want(body, true, 70000), simple = body_want(body, false, 4096);
    for (size_t at = 0; at < sizeof text; at += step)
      body_feed(body, text + at, step < sizeof text - at ? step : sizeof text - at);
    body_end(body);
    assert_true(body_hash_is(body, whole, hash_of(text, sizeof text)));
    assert_true(body_hash_is(body, part, hash_of(text, 70000)));
    assert_true(body_hash_is(body, simple, hash_of(text, 4096)));
    body_free(body);
  }
}

static void limits_are_kept(void **state)
{
  (void)state;
  struct body *body = body_new();
  size_t three = body_want(body, true, 3), all = body_want(body, true, 8), none = body_want(body, false, 0);
  assert_int_equal(body_want(body, true, 3), three);
  assert_true(body_wants_more(body));
  body_feed(body, "ab  cd", 6);
  assert_true(body_wants_more(body));
  body_feed(body, " e", 2);
  assert_true(body_wants_more(body)); /* "ab cd e": the line end is not there yet */
  body_feed(body, "f", 1);
  assert_true(body_wants_more(body)); /* just as long as the limit: is there more? */
  body_feed(body, "g", 1);
  assert_false(body_wants_more(body));
  body_end(body);
  assert_true(body_hash_is(body, three, hash_of(TEXT("ab "))));
  assert_true(body_hash_is(body, all, hash_of(TEXT("ab cd ef"))));
  assert_true(body_hash_is(body, none, hash_of(TEXT(""))));
  assert_true(body_goes_on(body, all) && body_goes_on(body, none));
  assert_false(body_falls_short(body, all));
  body_free(body);
}

static void lengths_are_compared(void **state)
{
  (void)state;
  static const struct {
    const char *body;
    bool relaxed;
    uint64_t limit;
    bool falls_short, goes_on;
  } rows[] = {
      {"", true, 0, false, false},       {"", true, 1, true, false},        {"", false, 0, false, false},
      {"", false, 2, false, false},      {"", false, 3, true, false},       {"\r\n", false, 0, false, false},
      {"abc\r\n", true, 5, false, false}, {"abc\r\n", true, 6, true, false},  {"abc\r\n", true, 4, false, true},
      {"abc", true, 3, false, true},     {"abc  \r\n", false, 7, false, false}, {"abc  \r\n", true, 7, true, false},
      {"abc\r\n\r\n", true, 5, false, false}, {" \r\n", true, 0, false, false}, {" \r\n", false, 0, false, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct body *body = body_new();
    size_t number = body_want(body, rows[i].relaxed, rows[i].limit);
    body_feed(body, rows[i].body, strlen(rows[i].body));
    body_end(body);
    if (body_falls_short(body, number) != rows[i].falls_short || body_goes_on(body, number) != rows[i].goes_on)
      fail_msg("row %zu", i);
    body_free(body);
  }
}

static void hashes_are_told_apart(void **state)
{
  (void)state;
  struct body *body = body_new();
  size_t number = body_want(body, false, UINT64_MAX);
  body_end(body);
  assert_true(body_hash_is(body, number, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="));
  assert_true(body_hash_is(body, number, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaZ=")); /* the last digit has bits to spare */
  assert_false(body_hash_is(body, number, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaQ="));
  assert_false(body_hash_is(body, number, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
  assert_false(body_hash_is(body, number, ""));
  assert_false(body_hash_is(body, number, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY"));
  assert_false(body_hash_is(body, number, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPja*aY="));
  body_free(body);
  body_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bodies_are_hashed), cmocka_unit_test(a_nul_is_text),       cmocka_unit_test(long_bodies_are_hashed),
      cmocka_unit_test(limits_are_kept),   cmocka_unit_test(lengths_are_compared),
      cmocka_unit_test(hashes_are_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
