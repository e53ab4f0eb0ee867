/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the tests of SPF share: a resolver made of text, with senders of every kind in it.
 */
#pragma once

#include "checks/spf.h"

struct arena;
struct dns_source;
struct lookups;
struct resolver;

struct world {
  struct dns_source *source;
  struct resolver *resolver;
  struct lookups *lookups;
  struct arena *arena;
};

/* `more` is zone text to add, or NULL. */
void world_open(struct world *world, const char *more);
void world_close(struct world *world);
/* client: 192.0.2.1 where NULL. */
struct spf_query query_of(const char *client, const char *helo, const char *sender);
/* Fails with the row's name and both values; NULL equals NULL only. */
void same(const char *row, const char *what, const char *got, const char *expected);
