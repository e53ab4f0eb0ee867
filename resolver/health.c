/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The self-test and the circuit breaker. See health.h.
 */
#include "resolver/health.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/resolver.h"
#include "resolver/source.h"
#include "resolver/table.h"

/* Timeouts in a row before waits are cut, and to what; and how soon an ill resolver is tested again. */
enum { BREAK_AFTER = 5, BROKEN_WAIT_MS = 300, RETRY_MS = 15000 };

enum { WHY_SIZE = 300 };

struct health {
  struct resolver_config config;
  struct dns_source *source;
  atomic_uint timeouts; /* in a row */
  atomic_bool stopping;
  pthread_t thread;
  bool has_thread;

  pthread_mutex_t mutex; /* for all below */
  pthread_cond_t changed;
  bool well, told_well, test_wanted;
  bool asked; /* the root's SOA is asked for, and may be answered long after the test gave up */
  struct dns_answer_owned *answer;
  char why[WHY_SIZE];
};

struct health *health_new(const struct resolver_config *config, struct dns_source *source)
{
  struct health *health = memory_new(sizeof *health);
  pthread_condattr_t attributes;
  health->config = *config;
  health->source = source;
  health->well = health->told_well = true;
  atomic_init(&health->timeouts, 0);
  atomic_init(&health->stopping, false);
  pthread_mutex_init(&health->mutex, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&health->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  return health;
}

void health_free(struct health *health)
{
  if (!health)
    return;
  answer_release(health->answer);
  pthread_cond_destroy(&health->changed);
  pthread_mutex_destroy(&health->mutex);
  free(health);
}

static void take_root(void *ticket, struct dns_answer_owned *answer)
{
  struct health *health = ticket;
  pthread_mutex_lock(&health->mutex);
  answer_release(health->answer);
  health->answer = answer;
  health->asked = false;
  pthread_cond_broadcast(&health->changed);
  pthread_mutex_unlock(&health->mutex);
}

static struct timespec timespec_of(uint64_t ms)
{
  return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* Asks the source for the root's SOA, which is signed. */
static struct dns_answer_owned *ask_root(struct health *health)
{
  struct timespec deadline = timespec_of(table_clock() + health->config.timeout_ms);
  int status = 0;
  pthread_mutex_lock(&health->mutex);
  bool asked_before = health->asked;
  health->asked = true;
  pthread_mutex_unlock(&health->mutex);
  if (!asked_before)
    health->source->ask(health->source, ".", DNS_SOA, take_root, health);
  pthread_mutex_lock(&health->mutex);
  while (!health->answer && status == 0 && !health->stopping)
    status = pthread_cond_timedwait(&health->changed, &health->mutex, &deadline);
  struct dns_answer_owned *answer = health->answer;
  health->answer = NULL;
  pthread_mutex_unlock(&health->mutex);
  return answer;
}

static int test_source(struct health *health, char why[WHY_SIZE])
{
  if (health->source->test)
    return health->source->test(health->source, health->config.timeout_ms, &health->stopping, why, WHY_SIZE);
  struct dns_answer_owned *answer = ask_root(health);
  int status = -1;
  if (!answer)
    snprintf(why, WHY_SIZE, "no answer about the root within %u ms", health->config.timeout_ms);
  else if (answer->answer.status == DNS_FOUND && answer->answer.dnssec == DNSSEC_SECURE)
    status = 0;
  else
    snprintf(why, WHY_SIZE, "the root's SOA is %s (%s)%s%s", dnssec_name(answer->answer.dnssec),
             dns_status_name(answer->answer.status), answer->answer.why ? ": " : "",
             answer->answer.why ? answer->answer.why : "");
  answer_release(answer);
  return status;
}

void health_test(struct health *health)
{
  char why[WHY_SIZE] = "";
  bool well = test_source(health, why) == 0;
  if (well)
    health->timeouts = 0;
  pthread_mutex_lock(&health->mutex);
  health->well = well;
  memcpy(health->why, why, sizeof why);
  pthread_mutex_unlock(&health->mutex);
}

/* Reports a change once. */
static void tell(struct health *health)
{
  char why[WHY_SIZE];
  pthread_mutex_lock(&health->mutex);
  bool changed = health->well != health->told_well, well = health->well;
  health->told_well = well;
  memcpy(why, health->why, sizeof why);
  pthread_mutex_unlock(&health->mutex);
  if (changed && health->config.on_change)
    health->config.on_change(health->config.context, well, well ? NULL : why);
}

static bool wait_for_test(struct health *health)
{
  uint64_t interval = (uint64_t)health->config.self_test_seconds * 1000;
  int status = 0;
  pthread_mutex_lock(&health->mutex);
  if (!health->well && interval > RETRY_MS)
    interval = RETRY_MS;
  struct timespec due = timespec_of(table_clock() + interval);
  while (!health->stopping && !health->test_wanted && status == 0)
    status = pthread_cond_timedwait(&health->changed, &health->mutex, &due);
  health->test_wanted = false;
  pthread_mutex_unlock(&health->mutex);
  return !health->stopping;
}

static void *test_again_and_again(void *argument)
{
  struct health *health = argument;
  tell(health);
  while (wait_for_test(health)) {
    health_test(health);
    if (!health->stopping)
      tell(health);
  }
  return NULL;
}

void health_start(struct health *health)
{
  sigset_t all, before;
  if (health->config.self_test_seconds > 0) {
    /* Signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    health->has_thread = pthread_create(&health->thread, NULL, test_again_and_again, health) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  if (!health->has_thread)
    tell(health);
}

void health_stop(struct health *health)
{
  if (!health)
    return;
  pthread_mutex_lock(&health->mutex);
  health->stopping = true;
  pthread_cond_broadcast(&health->changed);
  pthread_mutex_unlock(&health->mutex);
  if (health->has_thread)
    pthread_join(health->thread, NULL);
  health->has_thread = false;
}

bool health_is_well(struct health *health)
{
  pthread_mutex_lock(&health->mutex);
  bool well = health->well;
  pthread_mutex_unlock(&health->mutex);
  return well;
}

unsigned health_patience_ms(struct health *health)
{
  unsigned timeout = health->config.timeout_ms;
  if (atomic_load_explicit(&health->timeouts, memory_order_relaxed) < BREAK_AFTER || timeout < BROKEN_WAIT_MS)
    return timeout;
  return BROKEN_WAIT_MS;
}

static void want_test(struct health *health)
{
  pthread_mutex_lock(&health->mutex);
  health->test_wanted = true;
  pthread_cond_broadcast(&health->changed);
  pthread_mutex_unlock(&health->mutex);
}

void health_note_timeout(struct health *health)
{
  /* A sender can name a handful of dead domains; the self-test tells that from a dead resolver. */
  if (atomic_fetch_add_explicit(&health->timeouts, 1, memory_order_relaxed) + 1 == BREAK_AFTER)
    want_test(health);
}

void health_note_answer(struct health *health)
{
  if (atomic_load_explicit(&health->timeouts, memory_order_relaxed) == 0)
    return;
  /* It answers again: then it may be well again, too. */
  if (atomic_exchange_explicit(&health->timeouts, 0, memory_order_relaxed) >= BREAK_AFTER)
    want_test(health);
}
