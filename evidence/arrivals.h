/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Messages that begin to come in, until the log says that the MTA took them. An MTA gives out a queue id before it has
 * the whole message; many never get in.
 *
 * Bounded: the oldest are forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "evidence/database.h"

struct arrivals;

struct arrival {
  int64_t host, file, line, time;
  char queue_id[48];
  const char *source; /* constant */
};

struct arrivals *arrivals_new(void);
void arrivals_free(struct arrivals *arrivals); /* takes NULL */
/* A copy is kept; one with the same host and queue id is replaced. */
void arrivals_add(struct arrivals *arrivals, const struct arrival *arrival);
/* Takes it out. false where there is none, or one from more than a day before `time`. */
bool arrivals_take(struct arrivals *arrivals, struct arrival *to, int64_t host, const char *queue_id, int64_t time);
/* What one file leaves open, the next one may end. 0 or -1. */
int arrivals_load(struct arrivals *arrivals, struct database *database);
int arrivals_store(struct arrivals *arrivals, struct database *database);
