/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DMARC (RFC 9989): does an authenticated name stand behind the author domain, and what does its owner ask for?
 */
#pragma once

#include "checks/facts.h"

struct arena;
struct lookups;

/* Starts the lookup of the author domain's record, and of its parents' where there is none; never blocks. */
void dmarc_start(struct lookups *lookups, const char *author_domain);
/* Reads facts->author, spf_mailfrom (which for a null sender speaks of the HELO name, RFC 7208 2.4) and dkim. */
struct dmarc_fact dmarc_check(struct arena *arena, struct lookups *lookups, const struct facts *facts);
