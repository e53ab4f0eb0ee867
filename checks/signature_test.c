/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which DKIM-Signature fields may be evaluated, and as what the others are refused.
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
#include "checks/signature.h"

enum { NOW = 1700000000 };

#define BH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; "
#define GOOD " v=1; a=rsa-sha256; d=example.nl; s=one; h=from:to; " BH
#define B "b=AbCdEfGhIjKl"

static void fields_are_judged(void **state)
{
  (void)state;
  static const struct {
    const char *label, *value, *why; /* a part of it; NULL: good */
    enum auth_result refused;
  } rows[] = {
      {"plain", GOOD B, NULL, AUTH_NONE},
      {"unknown tags are ignored", GOOD "zz=1; r=y; " B, NULL, AUTH_NONE},
      {"rsa-sha1", " v=1; a=rsa-sha1; d=example.nl; s=one; h=from; " BH B, "rsa-sha1", AUTH_POLICY},
      {"rsa-sha1 in capitals", " v=1; a=RSA-SHA1; d=example.nl; s=one; h=from; " BH B, "rsa-sha1", AUTH_POLICY},
      {"unknown algorithm", " v=1; a=rsa-sha512; d=example.nl; s=one; h=from; " BH B, "algorithm", AUTH_PERMERROR},
      {"ed25519", " v=1; a=ed25519-sha256; d=example.nl; s=one; h=from; " BH B, NULL, AUTH_NONE},
      {"version 2", " v=2; a=rsa-sha256; d=example.nl; s=one; h=from; " BH B, "version", AUTH_PERMERROR},
      {"version 1.0", " v=1.0; a=rsa-sha256; d=example.nl; s=one; h=from; " BH B, "version", AUTH_PERMERROR},
      {"no v=", " a=rsa-sha256; d=example.nl; s=one; h=from; " BH B, "missing", AUTH_PERMERROR},
      {"no a=", " v=1; d=example.nl; s=one; h=from; " BH B, "missing", AUTH_PERMERROR},
      {"no d=", " v=1; a=rsa-sha256; s=one; h=from; " BH B, "missing", AUTH_PERMERROR},
      {"no s=", " v=1; a=rsa-sha256; d=example.nl; h=from; " BH B, "missing", AUTH_PERMERROR},
      {"no h=", " v=1; a=rsa-sha256; d=example.nl; s=one; " BH B, "missing", AUTH_PERMERROR},
      {"no bh=", " v=1; a=rsa-sha256; d=example.nl; s=one; h=from; " B, "missing", AUTH_PERMERROR},
      {"no b=", GOOD, "missing", AUTH_PERMERROR},
      {"repeated d=", GOOD "d=other.example; " B, "repeated", AUTH_PERMERROR},
      {"repeated unknown tag", GOOD "zz=1; zz=1; " B, "repeated", AUTH_PERMERROR},
      {"not a tag list", " hello", "malformed", AUTH_PERMERROR},
      {"empty", "", "malformed", AUTH_PERMERROR},
      {"d= with a final dot", " v=1; a=rsa-sha256; d=example.nl.; s=one; h=from; " BH B, "d=", AUTH_PERMERROR},
      {"d= empty", " v=1; a=rsa-sha256; d=; s=one; h=from; " BH B, "d=", AUTH_PERMERROR},
      {"d= with an empty label", " v=1; a=rsa-sha256; d=a..nl; s=one; h=from; " BH B, "d=", AUTH_PERMERROR},
      {"d= with a space", " v=1; a=rsa-sha256; d=exam ple.nl; s=one; h=from; " BH B, "d=", AUTH_PERMERROR},
      {"d= with a slash", " v=1; a=rsa-sha256; d=a/b.nl; s=one; h=from; " BH B, "d=", AUTH_PERMERROR},
      {"s= with two labels", " v=1; a=rsa-sha256; d=example.nl; s=a.b; h=from; " BH B, NULL, AUTH_NONE},
      {"s= malformed", " v=1; a=rsa-sha256; d=example.nl; s=a,b; h=from; " BH B, "s=", AUTH_PERMERROR},
      {"h= without From", " v=1; a=rsa-sha256; d=example.nl; s=one; h=to:fromage; " BH B, "From", AUTH_PERMERROR},
      {"h= with spaces", " v=1; a=rsa-sha256; d=example.nl; s=one; h=to :\r\n\tFROM; " BH B, NULL, AUTH_NONE},
      {"h= empty", " v=1; a=rsa-sha256; d=example.nl; s=one; h=; " BH B, "h=", AUTH_PERMERROR},
      {"h= with an empty name", " v=1; a=rsa-sha256; d=example.nl; s=one; h=from::to; " BH B, "h=", AUTH_PERMERROR},
      {"h= not ASCII", " v=1; a=rsa-sha256; d=example.nl; s=one; h=from:\xc3\xa9; " BH B, "h=", AUTH_PERMERROR},
      {"c= relaxed", GOOD "c=relaxed; " B, NULL, AUTH_NONE},
      {"c= unknown", GOOD "c=nowsp; " B, "canonicalization", AUTH_PERMERROR},
      {"c= half", GOOD "c=relaxed/; " B, "canonicalization", AUTH_PERMERROR},
      {"q= among others", GOOD "q=http/x:dns/txt; " B, NULL, AUTH_NONE},
      {"q= unknown", GOOD "q=http/x; " B, "q=", AUTH_PERMERROR},
      {"l= zero", GOOD "l=0; " B, NULL, AUTH_NONE},
      {"l= negative", GOOD "l=-1; " B, "l=", AUTH_PERMERROR},
      {"l= hexadecimal", GOOD "l=0x10; " B, "l=", AUTH_PERMERROR},
      {"l= huge", GOOD "l=18446744073709551616; " B, "l=", AUTH_PERMERROR},
      {"l= empty", GOOD "l=; " B, "l=", AUTH_PERMERROR},
      {"i= the same", GOOD "i=@example.nl; " B, NULL, AUTH_NONE},
      {"i= in capitals", GOOD "i=Me@EXAMPLE.nl; " B, NULL, AUTH_NONE},
      {"i= below", GOOD "i=me@a.example.nl; " B, NULL, AUTH_NONE},
      {"i= above", GOOD "i=@nl; " B, "i=", AUTH_PERMERROR},
      {"i= beside", GOOD "i=@badexample.nl; " B, "i=", AUTH_PERMERROR},
      {"i= other", GOOD "i=@example.com; " B, "i=", AUTH_PERMERROR},
      {"i= without @", GOOD "i=example.nl; " B, "i=", AUTH_PERMERROR},
      {"i= the last @ counts", GOOD "i=\"a@example.nl\"@example.com; " B, "i=", AUTH_PERMERROR},
      {"i= quoted-printable", GOOD "i=a=3Bb=40c@example=2Enl; " B, NULL, AUTH_NONE},
      {"i= ends in =", GOOD "i=a@example.nl=; " B, "i=", AUTH_PERMERROR},
      {"i= ends in =2", GOOD "i=a@example.nl=2; " B, "i=", AUTH_PERMERROR},
      {"i= hides a NUL", GOOD "i=a@example.nl=00.evil.example; " B, "i=", AUTH_PERMERROR},
      {"bh= short", " v=1; a=rsa-sha256; d=example.nl; s=one; h=from; bh=AAAA; " B, "bh=", AUTH_PERMERROR},
      {"bh= not base64", " v=1; a=rsa-sha256; d=example.nl; s=one; h=from; bh=*; " B, "bh=", AUTH_PERMERROR},
      {"b= empty", GOOD "b=", "b=", AUTH_PERMERROR},
      {"b= not base64", GOOD "b=A!", "b=", AUTH_PERMERROR},
      {"x= in the future", GOOD "x=1700000001; " B, NULL, AUTH_NONE},
      {"x= now", GOOD "x=1700000000; " B, NULL, AUTH_NONE},
      {"x= past", GOOD "x=1699999999; " B, "expired", AUTH_PERMERROR},
      {"x= of 13 digits", GOOD "x=9999999999999; " B, "x=", AUTH_PERMERROR},
      {"x= negative", GOOD "x=-1; " B, "x=", AUTH_PERMERROR},
      {"t= now", GOOD "t=1700000000; " B, NULL, AUTH_NONE},
      {"t= slightly ahead", GOOD "t=1700000300; " B, NULL, AUTH_NONE},
      {"t= in the future", GOOD "t=1700000301; " B, "future", AUTH_PERMERROR},
      {"t= long ago", GOOD "t=1; " B, NULL, AUTH_NONE},
      {"t= word", GOOD "t=now; " B, "t=", AUTH_PERMERROR},
      {"t= after x=", GOOD "t=1700000100; x=1700000099; " B, "before", AUTH_PERMERROR},
      {"t= equals x=", GOOD "t=1700000100; x=1700000100; " B, "before", AUTH_PERMERROR},
      {"a name that the library confuses with b=", GOOD "xb=1; " B, "name", AUTH_NEUTRAL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena *arena = arena_new();
    struct signature signature;
    signature_read(arena, &signature, rows[i].value, strlen(rows[i].value), NOW);
    if (signature.refused != rows[i].refused || (signature.why != NULL) != (rows[i].why != NULL) ||
        (rows[i].why && !strstr(signature.why, rows[i].why)))
      fail_msg("%s: %s, %s", rows[i].label, auth_result_name(signature.refused), signature.why ? signature.why : "-");
    arena_free(arena);
  }
}

static void values_are_read(void **state)
{
  (void)state;
  static const char value[] = " v=1; a=RSA-sha256; c=relaxed/simple; d=B\xc3\xbc" "cher.Example; s=S\xc3\xa9l;\r\n"
                              "\th=From : to:from; i=@sub.b\xc3\xbc" "cher.example; l=12; "
                              "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQ\r\n jO6Sn7XIkfJVOzv8; b =AbCd\r\n\tEfGhIj; t=5";
  struct arena *arena = arena_new();
  struct signature s;
  signature_read(arena, &s, value, strlen(value), NOW);
  assert_int_equal(s.refused, AUTH_NONE);
  assert_string_equal(s.domain, "xn--bcher-kva.example");
  assert_string_equal(s.selector, "xn--sl-bja");
  assert_string_equal(s.algorithm, "rsa-sha256");
  assert_string_equal(s.shown, "AbCdEfGh");
  assert_string_equal(s.value, "AbCdEfGhIj");
  assert_string_equal(s.fields, "From:to:from");
  assert_string_equal(s.body_hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  assert_int_equal(s.from_names, 2);
  assert_true(s.relaxed_header && !s.relaxed_body && s.limited && s.identity_below && s.spaced && !s.ed25519);
  assert_int_equal(s.body_length, 12);
  assert_memory_equal(value + s.value_start, "AbCd", 4);
  assert_int_equal(value[s.value_end], ';');
  arena_free(arena);
}

static void refused_ones_have_names(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  struct signature s;
  const char *value = GOOD "zz=1; zz=2; " B;
  signature_read(arena, &s, value, strlen(value), NOW);
  assert_int_equal(s.refused, AUTH_PERMERROR);
  assert_string_equal(s.domain, "example.nl");
  assert_string_equal(s.selector, "one");
  assert_string_equal(s.shown, "AbCdEfGh");
  value = GOOD "d=evil.example; a=\x1b[2J; " B;
  signature_read(arena, &s, value, strlen(value), NOW);
  assert_string_equal(s.domain, "");
  value = " v=1; a=caf\xc3\xa9; d=example.nl; s=x; h=from; " BH B;
  signature_read(arena, &s, value, strlen(value), NOW);
  assert_string_equal(s.algorithm, "caf?");
  arena_free(arena);
}

static void sizes_are_bounded(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  struct signature s;
  struct text text = {0};
  text_add(&text, GOOD B "; n=");
  while (text.length < SIGNATURE_MAX_LENGTH)
    text_add_char(&text, 'x');
  signature_read(arena, &s, text.bytes, text.length, NOW);
  assert_int_equal(s.refused, AUTH_NONE);
  text_add_char(&text, 'x');
  signature_read(arena, &s, text.bytes, text.length, NOW);
  assert_int_equal(s.refused, AUTH_PERMERROR);
  for (int names = 100; names <= 101; names++) {
    text_clear(&text);
    text_add(&text, " v=1; a=rsa-sha256; d=example.nl; s=one; " BH B "; h=from");
    for (int i = 1; i < names; i++)
      text_printf(&text, ":x%d", i);
    signature_read(arena, &s, text.bytes, text.length, NOW);
    assert_int_equal(s.refused, names > SIGNATURE_MAX_NAMES ? AUTH_PERMERROR : AUTH_NONE);
  }
  text_clear(&text);
  text_add(&text, " v=1; a=rsa-sha256; d=example.nl; s=one; " BH B "; h=from:");
  for (int i = 0; i < 4000; i++)
    text_add_char(&text, 'x');
  signature_read(arena, &s, text.bytes, text.length, NOW);
  assert_int_equal(s.refused, AUTH_PERMERROR);
  text_free(&text);
  arena_free(arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_judged),
      cmocka_unit_test(values_are_read),
      cmocka_unit_test(refused_ones_have_names),
      cmocka_unit_test(sizes_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
