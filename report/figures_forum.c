/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Domains by the columns of the Standardization Forum's measurement of mail standards, as far as traffic shows them.
 * See figures_make.h.
 *
 * Internet.nl asks the DNS and the mail servers of a domain. Sluis asks nothing here: it knows what the DNS said when mail
 * came or went. A fact counts from its newest day, so that a domain is what it was last. What traffic cannot show
 * is not measured, which is never told as failed.
 */
#include "report/figures_make.h"

#include <stdlib.h>
#include <string.h>

#include "base/domain.h"

enum { DMARC, DKIM, SPF, DMARC_POLICY, SPF_POLICY, STARTTLS, STARTTLS_NCSC, DNSSEC_DOMAIN, DNSSEC_MX, DANE, IPV6_NS, IPV6_MX,
       STANDARDS };

static const char *const names[STANDARDS] = {"dmarc", "dkim", "spf", "dmarc-policy", "spf-policy", "starttls",
                                             "starttls-ncsc", "dnssec-domain", "dnssec-mx", "dane", "ipv6-ns", "ipv6-mx"};

/* In this order for a comparison. */
enum state { NOT_MEASURED, FAILED, PASSED };
static const char *const state_names[] = {"not-measured", "failed", "passed"};

/* What a domain was last in a period. */
struct profile {
  const char *domain;
  int64_t messages, recipients;
  enum state states[STANDARDS];
};

struct profile_list {
  struct profile *items;
  size_t count, size;
  bool tls_came; /* mail came in over TLS */
};

struct profiles {
  struct profile_list now, before; /* by name */
};

/* The newest day on which it was seen, or 0; of outbound mail the newest moment is known. */
#define SEEN(condition) "max(CASE WHEN " condition " THEN day ELSE 0 END)"
#define SEEN_OUT(condition) "max(CASE WHEN " condition " THEN last_time ELSE 0 END)"
#define UNSEEN "0, 0"
#define DAYS "day >= CAST($1 AS BIGINT) / 86400000 AND day < (CAST($2 AS BIGINT) + 86399999) / 86400000"

/* The standards that are measured, in the order of the columns below: seen to pass, seen to fail. That a record exists is a
 * fact of the DNS, whoever sent the message. An unsigned message proves something only where SPF shows that the domain
 * sent it. DANE passes where Internet.nl would say so: it does not ask for a signed mail domain (RFC 7672 does). */
static const int measured[] = {DMARC, DKIM, SPF, DMARC_POLICY, SPF_POLICY, STARTTLS, DNSSEC_DOMAIN, DNSSEC_MX, DANE};
enum { MEASURED = sizeof measured / sizeof *measured };

static const char *const profile_sql =
    "WITH u AS (SELECT domain, sum(messages) AS m, 0 AS r,"
    " " SEEN("policy <> ''") " AS p0, " SEEN("dmarc IN ('none', 'permerror')") " AS f0,"
    " " SEEN("aligned IN ('dkim', 'both')") " AS p1, " SEEN("aligned = 'spf'") " AS f1,"
    " " SEEN("spf_own = 1 AND spf IN ('pass', 'fail', 'softfail', 'neutral')") " AS p2,"
    " " SEEN("spf_own = 1 AND spf IN ('none', 'permerror')") " AS f2,"
    " " SEEN("policy IN ('quarantine', 'reject')") " AS p3,"
    " " SEEN("policy = 'none' OR dmarc IN ('none', 'permerror')") " AS f3,"
    " " SEEN("spf_own = 1 AND spf IN ('fail', 'softfail')") " AS p4,"
    " " SEEN("spf_own = 1 AND spf IN ('neutral', 'none', 'permerror')") " AS f4,"
    " 0 AS p5, 0 AS f5, 0 AS p6, 0 AS f6, 0 AS p7, 0 AS f7, 0 AS p8, 0 AS f8 FROM daily_inbound WHERE " DAYS
    " AND domain <> '' GROUP BY domain UNION ALL"
    " SELECT domain, 0, sum(recipients), " UNSEEN ", " UNSEEN ", " UNSEEN ", " UNSEEN ", " UNSEEN ", " UNSEEN ","
    " " SEEN_OUT("verdict = 'dane' OR link IN ('mx-insecure', 'host-unsigned', 'no-tlsa', 'tlsa-unusable')") ","
    " " SEEN_OUT("link IN ('domain-unsigned', 'bogus')") ","
    " " SEEN_OUT("verdict IN ('dane', 'insecure-mx') OR link IN ('no-tlsa', 'tlsa-unusable')") ","
    " " SEEN_OUT("link = 'host-unsigned'") ","
    " " SEEN_OUT("verdict IN ('dane', 'insecure-mx')") ", " SEEN_OUT("verdict IN ('none', 'partial', 'unusable',"
    " 'bogus')")
    " FROM daily_outbound WHERE " DAYS " AND domain <> '' AND verdict <> 'not-examined' GROUP BY domain UNION ALL"
    " SELECT domain, 0, 0, " UNSEEN ", " UNSEEN ", " UNSEEN ", " UNSEEN ", " UNSEEN ","
    " " SEEN("class IN ('dane-verified', 'half-dane', 'dane-available-not-used', 'mta-sts', 'verified-other',"
             " 'tls-trusted', 'tls-only')") ", " SEEN("class = 'plaintext'") ","
    " " UNSEEN ", " UNSEEN ", " UNSEEN " FROM daily_proven WHERE " DAYS " AND domain <> '' GROUP BY domain)"
    " SELECT domain, sum(m), sum(r), max(p0), max(f0), max(p1), max(f1), max(p2), max(f2), max(p3), max(f3), max(p4),"
    " max(f4), max(p5), max(f5), max(p6), max(f6), max(p7), max(f7), max(p8), max(f8) FROM u GROUP BY domain";

static int compare_names(const void *a, const void *b)
{
  return strcmp(((const struct profile *)a)->domain, ((const struct profile *)b)->domain);
}

static struct profile *add_profile(struct profile_list *list)
{
  if (list->count == list->size) {
    list->size = list->size > 0 ? 2 * list->size : 256;
    list->items = memory_resize(list->items, list->size * sizeof *list->items);
  }
  return &list->items[list->count++];
}

static int read_profiles(struct figures_making *making, struct profile_list *list, int64_t from, int64_t to)
{
  struct statement *statement = database_prepare(making->database, profile_sql);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, from);
  statement_bind_integer(statement, 2, to);
  int status;
  while ((status = statement_step(statement)) > 0) {
    struct profile *profile = add_profile(list);
    *profile = (struct profile){.domain = arena_string(making->figures->arena, statement_text(statement, 0)),
                                .messages = statement_integer(statement, 1),
                                .recipients = statement_integer(statement, 2)};
    for (int i = 0; i < MEASURED; i++) {
      int64_t pass = statement_integer(statement, 3 + 2 * i), fail = statement_integer(statement, 4 + 2 * i);
      profile->states[measured[i]] = pass == 0 && fail == 0 ? NOT_MEASURED : pass >= fail ? PASSED : FAILED;
    }
  }
  statement_free(statement);
  if (list->count > 0)
    qsort(list->items, list->count, sizeof *list->items, compare_names);
  return status;
}

/* NULL where the database failed. */
static struct profiles *get_profiles(struct figures_making *making)
{
  if (making->profiles)
    return making->profiles;
  const struct figures *figures = making->figures;
  struct profiles *profiles = making->profiles = memory_new(sizeof *profiles);
  if (read_profiles(making, &profiles->now, figures->from, figures->to) < 0 ||
      read_profiles(making, &profiles->before, making->before, figures->from) < 0)
    return NULL;
  struct statement *statement = database_prepare(
      making->database, "SELECT count(*) FROM daily_inbound WHERE " DAYS " AND tls <> 'no-tls'");
  if (!statement)
    return NULL;
  statement_bind_integer(statement, 1, figures->from);
  statement_bind_integer(statement, 2, figures->to);
  int status = statement_step(statement);
  profiles->now.tls_came = status > 0 && statement_integer(statement, 0) > 0;
  statement_free(statement);
  return status < 0 ? NULL : profiles;
}

void profiles_free(struct profiles *profiles)
{
  if (!profiles)
    return;
  free(profiles->now.items);
  free(profiles->before.items);
  free(profiles);
}

static const struct profile *find_profile(const struct profile_list *list, const char *domain)
{
  struct profile key = {.domain = domain};
  return list->count > 0 ? bsearch(&key, list->items, list->count, sizeof key, compare_names) : NULL;
}

static bool is_own(const struct figures_making *making, const char *domain)
{
  const struct string_list *own = &making->options->config->local_domains;
  for (size_t i = 0; i < own->count; i++)
    if (domain_is_under(domain, own->items[i]))
      return true;
  return false;
}

static void set_states(struct figures_making *making, struct figures_row *row, const enum state *states)
{
  for (int i = 0; i < STANDARDS; i++)
    figures_set_text(making, row, 1 + i, state_names[states[i]]);
}

/* Of an own domain the traffic shows what others wrote in its name, and that this host takes TLS. */
int figures_add_forum_own(struct figures_making *making, struct figures_table *table)
{
  const struct profiles *profiles = get_profiles(making);
  const struct string_list *own = &making->options->config->local_domains;
  for (size_t i = 0; profiles && i < own->count; i++) {
    const struct profile *found = find_profile(&profiles->now, own->items[i]);
    struct profile profile = found ? *found : (struct profile){0};
    if (profiles->now.tls_came)
      profile.states[STARTTLS] = PASSED;
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, own->items[i]);
    set_states(making, row, profile.states);
    figures_set_number(row, 1 + STANDARDS, profile.messages);
  }
  return profiles ? 0 : -1;
}

/* What a standard weighs: mail that came for those of senders, recipients of mail that went for those of mail hosts. */
static int64_t traffic_of(const struct profile *profile, int standard)
{
  return standard <= SPF_POLICY ? profile->messages : profile->recipients;
}

int figures_add_forum_correspondents(struct figures_making *making, struct figures_table *table)
{
  const struct profiles *profiles = get_profiles(making);
  for (int i = 0; profiles && i < STANDARDS; i++) {
    int64_t passed = 0, failed = 0, not_measured = 0, passed_traffic = 0, failed_traffic = 0;
    for (size_t j = 0; j < profiles->now.count; j++) {
      const struct profile *profile = &profiles->now.items[j];
      int64_t traffic = traffic_of(profile, i);
      if ((traffic == 0 && profile->states[i] == NOT_MEASURED) || is_own(making, profile->domain))
        continue;
      passed += profile->states[i] == PASSED;
      failed += profile->states[i] == FAILED;
      not_measured += profile->states[i] == NOT_MEASURED;
      passed_traffic += profile->states[i] == PASSED ? traffic : 0;
      failed_traffic += profile->states[i] == FAILED ? traffic : 0;
    }
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, names[i]);
    figures_set_share(row, 1, passed, passed + failed);
    figures_set_share(row, 2, passed_traffic, passed_traffic + failed_traffic);
    figures_set_number(row, 3, failed);
    figures_set_number(row, 4, not_measured);
  }
  return profiles ? 0 : -1;
}

static int compare_traffic(const void *a, const void *b)
{
  const struct profile *first = *(struct profile *const *)a, *second = *(struct profile *const *)b;
  int64_t difference = second->messages + second->recipients - first->messages - first->recipients;
  return difference > 0 ? 1 : difference < 0 ? -1 : strcmp(first->domain, second->domain);
}

/* Correspondents of the period, those with most traffic first. Free the list. */
static const struct profile **sort_correspondents(const struct figures_making *making, const struct profiles *profiles,
                                                  size_t *count)
{
  const struct profile **sorted = memory_new((profiles->now.count + 1) * sizeof *sorted);
  *count = 0;
  for (size_t i = 0; i < profiles->now.count; i++)
    if (!is_own(making, profiles->now.items[i].domain))
      sorted[(*count)++] = &profiles->now.items[i];
  qsort(sorted, *count, sizeof *sorted, compare_traffic);
  return sorted;
}

int figures_add_domains(struct figures_making *making, struct figures_table *table)
{
  const struct profiles *profiles = get_profiles(making);
  if (!profiles)
    return -1;
  size_t count;
  const struct profile **sorted = sort_correspondents(making, profiles, &count);
  for (size_t i = 0; i < count; i++) {
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, sorted[i]->domain);
    set_states(making, row, sorted[i]->states);
    figures_set_number(row, 1 + STANDARDS, sorted[i]->messages + sorted[i]->recipients);
  }
  free(sorted);
  return 0;
}

/* Only what was measured in both periods can have changed. */
static bool is_comparable(const struct profile *before, const struct profile *now, int standard)
{
  return before && before->states[standard] != NOT_MEASURED && now->states[standard] != NOT_MEASURED;
}

int figures_add_trend_standards(struct figures_making *making, struct figures_table *table)
{
  const struct profiles *profiles = get_profiles(making);
  if (!profiles)
    return -1;
  int64_t changes[STANDARDS][3] = {0};
  for (size_t j = 0; j < profiles->now.count; j++) {
    const struct profile *now = &profiles->now.items[j], *before = find_profile(&profiles->before, now->domain);
    for (int i = 0; i < STANDARDS; i++)
      if (is_comparable(before, now, i))
        changes[i][now->states[i] > before->states[i] ? 0 : now->states[i] < before->states[i] ? 1 : 2]++;
  }
  for (int i = 0; i < STANDARDS; i++) {
    if (changes[i][0] + changes[i][1] + changes[i][2] == 0)
      continue;
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, names[i]);
    for (int j = 0; j < 3; j++)
      figures_set_number(row, 1 + j, changes[i][j]);
  }
  return 0;
}

int figures_add_trend_domains(struct figures_making *making, struct figures_table *table)
{
  const struct profiles *profiles = get_profiles(making);
  if (!profiles)
    return -1;
  size_t count;
  const struct profile **sorted = sort_correspondents(making, profiles, &count);
  for (size_t j = 0; j < count; j++) {
    const struct profile *now = sorted[j], *before = find_profile(&profiles->before, now->domain);
    for (int i = 0; i < STANDARDS; i++) {
      if (!is_comparable(before, now, i) || before->states[i] == now->states[i])
        continue;
      struct figures_row *row = figures_add_row(making, table);
      figures_set_text(making, row, 0, now->domain);
      figures_set_text(making, row, 1, names[i]);
      figures_set_text(making, row, 2, state_names[before->states[i]]);
      figures_set_text(making, row, 3, state_names[now->states[i]]);
      figures_set_text(making, row, 4, now->states[i] > before->states[i] ? "improvement" : "regression");
      figures_set_number(row, 5, now->messages + now->recipients);
    }
  }
  free(sorted);
  return 0;
}
