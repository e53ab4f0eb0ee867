/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The order that the hashes prove. See path.h.
 */
#include "trail/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A segment by a digest: of its last or of its first line. */
struct entry {
  const char *digest;
  size_t segment;
};

static int compare_entries(const void *a, const void *b)
{
  const struct entry *first = a, *second = b;
  int order = strcmp(first->digest, second->digest);
  if (order != 0)
    return order;
  return first->segment < second->segment ? -1 : first->segment > second->segment;
}

uint64_t path_lines(const struct segment *segment)
{
  return segment->last.line - segment->first.line + 1;
}

/* The first entry with the digest, or NULL. */
static const struct entry *find(const struct entry *entries, size_t count, const char *digest)
{
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(entries[middle].digest, digest) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && strcmp(entries[low].digest, digest) == 0 ? &entries[low] : NULL;
}

static bool is_same(const struct segment *a, const struct segment *b)
{
  return path_lines(a) == path_lines(b) && strcmp(a->first_digest, b->first_digest) == 0 && strcmp(a->digest, b->digest) == 0;
}

/* How many segments the file has that this one is the first of, as long as they are those of another file too: 0 where
 * the two files differ. */
static size_t count_copied(const struct survey *survey, size_t original, size_t copy)
{
  const struct segment *segments = survey->segments;
  size_t from = segments[original].first.file, file = segments[copy].first.file, count = 0;
  for (;; count++) {
    bool first_ends = original + count == survey->segment_count || segments[original + count].first.file != from;
    bool second_ends = copy + count == survey->segment_count || segments[copy + count].first.file != file;
    if (first_ends || second_ends)
      return first_ends && second_ends ? count : 0;
    if (!is_same(&segments[original + count], &segments[copy + count]))
      return 0;
  }
}

/* The same file a second time, as where it is given both plain and compressed. Single lines that stand in two files are
 * no copy: one of them was put there. */
static void find_copies(const struct survey *survey, struct step *steps, struct entry *entries)
{
  size_t count = 0;
  for (size_t i = 0; i < survey->segment_count; i++)
    if (i == 0 || survey->segments[i].first.file != survey->segments[i - 1].first.file)
      entries[count++] = (struct entry){survey->segments[i].first_digest, i};
  qsort(entries, count, sizeof *entries, compare_entries);
  for (size_t i = 1; i < count; i++) {
    size_t copied = strcmp(entries[i - 1].digest, entries[i].digest) == 0
                        ? count_copied(survey, entries[i - 1].segment, entries[i].segment) : 0;
    for (size_t j = 0; j < copied; j++)
      steps[entries[i].segment + j].copy = true;
  }
}

/* Of several segments that end in the same line the one right before this one is meant. */
static void find_before(const struct survey *survey, struct step *steps, struct entry *entries)
{
  size_t count = 0;
  for (size_t i = 0; i < survey->segment_count; i++)
    if (!steps[i].copy)
      entries[count++] = (struct entry){survey->segments[i].digest, i};
  qsort(entries, count, sizeof *entries, compare_entries);
  for (size_t i = 0; i < survey->segment_count; i++) {
    const char *prev = survey->segments[i].prev;
    const struct entry *entry = *prev && !steps[i].copy ? find(entries, count, prev) : NULL;
    if (!entry)
      continue;
    steps[i].before = entry->segment;
    for (; entry < entries + count && strcmp(entry->digest, prev) == 0; entry++)
      if (entry->segment + 1 == i)
        steps[i].before = entry->segment;
    if (steps[i].before == i)
      steps[i].before = STEP_NONE;
  }
}

/* How many lines hang on each segment, and which of several successors goes on. Hashes make no circles; the bound is
 * for the case that one day somebody can. */
static void choose_after(const struct survey *survey, struct step *steps)
{
  /* From the last one on: mostly that reaches all others at once. */
  for (size_t i = survey->segment_count; i-- > 0;) {
    size_t at = i;
    for (size_t turns = 0; turns < survey->segment_count && steps[at].before != STEP_NONE; turns++) {
      size_t before = steps[at].before;
      uint64_t lines = steps[at].lines + path_lines(&survey->segments[before]);
      if (steps[before].after != STEP_NONE && lines <= steps[before].lines)
        break;
      steps[before].lines = lines;
      steps[before].after = at;
      at = before;
    }
  }
  for (size_t i = 0; i < survey->segment_count; i++)
    steps[i].astray = steps[i].before != STEP_NONE && steps[steps[i].before].after != i;
}

struct step *path_find(const struct survey *survey)
{
  size_t count = survey->segment_count;
  struct step *steps = memory_new((count + 1) * sizeof *steps);
  struct entry *entries = memory_new((count + 1) * sizeof *entries);
  for (size_t i = 0; i < count; i++)
    steps[i] = (struct step){.before = STEP_NONE, .after = STEP_NONE, .lines = path_lines(&survey->segments[i])};
  find_copies(survey, steps, entries);
  find_before(survey, steps, entries);
  choose_after(survey, steps);
  free(entries);
  return steps;
}
