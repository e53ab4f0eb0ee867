/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The resolver: a source with the table of answers and the self-test in front of it. See resolver.h.
 */
#include "resolver/resolver.h"

#include <stdlib.h>

#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/health.h"
#include "resolver/source.h"
#include "resolver/state.h"
#include "resolver/table.h"
#include "resolver/unbound.h"

enum { CACHE_BYTES = 16 << 20, PENDING_MAX = 4096 };

static struct resolver *make(const struct resolver_config *config, struct dns_source *source)
{
  struct resolver *resolver = memory_new(sizeof *resolver);
  resolver->source = source;
  resolver->table = table_new(config->cache_bytes ? config->cache_bytes : CACHE_BYTES, PENDING_MAX, resolver);
  resolver->health = health_new(config, source);
  resolver->timeout_ms = config->timeout_ms;
  resolver->budget_ms = config->budget_ms;
  return resolver;
}

struct resolver *resolver_open(const struct resolver_config *config, char *error, size_t error_size)
{
  struct dns_source *source =
      unbound_open(config->servers, config->server_count, config->trust_anchor, error, error_size);
  if (!source)
    return NULL;
  struct resolver *resolver = make(config, source);
  health_test(resolver->health);
  health_start(resolver->health);
  return resolver;
}

struct resolver *resolver_new(const struct resolver_config *config, struct dns_source *source)
{
  struct resolver *resolver = make(config, source);
  if (config->self_test_seconds > 0) {
    health_test(resolver->health);
    health_start(resolver->health);
  }
  return resolver;
}

void resolver_close(struct resolver *resolver)
{
  if (!resolver)
    return;
  health_stop(resolver->health);
  resolver->source->close(resolver->source);
  health_free(resolver->health);
  table_free(resolver->table);
  free(resolver);
}

const char *resolver_servers(const struct resolver *resolver)
{
  return resolver->source->servers ? resolver->source->servers(resolver->source) : "";
}

bool resolver_is_healthy(struct resolver *resolver)
{
  return health_is_well(resolver->health);
}

/* SERVFAIL can be libunbound's word for silence, so it proves no life. */
static void note_life(const struct table_entry *entry, const struct dns_answer_owned *answer)
{
  struct resolver *resolver = table_owner(entry);
  if (!dns_is_failure(&answer->answer) || answer->answer.status == DNS_BOGUS)
    health_note_answer(resolver->health);
}

static void take_answer(void *ticket, struct dns_answer_owned *answer)
{
  struct table_entry *entry = ticket;
  note_life(entry, answer);
  table_complete(entry, answer, table_clock());
}

static void take_fresh(void *ticket, struct dns_answer_owned *answer)
{
  struct table_entry *entry = ticket;
  note_life(entry, answer);
  table_refresh(entry, answer, table_clock());
}

/* A popular answer is about to end: what comes in its place is asked for now, so that no message has to wait for it. */
static void refresh(struct resolver *resolver, const struct table_key *key, const struct table_result *result)
{
  struct dns_source *source = resolver->source;
  if (!health_is_well(resolver->health))
    table_refresh(result->refresh, NULL, 0);
  else if (source->ask_anew)
    source->ask_anew(source, key->name, key->type, result->turn, take_fresh, result->refresh);
  else
    source->ask(source, key->name, key->type, take_fresh, result->refresh);
}

enum table_state resolver_ask(struct resolver *resolver, const struct table_key *key, uint64_t now,
                              struct table_result *result)
{
  enum table_state state = table_claim(resolver->table, key, now, result);
  if (state == TABLE_ANSWERED && result->refresh)
    refresh(resolver, key, result);
  if (state == TABLE_NEW)
    resolver->source->ask(resolver->source, key->name, key->type, take_answer, result->entry);
  return state;
}
