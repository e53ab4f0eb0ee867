/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A database in memory with the lines of log files that speak of one message or domain.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "evidence/import.h"
#include "story/story.h"

struct sift {
  enum story_key key;
  const char *word;         /* queue id, Message-ID or domain, as for story.h */
  struct database *known;   /* NULL, or what need not be read again: files that this one has whole are skipped */
  char *const *paths;
  size_t count;
  /* What is wrong with a file (line 0 only). */
  void (*on_problem)(void *context, const char *path, uint64_t line, const char *why);
  void *context;
  size_t read, skipped, failed; /* set: files */
};

/* Also all events of the daemon, and all lines of an MTA's log, as these belong together by more than a word. NULL with a
 * message appended to error. Close with database_close(). */
struct database *sift_logs(struct sift *sift, const struct import_options *options, struct text *error);
