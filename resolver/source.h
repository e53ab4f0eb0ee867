/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where answers come from: libunbound, or a fake made of text. The resolver's cache, single flight,
 * deadlines and self-test stand in front of either.
 */
#pragma once

#include <stdatomic.h>

#include "resolver/dns.h"

struct dns_answer_owned; /* see resolver/answer.h: made by a source, owned by the resolver */

/* Called once for each question, from any thread, also from within ask(). Takes the answer over. */
typedef void dns_source_done(void *ticket, struct dns_answer_owned *answer);

struct dns_source {
  /* Starts a question. Never blocks. name is in the form of resolver/name.h: lower-case, no final dot, "." for
   * the root, and any byte may stand in a label, for itself. */
  void (*ask)(struct dns_source *source, const char *name, unsigned type, dns_source_done *done, void *ticket);
  /* Asks for something again whose answer is about to end, past what the source itself remembers of it. A source that
   * remembers has two memories, of which ask() uses number 0; while the copy of one lasts, the other one (turn) is asked. May
   * fail without a reason that matters. NULL: the source remembers nothing, ask() will do. */
  void (*ask_anew)(struct dns_source *source, const char *name, unsigned type, unsigned turn, dns_source_done *done,
                   void *ticket);
  /* Ends the source. Questions still open are answered with DNS_FAILURE before it returns. */
  void (*close)(struct dns_source *source);
  /* Finds out, past any cache, whether signed names validate: 0, or -1 with a reason. Blocks for timeout_ms or a
   * few times that, until *stop at the longest. NULL: the root's SOA is asked for with ask(). */
  int (*test)(struct dns_source *source, unsigned timeout_ms, const atomic_bool *stop, char *why, size_t why_size);
  /* Which servers it asks, in words; borrowed. NULL: not worth saying. */
  const char *(*servers)(struct dns_source *source);
};
