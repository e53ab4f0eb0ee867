/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Durations. See samples.h.
 */
#include "bench/samples.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

uint64_t samples_clock(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void make_room(struct samples *samples, size_t more)
{
  if (samples->count + more <= samples->size)
    return;
  samples->size = 2 * (samples->count + more);
  samples->microseconds = memory_resize(samples->microseconds, samples->size * sizeof *samples->microseconds);
}

void samples_add(struct samples *samples, uint64_t nanoseconds)
{
  uint64_t microseconds = (nanoseconds + 500) / 1000;
  make_room(samples, 1);
  samples->microseconds[samples->count++] = microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)microseconds;
}

void samples_join(struct samples *samples, struct samples *from)
{
  if (from->count > 0) {
    make_room(samples, from->count);
    memcpy(samples->microseconds + samples->count, from->microseconds, from->count * sizeof *from->microseconds);
    samples->count += from->count;
  }
  samples_free(from);
}

static int compare(const void *a, const void *b)
{
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

void samples_sort(struct samples *samples)
{
  if (samples->count > 0)
    qsort(samples->microseconds, samples->count, sizeof *samples->microseconds, compare);
}

double samples_at(const struct samples *samples, double part)
{
  if (samples->count == 0)
    return 0;
  size_t index = (size_t)(part * (double)samples->count);
  if (index >= samples->count)
    index = samples->count - 1;
  return samples->microseconds[index] / 1000.0;
}

double samples_mean(const struct samples *samples)
{
  double sum = 0;
  for (size_t i = 0; i < samples->count; i++)
    sum += samples->microseconds[i];
  return samples->count > 0 ? sum / (double)samples->count / 1000 : 0;
}

void samples_free(struct samples *samples)
{
  free(samples->microseconds);
  *samples = (struct samples){0};
}
