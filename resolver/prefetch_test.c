/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking ahead: chains go on by themselves, within their bounds, and are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/fake.h"
#include "resolver/prefetch.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

static const char chain[] = "one.example    MX 10 two.example\n"
                            "two.example    MX 10 three.example\n"
                            "three.example  MX 10 four.example\n"
                            "four.example   A 192.0.2.4\n"
                            "loop.example   MX 10 loop.example\n"
                            "late1.example  MX 10 late2.example after 1\n"
                            "late2.example  MX 10 late3.example after 1\n"
                            "late3.example  MX 10 four.example after 1\n"
                            "silent.example MX timeout\n";

struct fixture {
  struct dns_source *fake;
  struct resolver *resolver;
  struct lookups *lookups;
};

static struct fixture set_up(void)
{
  struct fixture f = {.fake = fake_new()};
  char error[100];
  assert_int_equal(fake_add(f.fake, chain, error, sizeof error), 0);
  f.resolver = resolver_new(&(struct resolver_config){.timeout_ms = 5000, .budget_ms = 20000}, f.fake);
  f.lookups = lookups_new(f.resolver, 100);
  return f;
}

static void tear_down(struct fixture *f)
{
  lookups_free(f->lookups);
  resolver_close(f->resolver);
}

/* Asks for the MX of the exchange, whatever it is. */
static void follow(struct prefetch *prefetch, const char *name, const struct dns_answer *answer)
{
  struct rdata_mx mx;
  assert_string_equal(prefetch_context(prefetch), "context");
  assert_non_null(strstr(name, ".example"));
  if (answer->count > 0 && rdata_read_mx(&mx, &answer->records[0]) == 0)
    prefetch_ask(prefetch, mx.exchange, DNS_MX, follow);
}

static void ask(struct fixture *f, unsigned max, const char *name)
{
  struct prefetch *prefetch = prefetch_new(f->lookups, max, "context", sizeof "context");
  prefetch_ask(prefetch, name, DNS_MX, follow);
  prefetch_release(prefetch);
}

static void a_chain_goes_on_by_itself(void **state)
{
  (void)state;
  struct fixture f = set_up();
  ask(&f, 10, "One.Example.");
  assert_int_equal(fake_asked(f.fake, "three.example", DNS_MX), 1);
  assert_int_equal(fake_asked(f.fake, "four.example", DNS_MX), 1);
  assert_int_equal(lookups_sent(f.lookups), 4);
  assert_int_equal(lookups_get(f.lookups, "three.example", DNS_MX)->status, DNS_FOUND);
  assert_int_equal(lookups_sent(f.lookups), 4); /* what was asked ahead is there */
  ask(&f, 10, "one.example");
  assert_int_equal(fake_asked(f.fake, NULL, 0), 4); /* and is not followed again */
  tear_down(&f);
}

static void a_chain_is_bounded(void **state)
{
  (void)state;
  struct fixture f = set_up();
  ask(&f, 2, "one.example");
  assert_int_equal(fake_asked(f.fake, NULL, 0), 2);
  ask(&f, 10, "loop.example"); /* the cache ends a loop */
  assert_int_equal(fake_asked(f.fake, "loop.example", DNS_MX), 1);
  ask(&f, 10, "not..a.name.example");
  ask(&f, 0, "three.example");
  assert_int_equal(fake_asked(f.fake, NULL, 0), 3);
  tear_down(&f);
}

static void answers_of_another_thread_are_followed(void **state)
{
  (void)state;
  struct fixture f = set_up();
  ask(&f, 10, "late1.example");
  /* Whoever waits for the last one finds it in flight, or starts it; it is asked once either way. */
  assert_int_equal(lookups_get(f.lookups, "late1.example", DNS_MX)->status, DNS_FOUND);
  assert_int_equal(lookups_get(f.lookups, "late2.example", DNS_MX)->status, DNS_FOUND);
  assert_int_equal(lookups_get(f.lookups, "late3.example", DNS_MX)->status, DNS_FOUND);
  assert_int_equal(fake_asked(f.fake, "late2.example", DNS_MX), 1);
  assert_int_equal(fake_asked(f.fake, "late3.example", DNS_MX), 1);
  tear_down(&f);
}

static void what_is_in_flight_at_the_end_leaks_nothing(void **state)
{
  (void)state;
  struct fixture f = set_up();
  ask(&f, 10, "silent.example");
  ask(&f, 10, "late1.example");
  tear_down(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_chain_goes_on_by_itself),
      cmocka_unit_test(a_chain_is_bounded),
      cmocka_unit_test(answers_of_another_thread_are_followed),
      cmocka_unit_test(what_is_in_flight_at_the_end_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
