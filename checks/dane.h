/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DANE for SMTP (RFC 7672): will mail to this destination go over authenticated TLS?
 *
 * A sending MTA authenticates a mail host where three things come out of the DNS secure, that is, validated from
 * the root on: which hosts the domain has (MX), each host's address, and TLSA records that say which certificate
 * or key the host will show. That the DNS says "no" is a fact too; but where it cannot be asked, or its answer fails
 * validation, nothing is known, and a host about which nothing is known is never told as one without DANE.
 */
#pragma once

#include "checks/facts.h"

struct arena;
struct lookups;

/* Of a domain's mail hosts the first so many by preference are examined; where there are more, `skipped` is set. */
enum { DANE_HOSTS_MAX = 50 };

/* Starts the first lookup of a destination; never blocks. */
void dane_start(struct lookups *lookups, const char *next_hop);
/* next_hop: as next_hop_parse() takes it: "domain", "domain:port" or "domain:service" (MX lookup), "[host]" or
 * "[host]:port" (no MX lookup); an address is not applicable, nor is what cannot be read. Of a list "a, b" the first is
 * examined and `why` says so. Never DANE_NOT_EXAMINED. RFC 7672 section 2 step by step; at most five lookups for a
 * host, and three for the domain.
 *
 * `link` is NONE for the verdicts dane, nxdomain, no-mail, null-mx and not-applicable, and bogus or dns-failure for
 * bogus and temperror. `why` names the domain or the first host that lacks the link. */
struct dane_fact dane_check(struct arena *arena, struct lookups *lookups, const char *next_hop);
