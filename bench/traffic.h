/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What an MTA says for one mail, and how long the filter took.
 */
#pragma once

#include <stdbool.h>

#include "bench/corpus.h"
#include "bench/mta.h"
#include "bench/samples.h"

/* What came of the mails, added up. */
struct tally {
  struct samples message;   /* from the first packet (a new connection's included) to the answer to the end */
  struct samples recipient; /* each RCPT */
  unsigned long accepted, rejected, deferred, lost;
  unsigned long inserted, changed, quarantined;
};

void tally_join(struct tally *tally, struct tally *from);

enum { FILTERS_MAX = 4 };

/* The filters of one SMTP connection, in the order in which the MTA asks them: each command goes to all in turn, and the
 * whole message to one after another, with the header fields that the ones before have added. */
struct traffic {
  struct mta filters[FILTERS_MAX];
  size_t count;
};

/* To sockets parted by commas. 0; or -1 with the reason in `error`. */
int traffic_open(struct traffic *traffic, const char *sockets, char *error, size_t error_size);
void traffic_close(struct traffic *traffic, struct tally *tally);
bool traffic_broken(const struct traffic *traffic);

/* CONNECT and HELO. */
void traffic_greet(struct traffic *traffic, const struct corpus_mail *mail);
/* MAIL to the end of the message. `started` is when its time began. */
void traffic_inbound(struct traffic *traffic, const struct corpus_mail *mail, uint64_t started, struct tally *tally);
/* An authenticated user's MAIL and `count` RCPT from domain number `first` on; no message follows. */
void traffic_outbound(struct traffic *traffic, const struct corpus *corpus, size_t first, size_t count,
                      struct tally *tally);
