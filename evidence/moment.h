/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Points in time, in milliseconds since 1970 UTC, as logs write them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3339 5.6: "2026-11-24T00:47:39.123Z", "2026-11-24T01:47:39.123456+01:00"; any number of decimals; a space in the
 * place of T too, and "+0100" as an offset. Reads what stands at the start of text. Returns the number of characters, or 0 where there is none. */
size_t moment_read(int64_t *moment, const char *text);
/* RFC 3164 4.1.2: "Nov 24 00:47:39", in local time and without a year: the last such moment that is not later than a day
 * after `latest`. Decimals may follow. `before` is the moment of the line before, or 0: where an hour comes twice, as summer time
 * ends, it tells which of the two is meant. */
size_t moment_read_short(int64_t *moment, const char *text, int64_t latest, int64_t before);
/* Days since 1970 of a date of the Gregorian calendar. */
int64_t moment_day(int year, int month, int day);
