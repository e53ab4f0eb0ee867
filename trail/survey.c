/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The survey of log files. See survey.h.
 */
#include "trail/survey.h"

#include <stdlib.h>
#include <string.h>

#include "audit/chain.h"
#include "base/lines.h"
#include "base/memory.h"
#include "base/text.h"

enum { KILLED_MAX = 1000, KEYS_MAX = 10000 };

static struct spot spot_of(size_t file, const struct line *line, const struct mark *mark)
{
  struct spot spot = {.file = file, .line = line->number, .seq = mark->seq};
  memcpy(spot.time, mark->time, sizeof spot.time);
  return spot;
}

static struct segment *add_segment(struct survey *survey)
{
  if (survey->segment_count == SURVEY_SEGMENTS_MAX) {
    survey->too_many = true;
    return NULL;
  }
  if (survey->segment_count == survey->segment_size) {
    survey->segment_size = survey->segment_size ? 2 * survey->segment_size : 64;
    survey->segments = memory_resize(survey->segments, survey->segment_size * sizeof *survey->segments);
  }
  struct segment *segment = &survey->segments[survey->segment_count++];
  *segment = (struct segment){.host = ""};
  return segment;
}

static void add_killed(struct survey *survey, const struct spot *before, const struct spot *start)
{
  if (survey->killed_count == KILLED_MAX)
    return;
  if (survey->killed_count == survey->killed_size) {
    survey->killed_size = survey->killed_size ? 2 * survey->killed_size : 16;
    survey->killed = memory_resize(survey->killed, survey->killed_size * sizeof *survey->killed);
  }
  survey->killed[survey->killed_count++] = (struct killed){*before, *start};
}

static void add_key(struct survey *survey, const struct spot *spot, const struct mark *mark)
{
  if (survey->key_count == KEYS_MAX)
    return;
  if (survey->key_count == survey->key_size) {
    survey->key_size = survey->key_size ? 2 * survey->key_size : 16;
    survey->keys = memory_resize(survey->keys, survey->key_size * sizeof *survey->keys);
  }
  survey->keys[survey->key_count++] =
      (struct taken_key){*spot, arena_string(survey->arena, mark->host), arena_string(survey->arena, mark->key)};
}

/* Does the line go on with the segment? */
static bool follows(const struct segment *segment, const struct mark *mark)
{
  bool all_raw = segment->first_whole.seq == 0;
  if (!mark->whole)
    return all_raw;
  if (mark->root || strcmp(segment->digest, mark->prev) != 0)
    return false;
  return all_raw || mark->seq == segment->last.seq + 1;
}

static void take_whole(struct survey *survey, struct segment *segment, const struct spot *spot, const struct mark *mark)
{
  bool first = segment->first_whole.seq == 0;
  if (mark->configured)
    add_key(survey, spot, mark);
  if (mark->event == MARK_START) {
    segment->starts++;
    if (!first && segment->last_event != MARK_STOP) {
      segment->killed++;
      add_killed(survey, &segment->last, spot);
    }
  }
  if (!first && *mark->time && strcmp(mark->time, segment->last.time) < 0 && survey->clock_back++ == 0)
    survey->clock_spot = *spot;
  if (first) {
    segment->first_whole = *spot;
    segment->first_event = mark->event;
  }
  segment->last_event = mark->event;
  if (!*segment->host && *mark->host)
    segment->host = arena_string(survey->arena, mark->host);
}

/* A new segment, of which this is the first line. */
static struct segment *begin(struct survey *survey, const struct spot *spot, const struct mark *mark)
{
  struct segment *segment = add_segment(survey);
  if (!segment)
    return NULL;
  segment->first = *spot;
  segment->fragments = true;
  segment->root = mark->whole && mark->root;
  strcpy(segment->prev, mark->prev);
  strcpy(segment->first_digest, mark->digest);
  return segment;
}

static struct segment *take_line(struct survey *survey, struct segment *segment, const struct spot *spot,
                                 const struct line *line, const struct mark *mark)
{
  if (!segment || !follows(segment, mark))
    segment = begin(survey, spot, mark);
  if (!segment)
    return NULL;
  if (mark->whole) {
    take_whole(survey, segment, spot, mark);
  } else {
    segment->raw++;
    segment->fragments = segment->fragments && mark->fragment && !line->cut;
    segment->too_long = segment->too_long || line->cut;
  }
  segment->last = *spot;
  segment->open = line->open;
  strcpy(segment->digest, mark->digest);
  return segment;
}

static const char *keep(struct survey *survey, const char *why)
{
  return arena_string(survey->arena, why);
}

static void read_file(struct survey *survey, size_t index)
{
  struct survey_file *file = &survey->files[index];
  struct segment *segment = NULL;
  struct line line;
  struct mark mark;
  struct text why = {0};
  struct lines *lines = lines_open(file->path, CHAIN_LINE_MAX, &why);
  if (!lines) {
    file->unreadable = true;
    file->why = keep(survey, why.bytes);
    text_free(&why);
    return;
  }
  file->device = lines_status(lines)->st_dev;
  file->inode = lines_status(lines)->st_ino;
  for (size_t i = 0; i < index; i++)
    if (!survey->files[i].unreadable && survey->files[i].device == file->device &&
        survey->files[i].inode == file->inode)
      file->copy = true;
  int status = 0;
  while (!file->copy && (status = lines_next(lines, &line)) > 0) {
    mark_read(&mark, line.bytes, line.length);
    struct spot spot = spot_of(index, &line, &mark);
    segment = take_line(survey, segment, &spot, &line, &mark);
    if (!segment)
      break;
    file->lines = line.number;
  }
  if (status < 0)
    file->why = keep(survey, lines_error(lines));
  lines_close(lines);
}

void survey_read(struct survey *survey, char *const *paths, size_t count)
{
  *survey = (struct survey){.arena = arena_new(), .file_count = count};
  survey->files = memory_new((count + 1) * sizeof *survey->files);
  for (size_t i = 0; i < count && !survey->too_many; i++) {
    survey->files[i].path = paths[i];
    read_file(survey, i);
  }
}

void survey_free(struct survey *survey)
{
  free(survey->files);
  free(survey->segments);
  free(survey->killed);
  free(survey->keys);
  arena_free(survey->arena);
}

/* The second reading: which line inside of a segment has a digest that another segment begins with? */
struct cut {
  struct survey *survey;
  const char **wanted; /* sorted */
  size_t wanted_count;
  struct segment *parts; /* the new list */
  size_t part_count, part_size;
};

static int compare_digests(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_wanted(const struct cut *cut, const char *digest)
{
  return bsearch(&digest, cut->wanted, cut->wanted_count, sizeof *cut->wanted, compare_digests) != NULL;
}

static struct segment *add_part(struct cut *cut, const struct segment *part)
{
  if (cut->part_count == cut->part_size) {
    cut->part_size = cut->part_size ? 2 * cut->part_size : 64;
    cut->parts = memory_resize(cut->parts, cut->part_size * sizeof *cut->parts);
  }
  cut->parts[cut->part_count] = *part;
  return &cut->parts[cut->part_count++];
}

/* Ends a part behind the line at `spot`; what follows begins with the next line, of which nothing is known yet. */
static void split_after(struct segment *part, struct segment *rest, const struct spot *spot, const struct mark *mark)
{
  *rest = *part;
  part->last = *spot;
  part->open = false;
  strcpy(part->digest, mark->digest);
  part->last_event = mark->event;
  rest->raw = 0;
  rest->starts = rest->killed = 0; /* counted with the part before */
  rest->root = false;
  rest->first_whole = (struct spot){0};
  strcpy(rest->prev, mark->digest);
}

static void fill_beginning(struct segment *rest, const struct spot *spot, const struct mark *mark)
{
  rest->first = rest->first_whole = *spot;
  rest->first_event = mark->event;
  strcpy(rest->first_digest, mark->digest);
}

/* The segments of one file, from the index on; returns the index behind them. */
static size_t cut_file(struct cut *cut, size_t file, size_t index)
{
  struct survey *survey = cut->survey;
  struct text ignored = {0};
  struct line line;
  struct mark mark;
  size_t end = index;
  while (end < survey->segment_count && survey->segments[end].first.file == file)
    end++;
  struct lines *lines = index < end ? lines_open(survey->files[file].path, CHAIN_LINE_MAX, &ignored) : NULL;
  struct segment *part = index < end ? add_part(cut, &survey->segments[index]) : NULL;
  bool begins = false;
  while (lines && index < end && lines_next(lines, &line) > 0) {
    mark_read(&mark, line.bytes, line.length);
    struct spot spot = spot_of(file, &line, &mark);
    if (begins)
      fill_beginning(part, &spot, &mark);
    begins = false;
    if (line.number == survey->segments[index].last.line) {
      if (++index < end)
        part = add_part(cut, &survey->segments[index]);
    } else if (mark.whole && is_wanted(cut, mark.digest)) {
      struct segment rest;
      split_after(part, &rest, &spot, &mark);
      part = add_part(cut, &rest);
      begins = true;
    }
  }
  lines_close(lines);
  text_free(&ignored);
  while (++index < end) /* the file has become shorter meanwhile */
    add_part(cut, &survey->segments[index]);
  return end;
}

void survey_split(struct survey *survey)
{
  struct cut cut = {.survey = survey, .wanted = memory_new((survey->segment_count + 1) * sizeof *cut.wanted)};
  for (size_t i = 0; i < survey->segment_count; i++)
    if (*survey->segments[i].prev)
      cut.wanted[cut.wanted_count++] = survey->segments[i].prev;
  qsort(cut.wanted, cut.wanted_count, sizeof *cut.wanted, compare_digests);
  size_t index = 0;
  for (size_t file = 0; file < survey->file_count; file++)
    index = cut_file(&cut, file, index);
  free(cut.wanted);
  free(survey->segments);
  survey->segments = cut.parts;
  survey->segment_count = cut.part_count;
  survey->segment_size = cut.part_size;
}
