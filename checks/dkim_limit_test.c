/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Several signatures in one message, odd header fields, and the limits of what is evaluated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checks/dkim_bench.h"
#include "resolver/fake.h"

static void long_key_records_are_refused(void **state)
{
  (void)state;
  const struct signing signing = {.tags = " v=1; a=rsa-sha256; d=example.org; s=key; ", .fields = "from"};
  struct text message = {0};
  bench_sign(&message, &signing, bench_rsa, HEADER, BODY);
  text_add(&message, HEADER);
  for (size_t length = 1024; length <= 1025; length++) {
    struct text record = {0};
    struct bench bench;
    bench_open(&bench);
    text_add(&record, "v=DKIM1; p=");
    signer_public_key(&record, bench_rsa, false);
    text_add(&record, "; n=");
    while (record.length < length)
      text_add_char(&record, 'x');
    fake_add_txt(bench.source, "key._domainkey.example.org", record.bytes, record.length);
    bench_start(&bench);
    struct signature_facts facts = bench_verify(&bench, message.bytes, BODY, WHOLE, false);
    assert_int_equal(facts.signatures[0].result, length > 1024 ? AUTH_PERMERROR : AUTH_PASS);
    bench_close(&bench);
    text_free(&record);
  }
  text_free(&message);
}

/* Topmost first, refused ones in their place, one may sign the others. */
static void signatures_keep_their_order(void **state)
{
  (void)state;
  const struct signing inner = {.tags = RSA_RR, .fields = "from:to"}, other = {.tags = ED_SS, .fields = "from"};
  const struct signing outer = {.tags = RSA_SS, .fields = "dkim-signature:DKIM-Signature:dkim-signature:from"};
  struct text lower = {0}, upper = {0};
  struct bench bench;
  bench_open(&bench);
  bench_start(&bench);
  text_add(&lower, "DKIM-Signature: nonsense\r\n");
  text_add(&lower, "DKIM-Signature: v=1; a=rsa-sha1; d=Example.NL; s=RSA; h=from; bh=AAAA; b=BBBBBBBBCC\r\n");
  bench_sign(&lower, &inner, bench_rsa, HEADER, BODY);
  text_add(&lower, HEADER);
  bench_sign(&upper, &other, bench_ed25519, lower.bytes, BODY);
  bench_sign(&upper, &outer, bench_rsa, lower.bytes, BODY);
  text_add(&upper, lower.bytes);
  struct signature_facts facts = bench_verify(&bench, upper.bytes, BODY, WHOLE, true);
  assert_int_equal(facts.count, 5);
  static const enum auth_result expected[] = {AUTH_PASS, AUTH_PASS, AUTH_PERMERROR, AUTH_POLICY, AUTH_PASS};
  for (size_t i = 0; i < 5; i++)
    if (facts.signatures[i].result != expected[i])
      fail_msg("signature %zu: %s, %s", i, auth_result_name(facts.signatures[i].result), facts.signatures[i].why);
  assert_string_equal(facts.signatures[0].algorithm, "ed25519-sha256");
  assert_string_equal(facts.signatures[2].domain, "");
  assert_string_equal(facts.signatures[3].domain, "example.nl");
  assert_string_equal(facts.signatures[3].selector, "rsa");
  assert_string_equal(facts.signatures[3].signature, "BBBBBBBB");
  assert_int_equal(strlen(facts.signatures[4].signature), 8);
  assert_int_equal(facts.signatures[2].dnssec, DNSSEC_INDETERMINATE);
  bench_close(&bench);
  text_free(&lower);
  text_free(&upper);
}

static void only_ten_are_evaluated(void **state)
{
  (void)state;
  struct text message = {0};
  struct bench bench;
  bench_open(&bench);
  bench_start(&bench);
  for (int i = 0; i < 14; i++) {
    char tags[100];
    snprintf(tags, sizeof tags, " v=1; a=rsa-sha256; d=example.nl; s=%s%d; ", i % 3 ? "none" : "rsa; t=", i);
    const struct signing signing = {.tags = tags, .fields = i % 5 == 4 ? "to" : "from"};
    bench_sign(&message, &signing, bench_rsa, HEADER, BODY);
  }
  text_add(&message, HEADER);
  struct signature_facts facts = bench_verify(&bench, message.bytes, BODY, WHOLE, false);
  assert_int_equal(facts.count, SIGNATURES_MAX);
  assert_int_equal(facts.not_evaluated, 4);
  for (int i = 0; i < SIGNATURES_MAX; i++)
    assert_int_equal(facts.signatures[i].result, i % 3 || i % 5 == 4 ? AUTH_PERMERROR : AUTH_PASS);
  assert_int_equal(fake_asked(bench.source, NULL, DNS_TXT), 6); /* bench_rsa, and none1, 2, 5, 7, 8 */
  bench_close(&bench);
  text_free(&message);
}

static void header_fields_are_limited(void **state)
{
  (void)state;
  const struct signing signing = {.tags = RSA_SS, .fields = "from:from:x"};
  for (int fields = 1000; fields <= 1001; fields++) {
    struct text message = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    struct text lower = {0};
    for (int i = 2; i < fields; i++)
      text_printf(&lower, "X%d: y\r\n", i);
    text_add(&lower, "From: a@example.nl\r\n");
    bench_sign(&message, &signing, bench_rsa, lower.bytes, BODY);
    text_add(&message, lower.bytes);
    struct signature_facts facts = bench_verify(&bench, message.bytes, BODY, WHOLE, false);
    assert_int_equal(facts.count, 1);
    assert_int_equal(facts.signatures[0].result, fields > 1000 ? AUTH_PERMERROR : AUTH_PASS);
    assert_true(fields <= 1000 || strstr(facts.signatures[0].why, "too many header fields"));
    assert_string_equal(facts.signatures[0].domain, "example.nl");
    bench_close(&bench);
    text_free(&lower);
    text_free(&message);
  }
}

/* h= names every field there is, and more. */
static void all_fields_can_be_signed(void **state)
{
  (void)state;
  static const char header[] = "From: a@example.nl\r\nTo: b@example.nl\r\nSubject: c\r\n";
  for (int surplus = 0; surplus < 60; surplus++) {
    struct text fields = {0}, message = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    text_add(&fields, surplus % 2 ? "from:to:subject:xguard" : "from:to:subject");
    for (int i = 0; i < surplus; i++)
      text_add(&fields, ":from");
    const struct signing signing = {.tags = RSA_SS, .fields = fields.bytes};
    bench_sign(&message, &signing, bench_rsa, header, BODY);
    text_add(&message, header);
    struct signature_facts facts = bench_verify(&bench, message.bytes, BODY, WHOLE, false);
    assert_int_equal(facts.count, 1);
    assert_int_equal(facts.signatures[0].result, AUTH_PASS);
    bench_close(&bench);
    text_free(&fields);
    text_free(&message);
  }
}

/* Of two signatures, one names all the fields, both signatures and its own among them, and then some. */
static void naming_too_much_harms_nobody(void **state)
{
  (void)state;
  static const char header[] = "From: a@example.nl\r\n";
  const struct signing modest = {.tags = RSA_RR, .fields = "from"};
  for (int more = 0; more < 8; more++)
    for (int above = 0; above < 2; above++) {
      struct text fields = {0}, message = {0};
      struct bench bench;
      bench_open(&bench);
      bench_start(&bench);
      text_add(&fields, "dkim-signature:from:dkim-signature");
      for (int i = 0; i < more; i++)
        text_add(&fields, ":from");
      const struct signing greedy = {.tags = RSA_SS, .fields = fields.bytes};
      bench_sign(&message, above ? &greedy : &modest, bench_rsa, header, BODY);
      bench_sign(&message, above ? &modest : &greedy, bench_rsa, header, BODY);
      text_add(&message, header);
      struct signature_facts facts = bench_verify(&bench, message.bytes, BODY, WHOLE, false);
      assert_int_equal(facts.signatures[above].result, AUTH_PASS);
      assert_int_equal(facts.signatures[!above].result, AUTH_NEUTRAL);
      bench_close(&bench);
      text_free(&fields);
      text_free(&message);
    }
}

static void odd_fields_do_no_harm(void **state)
{
  (void)state;
  const struct signing signing = {.tags = RSA_SS, .fields = "from"};
  static const struct {
    const char *label, *name, *value;
    size_t length;
    enum auth_result result;
    size_t count;
  } rows[] = {
      {"nothing odd", "X", " y", 2, AUTH_PASS, 1},
      {"NUL in a value", "X", " y\0z", 4, AUTH_PERMERROR, 1},
      {"no name", "", " y", 2, AUTH_PASS, 1},
      {"colon in a name", "X:y", " z", 2, AUTH_PASS, 1},
      {"colon after a name that counts", "DKIM-Signature:", " z", 2, AUTH_PASS, 1},
      {"space in a name", "x guard", "x", 1, AUTH_PASS, 1},
      {"semicolon in a name", "x;y", "x", 1, AUTH_PASS, 1},
      {"8-bit name", "\xff", "x", 1, AUTH_PASS, 1},
      {"no value", "X", "", 0, AUTH_PASS, 1},
      {"bare line ends", "X", "a\rb\nc\r\n", 7, AUTH_PASS, 1},
      {"empty signature", "DKIM-Signature", "", 0, AUTH_PASS, 2},
      {"signature with a space behind its name", "dkim-signature ", " x", 2, AUTH_PASS, 2},
      {"signature that is only a semicolon", "DKIM-Signature", ";", 1, AUTH_PASS, 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text header = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    bench_sign(&header, &signing, bench_rsa, HEADER, BODY);
    text_add(&header, HEADER);
    struct signatures *signatures = signatures_new(bench.arena, bench.lookups, NOW);
    bench_give_fields(signatures, header.bytes, false);
    signatures_field(signatures, rows[i].name, rows[i].value, rows[i].length);
    signatures_end_fields(signatures);
    signatures_body(signatures, BODY, strlen(BODY));
    struct signature_facts facts = signatures_finish(signatures);
    if (facts.count != rows[i].count || facts.signatures[0].result != rows[i].result)
      fail_msg("%s: %zu, %s", rows[i].label, facts.count, auth_result_name(facts.signatures[0].result));
    if (facts.count == 2)
      assert_int_equal(facts.signatures[1].result, AUTH_PERMERROR);
    signatures_free(signatures);
    bench_close(&bench);
    text_free(&header);
  }
}

static void the_body_is_wanted_while_it_matters(void **state)
{
  (void)state;
  const struct signing whole = {.tags = RSA_SS, .fields = "from"}, part = {.tags = RSA_RR "l=5; ", .fields = "from"};
  struct bench bench;
  bench_open(&bench);
  bench_start(&bench);
  struct signatures *signatures = signatures_new(bench.arena, bench.lookups, NOW);
  bench_give_fields(signatures, HEADER, false);
  signatures_end_fields(signatures);
  assert_false(signatures_want_body(signatures));
  struct signature_facts facts = signatures_finish(signatures);
  assert_int_equal(facts.count, 0);
  signatures_free(signatures);

  for (int both = 0; both < 2; both++) {
    struct text header = {0};
    bench_sign(&header, &part, bench_rsa, HEADER, "12345 and more\r\n");
    if (both)
      bench_sign(&header, &whole, bench_rsa, HEADER, "12345 x");
    text_add(&header, HEADER);
    signatures = signatures_new(bench.arena, bench.lookups, NOW);
    bench_give_fields(signatures, header.bytes, false);
    signatures_end_fields(signatures);
    assert_true(signatures_want_body(signatures));
    signatures_body(signatures, "12345", 5);
    assert_true(signatures_want_body(signatures)); /* is there more? */
    signatures_body(signatures, " x", 2);
    assert_int_equal(signatures_want_body(signatures), both);
    facts = signatures_finish(signatures);
    assert_int_equal(facts.signatures[0].result, AUTH_PASS);
    assert_true(facts.signatures[0].partial);
    if (both)
      assert_int_equal(facts.signatures[1].result, AUTH_PASS);
    signatures_free(signatures);
    text_free(&header);
  }
  bench_close(&bench);
}

static void endless_lines_are_hashed(void **state)
{
  (void)state;
  const struct signing simple = {.tags = RSA_SS, .fields = "from"}, relaxed = {.tags = RSA_RR, .fields = "from"};
  struct text body = {0};
  for (int i = 0; i < 2 * 1024 * 1024; i++)
    text_add_char(&body, 'x');
  text_add(&body, "\r\n");
  for (int r = 0; r < 2; r++) {
    struct text header = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    bench_sign(&header, r ? &relaxed : &simple, bench_rsa, HEADER, body.bytes);
    text_add(&header, HEADER);
    struct signature_facts facts = bench_verify(&bench, header.bytes, body.bytes, 65535, false);
    assert_int_equal(facts.signatures[0].result, AUTH_PASS);
    bench_close(&bench);
    text_free(&header);
  }
  text_free(&body);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(long_key_records_are_refused),
      cmocka_unit_test(signatures_keep_their_order),
      cmocka_unit_test(only_ten_are_evaluated),
      cmocka_unit_test(header_fields_are_limited),
      cmocka_unit_test(all_fields_can_be_signed),
      cmocka_unit_test(naming_too_much_harms_nobody),
      cmocka_unit_test(odd_fields_do_no_harm),
      cmocka_unit_test(the_body_is_wanted_while_it_matters),
      cmocka_unit_test(endless_lines_are_hashed),
  };
  return cmocka_run_group_tests(tests, bench_make_keys, bench_free_keys);
}
