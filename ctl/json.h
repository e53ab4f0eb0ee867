/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What commands tell machines: one line of JSON for each result, in the form of the audit log (CONTRACT 7).
 */
#pragma once

#include "base/text.h"
#include "checks/facts.h"

/* Appends {"domain": ..., "dane": {...}} and a newline. */
void json_dane(struct text *out, const struct dane_fact *fact);
