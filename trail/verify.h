/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is an audit log whole? Each line holds the SHA-256 hash of the line before it, so a line cannot be changed, taken
 * out, put in or moved without a trace, but for the newest line, which no later one vouches for yet, and but for a log
 * of which all later lines were written anew: that shows where one of its hashes was kept elsewhere.
 *
 * The files may come in any order and from several hosts. The method: a survey finds the stretches of lines that hang
 * together (survey.h), the hashes put these in order, and what the hashes leave open is judged by the numbers (seq) of
 * the lines.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "trail/survey.h"

enum finding_kind {
  /* Breaks. */
  FINDING_MISSING,   /* lines were there and are not */
  FINDING_CHANGED,   /* a line is another one than was written */
  FINDING_ADDED,     /* lines that the log has not written there */
  FINDING_REORDERED, /* lines stand in another order than they were written in */
  FINDING_RENUMBERED, /* the hashes fit, the numbers do not */
  FINDING_ANEW,      /* a second chain of the same host begins with number 1 */
  FINDING_DAMAGED,   /* a file cannot be read to its end */
  /* Notes: nothing is wrong, but an auditor wants to know. */
  FINDING_TORN,       /* a crash in mid-write */
  FINDING_UNFINISHED, /* the same at the very end */
  FINDING_KILLED,     /* a daemon ended without saying so */
  FINDING_EARLIER,    /* earlier lines of the chain are not among the files */
  FINDING_REKEYED,    /* pseudonyms are made with another key from here on */
  FINDING_COPY,       /* the same lines a second time */
  FINDING_CLOCK       /* time runs backwards */
};

const char *finding_name(enum finding_kind kind); /* "missing", ... */
bool finding_is_break(enum finding_kind kind);

struct finding {
  enum finding_kind kind;
  struct spot at;
  uint64_t count;   /* lines that it is about; 0 where that is not known */
  const char *text; /* plain words, printable, one line */
};

/* The lines that one log of one host is made of. */
struct chain_summary {
  const char *host; /* "" where no line told it */
  uint64_t lines;   /* that are lines of the log */
  struct spot first, last;
  uint64_t starts, killed; /* starts of a daemon, and how many followed no stop */
  bool stopped;     /* the last line says that the daemon stops */
  const char *digest; /* of its last line */
};

struct verdict {
  struct survey survey;
  struct finding *findings; /* by file and line */
  size_t finding_count, finding_size;
  struct chain_summary *chains;
  size_t chain_count;
  uint64_t lines; /* of all the files, copies aside */
  size_t breaks;
  bool unreadable; /* a file could not even be opened: see survey.files[].why */
};

/* Free with verdict_free(). Paths are borrowed until then. */
void verify_files(struct verdict *verdict, char *const *paths, size_t count);
void verdict_free(struct verdict *verdict);
/* For people, and as JSON lines (a line for each finding, for each chain, and one for all). */
void verdict_tell(struct text *out, const struct verdict *verdict);
void verdict_write(struct text *out, const struct verdict *verdict);
