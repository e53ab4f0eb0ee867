/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Removing what has been kept for long enough, by class:
 *
 *   lines   what came from single lines about mail: messages, deliveries. They are in the sums by day (daily.h).
 *   counts  those sums, events of the daemon, and what is known of the files that all this came from.
 *   files   rotated files of the audit log (prune_file()).
 *
 * A day is one transaction: its lines are removed and the note of it written, or nothing of it. What a hold covers stays. What was removed is noted in the table `pruned`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "evidence/database.h"

struct prune_options {
  int64_t lines_before, counts_before; /* milliseconds, the start of a day (UTC) */
  int64_t now;                         /* milliseconds: which holds last */
  bool rehearse;                       /* all is as it was afterwards */
};

struct prune_count {
  uint64_t days, messages, accepted, deliveries;
  uint64_t held;           /* messages that a hold kept */
  uint64_t counts, events; /* rows of sums by day, and events, whose time is over */
};

/* database is open for writing. 0; -1 is database_error(), and the days that were done before stay done. */
int prune_run(struct database *database, const struct prune_options *options, struct prune_count *count);

/* A rotated file of the audit log. */
struct prune_file {
  const char *path; /* borrowed; all else is filled in by prune_look() */
  int64_t first_time, last_time;
  uint64_t lines, first_seq, last_seq;
  char digest[65]; /* of the last line: what the next file's first line holds as `prev` */
};

enum prune_answer { PRUNE_REMOVE, PRUNE_YOUNG, PRUNE_HELD, PRUNE_NOT_IMPORTED, PRUNE_FAILED };

/* May the file be removed? A text for people is appended to why where it may not: it cannot be read, or was not imported
 * whole. PRUNE_FAILED is database_error() where why is empty. */
enum prune_answer prune_look(struct database *database, const struct prune_options *options, struct prune_file *file,
                             struct text *why);
/* Notes that it was removed. 0 or -1. */
int prune_note_file(struct database *database, const struct prune_options *options, const struct prune_file *file);
