/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the configuration says of exceptions and rules.
 */
#pragma once

#include <stdint.h>

#include "audit/emitter.h"
#include "policy/config.h"

/* {"name":...,"state":"in-force"|"expired"|"not-configured","standards":...,"level":...,"reason":...,"owner":...,
 * "until":...} */
void exceptions_write(struct emitter *emitter, const struct config *config, const char *name, int64_t now);
/* "exceptions":[...] and "rules":[{"rule":"domain ... dane=reject","file":...,"line":...}, ...]: all that are for a domain
 * or one above it. */
void exceptions_write_for(struct emitter *emitter, const struct config *config, const char *domain, int64_t now);
