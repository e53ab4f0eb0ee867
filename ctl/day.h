/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Days on the command line.
 */
#pragma once

#include <stdint.h>

enum { DAY_MS = 86400000 };

/* The first millisecond of YYYY-MM-DD (UTC), after 1970; else -1. */
int64_t day_read(const char *word);
/* "2026-11-24" into a buffer that the next call uses again. */
const char *day_tell(int64_t moment);
