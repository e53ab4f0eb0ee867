/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking ahead for an SPF check: the records of a domain and of its includes, and the addresses they name.
 */
#pragma once

struct ip;
struct lookups;

/* Never blocks, decides nothing, and never asks for more than an evaluation may. */
void spf_ahead(struct lookups *lookups, const struct ip *client, const char *domain);
