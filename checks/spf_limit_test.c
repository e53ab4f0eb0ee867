/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF checks at their limits: sizes, numbers, time, bytes (RFC 7208 4.6.4).
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
#include "checks/spf.h"
#include "checks/spf_world.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

/* The clock of the lookups, which the time limit is read from (linked with --wrap). */
static unsigned clock_step, clock_now;
unsigned __wrap_lookups_waited_ms(const struct lookups *lookups);
unsigned __wrap_lookups_waited_ms(const struct lookups *lookups)
{
  (void)lookups;
  return clock_now += clock_step;
}

/* Records over the library's 511 bytes and 255 terms, in several character-strings. */
static void long_records_are_read_to_the_end(void **state)
{
  (void)state;
  static const struct {
    unsigned terms;
    const char *tail, *client, *result, *why;
  } rows[] = {
    {70, " -all", "10.0.69.5", "pass", "ip4:10.0.69.0/24"},
    {70, " -all", "10.0.70.5", "fail", "-all"},
    {70, " ~a:mail.example.nl", "192.0.2.1", "softfail", "~a:mail.example.nl"},
    {70, " redirect=fail.example.nl", "192.0.2.1", "fail", "-all in the record of fail.example.nl"},
    {230, " -all", "10.0.229.5", "pass", "ip4:10.0.229.0/24"}, /* 4 KB */
    {230, " -all", "10.0.230.5", "fail", "-all"},
    {256, " -all", "192.0.2.1", "fail", "-all"},
    {3000, " -all", "10.11.183.5", "pass", "ip4:10.11.183.0/24"},
    {3000, " -all", "192.0.2.1", "fail", "-all"},
    {3000, " foo", "10.0.0.1", "permerror", "syntax error in the SPF record at \"foo\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    struct text text = {0};
    world_open(&world, NULL);
    text_add(&text, "v=spf1");
    for (unsigned n = 0; n < rows[i].terms; n++)
      text_printf(&text, " ip4:10.%u.%u.0/24", n / 256, n % 256);
    text_add(&text, rows[i].tail);
    fake_add_txt(world.source, "example.nl", text.bytes, text.length);
    struct spf_query query = query_of(rows[i].client, "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(rows[i].client, "result", auth_result_name(fact.result), rows[i].result);
    same(rows[i].client, "why", fact.why, rows[i].why);
    text_free(&text);
    world_close(&world);
  }
}

/* Hundreds of terms with lookups: the eleventh ends it. */
static void many_lookups_are_cut_off(void **state)
{
  (void)state;
  struct world world;
  struct text text = {0};
  world_open(&world, NULL);
  text_add(&text, "v=spf1");
  for (unsigned i = 0; i < 300; i++)
    text_printf(&text, " a:t%u.v4.example.nl mx:two.example.nl", i % 2);
  fake_add_txt(world.source, "example.nl", text.bytes, text.length);
  fake_add_txt(world.source, "t0.v4.example.nl", "", 0);
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PERMERROR);
  assert_string_equal(fact.why, "more than 2 lookups find nothing, the last one t0.v4.example.nl A");
  text_clear(&text);
  text_add(&text, "v=spf1");
  for (unsigned i = 0; i < 300; i++)
    text_add(&text, " mx:two.example.nl");
  fake_add_txt(world.source, "example.org", text.bytes, text.length);
  query.sender = "a@example.org";
  fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PERMERROR);
  assert_string_equal(fact.why, "more than 10 terms need DNS lookups");
  text_free(&text);
  world_close(&world);
}

/* Ten includes of ten includes: the eleventh term ends it, and few questions have been asked by then. */
static void include_trees_are_cut_off(void **state)
{
  (void)state;
  struct world world;
  struct text text = {0};
  text_add(&text, "example.nl TXT \"v=spf1");
  for (unsigned i = 0; i < 10; i++)
    text_printf(&text, " include:i%u.example.nl", i);
  text_add(&text, " +all\"\n");
  for (unsigned i = 0; i < 10; i++) {
    text_printf(&text, "i%u.example.nl TXT \"v=spf1", i);
    for (unsigned j = 0; j < 10; j++) {
      text_printf(&text, " include:i%u-%u.example.nl", i, j);
    }
    text_add(&text, " -all\"\n");
    for (unsigned j = 0; j < 10; j++)
      text_printf(&text, "i%u-%u.example.nl TXT \"v=spf1 -all\"\n", i, j);
  }
  world_open(&world, text.bytes);
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PERMERROR);
  assert_string_equal(fact.why, "more than 10 terms need DNS lookups");
  /* The record, 10 that were started early, 9 in the first include. */
  assert_in_range(fake_asked(world.source, NULL, 0), 11, 21);
  text_free(&text);
  world_close(&world);
}

static void mx_names_are_limited(void **state)
{
  (void)state;
  static const struct {
    unsigned count;
    const char *result;
  } rows[] = {{10, "pass"}, {11, "permerror"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    struct text text = {0};
    text_add(&text, "example.nl TXT \"v=spf1 mx -all\"\n");
    for (unsigned n = 0; n < rows[i].count; n++)
      text_printf(&text, "example.nl MX %u m%u.example.nl\nm%u.example.nl A 192.0.2.%u\n", n, n, n, 100 + n);
    world_open(&world, text.bytes);
    struct spf_query query = query_of(rows[i].count == 10 ? "192.0.2.109" : "192.0.2.100", "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same("mx", "result", auth_result_name(fact.result), rows[i].result);
    if (rows[i].count == 11)
      assert_int_equal(fake_asked(world.source, NULL, DNS_A), 0);
    text_free(&text);
    world_close(&world);
  }
}

/* Names beyond the tenth are not looked at; they are no error. */
static void ptr_names_are_limited(void **state)
{
  (void)state;
  for (unsigned count = 10; count <= 30; count += 20) {
    struct world world;
    struct text text = {0};
    text_add(&text, "example.nl TXT \"v=spf1 ptr:nowhere.example exists:%{p}.nowhere.example ptr ~all\"\n");
    for (unsigned n = 0; n < count; n++)
      text_printf(&text, "50.2.0.192.in-addr.arpa PTR p%u.example.org\np%u.example.org A 192.0.2.50\n", n, n);
    world_open(&world, text.bytes);
    struct spf_query query = query_of("192.0.2.50", "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    assert_int_equal(fact.result, AUTH_SOFTFAIL);
    assert_int_equal(fake_asked(world.source, NULL, DNS_A), 11); /* the ten, and exists */
    assert_int_equal(fake_asked(world.source, NULL, DNS_PTR), 1);
    text_free(&text);
    world_close(&world);
  }
}

static void what_follows_is_asked_early(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "example.nl TXT \"v=spf1 ip4:192.0.2.1 a:v4.example.nl mx:two.example.nl exists:%{l}.x.example"
                     " include:pass.example.nl -all redirect=fail.example.nl\"\n");
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  spf_start(world.lookups, &query);
  assert_int_equal(fake_asked(world.source, "example.nl", DNS_TXT), 1);
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PASS);
  assert_int_equal(fake_asked(world.source, "example.nl", DNS_TXT), 1);
  /* Nothing where the answer is known without. */
  assert_int_equal(fake_asked(world.source, NULL, 0), 1);
  query = query_of("203.0.113.1", "x", "a@example.nl");
  fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PASS);
  assert_int_equal(fake_asked(world.source, "pass.example.nl", DNS_TXT), 1);
  assert_int_equal(fake_asked(world.source, "fail.example.nl", DNS_TXT), 0);
  world_close(&world);
  /* The first term ends it; what stands behind was on its way, but for names made of this message. */
  world_open(&world, "example.nl TXT \"v=spf1 a:serv.example.nl exists:%{l}.x.example"
                     " include:pass.example.nl -all\"\n");
  fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_TEMPERROR);
  assert_int_equal(fake_asked(world.source, "pass.example.nl", DNS_TXT), 1);
  assert_int_equal(fake_asked(world.source, "a.x.example", 0), 0);
  world_close(&world);
}

static void time_is_limited(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "example.nl TXT \"v=spf1 a:v4.example.nl a:mail.example.nl -all\"\n");
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  clock_now = 0;
  clock_step = 6000; /* begin, TXT, A, A: the last is asked after 18 s */
  assert_int_equal(spf_check_mailfrom(world.arena, world.lookups, &query).result, AUTH_PASS);
  clock_step = 7000;
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_TEMPERROR);
  assert_string_equal(fact.why, "the lookups take longer than 20 seconds");
  world_close(&world);
}

/* A small allowance ends in temperror, not in a wrong answer. */
static void allowance_is_respected(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "example.nl TXT \"v=spf1 a:v4.example.nl a:mail.example.nl -all\"\n");
  lookups_free(world.lookups);
  world.lookups = lookups_new(world.resolver, 2);
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  assert_int_equal(spf_check_mailfrom(world.arena, world.lookups, &query).result, AUTH_TEMPERROR);
  world_close(&world);
}

static void bytes_of_all_kinds_are_survived(void **state)
{
  (void)state;
  static const struct {
    const char *bytes;
    size_t length;
    const char *result;
  } rows[] = {
    {"v=spf1 a:\0x.example -all", 24, "permerror"},
    {"v=spf1\0-all", 11, "none"},
    {"v=spf1 -all\0", 12, "permerror"},
    {"v=spf1 -all\n", 12, "permerror"},
    {"v=spf1 \x80", 8, "permerror"},
    {"\0v=spf1 -all", 12, "none"},
    {"", 0, "none"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    world_open(&world, NULL);
    fake_add_txt(world.source, "example.nl", rows[i].bytes, rows[i].length);
    struct spf_query query = query_of(NULL, "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(rows[i].bytes, "result", auth_result_name(fact.result), rows[i].result);
    world_close(&world);
  }
}

/* Texts far beyond the library's buffers, in every place that takes a macro string. */
static void heavy_macros_are_survived(void **state)
{
  (void)state;
  static const char *const places[] = {"a:", "mx:", "ptr:", "exists:", "include:", "redirect=", "exp=", "other="};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct world world;
    struct text text = {0};
    world_open(&world, NULL);
    text_printf(&text, "v=spf1 %s", places[i]);
    for (unsigned n = 0; n < 200; n++)
      text_add(&text, "%{d}%{S}");
    for (unsigned n = 0; n < 5000; n++)
      text_add(&text, "x");
    text_add(&text, ".example -ip4:192.0.2.1");
    fake_add_txt(world.source, "example.nl", text.bytes, text.length);
    struct spf_query query = query_of(NULL, "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    /* No name of at most 253 characters is left, or only what stands behind the last dot. */
    same(places[i], "result", auth_result_name(fact.result), strcmp(places[i], "include:") == 0 ? "permerror" : "fail");
    text_free(&text);
    world_close(&world);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(long_records_are_read_to_the_end),
    cmocka_unit_test(many_lookups_are_cut_off),
    cmocka_unit_test(include_trees_are_cut_off),
    cmocka_unit_test(mx_names_are_limited),
    cmocka_unit_test(ptr_names_are_limited),
    cmocka_unit_test(what_follows_is_asked_early),
    cmocka_unit_test(time_is_limited),
    cmocka_unit_test(allowance_is_respected),
    cmocka_unit_test(bytes_of_all_kinds_are_survived),
    cmocka_unit_test(heavy_macros_are_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
