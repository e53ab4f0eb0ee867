/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail host of a destination, examined for DANE: its address, its TLSA base domain, its TLSA records.
 *
 * Three calls for each host, in this order, and each for all hosts before the next one, so that the lookups of
 * all hosts run at the same time: dane_host_start(), dane_host_find_address(), dane_host_find_tlsa().
 */
#pragma once

#include "checks/facts.h"

struct arena;
struct lookups;

enum dane_host_state {
  DANE_HOST_PENDING,  /* not at its end yet */
  DANE_HOST_GONE,     /* no such host, or no address: nobody can deliver to it */
  DANE_HOST_FAILED,   /* could not be found out */
  DANE_HOST_BOGUS,    /* could not be found out, because DNSSEC validation failed */
  DANE_HOST_PLAIN,    /* no DANE: TLS without authentication, or none */
  DANE_HOST_UNUSABLE, /* TLSA records, none of them usable: TLS without authentication */
  DANE_HOST_USABLE    /* authenticated TLS, or no delivery */
};

struct dane_host_check {
  struct arena *arena;
  struct lookups *lookups;
  unsigned port;
  struct dane_host *told; /* name and preference are set by the caller, the rest here */
  enum dane_host_state state;
  enum dane_link link;  /* what is missing */
  const char *why;      /* a clause with the host's name, unless usable */
  uint32_t ttl;         /* the smallest one used; UINT32_MAX at first */
  bool ask_alias;       /* the address comes by an insecure alias */
  const char *bases[2]; /* candidates for the TLSA base domain, best first */
  size_t base_count;
};

void dane_host_start(struct lookups *lookups, const char *name);
void dane_host_find_address(struct dane_host_check *check);
void dane_host_find_tlsa(struct dane_host_check *check);

/* "temporary DNS failure looking up WHAT of NAME", "DNSSEC validation failed for WHAT of NAME (...)". */
const char *dane_failure_text(struct arena *arena, const struct dns_answer *answer, const char *what, const char *name);
