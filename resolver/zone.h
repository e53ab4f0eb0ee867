/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The zones of the fake source: records in memory, read from text, and what a validating resolver would
 * make of them. For tests; every search walks the whole list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/dns.h"

struct dns_answer_owned;

enum zone_fault { ZONE_NONE, ZONE_SERVFAIL, ZONE_TIMEOUT, ZONE_BOGUS, ZONE_NXDOMAIN, ZONE_EXISTS };
enum { ZONE_ANY = 255 }; /* RFC 1035 3.2.3 */

struct zone_record {
  char *name; /* as name_fold() makes it */
  unsigned type;
  enum zone_fault fault; /* answered instead; no rdata then */
  enum dnssec security;
  uint32_t ttl;
  unsigned after_ms;
  uint8_t *rdata;
  size_t length;
};

/* Start with {0}; empty with zone_free(). */
struct zone {
  struct zone_record *records;
  size_t count, size;
  enum dnssec security; /* the default */
};

/* How an answer comes. */
struct zone_manner {
  bool silent;       /* never */
  unsigned after_ms; /* late */
};

void zone_free(struct zone *zone);
/* Adds a record with a copy of name and rdata; what else it holds can be set in the one returned, which is
 * alive until the next. NULL for an impossible name. */
struct zone_record *zone_add(struct zone *zone, const char *name, unsigned type, const void *rdata, size_t length);
/* ZONE_NONE for an unknown word. */
enum zone_fault zone_fault_by_name(const char *word);
/* 0, or -1 with "line N: ..." in error; the lines before are in the zone then. */
int zone_read(struct zone *zone, const char *text, char *error, size_t error_size);
/* One reference, the caller's. name: folded. */
struct dns_answer_owned *zone_answer(const struct zone *zone, const char *name, unsigned type,
                                     struct zone_manner *manner);
