/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The DNS tree walk of DMARC (RFC 9989 4.10): which record stands where, and the organizational domain of a name.
 */
#pragma once

#include "checks/dmarc_record.h"

struct arena;
struct lookups;

/* What stands at _dmarc.DOMAIN. */
enum dmarc_state { PLACE_EMPTY, PLACE_RECORD, PLACE_UNKNOWN };

struct dmarc_place {
  enum dmarc_state state;
  const char *domain;
  struct dmarc_record record; /* where PLACE_RECORD */
  enum dnssec dnssec;
  bool proves_domain; /* the answer shows that the domain itself exists */
  const char *why;    /* where PLACE_UNKNOWN */
};

struct dmarc_walk {
  bool failed;                       /* a lookup on the way failed: nothing below is known but dnssec and why */
  const char *organizational_domain; /* of the start */
  struct dmarc_place place;          /* the record for names under it that have none: its own, else its suffix's */
  enum dnssec dnssec;                /* the worst of all the answers */
  const char *why;
};

/* domain is normalized and stays alive as long as the arena. */
struct dmarc_place dmarc_place_ask(struct arena *arena, struct lookups *lookups, const char *domain);
/* Asks ahead for a walk that finds nothing up to the first record; never blocks. */
void dmarc_walk_ahead(struct lookups *lookups, const char *start);
/* At most eight questions, one after another, as each may be the last. */
struct dmarc_walk dmarc_walk_from(struct arena *arena, struct lookups *lookups, const char *start);
