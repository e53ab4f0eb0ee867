/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of Postfix, 3.7 to 3.11.
 */
#pragma once

#include <stdbool.h>

#include "evidence/mta_fact.h"

/* The name of a program of Postfix without what stands before it ("smtp" of "postfix/relay/smtp"), or NULL for another
 * program. */
const char *postfix_service(const char *program);
/* The message is changed, and borrowed by fact. */
void postfix_read(struct mta_fact *fact, const char *service, char *message);

/* The first feature of a tls= attribute (pol_stats(3) of Postfix): the level that was asked for, the one that came of
 * it, and whether it was met. */
struct postfix_feature {
  char wanted[16], got[16];
  bool is_violated, is_undecided;
};
/* false where it is none. */
bool postfix_read_feature(struct postfix_feature *feature, const char *attribute);
