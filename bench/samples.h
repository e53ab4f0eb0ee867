/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Durations, and what is asked of them: the median, the 99th percentile, the worst.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct samples {
  uint32_t *microseconds;
  size_t count, size;
};

uint64_t samples_clock(void); /* now, in nanoseconds: durations are differences of these */
void samples_add(struct samples *samples, uint64_t nanoseconds);
/* Moves all of `from` over, which is empty then. */
void samples_join(struct samples *samples, struct samples *from);
void samples_sort(struct samples *samples);
/* Of sorted ones, in milliseconds; 0 where there are none. `part` 0.5 is the median, 1 the worst. */
double samples_at(const struct samples *samples, double part);
double samples_mean(const struct samples *samples);
void samples_free(struct samples *samples);
