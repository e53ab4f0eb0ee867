/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One SMTP connection, and on it one mail transaction after another: the whole way from the first command to
 * the outcome and the audit line, without a word of libmilter. The milter, `sluisctl message` and the vector
 * runner all drive it, so that all of them give the same answer.
 *
 * Used by one thread at a time; the thread may change between calls. Strings handed in are copied. What is handed
 * out lives until the next session_mail(), session_abort() or session_free().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/text.h"
#include "policy/decision.h"

struct audit_message;
struct service;
struct session;

/* What the MTA said of the connection. NULL where it said nothing. */
struct session_client {
  struct ip ip;            /* family 0 for mail that came over no network */
  const char *name;        /* verified host name; "unknown" or "[address]" is none */
  const char *mta;         /* macro j: the MTA's own name */
  const char *daemon_name; /* macro {daemon_name} */
  bool can_quarantine;     /* the MTA lets a milter hold mail */
};

/* The TLS macros, asked for with HELO and again with MAIL, as MTAs differ in when they have them. */
struct session_tls {
  const char *version, *cipher, *bits;
};

/* What is done about a message. */
enum session_care {
  SESSION_EXAMINE,
  SESSION_POSTPONE, /* deferred unexamined */
  SESSION_HOLD      /* held unexamined, in every mode; deferred where the MTA cannot hold */
};

struct session_mail {
  const char *sender;            /* the path, with or without brackets */
  const char *const *parameters; /* ESMTP parameters, NULL-terminated; may be NULL */
  const char *authenticated;     /* {auth_authen} */
  struct session_tls tls;
  enum session_care care; /* from the beginning */
  bool patient;           /* no question is asked before the whole header is there */
};

struct session_recipient {
  const char *recipient;           /* the path */
  const char *mailer, *host; /* {rcpt_mailer}, {rcpt_host}; a NULL mailer: not an SMTP session, see session_rcpt() */
};

/* An edit of the header. Deletions come first and in descending order, so that the numbers hold on Postfix, where a
 * deleted field no longer counts, and on Sendmail, where it does. */
struct session_edit {
  const char *name;
  unsigned index;    /* of this name, from 1, for a deletion */
  const char *value; /* NULL: delete; else insert at the very top; folded with "\n\t", without a leading space */
};

struct session_outcome {
  struct decision decision;
  const struct session_edit *edits; /* only where the message goes on */
  size_t edit_count;
};

struct session *session_new(struct service *service);
/* Ends a transaction in progress as session_abort() does. Takes NULL. */
void session_free(struct session *session);

void session_connect(struct session *session, const struct session_client *client);
/* May come again at any time; ends a transaction in progress. */
void session_helo(struct session *session, const char *helo, const struct session_tls *tls);

/* Begins a transaction; one still in progress ends as aborted. */
void session_mail(struct session *session, const struct session_mail *mail);
/* A transaction that ends with its MAIL, by this decision: nothing is asked, one audit line says so. queue_id may be NULL. */
void session_refuse(struct session *session, const struct session_mail *mail, const struct decision *decision,
                    const char *queue_id);
/* From now on nothing of the message in progress is examined, not even read where that can be helped; SESSION_EXAMINE
 * changes nothing. Its outcome says so: Authentication-Results "none", Sluis-DANE "not-examined"; fields that bear
 * these names are removed as unread as they are. */
void session_withhold(struct session *session, enum session_care care);
/* One recipient. The decision says what to answer: ACCEPT, or REJECT or DEFER with a reply. Where the mailer is NULL,
 * nothing is refused here, as Postfix cannot refuse one recipient of mail that did not come by SMTP; the whole
 * message is then decided at its end. */
struct decision session_rcpt(struct session *session, const struct session_recipient *recipient);
/* value: everything behind the colon, with the leading space where the MTA gives it (leading_space), else without. */
void session_header(struct session *session, const char *name, const char *value, bool leading_space);
/* Where it is left out, the body or the end of the message stands for it. A field behind it is not
 * shown to DKIM. */
void session_eoh(struct session *session);
void session_body(struct session *session, const void *bytes, size_t length);
/* False once the rest of the body does not matter. */
bool session_wants_body(const struct session *session);
/* Finds out, decides and tells. Not to be called without a transaction. */
struct session_outcome session_eom(struct session *session, const char *queue_id);
/* The transaction, if there is one, ends without its message: one audit line says so. queue_id may be NULL. */
void session_abort(struct session *session, const char *queue_id);
bool session_in_transaction(const struct session *session);
/* All that is known of the transaction that session_eom() ended last, as the audit line tells it: for programs that
 * show it. NULL before. */
const struct audit_message *session_ended(const struct session *session);
/* The same as the audit line's members (audit/record.h). */
const struct text *session_record(const struct session *session);
