/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where a domain's aggregate reports go: the rua= of its DMARC record as it stands now, and whether those who are named
 * there want them (RFC 9990, "Verifying External Destinations").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "checks/dmarc_record.h"

struct arena;
struct lookups;

enum { DESTINATIONS_MAX = 10 };

struct destination {
  bool unknown; /* a lookup failed: ask again later; `why` says which */
  bool found;   /* there is a record */
  struct dmarc_record record; /* where found */
  const char *addresses[DESTINATIONS_MAX]; /* local@domain: atoms and dots, nothing that means anything to a mailer */
  size_t count;
  const char *why; /* why some or all of what rua= names was left out, printable; NULL */
};

enum { DESTINATION_QUERIES_MAX = 200 };

/* policy_domain is normalized. Everything lies in the arena. */
struct destination destination_find(struct arena *arena, struct lookups *lookups, const char *policy_domain);
/* The address of "mailto:local@domain", also with percent-encoding, and with "?fields" or the obsolete "!10m" behind
 * it, which do not count. NULL for all else, and for addresses that need quoting. *domain is its domain, normalized. */
const char *destination_read(struct arena *arena, const char *uri, size_t length, const char **domain);
