/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A DANE verdict for people: the whole chain from the domain to the TLSA records, the first missing link, and what
 * mends it.
 */
#pragma once

#include "base/text.h"
#include "checks/facts.h"

/* Appends lines. */
void destination_tell(struct text *out, const struct dane_fact *fact);
