/* SPDX-License-Identifier: BSD-2-Clause
 *
 * TLS connections that an MTA's log has told of, until the deliveries over them are read.
 *
 * Postfix says of TLS in a line of its own, without the queue id: it is of the next message that the same process
 * delivers, and of that one only, as a process tells of each connection anew, one that it takes over from another
 * process too. Sendmail tells of a connection once, and may use it for several messages.
 *
 * Bounded: old ones are forgotten, so that memory does not grow with the log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "evidence/database.h"
#include "evidence/mta_fact.h"

enum { TLS_SESSION_RELAY_SIZE = 320 };

struct tls_session {
  int64_t host, time;
  long long pid;
  char relay[TLS_SESSION_RELAY_SIZE];
  char queue_id[48];    /* of the message it was used for; "" before */
  const char *tls;      /* constant; "" for a match alone, "proxy" for one that tlsproxy(8) told */
  const char *match;    /* constant, or NULL */
  char feature[16];     /* Sendmail's verify= */
  char version[16], cipher[64];
  int bits;
};

struct tls_sessions;

struct tls_sessions *tls_sessions_new(void);
void tls_sessions_free(struct tls_sessions *sessions); /* takes NULL */
/* Takes in a fact of kind MTA_TLS, MTA_MATCH or MTA_LOST. */
void tls_sessions_take(struct tls_sessions *sessions, int64_t host, long long pid, int64_t time, const struct mta_fact *fact);
/* The connection over which this delivery went, or NULL. Borrowed until the next call. */
const struct tls_session *tls_sessions_find(struct tls_sessions *sessions, int64_t host, long long pid, int64_t time,
                                            const struct mta_fact *fact);
/* What one file leaves open, the next one may end. 0 or -1. */
int tls_sessions_load(struct tls_sessions *sessions, struct database *database);
int tls_sessions_store(struct tls_sessions *sessions, struct database *database);
