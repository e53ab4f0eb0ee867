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
#include "report/senders.h"
#include "report/sql.h"

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

/* The newest moment at which it was seen, or 0. */
#define SEEN(condition) "max(CASE WHEN " condition " THEN last_time ELSE 0 END)"
/* The same by days. */
#define SEEN_ON(condition) "max(CASE WHEN " condition " THEN day ELSE 0 END)"

/* Domain, recipients, and for each standard when it was last seen to pass and to fail; what is known of a relay is none of
 * the domains behind it. DANE passes where Internet.nl would say so: it does not ask for a signed mail domain (RFC 7672
 * does). */
static const struct {
  const char *sql;
  int count, standards[3];
} of_destinations[] = {
    {"SELECT domain, sum(recipients),"
     " " SEEN("verdict = 'dane' OR link IN ('mx-insecure', 'host-unsigned', 'no-tlsa', 'tlsa-unusable')") ","
     " " SEEN("link IN ('domain-unsigned', 'bogus')") ","
     " " SEEN("verdict = 'dane' OR link IN ('no-tlsa', 'tlsa-unusable') OR hosts IN ('dane', 'signed')") ","
     " " SEEN("link = 'host-unsigned' OR hosts = 'unsigned'") ","
     " " SEEN("verdict = 'dane' OR hosts = 'dane'") ","
     " " SEEN("verdict IN ('none', 'partial', 'unusable', 'bogus') OR hosts IN ('signed', 'unsigned')")
     " FROM daily_outbound WHERE " DAYS " AND domain <> '' AND relay = '' AND verdict <> 'not-examined' GROUP BY"
     " domain",
     3, {DNSSEC_DOMAIN, DNSSEC_MX, DANE}},
    {"SELECT domain, 0, " SEEN_ON("class IN ('dane-verified', 'half-dane', 'dane-available-not-used', 'mta-sts',"
                                  " 'verified-other', 'tls-trusted', 'tls-only')") ", " SEEN_ON("class = 'plaintext'")
     " FROM daily_proven WHERE " DAYS " AND domain <> '' AND relay = '' GROUP BY domain",
     1, {STARTTLS}},
};

static enum state state_of(int64_t passed, int64_t failed)
{
  return passed == 0 && failed == 0 ? NOT_MEASURED : passed >= failed ? PASSED : FAILED;
}

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

static int add_destinations(struct figures_making *making, struct profile_list *list, int which, int64_t from, int64_t to)
{
  struct statement *statement = database_prepare(making->database, of_destinations[which].sql);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, from);
  statement_bind_integer(statement, 2, to);
  int status;
  while ((status = statement_step(statement)) > 0) {
    struct profile *profile = add_profile(list);
    *profile = (struct profile){.domain = arena_string(making->figures->arena, statement_text(statement, 0)),
                                .recipients = statement_integer(statement, 1)};
    for (int i = 0; i < of_destinations[which].count; i++)
      profile->states[of_destinations[which].standards[i]] =
          state_of(statement_integer(statement, 2 + 2 * i), statement_integer(statement, 3 + 2 * i));
  }
  statement_free(statement);
  return status;
}

static void add_senders(struct profile_list *list, const struct senders *senders)
{
  static const int standards[SENDERS_FACTS] = {DMARC, DKIM, SPF, DMARC_POLICY, SPF_POLICY};
  for (size_t i = 0; i < senders->count; i++) {
    const struct sender *sender = senders->all[i];
    if (!*sender->domain)
      continue;
    struct profile *profile = add_profile(list);
    *profile = (struct profile){.domain = sender->domain, .messages = sender->messages};
    for (int j = 0; j < SENDERS_FACTS; j++)
      profile->states[standards[j]] = state_of(sender->passed[j], sender->failed[j]);
  }
  list->tls_came = senders->tls_came;
}

/* A domain that sends and receives has been added several times, each time with other standards. */
static void fold(struct profile_list *list)
{
  size_t kept = 0;
  if (list->count > 0)
    qsort(list->items, list->count, sizeof *list->items, compare_names);
  for (size_t i = 0; i < list->count; i++) {
    struct profile *last = kept > 0 ? &list->items[kept - 1] : NULL;
    if (!last || strcmp(last->domain, list->items[i].domain) != 0) {
      list->items[kept++] = list->items[i];
      continue;
    }
    last->messages += list->items[i].messages;
    last->recipients += list->items[i].recipients;
    for (int j = 0; j < STANDARDS; j++)
      if (list->items[i].states[j] != NOT_MEASURED)
        last->states[j] = list->items[i].states[j];
  }
  list->count = kept;
}

static int read_profiles(struct figures_making *making, struct profile_list *list, const struct senders *senders,
                         int64_t from, int64_t to)
{
  if (!senders)
    return -1;
  add_senders(list, senders);
  for (int i = 0; i < (int)(sizeof of_destinations / sizeof *of_destinations); i++)
    if (add_destinations(making, list, i, from, to) < 0)
      return -1;
  fold(list);
  return 0;
}

/* NULL where the database failed. */
static struct profiles *get_profiles(struct figures_making *making)
{
  if (making->profiles)
    return making->profiles;
  const struct figures *figures = making->figures;
  struct profiles *profiles = making->profiles = memory_new(sizeof *profiles);
  struct senders *before = senders_read(making->database, figures->arena, making->before, figures->from);
  int status = read_profiles(making, &profiles->now, figures_senders(making), figures->from, figures->to) < 0 ||
                       read_profiles(making, &profiles->before, before, making->before, figures->from) < 0
                   ? -1
                   : 0;
  senders_free(before);
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
