/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What one line of an MTA's log says. postfix.c and sendmail.c read it; neither knows of the database.
 *
 * doc/evidence.md is the table of the lines, what each proves, and where the MTA's source says so.
 */
#pragma once

#include <stdbool.h>

enum { MTA_ADDRESSES_MAX = 200 };

enum mta_fact_kind {
  MTA_NOTHING,  /* of no interest */
  MTA_OPENED,   /* a message begins to come in: queue_id, source */
  MTA_TAKEN,    /* the message is in the queue: queue_id */
  MTA_TLS,      /* a TLS connection as client: relay, tls, tls_version, tls_cipher, tls_bits */
  MTA_MATCH,    /* what the server's certificate fits: relay, tls_match */
  MTA_LOST,     /* TLS with this relay failed: what was known of it no longer holds */
  MTA_DELIVERY, /* an attempt to deliver to each of the addresses */
  MTA_DAMAGED,  /* begins as one of these, but is cut off or malformed; why */
};

/* Text is borrowed from the line, or constant; NULL: not told. */
struct mta_fact {
  enum mta_fact_kind kind;
  const char *why;
  const char *mta, *agent;
  const char *queue_id;
  const char *source; /* "smtp", "local" */
  char *addresses[MTA_ADDRESSES_MAX];
  int address_count;
  const char *relay; /* what a TLS line and the line of a delivery have in common */
  const char *relay_name, *relay_address;
  int relay_port; /* 0: not told */
  const char *status, *dsn, *reply;
  const char *tls, *tls_feature, *tls_match, *tls_version, *tls_cipher;
  int tls_bits;
  bool is_reused; /* MTA_TLS: a connection that was open already */
  bool is_proxy;  /* MTA_MATCH: of tlsproxy(8), in whose name other processes speak */
  long long pid;
  bool keeps;     /* the process may use its connections for more than one message without a word */
};
