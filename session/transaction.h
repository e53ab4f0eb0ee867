/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail transaction, inside of session/ only: what was collected about it, and the parts that work on it.
 */
#pragma once

#include <stdint.h>

#include "audit/record.h"
#include "checks/facts.h"
#include "message/address.h"
#include "message/author.h"
#include "session/session.h"

struct arena;
struct lookups;
struct signatures;

struct destination; /* an examined next hop, outbound.c */

/* The fields of one name, of which some are to be deleted. */
struct field_marks {
  unsigned seen;    /* fields of this name so far */
  unsigned *marked; /* their numbers, ascending */
  size_t count, size;
};

enum { DESTINATION_LISTS = 64 };

struct transaction {
  struct arena *arena;
  struct config *config; /* held: a reload does not touch a message in hand */
  struct lookups *lookups;
  struct signatures *signatures; /* NULL where no signature is wanted */
  int64_t now;
  uint64_t started_ms;

  enum session_care care;
  bool patient;
  bool outbound;
  bool utf8;       /* SMTPUTF8 */
  bool requiretls; /* RFC 8689 */
  const char *authserv_id;
  const char *authenticated;
  struct path sender;

  struct audit_recipient *recipients;
  size_t recipient_count, recipient_size;
  struct destination *destinations[DESTINATION_LISTS]; /* by their names */
  bool fields_ended; /* session_eoh() was there */
  bool postponed; /* refusals wait for the end: not an SMTP session */

  const char *message_id;
  struct author_fields author;
  struct field_marks results, dane_fields; /* Authentication-Results, Sluis-DANE */
  const char **visible; /* domains that To and Cc name */
  size_t visible_count, visible_size;

  struct facts facts;
  bool checked[STANDARD_COUNT];
  const char *dmarc_override;
  struct audit_message told; /* what the audit line says, once it ended */
};

/* What inbound.c does: finds out about a message from outside and writes what it found. */
void inbound_begin(struct transaction *transaction, const struct ip *client, const char *helo);
void inbound_end_fields(struct transaction *transaction);
struct decision inbound_decide(struct transaction *transaction, const struct ip *client, const char *helo);
/* The value of the Authentication-Results field, in the arena; NULL where no level asks for it. */
const char *inbound_results(const struct transaction *transaction);

/* What outbound.c does: examines where a message from here goes. */
struct decision outbound_recipient(struct transaction *transaction, const struct session_recipient *given,
                                   struct audit_recipient *recipient);
struct decision outbound_decide(const struct transaction *transaction);
/* Remembers the domains that a To or Cc field names. */
void outbound_visible(struct transaction *transaction, const char *value);
/* The value of the Sluis-DANE field, in the arena; NULL where no level asks for it. */
const char *outbound_verdicts(const struct transaction *transaction);

/* session.c */
void marks_add(struct field_marks *marks, bool mark);
