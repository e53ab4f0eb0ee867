/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Inbound mail of a period by sender domain: everything that a report says of it, from one walk over its sums by day.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "evidence/database.h"

/* What each message has one word about. */
enum senders_about { SENDERS_SPF, SENDERS_DKIM, SENDERS_DMARC, SENDERS_POLICY, SENDERS_OVERRIDE, SENDERS_TLS, SENDERS_ABOUTS };

/* More words than the checks have: what comes on top, from a foreign log, is told as "other". */
enum { SENDERS_WORDS_MAX = 64 };

struct senders_word {
  const char *word;
  int64_t messages, domains;
};

/* What level reject would refuse or defer a message by. */
enum senders_standard { SENDERS_BY_AUTHOR, SENDERS_BY_DKIM, SENDERS_BY_DMARC, SENDERS_BY_SPF, SENDERS_BY_TLS, SENDERS_STANDARDS };

/* What traffic shows of a sender, as Internet.nl would ask. */
enum senders_fact { SENDERS_HAS_DMARC, SENDERS_HAS_DKIM, SENDERS_HAS_SPF, SENDERS_DMARC_POLICY, SENDERS_SPF_POLICY, SENDERS_FACTS };

struct sender {
  const char *domain; /* the author's, or else that of MAIL FROM; "" : not known */
  int64_t messages;
  uint64_t seen[SENDERS_ABOUTS]; /* which words, by their places in the list */
  int64_t refused[SENDERS_STANDARDS];
  int64_t passed[SENDERS_FACTS], failed[SENDERS_FACTS]; /* the newest day on which it was seen so; 0: never */
  struct sender *next;                                  /* in the table */
};

struct senders {
  struct senders_word words[SENDERS_ABOUTS][SENDERS_WORDS_MAX]; /* as they came; "" for messages without one */
  size_t word_count[SENDERS_ABOUTS];
  int64_t messages[SENDERS_ABOUTS], domains[SENDERS_ABOUTS]; /* with a word */
  int64_t refused[SENDERS_STANDARDS], refused_domains[SENDERS_STANDARDS], deferred[SENDERS_STANDARDS];
  bool tls_came;
  struct sender **all;
  size_t count, size;
  struct sender **table;
  uint64_t key[2];
};

const char *senders_standard_name(enum senders_standard standard);
/* Between two moments, both starts of days. Strings are in the arena. NULL where the database failed. */
struct senders *senders_read(struct database *database, struct arena *arena, int64_t from, int64_t to);
void senders_free(struct senders *senders); /* takes NULL */
