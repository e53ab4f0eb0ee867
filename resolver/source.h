/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where answers come from: libunbound, or a fake made of text. The resolver's cache, single flight,
 * deadlines and self-test stand in front of either.
 */
#pragma once

#include "resolver/dns.h"

struct dns_answer_owned; /* see resolver/answer.h: made by a source, owned by the resolver */

/* Called once for each question, from any thread, also from within ask(). Takes the answer over. */
typedef void dns_source_done(void *ticket, struct dns_answer_owned *answer);

struct dns_source {
  /* Starts a question. Never blocks. name is normalized or at least printable without a final dot. */
  void (*ask)(struct dns_source *source, const char *name, unsigned type, dns_source_done *done, void *ticket);
  /* Ends the source. Questions still open are answered with DNS_FAILURE before it returns. */
  void (*close)(struct dns_source *source);
};
