/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Within report/: how tables are filled that are more than the rows of a query. See figures.h.
 *
 * Each figures_add_... fills one table of figures_shapes.c. 0, or -1 where the database failed.
 */
#pragma once

#include "report/figures.h"

struct profiles;
struct senders;

struct figures_making {
  struct figures *figures;
  struct database *database;
  const struct figures_options *options;
  int64_t before;            /* the period of the same length before begins here */
  /* Read when the first table asks for them. */
  struct senders *senders;
  struct profiles *profiles; /* of domains */
};

/* What the Standardization Forum's half-yearly measurement looks at in mail, in its order. */
#define FIGURES_FORUM_COLUMNS \
  {"dmarc", FIGURES_WORD}, {"dkim", FIGURES_WORD}, {"spf", FIGURES_WORD}, {"dmarc-policy", FIGURES_WORD}, \
      {"spf-policy", FIGURES_WORD}, {"starttls", FIGURES_WORD}, {"starttls-ncsc", FIGURES_WORD}, \
      {"dnssec-domain", FIGURES_WORD}, {"dnssec-mx", FIGURES_WORD}, {"dane", FIGURES_WORD}, {"ipv6-ns", FIGURES_WORD}, \
      {"ipv6-mx", FIGURES_WORD}
/* In the order of figures_measures(). */
#define FIGURES_MEASURE_COLUMNS \
  {"spf-pass", FIGURES_SHARE}, {"dkim-pass", FIGURES_SHARE}, {"dmarc-pass", FIGURES_SHARE}, \
      {"dmarc-strict", FIGURES_SHARE}, {"tls-used", FIGURES_SHARE}, {"tls-adequate", FIGURES_SHARE}, \
      {"dane-assessed", FIGURES_SHARE}, {"dane-proven", FIGURES_SHARE}, {"tls-proven", FIGURES_SHARE}

figures_add figures_add_method, figures_add_design, figures_add_exceptions;
figures_add figures_add_senders, figures_add_enforcement, figures_add_refused_domains;
figures_add figures_add_forum_own, figures_add_forum_correspondents, figures_add_domains;
figures_add figures_add_trend, figures_add_half_years, figures_add_trend_standards, figures_add_trend_domains;

/* A new row of unknown cells. Borrowed until the next one. */
struct figures_row *figures_add_row(struct figures_making *making, struct figures_table *table);
/* Made printable; NULL stays unknown. */
void figures_set_text(struct figures_making *making, struct figures_row *row, int column, const char *value);
void figures_set_number(struct figures_row *row, int column, int64_t number);
void figures_set_share(struct figures_row *row, int column, int64_t number, int64_t base);

/* Of the period. NULL where the database failed. Borrowed. */
struct senders *figures_senders(struct figures_making *making);
void profiles_free(struct profiles *profiles); /* takes NULL */
