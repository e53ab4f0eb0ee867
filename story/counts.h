/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How often what was found about a domain, by month.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "audit/emitter.h"
#include "base/memory.h"
#include "evidence/database.h"

struct count {
  int month;              /* months since the year 0 */
  const char *direction;  /* "inbound", "outbound" */
  const char *subject, *value; /* as in doc/database.md */
  int64_t messages, recipients;
};

struct counts {
  struct arena *arena; /* set by the caller */
  struct count *rows;
  size_t count, size;
};

/* Adds what a database knows of the domain between two moments, what was removed among it. 0 or -1. */
int counts_read(struct counts *counts, struct database *database, const char *domain, int64_t from, int64_t to);
/* "counts":[...], by month, direction, subject, and the most frequent first. */
void counts_write(struct counts *counts, struct emitter *emitter);
