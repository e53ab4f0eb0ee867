/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The walk over the chain. See verify.h.
 */
#include "trail/verify.h"

#include <stdlib.h>
#include <string.h>

#include "trail/walk.h"

/* What is no line of a log, and no line of the log vouches for. */
static void find_raw(struct walk *walk)
{
  for (size_t i = 0; i < walk->survey->segment_count; i++) {
    const struct segment *segment = segment_at(walk, i);
    if (!is_raw(segment) || walk->settled[i] || walk->steps[i].copy || walk->steps[i].after != NONE)
      continue;
    if (segment->open && segment->fragments && segment->raw == 1)
      FIND(walk, FINDING_UNFINISHED, &segment->first, 1,
           "%s: unfinished: a daemon, its machine or a full disk stopped while this line was written, or the file was "
           "cut off here",
           walk_tell(walk, &segment->first));
    else
      FIND(walk, FINDING_ADDED, &segment->first, segment->raw, "%s: added: %s that %s no line%s of an audit log%s",
           walk_tell(walk, &segment->first), walk_lines(walk, segment->raw), segment->raw == 1 ? "is" : "are",
           segment->raw == 1 ? "" : "s", segment->too_long ? ", and too long for one" : "");
  }
}

static void find_files(struct walk *walk)
{
  struct survey *survey = walk->survey;
  for (size_t i = 0; i < survey->file_count; i++) {
    struct survey_file *file = &survey->files[i];
    struct spot at = {.file = i, .line = file->lines};
    walk->verdict->unreadable |= file->unreadable;
    if (file->why && !file->unreadable)
      FIND(walk, FINDING_DAMAGED, &at, 0, "%s: damaged: after %s the file cannot be read on: %s", walk_name(walk, i),
           walk_lines(walk, file->lines), file->why);
    if (file->copy)
      FIND(walk, FINDING_COPY, &at, 0, "%s: given a second time", walk_name(walk, i));
  }
  for (size_t i = 0; i < survey->segment_count; i++) {
    const struct segment *segment = &survey->segments[i];
    uint64_t count = path_lines(segment);
    if (walk->steps[i].copy)
      FIND(walk, FINDING_COPY, &segment->first, count, "%s: a copy: %s in another file too, counted once",
           walk_tell(walk, &segment->first), count == 1 ? "this line stands"
           : arena_printf(survey->arena, "these %s stand", walk_lines(walk, count)));
    else
      walk->verdict->lines += count;
  }
}

static bool is_in_copy(const struct walk *walk, const struct spot *spot)
{
  for (size_t i = 0; i < walk->survey->segment_count; i++) {
    const struct segment *segment = segment_at(walk, i);
    if (walk->steps[i].copy && segment->first.file == spot->file && segment->first.line <= spot->line &&
        spot->line <= segment->last.line)
      return true;
  }
  return false;
}

static void find_times(struct walk *walk)
{
  const struct survey *survey = walk->survey;
  if (survey->clock_back)
    FIND(walk, FINDING_CLOCK, &survey->clock_spot, survey->clock_back,
         "%s: its time is earlier than that of the line before it: the clock was set back (%s like this)",
         walk_tell(walk, &survey->clock_spot), walk_lines(walk, survey->clock_back));
  for (size_t i = 0; i < survey->killed_count; i++)
    if (!is_in_copy(walk, &survey->killed[i].start))
      walk_add_killed(walk, &survey->killed[i].before, &survey->killed[i].start);
}

/* Of one log, though a daemon's first events may bear another name than its later ones; of several, by name. */
static bool is_same_log(const struct walk *walk, const struct taken_key *a, const struct taken_key *b)
{
  return walk->verdict->chain_count == 1 || strcmp(a->host, b->host) == 0;
}

static int compare_keys(const void *a, const void *b, void *context)
{
  const struct taken_key *first = a, *second = b;
  int order = is_same_log(context, first, second) ? 0 : strcmp(first->host, second->host);
  if (order == 0)
    order = (first->at.seq > second->at.seq) - (first->at.seq < second->at.seq);
  return order;
}

/* Pseudonyms of two keys are those of nobody in common: who counts or compares them wants to know. */
static void find_keys(struct walk *walk)
{
  struct survey *survey = walk->survey;
  const struct taken_key *before = NULL;
  if (survey->key_count > 0)
    qsort_r(survey->keys, survey->key_count, sizeof *survey->keys, compare_keys, walk);
  for (size_t i = 0; i < survey->key_count; i++) {
    const struct taken_key *key = &survey->keys[i];
    if (is_in_copy(walk, &key->at))
      continue;
    bool same = !before || !is_same_log(walk, before, key) || strcmp(before->key, key->key) == 0;
    if (!same && !*key->key)
      FIND(walk, FINDING_REKEYED, &key->at, 0, "%s: from here on addresses are not told as pseudonyms, as they were with key "
                                               "\"%s\" before", walk_tell(walk, &key->at), before->key);
    else if (!same)
      FIND(walk, FINDING_REKEYED, &key->at, 0, "%s: from here on pseudonyms are made with key \"%s\"%s%s%s: an address of before "
                                               "has another one now", walk_tell(walk, &key->at), key->key,
           *before->key ? ", before with \"" : "", before->key, *before->key ? "\"" : "");
    before = key;
  }
}

static int compare_findings(const void *a, const void *b)
{
  const struct finding *first = a, *second = b;
  if (first->at.file != second->at.file)
    return first->at.file < second->at.file ? -1 : 1;
  if (first->at.line != second->at.line)
    return first->at.line < second->at.line ? -1 : 1;
  return (int)first->kind - (int)second->kind;
}

/* Is there another segment of the same host that this one could go on from? */
static bool has_earlier(const struct survey *survey, const struct step *steps, size_t index)
{
  const struct segment *segment = &survey->segments[index];
  for (size_t i = 0; i < survey->segment_count; i++) {
    const struct segment *other = &survey->segments[i];
    bool same_host = !*other->host || !*segment->host || strcmp(other->host, segment->host) == 0;
    if (i != index && !steps[i].copy && same_host && other->first_whole.seq > 0 &&
        other->first_whole.seq <= segment->first_whole.seq)
      return true;
  }
  return false;
}

/* A second reading is wanted where a segment hangs on nothing that is known, unless it is plainly the first of all. */
static bool needs_split(const struct survey *survey, const struct step *steps)
{
  for (size_t i = 0; i < survey->segment_count; i++)
    if (!steps[i].copy && *survey->segments[i].prev && steps[i].before == STEP_NONE &&
        (survey->segments[i].first.line > 1 || survey->segment_count > survey->file_count || has_earlier(survey, steps, i)))
      return true;
  return false;
}

void verify_files(struct verdict *verdict, char *const *paths, size_t count)
{
  *verdict = (struct verdict){0};
  struct survey *survey = &verdict->survey;
  struct walk walk = {.verdict = verdict, .survey = survey};
  survey_read(survey, paths, count);
  walk.steps = path_find(survey);
  if (needs_split(survey, walk.steps)) {
    free(walk.steps);
    survey_split(survey);
    walk.steps = path_find(survey);
  }
  walk.settled = memory_new(survey->segment_count + 1);
  find_files(&walk);
  rows_find(&walk);
  judge_rows(&walk);
  find_raw(&walk);
  find_times(&walk);
  find_keys(&walk);
  if (survey->too_many) {
    struct spot at = survey->segments[survey->segment_count - 1].last;
    FIND(&walk, FINDING_DAMAGED, &at, 0, "%s: more than %d breaks: the rest was not read", walk_tell(&walk, &at),
         SURVEY_SEGMENTS_MAX);
  }
  if (verdict->finding_count > 0)
    qsort(verdict->findings, verdict->finding_count, sizeof *verdict->findings, compare_findings);
  free(walk.steps);
  free(walk.rows);
  free(walk.settled);
}

void verdict_free(struct verdict *verdict)
{
  survey_free(&verdict->survey);
  free(verdict->findings);
  free(verdict->chains);
}
