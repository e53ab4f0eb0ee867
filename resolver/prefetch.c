/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking ahead. See prefetch.h.
 */
#include "resolver/prefetch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/name.h"
#include "resolver/state.h"

struct prefetch {
  struct resolver *resolver;
  struct tally *tally;
  atomic_uint references;
  atomic_int left; /* questions that may still be asked */
  _Alignas(max_align_t) unsigned char context[];
};

/* A question in flight that something follows from. */
struct step {
  struct table_waiter waiter; /* the first member */
  struct prefetch *prefetch;
  prefetch_follow *follow;
  char name[];
};

struct prefetch *prefetch_new(struct lookups *lookups, unsigned max_queries, const void *context, size_t size)
{
  struct prefetch *prefetch = memory_new(sizeof *prefetch + size);
  prefetch->resolver = lookups_resolver(lookups);
  prefetch->tally = tally_hold(lookups_tally(lookups));
  atomic_init(&prefetch->references, 1);
  atomic_init(&prefetch->left, (int)max_queries);
  if (size > 0)
    memcpy(prefetch->context, context, size);
  return prefetch;
}

void prefetch_release(struct prefetch *prefetch)
{
  if (!prefetch || atomic_fetch_sub(&prefetch->references, 1) > 1)
    return;
  tally_release(prefetch->tally);
  free(prefetch);
}

const void *prefetch_context(const struct prefetch *prefetch)
{
  return prefetch->context;
}

static void take_step(struct table_waiter *waiter, const struct dns_answer *answer)
{
  struct step *step = (struct step *)(void *)waiter;
  step->follow(step->prefetch, step->name, answer);
  prefetch_release(step->prefetch);
  free(step);
}

/* Waits, without a thread, for an answer in flight. */
static void follow_later(struct prefetch *prefetch, const struct table_key *key, struct table_entry *entry,
                         prefetch_follow *follow)
{
  struct step *step = memory_new(sizeof *step + key->length + 1);
  step->waiter.run = take_step;
  step->prefetch = prefetch;
  step->follow = follow;
  memcpy(step->name, key->name, key->length);
  atomic_fetch_add(&prefetch->references, 1);
  if (table_notify(entry, &step->waiter))
    return;
  struct table_result result; /* the answer came in between */
  if (table_wait(entry, 0, &result)) {
    take_step(&step->waiter, &result.answer->answer);
    answer_release(result.answer);
  }
}

void prefetch_ask(struct prefetch *prefetch, const char *name, unsigned type, prefetch_follow *follow)
{
  char folded[DOMAIN_SIZE];
  struct table_result result;
  int length = name_fold(folded, name);
  if (length < 0 || atomic_fetch_sub(&prefetch->left, 1) <= 0)
    return;
  struct table_key key = {.name = folded, .length = (size_t)length, .type = type};
  table_hash(prefetch->resolver->table, &key);
  switch (resolver_ask(prefetch->resolver, &key, table_clock(), &result)) {
  case TABLE_ANSWERED:
    answer_release(result.answer);
    return;
  case TABLE_FULL:
    return;
  case TABLE_NEW:
    tally_count(prefetch->tally);
    break;
  case TABLE_PENDING:
    break;
  }
  if (follow)
    follow_later(prefetch, &key, result.entry, follow);
  table_leave(result.entry);
}
