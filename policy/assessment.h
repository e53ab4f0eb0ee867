/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a fact means under a standard: nothing wrong, a failure or no answer (CONTRACT 3), and the words for it
 * (CONTRACT 5, DANE.md 3). No rule is known here; decision.c brings the two together.
 */
#pragma once

#include "checks/facts.h"
#include "policy/decision.h"

enum outcome {
  OUTCOME_FINE,     /* passes, or says nothing that could be held against the message */
  OUTCOME_UNKNOWN,  /* could not be found out */
  OUTCOME_FAILURE
};

struct assessment {
  enum outcome outcome;
  enum level ceiling; /* the highest level that a failure may be handled by */
  const char *code, *enhanced;
  const char *text; /* of the reply, and the reason of a quarantine; raw and of any length. NULL where fine */
};

/* Each assesses one standard of an inbound message. */
struct assessment assessment_author(struct arena *arena, const struct facts *facts);
struct assessment assessment_dmarc(struct arena *arena, const struct facts *facts);
struct assessment assessment_spf(struct arena *arena, const struct facts *facts);
struct assessment assessment_dkim(struct arena *arena, const struct facts *facts);
struct assessment assessment_tls(struct arena *arena, const struct facts *facts);
/* domain: of the recipient. */
struct assessment assessment_dane(struct arena *arena, const char *domain, const struct dane_fact *dane,
                                  bool requiretls);
