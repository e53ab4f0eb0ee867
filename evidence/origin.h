/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where a fact comes from, what came of a line, and the names and numbers that all readers share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/database.h"

enum origin_use {
  ORIGIN_USED,     /* there are facts of it in the database now */
  ORIGIN_OTHER,    /* a sound line that says nothing of interest */
  ORIGIN_REPEATED, /* its facts are in the database already, through another file or an earlier line */
  ORIGIN_DAMAGED,  /* skipped; origin.why says why */
  ORIGIN_FAILED,   /* the database failed: database_error() */
};

/* Hosts by name, and which stretch of time of which host other files have told already. */
struct registry;

struct origin {
  struct registry *registry;
  int64_t file;
  int64_t line;
  const char *why; /* of a damaged line: constant text */
  const char *kind; /* set by the reader: "audit" or "mta"; NULL for a line that is neither */
  int64_t time;    /* set by the reader of the line */
  int64_t host;    /* and this; 0 for none */
  bool suspect;    /* set by registry_visit(): another file speaks of this host at this time too */
};

/* NULL on error. */
struct registry *registry_new(struct database *database);
void registry_free(struct registry *registry); /* takes NULL */
/* For a new file, within its transaction: reads the numbers given out last anew. 0 or -1. */
int registry_begin(struct registry *registry);
/* The number of a host, which is given one where it is new. 0 on error. */
int64_t registry_host(struct registry *registry, const char *name);
const char *registry_host_name(const struct registry *registry, int64_t host); /* borrowed */
/* Notes that the file speaks of origin->host at origin->time as a log of this kind, and says in origin->suspect whether
 * another file does. */
void registry_visit(struct registry *registry, struct origin *origin, const char *kind);
/* Writes down what registry_visit() noted of this file. 0 or -1. */
int registry_store(struct registry *registry, int64_t file);

/* The lines of this time were removed (prune.h): what another file had told of it is in the counts alone. */
bool registry_is_pruned(const struct registry *registry, int64_t time);

/* The next number for a row of a table. */
enum registry_table { REGISTRY_MESSAGE, REGISTRY_EVENT, REGISTRY_ACCEPTED, REGISTRY_DELIVERY, REGISTRY_TABLE_COUNT };
int64_t registry_next(struct registry *registry, enum registry_table table);
