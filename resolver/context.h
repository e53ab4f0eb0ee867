/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Contexts of libunbound: which servers they ask, their settings, and whether signed names validate there.
 * Below resolver/ only.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>

struct ub_ctx;

enum context_kind {
  CONTEXT_FORWARD,  /* to the servers of the plan */
  CONTEXT_SYSTEM,   /* to those of /etc/resolv.conf */
  CONTEXT_RECURSIVE /* from the root */
};

/* Strings are borrowed. */
struct context_plan {
  char *const *servers; /* as ub_ctx_set_fwd() takes them, for CONTEXT_FORWARD */
  size_t count;
  const char *trust_anchor;
};

enum { CONTEXT_SERVER_SIZE = 64 };
/* "ADDRESS", "ADDRESS@PORT", "[ADDRESS]" or "[ADDRESS]@PORT" as libunbound takes it. 0, or -1. */
int context_server(char out[CONTEXT_SERVER_SIZE], const char *server);

/* How much a context may remember, and ask at a time. */
enum context_size { CONTEXT_LARGE, CONTEXT_SMALL };

/* Ready for ub_resolve_async() in a thread of its own. NULL with a message in error. */
struct ub_ctx *context_open(const struct context_plan *plan, enum context_kind kind, enum context_size size, char *error,
                            size_t error_size);
/* Asks for the root's SOA in a new context, so that no cache can vouch for a resolver that died meanwhile. 0 where
 * it comes out secure within timeout_ms, else -1 with a reason. Ends early at *stop. */
int context_test(const struct context_plan *plan, enum context_kind kind, unsigned timeout_ms,
                 const atomic_bool *stop, char *why, size_t why_size);
