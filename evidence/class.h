/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The class of a delivery: what its facts prove of how the message left. Pure. doc/evidence.md has the rules in words.
 */
#pragma once

#include <stdbool.h>

/* As the columns of the table delivery (doc/database.md); NULL: not known. */
struct class_facts {
  const char *mta, *agent;
  const char *relay_name, *relay_address;
  const char *status, *dsn, *reply;
  const char *tls, *tls_feature, *tls_match, *tls_level;
  const char *verdict; /* of the milter, for this recipient's destination */
  bool host_usable;    /* the milter saw usable TLSA records for the very host that took the message */
  bool is_fresh;       /* within the time to live of what the milter saw */
};

/* The class, and in why what it rests on; both are constant text. */
const char *class_of(const struct class_facts *facts, const char **why);
