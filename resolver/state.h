/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the resolver and its lookups share. Below resolver/ only.
 */
#pragma once

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

/* table_claim(), and the question is sent where it is new. */
enum table_state resolver_ask(struct resolver *resolver, const struct table_key *key, uint64_t now,
                              struct table_result *result);
