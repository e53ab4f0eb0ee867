/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The self-test, who is told, and how waits are cut while nothing answers.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "resolver/fake.h"
#include "resolver/health.h"
#include "resolver/resolver.h"
#include "resolver/source.h"

/* What was told, with a way to wait for it. */
struct told {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  unsigned times;
  bool healthy;
  char why[200];
};

static void tell(void *context, bool healthy, const char *why)
{
  struct told *told = context;
  pthread_mutex_lock(&told->mutex);
  told->times++;
  told->healthy = healthy;
  snprintf(told->why, sizeof told->why, "%s", why ? why : "");
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void wait_for(struct told *told, unsigned times)
{
  pthread_mutex_lock(&told->mutex);
  while (told->times < times)
    pthread_cond_wait(&told->changed, &told->mutex);
  pthread_mutex_unlock(&told->mutex);
}

static void roots_are_judged(void **state)
{
  (void)state;
  static const struct {
    const char *zones, *why; /* NULL: well */
  } rows[] = {
      {". SOA a.root h.root 1 2 3 4 5", NULL},
      {". SOA a.root h.root 1 2 3 4 5 insecure", "the root's SOA is insecure (found)"},
      {". SOA bogus", "the root's SOA is bogus (bogus): validation failure: made by the fake"},
      {". SOA servfail", "the root's SOA is indeterminate (failure): SERVFAIL"},
      {". SOA timeout", "no answer about the root within 1 ms"},
      {"example.nl A 192.0.2.1", "the root's SOA is secure (no such name)"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct dns_source *fake = fake_new();
    char error[100];
    assert_int_equal(fake_add(fake, rows[i].zones, error, sizeof error), 0);
    struct resolver *resolver = resolver_new(
        &(struct resolver_config){
            .timeout_ms = i == 4 ? 1 : 60000, .self_test_seconds = 3600, .on_change = tell, .context = &told},
        fake);
    assert_int_equal(resolver_is_healthy(resolver), rows[i].why == NULL);
    if (rows[i].why)
      wait_for(&told, 1);
    resolver_close(resolver);
    assert_int_equal(told.times, rows[i].why ? 1 : 0);
    assert_string_equal(told.why, rows[i].why ? rows[i].why : "");
    assert_false(told.healthy);
  }
}

/* A source whose test does as it is told. */
struct patient {
  struct dns_source source;
  atomic_bool ill;
  atomic_uint tests;
};

static int test_patient(struct dns_source *source, unsigned timeout_ms, const atomic_bool *stop, char *why,
                        size_t why_size)
{
  struct patient *patient = (struct patient *)(void *)source;
  (void)timeout_ms, (void)stop;
  patient->tests++;
  snprintf(why, why_size, "ill");
  return patient->ill ? -1 : 0;
}

static void note_timeouts(struct health *health, int count)
{
  for (int i = 0; i < count; i++)
    health_note_timeout(health);
}

static void changes_are_told_once(void **state)
{
  (void)state;
  struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  struct patient patient = {.source.test = test_patient};
  struct health *health = health_new(
      &(struct resolver_config){.timeout_ms = 5000, .self_test_seconds = 3600, .on_change = tell, .context = &told},
      &patient.source);
  health_test(health);
  health_start(health);
  patient.ill = true;
  note_timeouts(health, 5); /* makes the thread test now */
  wait_for(&told, 1);
  assert_false(told.healthy);
  assert_string_equal(told.why, "ill");
  assert_false(health_is_well(health));
  assert_int_equal(health_patience_ms(health), 300);
  patient.ill = false;
  health_note_answer(health);
  assert_int_equal(health_patience_ms(health), 5000);
  wait_for(&told, 2); /* an answer after silence makes it test again */
  assert_true(told.healthy);
  assert_true(health_is_well(health));
  health_stop(health);
  health_free(health);
  assert_int_equal(told.times, 2);
  assert_int_equal(patient.tests, 3);
  health_stop(NULL);
  health_free(NULL);
}

static void without_a_thread_the_first_failure_is_told(void **state)
{
  (void)state;
  struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  struct patient patient = {.source.test = test_patient, .ill = true};
  struct health *health =
      health_new(&(struct resolver_config){.on_change = tell, .context = &told}, &patient.source);
  health_test(health);
  health_start(health);
  assert_int_equal(told.times, 1);
  health_stop(health);
  health_free(health);
}

static void patience_is_cut_while_nothing_answers(void **state)
{
  (void)state;
  struct patient patient = {.source.test = test_patient};
  struct health *health = health_new(&(struct resolver_config){.timeout_ms = 5000}, &patient.source);
  note_timeouts(health, 4);
  assert_int_equal(health_patience_ms(health), 5000);
  health_note_answer(health);
  note_timeouts(health, 4);
  assert_int_equal(health_patience_ms(health), 5000);
  note_timeouts(health, 1);
  assert_int_equal(health_patience_ms(health), 300);
  health_note_answer(health);
  assert_int_equal(health_patience_ms(health), 5000);
  health_free(health);

  health = health_new(&(struct resolver_config){.timeout_ms = 50}, &patient.source);
  note_timeouts(health, 9);
  assert_int_equal(health_patience_ms(health), 50);
  health_free(health);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roots_are_judged),
      cmocka_unit_test(changes_are_told_once),
      cmocka_unit_test(without_a_thread_the_first_failure_is_told),
      cmocka_unit_test(patience_is_cut_while_nothing_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
