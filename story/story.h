/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The whole story of a message or of a correspondent, out of the database of evidence.
 *
 * Each story is one JSON object on a line, made of facts alone; tell.h puts it into plain words, so that both forms say
 * the same. Every fact has the file and line that it comes from. All text is printable.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "evidence/database.h"
#include "policy/config.h"

enum { STORY_SOURCES_MAX = 2, STORY_MESSAGES_MAX = 50 };

/* Where facts are looked for: no message or delivery is in two of them (story_forget()). */
struct story_source {
  struct database *database;
  const char *name; /* "database", "log" */
};

struct story {
  struct story_source sources[STORY_SOURCES_MAX];
  size_t source_count;
  const struct config *config; /* what is said of exceptions and rules: as they are configured now */
  int64_t now;                 /* seconds */
  int64_t from, to;            /* milliseconds; only what happened in this time */
  const char *error;           /* of the database that failed */
};

enum story_key { STORY_QUEUE_ID, STORY_MESSAGE_ID, STORY_DOMAIN };

/* What a word on the command line means. A queue id has neither dot nor at-sign. What looks like a Message-ID can be an
 * address too, as the audit log tells it: a pseudonym, say. */
enum story_key story_key(const char *word);

/* Takes out of `log`, a database that nobody else needs, what the other one knows too. 0, or -1 with the error of one. */
int story_forget(struct database *log, struct database *known);

/* Appends a line for each message, the oldest first, of more than STORY_MESSAGES_MAX the newest. Returns how many there
 * are, or -1 with story->error. A queue id that only an MTA's log knows gives a line of type "unassessed". */
long story_messages(struct text *out, struct story *story, enum story_key key, const char *word);
/* The same for a correspondent; domain is normalized. Nothing is appended, and 0 returned, where nobody knows it. */
long story_domain(struct text *out, struct story *story, const char *domain);
