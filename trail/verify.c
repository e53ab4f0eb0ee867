/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The walk over the chain. See verify.h.
 */
#include "trail/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "trail/path.h"

enum { NONE = STEP_NONE };

/* Segments that the hashes put in one row. */
struct path {
  size_t head, tail;
  uint64_t first, last; /* seq; of all raw lines 0 */
  const char *host;
  bool odd; /* the last segment is one line, whose number does not go on */
};

struct walk {
  struct verdict *verdict;
  struct survey *survey;
  struct step *steps;
  struct path *paths;
  size_t path_count;
  bool *settled; /* raw segments that a finding has dealt with */
  struct chain_summary *chain;
};

static const char *name_of(const struct walk *walk, size_t file)
{
  const char *path = walk->survey->files[file].path;
  char *shown = arena_alloc(walk->survey->arena, TEXT_PRINTABLE_MAX + 1);
  return text_printable(shown, TEXT_PRINTABLE_MAX + 1, path, strlen(path));
}

/* "audit.jsonl:5 (seq 5, 2026-11-23T10:11:12.123Z)" */
static const char *tell(const struct walk *walk, const struct spot *spot)
{
  struct arena *arena = walk->survey->arena;
  const char *place = arena_printf(arena, "%s:%" PRIu64, name_of(walk, spot->file), spot->line);
  if (spot->seq == 0)
    return place;
  return arena_printf(arena, "%s (seq %" PRIu64 "%s%s)", place, spot->seq, *spot->time ? ", " : "", spot->time);
}

static void add_finding(struct walk *walk, enum finding_kind kind, const struct spot *at, uint64_t count,
                        const char *text)
{
  struct verdict *verdict = walk->verdict;
  if (verdict->finding_count == verdict->finding_size) {
    verdict->finding_size = verdict->finding_size ? 2 * verdict->finding_size : 32;
    verdict->findings = memory_resize(verdict->findings, verdict->finding_size * sizeof *verdict->findings);
  }
  verdict->findings[verdict->finding_count++] = (struct finding){kind, *at, count, text};
  verdict->breaks += finding_is_break(kind);
}

#define FIND(walk, kind, at, count, ...) \
  add_finding(walk, kind, at, count, arena_printf((walk)->survey->arena, __VA_ARGS__))

static struct segment *segment_at(const struct walk *walk, size_t index)
{
  return &walk->survey->segments[index];
}

/* "1 line", "12 lines" */
static const char *lines_text(const struct walk *walk, uint64_t count)
{
  return arena_printf(walk->survey->arena, "%" PRIu64 " line%s", count, count == 1 ? "" : "s");
}

static bool is_raw(const struct segment *segment)
{
  return segment->first_whole.seq == 0;
}

/* Rows of segments. */

static struct path follow(const struct walk *walk, size_t head)
{
  struct path path = {.head = head, .tail = head, .host = "", .first = segment_at(walk, head)->first_whole.seq};
  path.last = segment_at(walk, head)->last.seq;
  for (size_t at = head; at != NONE; at = walk->steps[at].after) {
    const struct segment *segment = segment_at(walk, at);
    if (!*path.host)
      path.host = segment->host;
    if (path.first == 0)
      path.first = segment->first_whole.seq;
    bool goes_on = at == head || path.last == 0 || segment->first_whole.seq == path.last + 1;
    path.odd = !goes_on && walk->steps[at].after == NONE && path_lines(segment) == 1;
    path.last = path.odd ? path.last + 1 : segment->last.seq;
    path.tail = at;
  }
  return path;
}

static void find_paths(struct walk *walk)
{
  size_t count = walk->survey->segment_count;
  walk->paths = memory_new((count + 1) * sizeof *walk->paths);
  for (size_t i = 0; i < count; i++)
    if (!walk->steps[i].copy && (walk->steps[i].before == NONE || walk->steps[i].astray))
      walk->paths[walk->path_count++] = follow(walk, i);
}

/* The name of the log that a file belongs to, without what rotation adds: .1, .2.gz, -20261123. */
static size_t family_length(const char *path)
{
  size_t length = strlen(path);
  if (length > 3 && strcmp(path + length - 3, ".gz") == 0)
    length -= 3;
  size_t end = length;
  while (end > 0 && path[end - 1] >= '0' && path[end - 1] <= '9')
    end--;
  return end < length && end > 1 && (path[end - 1] == '.' || path[end - 1] == '-') ? end - 1 : length;
}

static bool is_family(const struct walk *walk, size_t a, size_t b)
{
  const char *first = walk->survey->files[a].path, *second = walk->survey->files[b].path;
  size_t length = family_length(first);
  return length == family_length(second) && memcmp(first, second, length) == 0;
}

/* A row without a host, a few events or torn lines, belongs to what stands around it. */
static const char *host_around(const struct walk *walk, const struct path *path)
{
  size_t file = segment_at(walk, path->head)->first.file;
  const char *host = NULL;
  for (const struct path *other = walk->paths; other < walk->paths + walk->path_count; other++) {
    size_t there = segment_at(walk, other->head)->first.file;
    bool near = there == file && (other < path || !host);
    if (*other->host && (near || (!host && is_family(walk, there, file))))
      host = other->host;
  }
  return host ? host : "";
}

static void find_hosts(struct walk *walk)
{
  const char **hosts = memory_new((walk->path_count + 1) * sizeof *hosts);
  for (size_t i = 0; i < walk->path_count; i++)
    hosts[i] = *walk->paths[i].host ? walk->paths[i].host : host_around(walk, &walk->paths[i]);
  for (size_t i = 0; i < walk->path_count; i++)
    walk->paths[i].host = hosts[i];
  free(hosts);
}

/* What the hashes say of the rows. */

static void find_astray(struct walk *walk, const struct path *path)
{
  const struct segment *head = segment_at(walk, path->head);
  const struct segment *before = segment_at(walk, walk->steps[path->head].before);
  const struct segment *genuine = segment_at(walk, walk->steps[walk->steps[path->head].before].after);
  uint64_t count = 0;
  for (size_t at = path->head; at != NONE; at = walk->steps[at].after)
    count += path_lines(segment_at(walk, at));
  const char *more = count > 1 ? arena_printf(walk->survey->arena, ", %s", lines_text(walk, count)) : "";
  if (strcmp(head->first_digest, genuine->first_digest) == 0)
    FIND(walk, FINDING_ADDED, &head->first, count, "%s%s: added: the same line as %s, a second time",
         tell(walk, &head->first), more, tell(walk, &genuine->first));
  else
    FIND(walk, FINDING_ADDED, &head->first, count,
         "%s%s: added: %s was followed by %s when the log was written, not by this", tell(walk, &head->first), more,
         tell(walk, &before->last), tell(walk, &genuine->first));
}

static void tell_killed(struct walk *walk, const struct spot *before, const struct spot *start)
{
  FIND(walk, FINDING_KILLED, start, 0,
       "%s: a daemon started, but the one before it had not said that it stopped: its last line is %s. What it had in "
       "hand then has no line; in the time between no mail was examined", tell(walk, start), tell(walk, before));
}

static void find_killed(struct walk *walk, const struct segment *before, const struct segment *after)
{
  if (after->first_event != MARK_START || is_raw(before) || before->last_event == MARK_STOP)
    return;
  if (walk->chain)
    walk->chain->killed++;
  tell_killed(walk, &before->last, &after->first_whole);
}

/* Lines that go to another file for a moment, and fewer than those before them: told when the way leads back. */
static bool is_detour(const struct walk *walk, size_t index, const struct segment *before)
{
  size_t next = walk->steps[index].after;
  return next != NONE && segment_at(walk, next)->first.file == before->last.file &&
         path_lines(segment_at(walk, index)) < path_lines(before);
}

/* Neighbours by hash: do they stand where they should, and are they numbered as they should be? */
static void check_row(struct walk *walk, const struct path *path, size_t *left)
{
  size_t mark = (size_t)(path - walk->paths) + 1;
  for (size_t at = path->head, next; (next = walk->steps[at].after) != NONE; at = next) {
    const struct segment *a = segment_at(walk, at), *b = segment_at(walk, next);
    if (a->last.file == b->first.file && b->first.line < a->last.line)
      FIND(walk, FINDING_REORDERED, &b->first, path_lines(b), "%s: out of order: it was written after %s, and stands "
                                                              "before it",
           tell(walk, &b->first), tell(walk, &a->last));
    if (a->last.file != b->first.file) {
      if (left[b->first.file] == mark && !is_detour(walk, next, a))
        FIND(walk, FINDING_REORDERED, &a->first, path_lines(a),
             "%s: out of order: it stands in another file than the lines that were written before and after it",
             tell(walk, &a->first));
      left[a->last.file] = mark;
    }
    bool odd = path->odd && next == path->tail;
    if (a->last.seq > 0 && b->first_whole.seq != a->last.seq + 1 && !odd)
      FIND(walk, FINDING_RENUMBERED, &b->first, 0,
           "%s: the number does not go on from %s, though the hash does: both were hashed anew after lines between "
           "them were taken out or put in", tell(walk, &b->first), tell(walk, &a->last));
    find_killed(walk, a, b);
  }
}

/* What is left open by the hashes: rows of the same host, one after another by number. */

static struct spot tail_spot(const struct walk *walk, const struct path *path)
{
  return segment_at(walk, path->tail)->last;
}

static struct spot head_spot(const struct walk *walk, const struct path *path)
{
  return segment_at(walk, path->head)->first_whole.seq ? segment_at(walk, path->head)->first_whole
                                                       : segment_at(walk, path->head)->first;
}

/* Lines that are none, between two spots of one file: so many, in one piece. */
static struct segment *raw_between(const struct walk *walk, const struct spot *a, const struct spot *b, uint64_t count)
{
  for (size_t i = 0; i < walk->survey->segment_count; i++) {
    struct segment *segment = segment_at(walk, i);
    if (is_raw(segment) && !walk->settled[i] && segment->first.file == b->file && segment->last.line + 1 == b->line &&
        path_lines(segment) == count && (a->file != b->file || segment->first.line == a->line + 1)) {
      walk->settled[i] = true;
      return segment;
    }
  }
  return NULL;
}

static void find_missing(struct walk *walk, const struct path *before, const struct path *after)
{
  struct spot a = tail_spot(walk, before), b = head_spot(walk, after);
  uint64_t from = before->last + 1, to = after->first - 1, count = to - from + 1;
  const struct segment *raw = raw_between(walk, &a, &b, count);
  if (raw)
    FIND(walk, FINDING_CHANGED, &raw->first, count, "%s: changed: seq %" PRIu64 "%s stood here, and %s no line%s of "
                                                                                "the log any more",
         tell(walk, &raw->first), from, count > 1 ? arena_printf(walk->survey->arena, " to %" PRIu64, to) : "",
         count > 1 ? "these are" : "this is", count > 1 ? "s" : "");
  else
    FIND(walk, FINDING_MISSING, &b, count, "%s missing, seq %" PRIu64 "%s: between %s and %s", lines_text(walk, count),
         from,
         count > 1 ? arena_printf(walk->survey->arena, " to %" PRIu64, to) : "", tell(walk, &a), tell(walk, &b));
}

static void find_changed(struct walk *walk, const struct path *before, const struct path *after)
{
  struct spot a = tail_spot(walk, before), b = head_spot(walk, after);
  FIND(walk, FINDING_CHANGED, &a, 1,
       "%s: changed: the line after it, %s, holds another hash than it has now. It was edited, or it and lines before "
       "it were written anew", tell(walk, &a), tell(walk, &b));
}

static void find_torn(struct walk *walk, const struct path *path)
{
  const struct segment *head = segment_at(walk, path->head);
  if (head->fragments)
    FIND(walk, FINDING_TORN, &head->first, head->raw,
         "%s: torn: a daemon or its machine stopped while writing %s. The next line holds the hash of what was "
         "written; only for the line before it no hash vouches", tell(walk, &head->first), head->raw == 1 ? "this "
         "line" :
             "these lines");
  else
    FIND(walk, FINDING_ADDED, &head->first, head->raw,
         "%s: added: %s of something else, which stood at the end of the file when the log went on", tell(walk,
                                                                                                          &head->first),
         lines_text(walk, head->raw));
}

/* One line that fits neither with the one before nor with the one after, though all three are numbered well. */
static bool is_odd_line(const struct walk *walk, const struct path *before, const struct path *path,
                        const struct path *after)
{
  return path->head == path->tail && path_lines(segment_at(walk, path->head)) == 1 && before && after &&
         path->first == before->last + 1 && after->first == path->last + 1 && segment_at(walk, after->head)->raw == 0;
}

static void begin_chain(struct walk *walk, const struct path *path)
{
  struct verdict *verdict = walk->verdict;
  verdict->chains = memory_resize(verdict->chains, (verdict->chain_count + 1) * sizeof *verdict->chains);
  walk->chain = &verdict->chains[verdict->chain_count++];
  *walk->chain = (struct chain_summary){.host = path->host, .first = head_spot(walk, path)};
}

static void count_chain(struct walk *walk, const struct path *path, size_t *left)
{
  struct chain_summary *chain = walk->chain;
  for (size_t at = path->head; at != NONE; at = walk->steps[at].after) {
    const struct segment *segment = segment_at(walk, at);
    chain->lines += path_lines(segment) - segment->raw;
    chain->starts += segment->starts;
    chain->killed += segment->killed;
    if (!is_raw(segment))
      chain->stopped = segment->last_event == MARK_STOP;
    chain->digest = segment->digest;
  }
  chain->last = tail_spot(walk, path);
  check_row(walk, path, left);
}

/* The first row of a host's log. Rotation takes away whole files, so it can only begin with a file's first line. */
static void judge_first(struct walk *walk, const struct path *path)
{
  const struct segment *head = segment_at(walk, path->head);
  struct spot at = head_spot(walk, path);
  if (head->raw)
    find_torn(walk, path);
  if (head->root || path->first <= 1)
    return;
  if (head->first.line == 1)
    FIND(walk, FINDING_EARLIER, &at, path->first - 1,
         "%s: the log begins here; the %s before are not among these files. Old files may have been removed when "
         "their time was over: the last line of them had the hash %s", tell(walk, &at), lines_text(walk, path->first - 1),
         *head->prev ? head->prev : "(unknown)");
  else
    FIND(walk, FINDING_MISSING, &at, path->first - 1,
         "%s: here begins the log of %s, without the %s before it, in the middle of a file", tell(walk, &at),
         *path->host ? path->host : "another host", lines_text(walk, path->first - 1));
}

enum joined { JOINED, LEFT_OUT, BEGUN_ANEW };

static enum joined join(struct walk *walk, const struct path *before, const struct path *path, bool *told)
{
  const struct segment *head = segment_at(walk, path->head);
  struct spot at = head_spot(walk, path), last = tail_spot(walk, before);
  bool was_told = *told;
  *told = false;
  if (head->root) {
    FIND(walk, FINDING_ANEW, &at, 0,
         "%s: the log begins anew with number 1, so no hash tells what came before: an earlier log of the same host "
         "ends with %s",
         tell(walk, &at), tell(walk, &last));
    return BEGUN_ANEW;
  }
  if (path->first <= before->last) {
    struct spot end = tail_spot(walk, path);
    FIND(walk, FINDING_ADDED, &at, 0, "%s: added: from here to %s stand numbers that the log has had already, and no "
                                      "line holds their hash", tell(walk, &at), tell(walk, &end));
    return LEFT_OUT;
  }
  if (path->first > before->last + 1)
    find_missing(walk, before, path);
  else if (!head->raw && !was_told)
    find_changed(walk, before, path);
  if (head->raw)
    find_torn(walk, path);
  return JOINED;
}

static int compare_paths(const void *a, const void *b, void *context)
{
  const struct path *first = *(const struct path *const *)a, *second = *(const struct path *const *)b;
  (void)context;
  int order = strcmp(first->host, second->host);
  if (order == 0)
    order = (first->first > second->first) - (first->first < second->first);
  return order ? order : (first > second) - (first < second);
}

/* Several beginnings: numbers alone say no order, so time must. */
static int compare_times(const void *a, const void *b, void *context)
{
  const struct walk *walk = context;
  const struct path *first = *(const struct path *const *)a, *second = *(const struct path *const *)b;
  struct spot one = head_spot(walk, first), two = head_spot(walk, second);
  int order = strcmp(one.time, two.time);
  return order ? order : compare_paths(a, b, context);
}

static void judge_host(struct walk *walk, const struct path **rows, size_t count, size_t *left)
{
  size_t roots = 0;
  for (size_t i = 0; i < count; i++)
    roots += segment_at(walk, rows[i]->head)->root;
  if (roots > 1)
    qsort_r(rows, count, sizeof *rows, compare_times, walk);
  const struct path *before = NULL;
  bool told = false;
  for (size_t i = 0; i < count; i++) {
    const struct path *path = rows[i];
    enum joined joined = JOINED;
    if (!before) {
      judge_first(walk, path);
      begin_chain(walk, path);
    } else if (is_odd_line(walk, before, path, i + 1 < count ? rows[i + 1] : NULL)) {
      struct spot at = head_spot(walk, path);
      FIND(walk, FINDING_CHANGED, &at, 1, "%s: changed: it holds another hash than the line before it has, and the "
                                          "line after it holds another hash than it has now", tell(walk, &at));
      told = true;
    } else {
      joined = join(walk, before, path, &told);
    }
    if (joined == LEFT_OUT)
      continue;
    if (joined == BEGUN_ANEW)
      begin_chain(walk, path);
    else if (before)
      find_killed(walk, segment_at(walk, before->tail), segment_at(walk, path->head));
    count_chain(walk, path, left);
    if (path->odd && i + 1 == count) {
      struct spot at = tail_spot(walk, path);
      FIND(walk, FINDING_RENUMBERED, &at, 1, "%s: its number does not go on from the line before it", tell(walk, &at));
    }
    before = path;
  }
}

static void judge_hosts(struct walk *walk)
{
  const struct path **rows = memory_new((walk->path_count + 1) * sizeof *rows);
  size_t *left = memory_new((walk->survey->file_count + 1) * sizeof *left), count = 0;
  for (const struct path *path = walk->paths; path < walk->paths + walk->path_count; path++) {
    if (walk->steps[path->head].astray)
      find_astray(walk, path);
    else if (path->first > 0)
      rows[count++] = path;
  }
  qsort_r(rows, count, sizeof *rows, compare_paths, walk);
  for (size_t i = 0, end; i < count; i = end) {
    for (end = i; end < count && strcmp(rows[end]->host, rows[i]->host) == 0;)
      end++;
    judge_host(walk, rows + i, end - i, left);
  }
  free(left);
  free(rows);
}

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
           tell(walk, &segment->first));
    else
      FIND(walk, FINDING_ADDED, &segment->first, segment->raw, "%s: added: %s that %s no line%s of an audit log%s",
           tell(walk, &segment->first), lines_text(walk, segment->raw), segment->raw == 1 ? "is" : "are",
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
      FIND(walk, FINDING_DAMAGED, &at, 0, "%s: damaged: after %s the file cannot be read on: %s", name_of(walk, i),
           lines_text(walk, file->lines), file->why);
    if (file->copy)
      FIND(walk, FINDING_COPY, &at, 0, "%s: given a second time", name_of(walk, i));
  }
  for (size_t i = 0; i < survey->segment_count; i++) {
    const struct segment *segment = &survey->segments[i];
    uint64_t count = path_lines(segment);
    if (walk->steps[i].copy)
      FIND(walk, FINDING_COPY, &segment->first, count, "%s: a copy: %s in another file too, counted once",
           tell(walk, &segment->first), count == 1 ? "this line stands"
           : arena_printf(survey->arena, "these %s stand", lines_text(walk, count)));
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
         tell(walk, &survey->clock_spot), lines_text(walk, survey->clock_back));
  for (size_t i = 0; i < survey->killed_count; i++)
    if (!is_in_copy(walk, &survey->killed[i].start))
      tell_killed(walk, &survey->killed[i].before, &survey->killed[i].start);
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
  for (const struct taken_key *key = survey->keys; key < survey->keys + survey->key_count; key++) {
    if (is_in_copy(walk, &key->at))
      continue;
    bool same = !before || !is_same_log(walk, before, key) || strcmp(before->key, key->key) == 0;
    if (!same && !*key->key)
      FIND(walk, FINDING_REKEYED, &key->at, 0, "%s: from here on addresses are not told as pseudonyms, as they were with key "
                                               "\"%s\" before", tell(walk, &key->at), before->key);
    else if (!same)
      FIND(walk, FINDING_REKEYED, &key->at, 0, "%s: from here on pseudonyms are made with key \"%s\"%s%s%s: an address of before "
                                               "has another one now", tell(walk, &key->at), key->key,
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
  find_paths(&walk);
  find_hosts(&walk);
  judge_hosts(&walk);
  find_raw(&walk);
  find_times(&walk);
  find_keys(&walk);
  if (survey->too_many) {
    struct spot at = survey->segments[survey->segment_count - 1].last;
    FIND(&walk, FINDING_DAMAGED, &at, 0, "%s: more than %d breaks: the rest was not read", tell(&walk, &at),
         SURVEY_SEGMENTS_MAX);
  }
  if (verdict->finding_count > 0)
    qsort(verdict->findings, verdict->finding_count, sizeof *verdict->findings, compare_findings);
  free(walk.steps);
  free(walk.paths);
  free(walk.settled);
}

void verdict_free(struct verdict *verdict)
{
  survey_free(&verdict->survey);
  free(verdict->findings);
  free(verdict->chains);
}
