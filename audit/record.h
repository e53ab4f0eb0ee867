/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One line of the audit log (CONTRACT 7): a mail transaction or an event of the daemon, as JSON.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "checks/facts.h"
#include "policy/config.h"
#include "policy/decision.h"

struct audit_recipient {
  const char *address; /* as received, raw; told as audit.addresses says */
  const char *domain;  /* normalized, "" for none */
  const char *next_hop; /* NULL where the MTA gave none */
  const struct dane_fact *dane; /* NULL where not examined */
  struct decision decision;
};

/* Everything is borrowed for the call. NULL or 0 means unknown and is written as null or left out. */
struct audit_message {
  bool outbound;
  const char *queue_id;
  const struct ip *client_ip;
  const char *client_name, *helo, *authenticated;
  const char *mail_from;  /* raw address; "" is the null sender */
  const char *message_id; /* raw */
  const struct facts *facts; /* for tls in both directions; the rest inbound only */
  bool checked[STANDARD_COUNT]; /* which checks ran to a result: others are left out */
  const struct audit_recipient *recipients;
  size_t recipient_count;
  struct decision decision; /* action ABORT where the transaction did not end with the message */
  const char *dmarc_override;
  unsigned elapsed_ms, dns_ms, dns_queries, removed_headers;
};

/* What stands in every line. seq, time and prev are put in by the log. */
struct audit_origin {
  const char *host; /* authserv-id */
  enum address_form addresses;
  const struct keyring_key *key; /* for pseudonyms; NULL for none */
};

/* An event of the daemon: "start", "stop", "reload", "resolver-failure", "resolver-recovered", "exception-expired". */
struct audit_event {
  const char *event;
  const char *why;       /* NULL: left out */
  const char *exception; /* NULL: left out */
  const char *version;   /* NULL: left out; and other facts of a start: */
  const char *servers;   /* the resolver's */
  const char *config;    /* SHA-256 of the configuration file, hex, or NULL */
  const char *key;       /* ID of the key of pseudonyms, or NULL */
};

/* What the configuration says of it. Borrows both. */
struct audit_origin record_origin(const struct config *config, const char *host);

/* Appends the members behind `"pid":N` up to, not including, the closing `,"prev":...}`, beginning with a comma, so
 * that the log can put its own keys around them. Valid UTF-8, one line; values from the wire printable and cut at
 * 1,000 bytes. */
void record_message(struct text *out, const struct audit_origin *origin, const struct audit_message *message);
void record_event(struct text *out, const struct audit_event *event);
/* "local@domain" by the form: "domain.example" alone, "hmac16+id@domain.example", or the whole, without angle brackets;
 * "" for the null sender. Without a domain: "(withheld)", "hmac16+id", or the whole. The HMAC is HMAC-SHA256 of the
 * address in lower case, of which the first 16 hexadecimal digits count; the id is that of its key. Login names are told
 * in the same way. */
void record_address(struct text *out, const struct audit_origin *origin, const char *address);
/* {"domain":DOMAIN,"dane":{...}}, as `sluisctl dane --json` prints it; "dane" is null where not examined. */
void record_destination(struct text *out, const char *domain, const struct dane_fact *dane);
