/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of answers. See table.h.
 *
 * Shards, each with its own lock, hash lists and LRU list. An entry has one reference from the table while it
 * is linked, one from the question in flight, and one from each who waits; the last one out frees it.
 */
#include "resolver/table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/memory.h"
#include "resolver/answer.h"

enum { SHARDS = 16, ENTRY_OVERHEAD = 64 };

/* Longest times, in seconds, that an answer is kept, whatever its TTL says. */
enum { POSITIVE_MAX = 3600, NEGATIVE_MAX = 300, BOGUS_MAX = 60, FAILURE_MAX = 5 };

/* What is asked anew before it ends: what was used that often since it was fetched, lasts that long, and has a tenth of it
 * left. */
enum { REFRESH_USES = 3, REFRESH_LIFETIME_MS = 10000, REFRESH_PART = 10 };

struct table_entry {
  struct table_entry *next;           /* in the hash list */
  struct table_entry *newer, *older;  /* in the LRU list, where answered */
  struct shard *shard;
  unsigned references;
  bool linked;
  bool refreshed;      /* it was asked anew, or is: once for each answer */
  unsigned char turn;  /* which of the source's memories the answer came from */
  unsigned char uses;  /* since it was fetched, up to REFRESH_USES */
  unsigned type;
  uint64_t hash, expiry, refresh_at;
  struct dns_answer_owned *answer; /* NULL: in flight */
  struct table_waiter *waiters;
  size_t length;
  char name[];
};

struct shard {
  _Alignas(64) pthread_mutex_t mutex;
  pthread_cond_t answered;
  struct table *table;
  struct table_entry **lists;
  struct table_entry *newest, *oldest;
  size_t bytes, count;
};

struct table {
  struct shard shards[SHARDS];
  uint64_t key[2];
  size_t shard_bytes;
  size_t list_mask; /* lists of a shard, less one: a power of two */
  unsigned pending, pending_max; /* pending: atomic */
  void *owner;
};

uint64_t table_clock(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct table *table_new(size_t bytes, unsigned pending_max, void *owner)
{
  struct table *table = aligned_alloc(64, sizeof *table);
  if (!table)
    abort();
  memset(table, 0, sizeof *table);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  size_t lists = 16;
  while (lists < bytes / SHARDS / 512)
    lists *= 2;
  table->list_mask = lists - 1;
  table->shard_bytes = bytes / SHARDS;
  table->pending_max = pending_max;
  table->owner = owner;
  hash_make_key(table->key);
  for (size_t i = 0; i < SHARDS; i++) {
    struct shard *shard = &table->shards[i];
    pthread_mutex_init(&shard->mutex, NULL);
    pthread_cond_init(&shard->answered, &attributes);
    shard->table = table;
    shard->lists = memory_new(lists * sizeof *shard->lists);
  }
  pthread_condattr_destroy(&attributes);
  return table;
}

/* With the shard locked. */
static void drop_reference(struct table_entry *entry)
{
  if (--entry->references > 0)
    return;
  answer_release(entry->answer);
  free(entry);
}

static void unlink_lru(struct shard *shard, struct table_entry *entry)
{
  *(entry->newer ? &entry->newer->older : &shard->newest) = entry->older;
  *(entry->older ? &entry->older->newer : &shard->oldest) = entry->newer;
  entry->newer = entry->older = NULL;
}

static void link_lru(struct shard *shard, struct table_entry *entry)
{
  entry->older = shard->newest;
  entry->newer = NULL;
  *(shard->newest ? &shard->newest->newer : &shard->oldest) = entry;
  shard->newest = entry;
}

static size_t entry_bytes(const struct table_entry *entry)
{
  return sizeof *entry + entry->length + 1 + entry->answer->size + ENTRY_OVERHEAD;
}

/* Takes an answered entry out of the table, with the shard locked. */
static void forget(struct shard *shard, struct table_entry *entry)
{
  struct table_entry **at = &shard->lists[entry->hash & shard->table->list_mask];
  while (*at != entry)
    at = &(*at)->next;
  *at = entry->next;
  unlink_lru(shard, entry);
  shard->bytes -= entry_bytes(entry);
  shard->count--;
  entry->linked = false;
  drop_reference(entry);
}

void table_free(struct table *table)
{
  if (!table)
    return;
  for (size_t i = 0; i < SHARDS; i++) {
    struct shard *shard = &table->shards[i];
    while (shard->oldest)
      forget(shard, shard->oldest);
    free(shard->lists);
    pthread_cond_destroy(&shard->answered);
    pthread_mutex_destroy(&shard->mutex);
  }
  free(table);
}

void table_hash(const struct table *table, struct table_key *key)
{
  key->hash = hash_bytes(table->key, key->type, key->name, key->length);
}

static struct shard *shard_of(struct table *table, uint64_t hash)
{
  return &table->shards[(hash >> 60) % SHARDS];
}

static struct table_entry *find(const struct shard *shard, const struct table_key *key)
{
  struct table_entry *entry = shard->lists[key->hash & shard->table->list_mask];
  while (entry && (entry->hash != key->hash || entry->type != key->type || entry->length != key->length ||
                   memcmp(entry->name, key->name, key->length) != 0))
    entry = entry->next;
  return entry;
}

static struct table_entry *add_entry(struct shard *shard, const struct table_key *key)
{
  struct table_entry *entry = memory_new(sizeof *entry + key->length + 1);
  struct table_entry **list = &shard->lists[key->hash & shard->table->list_mask];
  entry->shard = shard;
  entry->references = 3; /* the table, the question in flight, and the caller */
  entry->linked = true;
  entry->type = key->type;
  entry->hash = key->hash;
  entry->length = key->length;
  memcpy(entry->name, key->name, key->length);
  entry->next = *list;
  *list = entry;
  return entry;
}

static void hand_out(const struct table_entry *entry, uint64_t now, struct table_result *result)
{
  result->answer = answer_hold(entry->answer);
  result->ttl = entry->expiry > now ? (uint32_t)((entry->expiry - now + 999) / 1000) : 0;
}

static uint32_t longest(enum dns_status status)
{
  static const uint32_t seconds[] = {
      [DNS_FOUND] = POSITIVE_MAX, [DNS_NODATA] = NEGATIVE_MAX, [DNS_NXDOMAIN] = NEGATIVE_MAX,
      [DNS_FAILURE] = FAILURE_MAX, [DNS_BOGUS] = BOGUS_MAX, [DNS_TIMEOUT] = 0, [DNS_BADNAME] = NEGATIVE_MAX,
  };
  return seconds[status];
}

static uint64_t lifetime_ms(const struct dns_answer *answer)
{
  uint32_t max = longest(answer->status);
  return 1000 * (uint64_t)(answer->ttl < max ? answer->ttl : max);
}

static bool is_refreshable(const struct dns_answer *answer)
{
  return !dns_is_failure(answer) && answer->status != DNS_BADNAME;
}

/* Puts a fetched answer into the entry, with the shard locked. */
static void fill(struct table_entry *entry, struct dns_answer_owned *answer, unsigned turn, uint64_t now)
{
  uint64_t lifetime = lifetime_ms(&answer->answer);
  bool lasts = lifetime >= REFRESH_LIFETIME_MS && is_refreshable(&answer->answer);
  entry->answer = answer;
  entry->turn = (unsigned char)turn;
  entry->uses = 0;
  entry->refreshed = false;
  entry->expiry = now + lifetime;
  entry->refresh_at = lasts ? entry->expiry - lifetime / REFRESH_PART : UINT64_MAX;
}

/* The memory to ask next. The one that gave the answer gives it again until its TTL ends, with what is left of it: that is
 * good where we keep it for a shorter time. Else the other one, whose copy, if it ever had one, has ended meanwhile. */
static unsigned next_turn(const struct table_entry *entry)
{
  const struct dns_answer *answer = &entry->answer->answer;
  return answer->ttl > longest(answer->status) ? entry->turn : !entry->turn;
}

/* Notes a use, with the shard locked, and says whether it is time to ask anew. */
static bool note_use(struct table *table, struct table_entry *entry, uint64_t now)
{
  if (entry->uses < REFRESH_USES)
    entry->uses++;
  if (now < entry->refresh_at || entry->uses < REFRESH_USES || entry->refreshed)
    return false;
  /* What messages wait for comes first. */
  if (__atomic_load_n(&table->pending, __ATOMIC_RELAXED) > table->pending_max / 2)
    return false;
  __atomic_add_fetch(&table->pending, 1, __ATOMIC_RELAXED);
  entry->refreshed = true;
  entry->references++;
  return true;
}

enum table_state table_claim(struct table *table, const struct table_key *key, uint64_t now,
                             struct table_result *result)
{
  struct shard *shard = shard_of(table, key->hash);
  enum table_state state;
  *result = (struct table_result){0};
  pthread_mutex_lock(&shard->mutex);
  struct table_entry *entry = find(shard, key);
  if (entry && entry->answer && entry->expiry <= now) {
    forget(shard, entry);
    entry = NULL;
  }
  if (entry && entry->answer) {
    if (shard->newest != entry) {
      unlink_lru(shard, entry);
      link_lru(shard, entry);
    }
    hand_out(entry, now, result);
    if (note_use(table, entry, now)) {
      result->refresh = entry;
      result->turn = next_turn(entry);
    }
    state = TABLE_ANSWERED;
  } else if (entry) {
    entry->references++;
    result->entry = entry;
    state = TABLE_PENDING;
  } else if (__atomic_add_fetch(&table->pending, 1, __ATOMIC_RELAXED) > table->pending_max) {
    __atomic_sub_fetch(&table->pending, 1, __ATOMIC_RELAXED);
    state = TABLE_FULL;
  } else {
    result->entry = add_entry(shard, key);
    state = TABLE_NEW;
  }
  pthread_mutex_unlock(&shard->mutex);
  return state;
}

void table_complete(struct table_entry *entry, struct dns_answer_owned *answer, uint64_t now)
{
  struct shard *shard = entry->shard;
  struct table *table = shard->table;
  pthread_mutex_lock(&shard->mutex);
  struct table_waiter *waiters = entry->waiters;
  struct dns_answer_owned *shown = waiters ? answer_hold(answer) : NULL;
  entry->waiters = NULL;
  fill(entry, answer, 0, now);
  link_lru(shard, entry);
  shard->count++;
  shard->bytes += entry_bytes(entry);
  if (entry->references > 2)
    pthread_cond_broadcast(&shard->answered);
  if (entry->expiry <= now)
    forget(shard, entry);
  while (shard->bytes > table->shard_bytes)
    forget(shard, shard->oldest);
  drop_reference(entry);
  pthread_mutex_unlock(&shard->mutex);
  __atomic_sub_fetch(&table->pending, 1, __ATOMIC_RELAXED);
  for (struct table_waiter *next; waiters; waiters = next) {
    next = waiters->next;
    waiters->run(waiters, &shown->answer);
  }
  answer_release(shown);
}

void table_refresh(struct table_entry *entry, struct dns_answer_owned *answer, uint64_t now)
{
  struct shard *shard = entry->shard;
  struct table *table = shard->table;
  pthread_mutex_lock(&shard->mutex);
  /* It may have been pushed out meanwhile, or have ended and been asked for again. */
  if (entry->linked && answer && is_refreshable(&answer->answer) && now + lifetime_ms(&answer->answer) > entry->expiry) {
    struct dns_answer_owned *before = entry->answer;
    shard->bytes -= entry_bytes(entry);
    fill(entry, answer, next_turn(entry), now);
    shard->bytes += entry_bytes(entry);
    answer = before;
    while (shard->bytes > table->shard_bytes)
      forget(shard, shard->oldest);
  }
  drop_reference(entry);
  pthread_mutex_unlock(&shard->mutex);
  __atomic_sub_fetch(&table->pending, 1, __ATOMIC_RELAXED);
  answer_release(answer);
}

bool table_notify(struct table_entry *entry, struct table_waiter *waiter)
{
  struct shard *shard = entry->shard;
  pthread_mutex_lock(&shard->mutex);
  bool in_flight = !entry->answer;
  if (in_flight) {
    waiter->next = entry->waiters;
    entry->waiters = waiter;
  }
  pthread_mutex_unlock(&shard->mutex);
  return in_flight;
}

void *table_owner(const struct table_entry *entry)
{
  return entry->shard->table->owner;
}

bool table_wait(struct table_entry *entry, uint64_t deadline, struct table_result *result)
{
  struct shard *shard = entry->shard;
  struct timespec until = {.tv_sec = (time_t)(deadline / 1000), .tv_nsec = (long)(deadline % 1000) * 1000000};
  int status = 0;
  pthread_mutex_lock(&shard->mutex);
  while (!entry->answer && status == 0)
    status = pthread_cond_timedwait(&shard->answered, &shard->mutex, &until);
  bool answered = entry->answer != NULL;
  if (answered)
    hand_out(entry, table_clock(), result);
  pthread_mutex_unlock(&shard->mutex);
  return answered;
}

void table_leave(struct table_entry *entry)
{
  if (!entry)
    return;
  struct shard *shard = entry->shard;
  pthread_mutex_lock(&shard->mutex);
  drop_reference(entry);
  pthread_mutex_unlock(&shard->mutex);
}

size_t table_bytes(struct table *table)
{
  size_t bytes = 0;
  for (size_t i = 0; i < SHARDS; i++) {
    pthread_mutex_lock(&table->shards[i].mutex);
    bytes += table->shards[i].bytes;
    pthread_mutex_unlock(&table->shards[i].mutex);
  }
  return bytes;
}

size_t table_count(struct table *table)
{
  size_t count = 0;
  for (size_t i = 0; i < SHARDS; i++) {
    pthread_mutex_lock(&table->shards[i].mutex);
    count += table->shards[i].count;
    pthread_mutex_unlock(&table->shards[i].mutex);
  }
  return count;
}
