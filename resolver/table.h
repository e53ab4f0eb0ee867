/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of answers: a cache bounded in bytes, and the questions in flight, each asked once however
 * many wait for it. Any thread may call; nothing here asks anybody. Below resolver/ only.
 *
 * Times are milliseconds of CLOCK_MONOTONIC, given by the caller, so that tests need not sleep.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_answer;
struct dns_answer_owned;
struct table;
struct table_entry;

/* A question: a folded name (resolver/name.h), its length and type, and their hash. */
struct table_key {
  const char *name;
  size_t length;
  unsigned type;
  uint64_t hash;
};

enum table_state {
  TABLE_ANSWERED, /* answer and ttl are set; release the answer */
  TABLE_PENDING,  /* somebody asked before; entry is set; table_leave() it */
  TABLE_NEW,      /* the same, and the caller has to ask and see to it that table_complete() is called once */
  TABLE_FULL      /* too many questions in flight */
};

struct table_result {
  struct dns_answer_owned *answer;
  uint32_t ttl; /* seconds left */
  struct table_entry *entry;
  /* With TABLE_ANSWERED: where not NULL, the answer is popular and about to end, and the caller has to see to it that
   * table_refresh() is called once. turn: which of the source's two memories to ask, see resolver/source.h. */
  struct table_entry *refresh;
  unsigned turn;
};

/* pending_max: bound of the questions in flight. owner: what table_owner() says. */
struct table *table_new(size_t bytes, unsigned pending_max, void *owner);
/* Nothing may be in flight. Takes NULL. */
void table_free(struct table *table);

/* Sets key->hash: keyed, as the names come from senders. */
void table_hash(const struct table *table, struct table_key *key);
enum table_state table_claim(struct table *table, const struct table_key *key, uint64_t now,
                             struct table_result *result);
/* Takes the answer over, wakes all who wait. */
void table_complete(struct table_entry *entry, struct dns_answer_owned *answer, uint64_t now);
/* Takes over what was asked anew, or NULL. It replaces what is there if it is no failure and lasts longer; else all stays
 * as it is, and the entry is not asked anew until it has ended. */
void table_refresh(struct table_entry *entry, struct dns_answer_owned *answer, uint64_t now);
void *table_owner(const struct table_entry *entry);
/* Waits until the answer is there (true; answer and ttl are set) or the deadline has passed. */
bool table_wait(struct table_entry *entry, uint64_t deadline, struct table_result *result);
/* Somebody who is called, once, when the answer is there: in the thread that brings it, with no lock held. */
struct table_waiter {
  struct table_waiter *next; /* the table's */
  void (*run)(struct table_waiter *waiter, const struct dns_answer *answer);
};

/* False, and nothing is called, where the answer is there already. */
bool table_notify(struct table_entry *entry, struct table_waiter *waiter);
/* The caller no longer looks at the entry. Takes NULL. */
void table_leave(struct table_entry *entry);

/* For tests and figures. */
size_t table_bytes(struct table *table);
size_t table_count(struct table *table);

uint64_t table_clock(void); /* now */
