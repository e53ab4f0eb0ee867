/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DANE for SMTP (RFC 7672): will mail to this destination go over authenticated TLS?
 */
#pragma once

#include "checks/facts.h"

struct arena;
struct lookups;

/* Starts the first lookup of a destination; never blocks. */
void dane_start(struct lookups *lookups, const char *next_hop);
/* next_hop: "domain", "domain:port" or "domain:service" (MX lookup), "[host]" or "[host]:port" (no MX lookup), an
 * address literal "[192.0.2.1]" or a bare address (not applicable); Postfix may give a list "a, b": the first
 * is examined and `why` says so. Never DANE_NOT_EXAMINED. RFC 7672 section 2 step by step. */
struct dane_fact dane_check(struct arena *arena, struct lookups *lookups, const char *next_hop);
