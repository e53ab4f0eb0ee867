/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The figures of a report: plain tables of values, read from the database of evidence, without a word on how they are
 * shown. What was assessed and what is proven are tables of their own.
 *
 * Every text in them is printable UTF-8 on one line; it still comes from strangers and is to be escaped for its form.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/text.h"
#include "evidence/database.h"
#include "policy/config.h"

enum { FIGURES_COLUMNS_MAX = 16 };

enum figures_kind {
  FIGURES_TEXT,
  FIGURES_WORD, /* one of our own, which words.h explains */
  FIGURES_NUMBER,
  FIGURES_SHARE, /* a number, and the base that it is a share of: two columns of the SQL */
  FIGURES_TIME,  /* milliseconds since 1970 UTC */
  FIGURES_DAY,   /* the same, at the start of a day */
};

struct figures_column {
  const char *name; /* the key in JSON and CSV, and of words.h; NULL ends the columns */
  enum figures_kind kind;
};

enum figures_flags {
  FIGURES_BY_DOMAIN = 1, /* the first column is a domain, the last one the number that the threshold looks at */
  FIGURES_INTERNAL = 2,  /* not for publishing: names files, hosts or people */
  FIGURES_PLOT = 4,      /* worth a plot beside the table */
};

struct figures_making;
struct figures_table;
typedef int figures_add(struct figures_making *making, struct figures_table *table);

/* A table as figures_shapes.c describes it. */
struct figures_shape {
  const char *section, *name;
  /* $1 is the first millisecond, $2 the one after the last, both of days; $3, where there is one, the days in a step of
   * time. NULL: `add` makes the rows. */
  const char *sql;
  figures_add *add;
  struct figures_column columns[FIGURES_COLUMNS_MAX];
  unsigned flags;
};

struct figures_cell {
  const char *text; /* NULL: not known, or in a merged row */
  int64_t number, base;
  bool known;
};

struct figures_row {
  struct figures_cell *cells; /* as many as there are columns */
};

struct figures_table {
  const struct figures_shape *shape;
  struct figures_row *rows;
  size_t count, size;
  int64_t merged; /* rows under the threshold, which became the last row */
};

struct figures {
  int64_t from, to; /* milliseconds, both at the start of a day; `to` is the first one after the period */
  int64_t made;     /* seconds */
  int step;         /* days in a row of shares-over-time */
  unsigned threshold;
  struct figures_table *tables;
  size_t count;
  struct arena *arena; /* everything in it */
};

struct figures_options {
  int64_t from, to;            /* 0: from the first, up to the last day of the database; else starts of days */
  int64_t now;                 /* seconds: which exceptions have ended */
  unsigned threshold;          /* of a report for publishing: smaller counts are merged; 0: not for publishing */
  const struct config *config; /* borrowed for the call */
};

/* All from one moment of the database. NULL on error, which is database_error(). Free with figures_free(). */
struct figures *figures_read(struct database *database, const struct figures_options *options);
void figures_free(struct figures *figures); /* takes NULL */
/* NULL where there is no table of this name. */
const struct figures_table *figures_find(const struct figures *figures, const char *name);

extern const struct figures_shape figures_shapes[];
extern const size_t figures_shape_count;
