/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is wrong with the rows of each host. See walk.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trail/walk.h"

/* What the hashes say of the rows. */

static void find_astray(struct walk *walk, const struct row *row)
{
  const struct segment *head = segment_at(walk, row->head);
  const struct segment *before = segment_at(walk, walk->steps[row->head].before);
  const struct segment *genuine = segment_at(walk, walk->steps[walk->steps[row->head].before].after);
  uint64_t count = 0;
  for (size_t at = row->head; at != NONE; at = walk->steps[at].after)
    count += path_lines(segment_at(walk, at));
  const char *more = count > 1 ? arena_printf(walk->survey->arena, ", %s", walk_lines(walk, count)) : "";
  if (strcmp(head->first_digest, genuine->first_digest) == 0)
    FIND(walk, FINDING_ADDED, &head->first, count, "%s%s: added: the same line as %s, a second time",
         walk_tell(walk, &head->first), more, walk_tell(walk, &genuine->first));
  else
    FIND(walk, FINDING_ADDED, &head->first, count,
         "%s%s: added: %s was followed by %s when the log was written, not by this", walk_tell(walk, &head->first),
         more, walk_tell(walk, &before->last), walk_tell(walk, &genuine->first));
}

static void find_killed(struct walk *walk, const struct segment *before, const struct segment *after)
{
  if (after->first_event != MARK_START || is_raw(before) || before->last_event == MARK_STOP)
    return;
  if (walk->chain)
    walk->chain->killed++;
  walk_add_killed(walk, &before->last, &after->first_whole);
}

/* Lines that go to another file for a moment, and fewer than those before them: told when the way leads back. */
static bool is_detour(const struct walk *walk, size_t index, const struct segment *before)
{
  size_t next = walk->steps[index].after;
  return next != NONE && segment_at(walk, next)->first.file == before->last.file &&
         path_lines(segment_at(walk, index)) < path_lines(before);
}

/* Neighbours by hash: do they stand where they should, and are they numbered as they should be? */
static void check_row(struct walk *walk, const struct row *row, size_t *left)
{
  size_t mark = (size_t)(row - walk->rows) + 1;
  for (size_t at = row->head, next; (next = walk->steps[at].after) != NONE; at = next) {
    const struct segment *a = segment_at(walk, at), *b = segment_at(walk, next);
    if (a->last.file == b->first.file && b->first.line < a->last.line)
      FIND(walk, FINDING_REORDERED, &b->first, path_lines(b), "%s: out of order: it was written after %s, and stands "
                                                              "before it",
           walk_tell(walk, &b->first), walk_tell(walk, &a->last));
    if (a->last.file != b->first.file) {
      if (left[b->first.file] == mark && !is_detour(walk, next, a))
        FIND(walk, FINDING_REORDERED, &a->first, path_lines(a),
             "%s: out of order: it stands in another file than the lines that were written before and after it",
             walk_tell(walk, &a->first));
      left[a->last.file] = mark;
    }
    bool odd = row->odd && next == row->tail;
    if (a->last.seq > 0 && b->first_whole.seq != a->last.seq + 1 && !odd)
      FIND(walk, FINDING_RENUMBERED, &b->first, 0,
           "%s: the number does not go on from %s, though the hash does: both were hashed anew after lines between "
           "them were taken out or put in", walk_tell(walk, &b->first), walk_tell(walk, &a->last));
    find_killed(walk, a, b);
  }
}

/* What is left open by the hashes: rows of the same host, one after another by number. */

static struct spot tail_spot(const struct walk *walk, const struct row *row)
{
  return segment_at(walk, row->tail)->last;
}

static struct spot head_spot(const struct walk *walk, const struct row *row)
{
  return segment_at(walk, row->head)->first_whole.seq ? segment_at(walk, row->head)->first_whole
                                                       : segment_at(walk, row->head)->first;
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

static void find_missing(struct walk *walk, const struct row *before, const struct row *after)
{
  struct spot a = tail_spot(walk, before), b = head_spot(walk, after);
  uint64_t from = before->last + 1, to = after->first - 1, count = to - from + 1;
  const struct segment *raw = raw_between(walk, &a, &b, count);
  if (raw)
    FIND(walk, FINDING_CHANGED, &raw->first, count, "%s: changed: seq %" PRIu64 "%s stood here, and %s no line%s of "
                                                                                "the log any more",
         walk_tell(walk, &raw->first), from, count > 1 ? arena_printf(walk->survey->arena, " to %" PRIu64, to) : "",
         count > 1 ? "these are" : "this is", count > 1 ? "s" : "");
  else
    FIND(walk, FINDING_MISSING, &b, count, "%s missing, seq %" PRIu64 "%s: between %s and %s", walk_lines(walk, count),
         from, count > 1 ? arena_printf(walk->survey->arena, " to %" PRIu64, to) : "", walk_tell(walk, &a),
         walk_tell(walk, &b));
}

static void find_changed(struct walk *walk, const struct row *before, const struct row *after)
{
  struct spot a = tail_spot(walk, before), b = head_spot(walk, after);
  FIND(walk, FINDING_CHANGED, &a, 1,
       "%s: changed: the line after it, %s, holds another hash than it has now. It was edited, or it and lines before "
       "it were written anew", walk_tell(walk, &a), walk_tell(walk, &b));
}

static void find_torn(struct walk *walk, const struct row *row)
{
  const struct segment *head = segment_at(walk, row->head);
  if (head->fragments)
    FIND(walk, FINDING_TORN, &head->first, head->raw,
         "%s: torn: a daemon or its machine stopped while writing %s. The next line holds the hash of what was "
         "written; only for the line before it no hash vouches", walk_tell(walk, &head->first), head->raw == 1 ? "this "
         "line" :
             "these lines");
  else
    FIND(walk, FINDING_ADDED, &head->first, head->raw,
         "%s: added: %s of something else, which stood at the end of the file when the log went on", walk_tell(walk,
                                                                                                          &head->first),
         walk_lines(walk, head->raw));
}

/* One line that fits neither with the one before nor with the one after, though all three are numbered well. */
static bool is_odd_line(const struct walk *walk, const struct row *before, const struct row *row,
                        const struct row *after)
{
  return row->head == row->tail && path_lines(segment_at(walk, row->head)) == 1 && before && after &&
         row->first == before->last + 1 && after->first == row->last + 1 && segment_at(walk, after->head)->raw == 0;
}

static void begin_chain(struct walk *walk, const struct row *row)
{
  struct verdict *verdict = walk->verdict;
  verdict->chains = memory_resize(verdict->chains, (verdict->chain_count + 1) * sizeof *verdict->chains);
  walk->chain = &verdict->chains[verdict->chain_count++];
  *walk->chain = (struct chain_summary){.host = row->host, .first = head_spot(walk, row)};
}

static void count_chain(struct walk *walk, const struct row *row, size_t *left)
{
  struct chain_summary *chain = walk->chain;
  for (size_t at = row->head; at != NONE; at = walk->steps[at].after) {
    const struct segment *segment = segment_at(walk, at);
    chain->lines += path_lines(segment) - segment->raw;
    chain->starts += segment->starts;
    chain->killed += segment->killed;
    if (!is_raw(segment))
      chain->stopped = segment->last_event == MARK_STOP;
    chain->digest = segment->digest;
  }
  chain->last = tail_spot(walk, row);
  check_row(walk, row, left);
}

/* The first row of a host's log. Rotation takes away whole files, so it can only begin with a file's first line. */
static void judge_first(struct walk *walk, const struct row *row)
{
  const struct segment *head = segment_at(walk, row->head);
  struct spot at = head_spot(walk, row);
  if (head->raw)
    find_torn(walk, row);
  if (head->root || row->first <= 1)
    return;
  if (head->first.line == 1)
    FIND(walk, FINDING_EARLIER, &at, row->first - 1,
         "%s: the log begins here; the %s before are not among these files. Old files may have been removed when "
         "their time was over: the last line of them had the hash %s", walk_tell(walk, &at),
         walk_lines(walk, row->first - 1), *head->prev ? head->prev : "(unknown)");
  else
    FIND(walk, FINDING_MISSING, &at, row->first - 1,
         "%s: here begins the log of %s, without the %s before it, in the middle of a file", walk_tell(walk, &at),
         *row->host ? row->host : "another host", walk_lines(walk, row->first - 1));
}

enum joined { JOINED, LEFT_OUT, BEGUN_ANEW };

static enum joined join(struct walk *walk, const struct row *before, const struct row *row, bool *told)
{
  const struct segment *head = segment_at(walk, row->head);
  struct spot at = head_spot(walk, row), last = tail_spot(walk, before);
  bool was_told = *told;
  *told = false;
  if (head->root) {
    FIND(walk, FINDING_ANEW, &at, 0,
         "%s: the log begins anew with number 1, so no hash tells what came before: an earlier log of the same host "
         "ends with %s",
         walk_tell(walk, &at), walk_tell(walk, &last));
    return BEGUN_ANEW;
  }
  if (row->first <= before->last) {
    struct spot end = tail_spot(walk, row);
    FIND(walk, FINDING_ADDED, &at, 0, "%s: added: from here to %s stand numbers that the log has had already, and no "
                                      "line holds their hash", walk_tell(walk, &at), walk_tell(walk, &end));
    return LEFT_OUT;
  }
  if (row->first > before->last + 1)
    find_missing(walk, before, row);
  else if (!head->raw && !was_told)
    find_changed(walk, before, row);
  if (head->raw)
    find_torn(walk, row);
  return JOINED;
}

static int compare_rows(const void *a, const void *b, void *context)
{
  const struct row *first = *(const struct row *const *)a, *second = *(const struct row *const *)b;
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
  const struct row *first = *(const struct row *const *)a, *second = *(const struct row *const *)b;
  struct spot one = head_spot(walk, first), two = head_spot(walk, second);
  int order = strcmp(one.time, two.time);
  return order ? order : compare_rows(a, b, context);
}

static void judge_host(struct walk *walk, const struct row **rows, size_t count, size_t *left)
{
  size_t roots = 0;
  for (size_t i = 0; i < count; i++)
    roots += segment_at(walk, rows[i]->head)->root;
  if (roots > 1)
    qsort_r(rows, count, sizeof *rows, compare_times, walk);
  const struct row *before = NULL;
  bool told = false;
  for (size_t i = 0; i < count; i++) {
    const struct row *row = rows[i];
    enum joined joined = JOINED;
    if (!before) {
      judge_first(walk, row);
      begin_chain(walk, row);
    } else if (is_odd_line(walk, before, row, i + 1 < count ? rows[i + 1] : NULL)) {
      struct spot at = head_spot(walk, row);
      FIND(walk, FINDING_CHANGED, &at, 1, "%s: changed: it holds another hash than the line before it has, and the "
                                          "line after it holds another hash than it has now", walk_tell(walk, &at));
      told = true;
    } else {
      joined = join(walk, before, row, &told);
    }
    if (joined == LEFT_OUT)
      continue;
    if (joined == BEGUN_ANEW)
      begin_chain(walk, row);
    else if (before)
      find_killed(walk, segment_at(walk, before->tail), segment_at(walk, row->head));
    count_chain(walk, row, left);
    if (row->odd && i + 1 == count) {
      struct spot at = tail_spot(walk, row);
      FIND(walk, FINDING_RENUMBERED, &at, 1, "%s: its number does not go on from the line before it",
           walk_tell(walk, &at));
    }
    before = row;
  }
}

void judge_rows(struct walk *walk)
{
  const struct row **rows = memory_new((walk->row_count + 1) * sizeof *rows);
  size_t *left = memory_new((walk->survey->file_count + 1) * sizeof *left), count = 0;
  for (const struct row *row = walk->rows; row < walk->rows + walk->row_count; row++) {
    if (walk->steps[row->head].astray)
      find_astray(walk, row);
    else if (row->first > 0)
      rows[count++] = row;
  }
  qsort_r(rows, count, sizeof *rows, compare_rows, walk);
  for (size_t i = 0, end; i < count; i = end) {
    for (end = i; end < count && strcmp(rows[end]->host, rows[i]->host) == 0;)
      end++;
    judge_host(walk, rows + i, end - i, left);
  }
  free(left);
  free(rows);
}
