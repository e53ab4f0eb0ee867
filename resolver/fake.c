/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A source that answers from zones written as text. See fake.h.
 */
#include "resolver/fake.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/name.h"
#include "resolver/source.h"
#include "resolver/zone.h"

/* A question whose answer is due later, or never. */
struct late {
  struct late *next;
  struct timespec due;
  bool silent;
  dns_source_done *done;
  void *ticket;
  struct dns_answer_owned *answer;
};

struct asked {
  struct asked *next;
  unsigned type, times;
  char name[];
};

enum { ASKED_LISTS = 1024 };

struct fake {
  struct dns_source source;
  struct zone zone;
  pthread_mutex_t mutex; /* for all below */
  pthread_cond_t changed;
  struct late *late;
  bool closing, has_thread;
  pthread_t thread;
  struct asked *asked[ASKED_LISTS];
};

static struct fake *fake_of(struct dns_source *source)
{
  return (struct fake *)(void *)source; /* the first member */
}

static struct asked **asked_list(struct fake *fake, const char *name)
{
  unsigned hash = 5381;
  for (; *name; name++)
    hash = hash * 33 + (unsigned char)*name;
  return &fake->asked[hash % ASKED_LISTS];
}

static void count_question(struct fake *fake, const char *name, unsigned type)
{
  struct asked **list = asked_list(fake, name), *asked = *list;
  while (asked && (asked->type != type || strcmp(asked->name, name) != 0))
    asked = asked->next;
  if (!asked) {
    size_t size = strlen(name) + 1;
    asked = memory_new(sizeof *asked + size);
    memcpy(asked->name, name, size);
    asked->type = type;
    asked->next = *list;
    *list = asked;
  }
  asked->times++;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Unlinks the question that is due first. NULL where only silent ones are left. */
static struct late **find_next(struct fake *fake)
{
  struct late **first = NULL;
  for (struct late **at = &fake->late; *at; at = &(*at)->next)
    if (!(*at)->silent && (!first || is_later(&(*first)->due, &(*at)->due)))
      first = at;
  return first;
}

static void *answer_late_questions(void *argument)
{
  struct fake *fake = argument;
  pthread_mutex_lock(&fake->mutex);
  while (!fake->closing) {
    struct late **first = find_next(fake), *late;
    struct timespec now, due;
    if (!first) {
      pthread_cond_wait(&fake->changed, &fake->mutex);
      continue;
    }
    due = (*first)->due;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (is_later(&due, &now)) {
      pthread_cond_timedwait(&fake->changed, &fake->mutex, &due);
      continue;
    }
    late = *first;
    *first = late->next;
    pthread_mutex_unlock(&fake->mutex);
    late->done(late->ticket, late->answer);
    free(late);
    pthread_mutex_lock(&fake->mutex);
  }
  pthread_mutex_unlock(&fake->mutex);
  return NULL;
}

static void answer_later(struct fake *fake, struct late *late, unsigned after_ms)
{
  clock_gettime(CLOCK_MONOTONIC, &late->due);
  late->due.tv_sec += after_ms / 1000;
  late->due.tv_nsec += (long)(after_ms % 1000) * 1000000;
  if (late->due.tv_nsec >= 1000000000) {
    late->due.tv_nsec -= 1000000000;
    late->due.tv_sec++;
  }
  pthread_mutex_lock(&fake->mutex);
  late->next = fake->late;
  fake->late = late;
  if (!late->silent && !fake->has_thread)
    fake->has_thread = pthread_create(&fake->thread, NULL, answer_late_questions, fake) == 0;
  pthread_cond_signal(&fake->changed);
  pthread_mutex_unlock(&fake->mutex);
}

static void fake_ask(struct dns_source *source, const char *name, unsigned type, dns_source_done *done, void *ticket)
{
  struct fake *fake = fake_of(source);
  struct zone_manner manner;
  pthread_mutex_lock(&fake->mutex);
  count_question(fake, name, type);
  pthread_mutex_unlock(&fake->mutex);
  struct dns_answer_owned *answer = zone_answer(&fake->zone, name, type, &manner);
  if (!manner.silent && manner.after_ms == 0) {
    done(ticket, answer);
    return;
  }
  struct late *late = memory_new(sizeof *late);
  *late = (struct late){.silent = manner.silent, .done = done, .ticket = ticket, .answer = answer};
  answer_later(fake, late, manner.after_ms);
}

static void fake_close(struct dns_source *source)
{
  struct fake *fake = fake_of(source);
  pthread_mutex_lock(&fake->mutex);
  fake->closing = true;
  pthread_cond_signal(&fake->changed);
  pthread_mutex_unlock(&fake->mutex);
  if (fake->has_thread)
    pthread_join(fake->thread, NULL);
  for (struct late *late = fake->late, *next; late; late = next) {
    next = late->next;
    answer_release(late->answer);
    late->done(late->ticket, answer_failure(DNS_FAILURE, 0, "the resolver was closed"));
    free(late);
  }
  for (size_t i = 0; i < ASKED_LISTS; i++) {
    for (struct asked *asked = fake->asked[i], *next; asked; asked = next) {
      next = asked->next;
      free(asked);
    }
  }
  pthread_cond_destroy(&fake->changed);
  pthread_mutex_destroy(&fake->mutex);
  zone_free(&fake->zone);
  free(fake);
}

struct dns_source *fake_new(void)
{
  struct fake *fake = memory_new(sizeof *fake);
  pthread_condattr_t attributes;
  fake->source = (struct dns_source){.ask = fake_ask, .close = fake_close};
  pthread_mutex_init(&fake->mutex, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&fake->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  return &fake->source;
}

int fake_add(struct dns_source *source, const char *text, char *error, size_t error_size)
{
  return zone_read(&fake_of(source)->zone, text, error, error_size);
}

void fake_add_record(struct dns_source *source, const char *name, unsigned type, const uint8_t *rdata, size_t length,
                     const char *security)
{
  struct zone_record *record = zone_add(&fake_of(source)->zone, name, type, rdata, length);
  if (!record || !security)
    return;
  for (enum dnssec i = DNSSEC_SECURE; i <= DNSSEC_BOGUS; i++)
    if (strcmp(security, dnssec_name(i)) == 0)
      record->security = i;
}

void fake_add_txt(struct dns_source *source, const char *name, const char *text, size_t length)
{
  size_t used = 0;
  uint8_t *rdata = memory_new(length + length / 255 + 2);
  do {
    size_t piece = length < 255 ? length : 255;
    rdata[used++] = (uint8_t)piece;
    if (piece)
      memcpy(rdata + used, text, piece);
    used += piece;
    text += piece;
    length -= piece;
  } while (length > 0);
  fake_add_record(source, name, DNS_TXT, rdata, used, NULL);
  free(rdata);
}

void fake_add_fault(struct dns_source *source, const char *name, unsigned type, const char *fault)
{
  struct zone_record *record = zone_add(&fake_of(source)->zone, name, type ? type : (unsigned)ZONE_ANY, NULL, 0);
  if (record)
    record->fault = zone_fault_by_name(fault);
}

unsigned fake_asked(struct dns_source *source, const char *name, unsigned type)
{
  struct fake *fake = fake_of(source);
  char folded[DOMAIN_SIZE];
  unsigned times = 0;
  if (name && name_fold(folded, name) < 0)
    return 0;
  pthread_mutex_lock(&fake->mutex);
  for (size_t i = 0; i < ASKED_LISTS; i++)
    for (const struct asked *asked = fake->asked[i]; asked; asked = asked->next)
      if ((!name || strcmp(asked->name, folded) == 0) && (type == 0 || asked->type == type))
        times += asked->times;
  pthread_mutex_unlock(&fake->mutex);
  return times;
}
