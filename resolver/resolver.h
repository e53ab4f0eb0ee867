/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One DNSSEC-validating resolver for the whole program, and the lookups of one message.
 *
 * The resolver keeps answers for their TTL, asks anew for those that are used much before they end, sends equal questions in
 * flight once, and tests itself.
 * A `struct lookups` is one message's share of it: its deadline, its allowance of queries, its
 * figures, and the answers that it holds, so that no check needs to release any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "resolver/dns.h"

struct dns_source;
struct resolver;
struct lookups;

struct resolver_config {
  const char *const *servers; /* "ADDRESS@PORT" or "ADDRESS"; {"recursive"}; none: the system's, else recursive */
  size_t server_count;
  const char *trust_anchor; /* file with DS or DNSKEY records of the root */
  unsigned timeout_ms;      /* for one answer */
  unsigned budget_ms;       /* for all the waiting of one message */
  size_t cache_bytes;       /* bound of the answer cache; 0: 16 MiB */
  unsigned self_test_seconds; /* between self-tests; 0: none but the first (an ill resolver is tested sooner) */
  /* Called at each change of health, from the resolver's thread: false with a reason, true when well
   * again. Not called for a first test that passes. May be NULL. Without self_test_seconds there is no such
   * thread, and resolver_open() itself tells of a first test that fails. */
  void (*on_change)(void *context, bool healthy, const char *why);
  void *context;
};

/* Opens libunbound by the configuration: reads the trust anchor, finds servers that validate, and tests that
 * the root's SOA comes out secure. A failing self-test is not an error (the network may come up later);
 * an unreadable or empty trust anchor is. NULL with a message in error. resolver_servers() says which servers were
 * taken; with none configured that can change from the system's to recursion at the first test that passes. Blocks for
 * the timeout of an answer, or two. Has threads of its own, so it comes after fork(); and takes up to half of the file
 * descriptors that the process may have (RLIMIT_NOFILE), at most 4096 at a time, and up to 100 for refreshing answers. */
struct resolver *resolver_open(const struct resolver_config *config, char *error, size_t error_size);
/* The same in front of any source, which it takes over; config->servers and trust_anchor are not read
 * and no self-test is made unless self_test_seconds is set. */
struct resolver *resolver_new(const struct resolver_config *config, struct dns_source *source);
/* No lookups may be open. Takes NULL. */
void resolver_close(struct resolver *resolver);
/* "127.0.0.53", "recursive (from the root)", ... for the log. Borrowed, alive as long as the resolver. */
const char *resolver_servers(const struct resolver *resolver);
/* The last self-test passed. */
bool resolver_is_healthy(struct resolver *resolver);

/* A message's lookups. Used by one thread at a time. max_queries bounds the different questions asked; one
 * more is answered DNS_FAILURE. Free with lookups_free(), which takes NULL. */
struct lookups *lookups_new(struct resolver *resolver, unsigned max_queries);
void lookups_free(struct lookups *lookups);

/* Starts a question so that the answer is there when it is wanted; never blocks. Counts against the allowance. */
void lookups_start(struct lookups *lookups, const char *name, unsigned type);
/* The answer, waited for until the timeout of one answer (counted from lookups_start(), and cut short while nothing
 * at all answers) or the budget of the message ends, whichever is first: then DNS_TIMEOUT, while the question runs on
 * and fills the cache. Never NULL; borrowed until lookups_free().
 * The same question again gives the same answer, also a timeout. name: case does not matter, a final
 * dot is dropped; every other byte stands for itself, a backslash too; "." is the root. */
const struct dns_answer *lookups_get(struct lookups *lookups, const char *name, unsigned type);

/* From now on, and until called again, waiting ends after at most `ms` milliseconds in all, or when the budget does: for a
 * step that must answer soon. What is asked meanwhile runs on and fills the cache. */
void lookups_hurry(struct lookups *lookups, unsigned ms);

/* From now on, and until called again, waiting ends when this part of the budget is used up, in percent: for a step
 * whose names somebody may have made slow, so that the next one has its time. */
void lookups_share(struct lookups *lookups, unsigned percent);

/* Milliseconds spent waiting, and questions sent on behalf of this message: those that neither the cache nor a question
 * already in flight could answer. */
unsigned lookups_waited_ms(const struct lookups *lookups);
unsigned lookups_sent(const struct lookups *lookups);
