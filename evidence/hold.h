/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Holds: what is kept beyond its time because of an incident.
 */
#pragma once

#include <stdint.h>

#include "evidence/database.h"

/* Times in milliseconds; all text is printable and borrowed. */
struct hold {
  const char *name, *reason;
  const char *domain;             /* NULL: everything of that time */
  int64_t first_time, last_time;  /* what is held: from, and the first moment after it */
  int64_t made, ends;
};

/* 0; 1 where there is one of this name already; -1. */
int hold_add(struct database *database, const struct hold *hold);
/* Ends a hold now. 0; 1 where none of this name lasts; -1. */
int hold_end(struct database *database, const char *name, int64_t now);
/* Calls for each hold, also those that have ended, by name. 0 or -1. */
int hold_list(struct database *database, void (*each)(void *context, const struct hold *hold), void *context);
