/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the parts of the walk over the chain share: verify.c, rows.c and judge.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "trail/path.h"
#include "trail/verify.h"

enum { NONE = STEP_NONE };

/* Segments that the hashes put in one row. */
struct row {
  size_t head, tail;
  uint64_t first, last; /* seq; of all raw lines 0 */
  const char *host;
  bool odd; /* the last segment is one line, whose number does not go on */
};

struct walk {
  struct verdict *verdict;
  struct survey *survey;
  struct step *steps;
  struct row *rows;
  size_t row_count;
  bool *settled; /* raw segments that a finding has dealt with */
  struct chain_summary *chain;
};

/* Texts below live as long as the survey. */
const char *walk_name(const struct walk *walk, size_t file); /* of the file, printable */
/* "audit.jsonl:5 (seq 5, 2026-11-23T10:11:12.123Z)" */
const char *walk_tell(const struct walk *walk, const struct spot *spot);
const char *walk_lines(const struct walk *walk, uint64_t count); /* "1 line", "12 lines" */
void walk_add(struct walk *walk, enum finding_kind kind, const struct spot *at, uint64_t count, const char *text);
/* The daemon of `before` was killed, as that of `start` shows. */
void walk_add_killed(struct walk *walk, const struct spot *before, const struct spot *start);

#define FIND(walk, kind, at, count, ...) \
  walk_add(walk, kind, at, count, arena_printf((walk)->survey->arena, __VA_ARGS__))

static inline struct segment *segment_at(const struct walk *walk, size_t index)
{
  return &walk->survey->segments[index];
}

/* No line of it is one of a log. */
static inline bool is_raw(const struct segment *segment)
{
  return segment->first_whole.seq == 0;
}

/* rows.c: fills in walk->rows, with the host that each belongs to. */
void rows_find(struct walk *walk);
/* judge.c: what the hashes say of the rows, and, where they leave it open, the numbers. */
void judge_rows(struct walk *walk);
