/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF (RFC 7208): may this client use this name?
 */
#pragma once

#include <stdint.h>

#include "checks/facts.h"

struct arena;
struct lookups;

struct spf_query {
  struct ip client;
  const char *helo;     /* as the client gave it; raw bytes */
  const char *sender;   /* MAIL FROM without brackets, raw bytes; "" for the null sender */
  const char *receiver; /* our own name, for the r macro of explanations */
  int64_t now;          /* seconds since 1970, for the t macro */
};

/* Starts the lookups of each identity, and those that their answers lead to; never blocks. */
void spf_start(struct lookups *lookups, const struct spf_query *query);
/* The HELO identity: postmaster@helo (RFC 7208 2.3). none where helo is no multi-label domain name. */
struct spf_fact spf_check_helo(struct arena *arena, struct lookups *lookups, const struct spf_query *query);
/* The MAIL FROM identity (2.4); for a null sender postmaster@helo. */
struct spf_fact spf_check_mailfrom(struct arena *arena, struct lookups *lookups, const struct spf_query *query);
