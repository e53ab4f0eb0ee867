/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Deciding: pure functions over facts and configuration. No DNS, no clock, no state.
 */
#pragma once

#include "checks/facts.h"
#include "policy/rule.h"

struct reply {
  const char *code;     /* "550"; NULL: no reply of our own */
  const char *enhanced; /* "5.7.1" */
  const char *text;     /* printable ASCII, at most 400 bytes, no CR or LF; '%' not doubled */
};

struct decision {
  enum action action;  /* what is done */
  enum action would;   /* what mode enforce would have done */
  struct reply reply;  /* for REJECT and DEFER */
  const char *rule;    /* the rule that action, or else would, rests on; NULL where nothing failed */
  const char *exception; /* id of the exception that took part in it, or NULL */
  const char *reason;  /* for a quarantine, printable, in plain words; NULL otherwise */
};

/* Inbound, at the end of the message. dmarc_override: set to an RFC 9990 override type ("policy_test_mode" where t=y
 * alone made it milder, else "local_policy") where DMARC failed and less was done than the owner asked for; else NULL,
 * also where the message is deferred. May be NULL. */
struct decision decision_inbound(struct arena *arena, const struct config *config, const struct facts *facts,
                                 int64_t now, const char **dmarc_override);
/* Outbound, one recipient, at RCPT. domain: of the recipient. requiretls: MAIL carried REQUIRETLS (RFC 8689). */
struct decision decision_recipient(struct arena *arena, const struct config *config, const char *domain,
                                   const struct dane_fact *dane, bool requiretls, int64_t now);
/* The same where the rule says that it is not examined: accepted, and an exception is named. */
struct decision decision_unchecked(const struct rule *rule);
/* 451 4.3.5: Sluis itself failed. why: for people. */
struct decision decision_failure(struct arena *arena, const char *why);
/* 451 4.3.2: Sluis is stopping, and takes no new messages. */
struct decision decision_stopping(void);
/* 451 4.3.5 for a message that ended the daemon, or may have, and others of its kind are examined just now: they are
 * so one after the other. */
struct decision decision_postponed(struct arena *arena);
/* A message that ended the daemon is not examined: it is held, in every mode. */
struct decision decision_unexamined(struct arena *arena);
/* The more severe of two decisions: the one with the higher action, then the higher would, then the one that names a
 * rule; of equals the first. Its would is the higher of both, and where it names no exception, the other's is kept. */
struct decision decision_worse(struct decision a, struct decision b);
