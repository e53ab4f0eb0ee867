/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The resolver and a message's lookups, in front of the fake.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/answer.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"
#include "resolver/state.h"

static const char zones[] =
    "example.nl 600 MX 10 mail.example.nl\n"
    "mail.example.nl A 192.0.2.1\n"
    "brief.example 0 A 192.0.2.1\n"
    "silent.example ANY timeout\n"
    "silent2.example ANY timeout\n"
    "late.example A 192.0.2.3 after 20\n"
    "*.many.example A 192.0.2.4\n"
    "*.slow.example A 192.0.2.5 after 1\n";

struct fixture {
  struct dns_source *fake;
  struct resolver *resolver;
  struct lookups *lookups;
};

static struct fixture set_up(unsigned timeout_ms, unsigned budget_ms, unsigned max_queries)
{
  struct fixture fixture = {.fake = fake_new()};
  char error[100];
  assert_int_equal(fake_add(fixture.fake, zones, error, sizeof error), 0);
  fixture.resolver = resolver_new(
      &(struct resolver_config){.timeout_ms = timeout_ms, .budget_ms = budget_ms, .cache_bytes = 32 << 10},
      fixture.fake);
  fixture.lookups = lookups_new(fixture.resolver, max_queries);
  return fixture;
}

static void tear_down(struct fixture *fixture)
{
  lookups_free(fixture->lookups);
  resolver_close(fixture->resolver);
}

static void answers_are_remembered(void **state)
{
  (void)state;
  struct fixture f = set_up(10000, 10000, 100);
  const struct dns_answer *answer = lookups_get(f.lookups, "Example.NL.", DNS_MX);
  assert_int_equal(answer->status, DNS_FOUND);
  assert_int_equal(answer->ttl, 600);
  assert_ptr_equal(lookups_get(f.lookups, "example.nl", DNS_MX), answer);
  assert_int_equal(lookups_sent(f.lookups), 1);
  assert_int_equal(fake_asked(f.fake, "example.nl", DNS_MX), 1);

  struct lookups *other = lookups_new(f.resolver, 100);
  const struct dns_answer *again = lookups_get(other, "example.nl", DNS_MX);
  assert_ptr_equal(again->records, answer->records);
  assert_int_equal(lookups_sent(other), 0);
  assert_int_equal(lookups_waited_ms(other), 0);
  assert_int_equal(fake_asked(f.fake, NULL, 0), 1);

  /* TTL 0: the same message sees the same answer, the next one asks again. */
  const struct dns_answer *brief = lookups_get(f.lookups, "brief.example", DNS_A);
  assert_int_equal(brief->status, DNS_FOUND);
  assert_ptr_equal(lookups_get(f.lookups, "brief.example", DNS_A), brief);
  assert_int_equal(lookups_get(other, "brief.example", DNS_A)->status, DNS_FOUND);
  assert_int_equal(fake_asked(f.fake, "brief.example", DNS_A), 2);
  lookups_free(other);
  lookups_free(NULL);
  assert_true(resolver_is_healthy(f.resolver));
  assert_string_equal(resolver_servers(f.resolver), "");
  tear_down(&f);
  resolver_close(NULL);
}

/* Uses an answer as if so many milliseconds had passed. */
static void use_after(struct resolver *resolver, const char *name, uint64_t ms)
{
  struct table_key key = {.name = name, .length = strlen(name), .type = DNS_MX};
  struct table_result result;
  table_hash(resolver->table, &key);
  assert_int_equal(resolver_ask(resolver, &key, table_clock() + ms, &result), TABLE_ANSWERED);
  answer_release(result.answer);
}

static void popular_answers_are_asked_anew(void **state)
{
  (void)state;
  for (int ill = 0; ill < 2; ill++) {
    struct fixture f = set_up(10000, 10000, 100);
    if (ill) { /* this fake has no root */
      tear_down(&f);
      f.fake = fake_new();
      char error[100];
      assert_int_equal(fake_add(f.fake, zones, error, sizeof error), 0);
      f.resolver = resolver_new(&(struct resolver_config){.timeout_ms = 1000, .budget_ms = 1000, .self_test_seconds = 3600},
                                f.fake);
      f.lookups = lookups_new(f.resolver, 100);
    }
    assert_int_equal(resolver_is_healthy(f.resolver), !ill);
    assert_int_equal(lookups_get(f.lookups, "example.nl", DNS_MX)->status, DNS_FOUND);
    for (int i = 0; i < 5; i++)
      use_after(f.resolver, "example.nl", 530000);
    assert_int_equal(fake_asked(f.fake, "example.nl", DNS_MX), 1);
    for (int i = 0; i < 2; i++) /* fewer than would make the new answer popular */
      use_after(f.resolver, "example.nl", 545000);
    assert_int_equal(fake_asked(f.fake, "example.nl", DNS_MX), ill ? 1 : 2);
    assert_int_equal(lookups_sent(f.lookups), 1);
    tear_down(&f);
  }
}

static void the_allowance_is_counted(void **state)
{
  (void)state;
  struct fixture f = set_up(10000, 10000, 3);
  char label[65];
  memset(label, 'a', 64);
  label[64] = '\0';
  lookups_start(f.lookups, "mail.example.nl", DNS_A);
  assert_int_equal(lookups_get(f.lookups, "mail.example.nl", DNS_A)->status, DNS_FOUND);
  assert_int_equal(lookups_get(f.lookups, "a..b", DNS_A)->status, DNS_BADNAME);
  assert_int_equal(lookups_get(f.lookups, "", DNS_A)->status, DNS_BADNAME);
  assert_int_equal(lookups_get(f.lookups, label, DNS_A)->status, DNS_BADNAME);
  assert_int_equal(lookups_get(f.lookups, "mail.example.nl", DNS_MX)->status, DNS_NODATA);
  assert_int_equal(lookups_get(f.lookups, "x.example.nl", DNS_MX)->status, DNS_NXDOMAIN);
  const struct dns_answer *answer = lookups_get(f.lookups, "y.example.nl", DNS_MX);
  assert_int_equal(answer->status, DNS_FAILURE);
  assert_int_equal(answer->dnssec, DNSSEC_INDETERMINATE);
  assert_non_null(answer->why);
  assert_int_equal(lookups_get(f.lookups, "x.example.nl", DNS_MX)->status, DNS_NXDOMAIN);
  assert_int_equal(fake_asked(f.fake, NULL, 0), 3);
  assert_int_equal(fake_asked(f.fake, "y.example.nl", 0), 0);
  tear_down(&f);
}

static void a_thousand_questions(void **state)
{
  (void)state;
  struct fixture f = set_up(10000, 10000, 1000);
  const struct dns_answer *first = NULL, *answer;
  char name[40];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 1000; i++) {
      snprintf(name, sizeof name, "n%d.many.example", i);
      answer = lookups_get(f.lookups, name, DNS_A);
      assert_int_equal(answer->status, DNS_FOUND);
      assert_memory_equal(answer->records[0].data, "\300\0\2\4", 4); /* although the cache is far smaller */
      if (i == 0 && round == 0)
        first = answer;
      if (i == 0)
        assert_ptr_equal(answer, first);
    }
  }
  assert_int_equal(fake_asked(f.fake, NULL, 0), 1000);
  tear_down(&f);
}

static void silence_is_a_timeout(void **state)
{
  (void)state;
  static const unsigned timeouts[] = {0, 10};
  for (size_t i = 0; i < 2; i++) {
    struct fixture f = set_up(timeouts[i], 1000, 10);
    uint64_t begun = table_clock();
    const struct dns_answer *answer = lookups_get(f.lookups, "silent.example", DNS_A);
    assert_int_equal(answer->status, DNS_TIMEOUT);
    assert_true(table_clock() - begun >= timeouts[i]); /* from when it was asked, which can be before the waiting begins */
    assert_int_equal(answer->dnssec, DNSSEC_INDETERMINATE);
    assert_true(dns_is_failure(answer));
    assert_ptr_equal(lookups_get(f.lookups, "silent.example", DNS_A), answer);
    struct lookups *other = lookups_new(f.resolver, 10);
    assert_int_equal(lookups_get(other, "silent.example", DNS_A)->status, DNS_TIMEOUT);
    assert_int_equal(fake_asked(f.fake, "silent.example", DNS_A), 1); /* still in flight, so joined */
    assert_int_equal(lookups_sent(f.lookups) + lookups_sent(other), 1);
    lookups_start(other, "silent2.example", DNS_A);                   /* and never fetched */
    lookups_free(other);
    tear_down(&f);
  }
}

static void the_budget_ends_all_waiting(void **state)
{
  (void)state;
  struct fixture f = set_up(60000, 10, 10);
  assert_int_equal(lookups_get(f.lookups, "silent.example", DNS_A)->status, DNS_TIMEOUT);
  unsigned waited = lookups_waited_ms(f.lookups);
  assert_true(waited >= 10);
  assert_int_equal(lookups_get(f.lookups, "silent2.example", DNS_A)->status, DNS_TIMEOUT);
  assert_int_equal(lookups_get(f.lookups, "late.example", DNS_A)->status, DNS_TIMEOUT);
  assert_true(lookups_waited_ms(f.lookups) < waited + 5000);
  assert_int_equal(lookups_get(f.lookups, "mail.example.nl", DNS_A)->status, DNS_FOUND);
  tear_down(&f);
}

static void a_hurried_step_waits_less_than_the_budget(void **state)
{
  (void)state;
  struct fixture f = set_up(60000, 60000, 10);
  lookups_hurry(f.lookups, 10);
  assert_int_equal(lookups_get(f.lookups, "silent.example", DNS_A)->status, DNS_TIMEOUT);
  assert_int_equal(lookups_get(f.lookups, "silent2.example", DNS_A)->status, DNS_TIMEOUT);
  assert_true(lookups_waited_ms(f.lookups) < 30000);
  lookups_hurry(f.lookups, 60000); /* the next step has its own time again */
  assert_int_equal(lookups_get(f.lookups, "late.example", DNS_A)->status, DNS_FOUND);
  tear_down(&f);
}

static void a_share_leaves_the_rest_of_the_budget(void **state)
{
  (void)state;
  struct fixture f = set_up(60000, 60000, 10);
  lookups_share(f.lookups, 0);
  assert_int_equal(lookups_get(f.lookups, "silent.example", DNS_A)->status, DNS_TIMEOUT);
  assert_true(lookups_waited_ms(f.lookups) < 30000);
  lookups_share(f.lookups, 100);
  assert_int_equal(lookups_get(f.lookups, "late.example", DNS_A)->status, DNS_FOUND);
  tear_down(&f);
}

static void late_answers_fill_the_cache(void **state)
{
  (void)state;
  struct fixture f = set_up(5, 10000, 10);
  enum dns_status status = DNS_TIMEOUT;
  for (int i = 0; i < 10000 && status == DNS_TIMEOUT; i++) {
    struct lookups *lookups = lookups_new(f.resolver, 10);
    status = lookups_get(lookups, "late.example", DNS_A)->status;
    lookups_free(lookups);
  }
  assert_int_equal(status, DNS_FOUND);
  assert_int_equal(fake_asked(f.fake, "late.example", DNS_A), 1);
  tear_down(&f);
}

static void many_are_asked_at_once(void **state)
{
  (void)state;
  struct fixture f = set_up(60000, 60000, 100);
  char name[40];
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "n%d.slow.example", i);
    lookups_start(f.lookups, name, DNS_A);
  }
  assert_int_equal(lookups_sent(f.lookups), 50);
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "n%d.slow.example", i);
    assert_int_equal(lookups_get(f.lookups, name, DNS_A)->status, DNS_FOUND);
  }
  assert_int_equal(fake_asked(f.fake, NULL, 0), 50);
  tear_down(&f);
}

enum { THREADS = 4, MESSAGES = 40 };

static void *ask_much(void *argument)
{
  struct resolver *resolver = argument;
  uintptr_t wrong = 0;
  for (int message = 0; message < MESSAGES; message++) {
    struct lookups *lookups = lookups_new(resolver, 100);
    for (int i = 0; i < 60; i++) {
      char name[40];
      snprintf(name, sizeof name, "n%d.%s.example", message * 7 % 40 + i, i % 9 ? "many" : "slow");
      lookups_start(lookups, name, DNS_A);
      const struct dns_answer *answer = lookups_get(lookups, name, DNS_A);
      wrong += answer->status != DNS_FOUND || answer->records[0].length != 4;
    }
    lookups_free(lookups);
  }
  return (void *)wrong;
}

static void threads_ask_at_once(void **state)
{
  (void)state;
  struct fixture f = set_up(60000, 600000, 10);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_much, f.resolver), 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
  tear_down(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_are_remembered),      cmocka_unit_test(popular_answers_are_asked_anew),
      cmocka_unit_test(the_allowance_is_counted),
      cmocka_unit_test(a_thousand_questions),        cmocka_unit_test(silence_is_a_timeout),
      cmocka_unit_test(the_budget_ends_all_waiting),
      cmocka_unit_test(a_hurried_step_waits_less_than_the_budget),
      cmocka_unit_test(a_share_leaves_the_rest_of_the_budget), cmocka_unit_test(late_answers_fill_the_cache),
      cmocka_unit_test(many_are_asked_at_once),      cmocka_unit_test(threads_ask_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
