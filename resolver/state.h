/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the resolver and its lookups share. Below resolver/ only.
 */
#pragma once

#include <stdatomic.h>

#include "resolver/table.h"

struct dns_source;
struct health;
struct resolver;

struct resolver {
  struct dns_source *source;
  struct table *table;
  struct health *health;
  unsigned timeout_ms, budget_ms;
};

/* How many questions were sent for one message: counted by its lookups and by what asks ahead for it, which may outlive
 * them. */
struct tally {
  atomic_uint references, sent;
};

struct tally *tally_hold(struct tally *tally);
void tally_release(struct tally *tally);
void tally_count(struct tally *tally);

struct lookups;
struct tally *lookups_tally(struct lookups *lookups);       /* borrowed */
struct resolver *lookups_resolver(struct lookups *lookups); /* borrowed */

/* table_claim(), and the question is sent where it is new. */
enum table_state resolver_ask(struct resolver *resolver, const struct table_key *key, uint64_t now,
                              struct table_result *result);
