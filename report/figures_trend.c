/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The same measures over several periods: against the period before, and by half-year, as the Standardization Forum
 * measures. See figures_make.h.
 */
#include <stdio.h>
#include <time.h>

#include "evidence/moment.h"
#include "report/figures_make.h"
#include "report/sql.h"

enum { MEASURES = 9, HALF_YEARS_MAX = 10, DAY_MS = 86400000 };

/* A share that moves by less than half a percentage point is neutral. */
enum { NEUTRAL_PER_MILLE = 5 };

static const char *const names[MEASURES] = {"spf-pass", "dkim-pass", "dmarc-pass", "dmarc-strict", "tls-used", "tls-adequate",
                                            "dane-assessed", "dane-proven", "tls-proven"};

/* Pairs of number and base, in the order of names. */
static const char *const measures_sql =
    "SELECT spf, inbound, dkim, inbound, dmarc, inbound, strict, inbound, tls, inbound, adequate, inbound, dane, examined,"
    " proven, sent, covered, sent FROM (SELECT coalesce(sum(inbound), 0) AS inbound, coalesce(sum(spf), 0) AS spf,"
    " coalesce(sum(dkim), 0) AS dkim, coalesce(sum(dmarc), 0) AS dmarc, coalesce(sum(strict), 0) AS strict,"
    " coalesce(sum(tls), 0) AS tls, coalesce(sum(adequate), 0) AS adequate, coalesce(sum(examined), 0) AS examined,"
    " coalesce(sum(dane), 0) AS dane, coalesce(sum(sent), 0) AS sent, coalesce(sum(proven), 0) AS proven,"
    " coalesce(sum(covered), 0) AS covered FROM daily_total WHERE " DAYS ") t";

struct measures {
  int64_t number[MEASURES], base[MEASURES];
};

static int read_measures(struct figures_making *making, struct measures *measures, int64_t from, int64_t to)
{
  struct statement *statement = database_prepare(making->database, measures_sql);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, from);
  statement_bind_integer(statement, 2, to);
  int status = statement_step(statement);
  for (int i = 0; i < MEASURES && status > 0; i++) {
    measures->number[i] = statement_integer(statement, 2 * i);
    measures->base[i] = statement_integer(statement, 2 * i + 1);
  }
  statement_free(statement);
  return status > 0 ? 0 : -1;
}

static const char *change_of(const struct measures *before, const struct measures *now, int i)
{
  if (before->base[i] == 0 || now->base[i] == 0)
    return "no-data";
  double difference = 1000.0 * (double)now->number[i] / (double)now->base[i] -
                      1000.0 * (double)before->number[i] / (double)before->base[i];
  return difference >= NEUTRAL_PER_MILLE ? "improvement" : difference <= -NEUTRAL_PER_MILLE ? "regression" : "neutral";
}

int figures_add_trend(struct figures_making *making, struct figures_table *table)
{
  struct measures before, now;
  if (read_measures(making, &before, making->before, making->figures->from) < 0 ||
      read_measures(making, &now, making->figures->from, making->figures->to) < 0)
    return -1;
  for (int i = 0; i < MEASURES; i++) {
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, names[i]);
    figures_set_share(row, 1, before.number[i], before.base[i]);
    figures_set_share(row, 2, now.number[i], now.base[i]);
    figures_set_text(making, row, 3, change_of(&before, &now, i));
  }
  return 0;
}

/* The first day with any sum, or -1 where there is none. -2 where the database failed. */
static int64_t find_first_day(struct figures_making *making)
{
  struct statement *statement = database_prepare(
      making->database, "SELECT min(day) FROM daily_total");
  int status = statement ? statement_step(statement) : -1;
  int64_t day = status > 0 && !statement_is_null(statement, 0) ? statement_integer(statement, 0) : -1;
  statement_free(statement);
  return status < 0 ? -2 : day;
}

static int64_t start_of(int half_year)
{
  return moment_day(half_year / 2, half_year % 2 ? 7 : 1, 1) * DAY_MS;
}

/* Half-years that end with the one in which the period ends, as far back as there are sums. */
int figures_add_half_years(struct figures_making *making, struct figures_table *table)
{
  int64_t first_day = find_first_day(making);
  time_t end = (time_t)((making->figures->to - 1) / 1000);
  struct tm parts;
  if (first_day < 0 || !gmtime_r(&end, &parts))
    return first_day == -2 ? -1 : 0;
  int last = 2 * (parts.tm_year + 1900) + (parts.tm_mon >= 6);
  for (int half = last - HALF_YEARS_MAX + 1; half <= last; half++) {
    int64_t from = start_of(half), to = start_of(half + 1);
    struct measures measures;
    char name[16];
    if (to <= first_day * DAY_MS)
      continue;
    if (to > making->figures->to)
      to = making->figures->to;
    if (read_measures(making, &measures, from, to) < 0)
      return -1;
    struct figures_row *row = figures_add_row(making, table);
    snprintf(name, sizeof name, "%d-H%d", half / 2, half % 2 + 1);
    figures_set_text(making, row, 0, name);
    for (int i = 0; i < MEASURES; i++)
      figures_set_share(row, 1 + i, measures.number[i], measures.base[i]);
  }
  return 0;
}
