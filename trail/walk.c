/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is found on the walk, in words. See walk.h.
 */
#include "trail/walk.h"

#include <inttypes.h>
#include <string.h>

const char *walk_name(const struct walk *walk, size_t file)
{
  const char *path = walk->survey->files[file].path;
  char *shown = arena_alloc(walk->survey->arena, TEXT_PRINTABLE_MAX + 1);
  return text_printable(shown, TEXT_PRINTABLE_MAX + 1, path, strlen(path));
}

const char *walk_tell(const struct walk *walk, const struct spot *spot)
{
  struct arena *arena = walk->survey->arena;
  const char *place = arena_printf(arena, "%s:%" PRIu64, walk_name(walk, spot->file), spot->line);
  if (spot->seq == 0)
    return place;
  return arena_printf(arena, "%s (seq %" PRIu64 "%s%s)", place, spot->seq, *spot->time ? ", " : "", spot->time);
}

void walk_add(struct walk *walk, enum finding_kind kind, const struct spot *at, uint64_t count, const char *text)
{
  struct verdict *verdict = walk->verdict;
  if (verdict->finding_count == verdict->finding_size) {
    verdict->finding_size = verdict->finding_size ? 2 * verdict->finding_size : 32;
    verdict->findings = memory_resize(verdict->findings, verdict->finding_size * sizeof *verdict->findings);
  }
  verdict->findings[verdict->finding_count++] = (struct finding){kind, *at, count, text};
  verdict->breaks += finding_is_break(kind);
}

const char *walk_lines(const struct walk *walk, uint64_t count)
{
  return arena_printf(walk->survey->arena, "%" PRIu64 " line%s", count, count == 1 ? "" : "s");
}

void walk_add_killed(struct walk *walk, const struct spot *before, const struct spot *start)
{
  FIND(walk, FINDING_KILLED, start, 0,
       "%s: a daemon started, but the one before it had not said that it stopped: its last line is %s. What it had in "
       "hand then has no line; in the time between no mail was examined",
       walk_tell(walk, start), walk_tell(walk, before));
}
