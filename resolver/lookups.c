/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One message's lookups: its allowance, its budget, and the answers that it holds. See resolver.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/health.h"
#include "resolver/name.h"
#include "resolver/resolver.h"
#include "resolver/state.h"

enum { FIRST_LISTS = 64, ITEMS_OF_A_LIST = 2 };

struct item {
  struct item *next;
  struct table_key key;
  uint64_t started;
  struct table_entry *entry;     /* while the answer is not there */
  struct dns_answer_owned *held; /* what answer points into */
  struct dns_answer answer;
};

struct lookups {
  struct resolver *resolver;
  struct arena *arena;
  struct tally *tally;
  unsigned max_queries, queries;
  uint64_t waited_ms, wait_until_ms; /* the second: how much may be waited in all */
  struct item **lists; /* by hash; a power of two of them, which grows with the questions */
  size_t list_count;
};

static const struct dns_answer bad_name = {
    .status = DNS_BADNAME, .dnssec = DNSSEC_INDETERMINATE, .why = "not a name that DNS can carry"};
static const struct dns_answer used_up = {
    .status = DNS_FAILURE, .dnssec = DNSSEC_INDETERMINATE, .why = "the allowance of DNS queries is used up"};
static const struct dns_answer too_many = {
    .status = DNS_FAILURE, .dnssec = DNSSEC_INDETERMINATE, .why = "too many DNS queries are in flight"};
static const struct dns_answer too_late = {
    .status = DNS_TIMEOUT, .dnssec = DNSSEC_INDETERMINATE, .why = "no DNS answer in time"};

struct lookups *lookups_new(struct resolver *resolver, unsigned max_queries)
{
  struct arena *arena = arena_new();
  struct lookups *lookups = arena_alloc(arena, sizeof *lookups);
  lookups->resolver = resolver;
  lookups->arena = arena;
  lookups->tally = memory_new(sizeof *lookups->tally);
  atomic_init(&lookups->tally->references, 1);
  lookups->max_queries = max_queries;
  lookups->wait_until_ms = resolver->budget_ms;
  lookups->list_count = FIRST_LISTS;
  lookups->lists = arena_alloc(arena, FIRST_LISTS * sizeof *lookups->lists);
  return lookups;
}

void lookups_free(struct lookups *lookups)
{
  if (!lookups)
    return;
  for (size_t i = 0; i < lookups->list_count; i++) {
    for (struct item *item = lookups->lists[i]; item; item = item->next) {
      table_leave(item->entry);
      answer_release(item->held);
    }
  }
  tally_release(lookups->tally);
  arena_free(lookups->arena);
}

struct tally *tally_hold(struct tally *tally)
{
  atomic_fetch_add(&tally->references, 1);
  return tally;
}

void tally_release(struct tally *tally)
{
  if (atomic_fetch_sub(&tally->references, 1) == 1)
    free(tally);
}

void tally_count(struct tally *tally)
{
  atomic_fetch_add(&tally->sent, 1);
}

struct tally *lookups_tally(struct lookups *lookups)
{
  return lookups->tally;
}

struct resolver *lookups_resolver(struct lookups *lookups)
{
  return lookups->resolver;
}

static void take_result(struct item *item, const struct table_result *result)
{
  item->held = result->answer;
  item->answer = result->answer->answer;
  item->answer.ttl = result->ttl;
}

static void start(struct lookups *lookups, struct item *item)
{
  struct table_result result;
  item->started = table_clock();
  switch (resolver_ask(lookups->resolver, &item->key, item->started, &result)) {
  case TABLE_ANSWERED:
    take_result(item, &result);
    return;
  case TABLE_FULL:
    item->answer = too_many;
    return;
  case TABLE_NEW:
    tally_count(lookups->tally);
    item->entry = result.entry;
    return;
  case TABLE_PENDING:
    item->entry = result.entry;
    return;
  }
}

static struct item **list_of(struct lookups *lookups, uint64_t hash)
{
  return &lookups->lists[hash / 64 % lookups->list_count];
}

/* A message to thousands of destinations asks thousands of questions. */
static void grow(struct lookups *lookups)
{
  struct item **before = lookups->lists;
  size_t count = lookups->list_count;
  lookups->list_count = 4 * count;
  lookups->lists = arena_alloc(lookups->arena, lookups->list_count * sizeof *lookups->lists);
  for (size_t i = 0; i < count; i++)
    for (struct item *item = before[i], *next; item; item = next) {
      struct item **list = list_of(lookups, item->key.hash);
      next = item->next;
      item->next = *list;
      *list = item;
    }
}

/* The question, started now if it is new. NULL with the answer in *instead where it cannot be asked. */
static struct item *find_or_start(struct lookups *lookups, const char *name, unsigned type,
                                  const struct dns_answer **instead)
{
  char folded[DOMAIN_SIZE];
  int length = name_fold(folded, name);
  if (length < 0) {
    *instead = &bad_name;
    return NULL;
  }
  struct table_key key = {.name = folded, .length = (size_t)length, .type = type};
  table_hash(lookups->resolver->table, &key);
  struct item *item = *list_of(lookups, key.hash);
  while (item && (item->key.hash != key.hash || item->key.type != type || strcmp(item->key.name, folded) != 0))
    item = item->next;
  if (item)
    return item;
  if (lookups->queries >= lookups->max_queries) {
    *instead = &used_up;
    return NULL;
  }
  if (++lookups->queries > ITEMS_OF_A_LIST * lookups->list_count)
    grow(lookups);
  struct item **list = list_of(lookups, key.hash);
  item = arena_alloc(lookups->arena, sizeof *item);
  key.name = arena_copy(lookups->arena, folded, key.length);
  item->key = key;
  item->next = *list;
  *list = item;
  start(lookups, item);
  return item;
}

/* Waits for the answer, no longer than one answer may take, counted from when it was asked for, and than the
 * budget of the message lasts. */
static void settle(struct lookups *lookups, struct item *item)
{
  struct resolver *resolver = lookups->resolver;
  struct table_result result = {0};
  uint64_t before = table_clock();
  uint64_t left = lookups->waited_ms < lookups->wait_until_ms ? lookups->wait_until_ms - lookups->waited_ms : 0;
  uint64_t deadline = item->started + health_patience_ms(resolver->health);
  if (deadline > before + left)
    deadline = before + left;
  bool answered = table_wait(item->entry, deadline, &result);
  uint64_t after = table_clock();
  lookups->waited_ms += after - before;
  if (answered)
    take_result(item, &result);
  else
    item->answer = too_late;
  if (!answered && after - item->started >= resolver->timeout_ms)
    health_note_timeout(resolver->health);
  table_leave(item->entry);
  item->entry = NULL;
}

void lookups_start(struct lookups *lookups, const char *name, unsigned type)
{
  const struct dns_answer *ignored;
  find_or_start(lookups, name, type, &ignored);
}

const struct dns_answer *lookups_get(struct lookups *lookups, const char *name, unsigned type)
{
  const struct dns_answer *instead;
  struct item *item = find_or_start(lookups, name, type, &instead);
  if (!item)
    return instead;
  if (item->entry)
    settle(lookups, item);
  return &item->answer;
}

void lookups_hurry(struct lookups *lookups, unsigned ms)
{
  uint64_t budget = lookups->resolver->budget_ms;
  lookups->wait_until_ms = lookups->waited_ms + ms < budget ? lookups->waited_ms + ms : budget;
}

void lookups_share(struct lookups *lookups, unsigned percent)
{
  lookups->wait_until_ms = (uint64_t)lookups->resolver->budget_ms * percent / 100;
}

unsigned lookups_waited_ms(const struct lookups *lookups)
{
  return (unsigned)lookups->waited_ms;
}

unsigned lookups_sent(const struct lookups *lookups)
{
  return atomic_load(&lookups->tally->sent);
}
