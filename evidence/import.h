/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Log files into the database of evidence.
 *
 * A file is one transaction: it is in the database whole, or not at all. Importing it again takes only what was added
 * since, under whatever name and compression it lies there by then.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audit/record.h"
#include "base/text.h"
#include "evidence/database.h"
#include "evidence/postconf.h"

/* A longer line is read over, as none of sluisd or an MTA is: one with 10,000 recipients is shorter. */
enum { IMPORT_LINE_MAX = 16 << 20 };

struct import;

/* All borrowed until import_free(). */
struct import_options {
  struct audit_origin addresses; /* how recipients in an MTA's log are told; the host is not used */
  const char *host;              /* whose the MTA logs are; NULL: as they say */
  const struct postconf *postconf; /* in force when they were written; NULL: not known */
  /* A line was skipped, or, with line 0, something is wrong with the file. Both may be NULL. */
  void (*on_problem)(void *context, const char *path, uint64_t line, const char *why);
  void (*on_progress)(void *context, const char *path, double share);
  void *context;
  /* May be NULL; a line that it does not want is read over, and no damage to anybody. The line ends in NUL. */
  bool (*wants)(void *wants_context, const char *line, size_t length);
  void *wants_context;
};

struct import_count {
  uint64_t lines;    /* read now, without those that were known from before */
  uint64_t used;     /* facts came from them */
  uint64_t skipped;  /* damaged */
  uint64_t repeated; /* in the database already, through another file or an earlier line */
};

/* NULL on error, which is database_error(). The database is open for writing. */
struct import *import_new(struct database *database, const struct import_options *options);
void import_free(struct import *import); /* takes NULL */
/* Adds to count. 0; 1 where the file is refused, with the reason in why, and the database as it was; -1 where the
 * database failed, after which only import_free() may be called. */
int import_file(struct import *import, const char *path, struct import_count *count, struct text *why);
/* Joins deliveries with messages and decides their classes, as far as what was imported asks for it; then counts by
 * day. 0 or -1. */
int import_settle(struct import *import);

/* The time of the first line that has one, or 0: to read files in the order in which they were written. */
int64_t import_first_moment(const char *path);
