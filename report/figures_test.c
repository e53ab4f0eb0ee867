/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Single figures, each from the few facts that it is about. report_test.c has a world in which they stand together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/daily.h"
#include "report/find_row.h"
#include "report/write.h"

/* Of day 20000 (2024-10-04), where no other day is named. */
#define DAY INT64_C(1728000000000)
#define DAY_MS INT64_C(86400000)
#define INBOUND(id, time, seq, domain, action) \
  "INSERT INTO message (id, file_id, line, time, host_id, seq, direction, mail_from_domain, author_domain, tls_version, tls_grade," \
  " action) VALUES (" id ", 1, " seq ", " time ", 1, " seq ", 'inbound', 'from.example', " domain ", 'TLSv1.3', 'good', '" action \
  "')"
#define OUTBOUND(id) \
  "INSERT INTO message (id, file_id, line, time, host_id, seq, direction, action) VALUES (" id ", 1, " id ", 1728000001000, 1, " id \
  ", 'outbound', 'accept')"
#define RECIPIENT(id, verdict, link) \
  "INSERT INTO recipient (message_id, number, domain, verdict, link, action) VALUES (" id ", 0, 'to.example', '" verdict "', '" link \
  "', 'accept')"
#define RELAY(hop) "UPDATE recipient SET next_hop = '" hop "'"
#define HOST(id, number, name, address, tlsa) \
  "INSERT INTO dane_host (message_id, recipient, number, name, address, tlsa) VALUES (" id ", 0, " number ", '" name "', '" address \
  "', '" tlsa "')"
#define DKIM(id, result) \
  "INSERT INTO dkim (message_id, number, domain, result) VALUES (" id ", 0, 'a.example', '" result "')"
#define DMARC(id, result, policy, override, spf, dkim) \
  "INSERT INTO dmarc (message_id, result, policy, override, aligned_spf, aligned_dkim) VALUES (" id ", '" result "', '" policy \
  "', " override ", " spf ", " dkim ")"

enum { FACTS_MAX = 8 };

static const struct row {
  const char *about, *facts[FACTS_MAX];
  const char *table, *first; /* of the row */
  int column;
  const char *text; /* NULL: number and base */
  int64_t number, base;
} rows[] = {
    {"lines that are missing before the period",
     {INBOUND("1", "1727999999000", "1", "'a.example'", "accept"), INBOUND("2", "1728000001000", "5", "'a.example'", "accept")},
     "completeness", "missing-lines", 1, NULL, 3, 0},
    {"lines that are missing behind the period",
     {INBOUND("1", "1728000001000", "1", "'a.example'", "accept"), INBOUND("2", "1728086401000", "4", "'a.example'", "accept")},
     "hosts", "mx1.example.nl", 2, NULL, 2, 0},
    {"a log that begins anew at the edge of the period",
     {INBOUND("1", "1727999999000", "70", "'a.example'", "accept"), INBOUND("2", "1728000001000", "1", "'a.example'", "accept")},
     "completeness", "missing-lines", 1, NULL, 0, 0},
    {"a host of no line in the period",
     {INBOUND("1", "1727999999000", "1", "'a.example'", "accept"), INBOUND("2", "1728086401000", "9", "'a.example'", "accept")},
     "completeness", "missing-lines", 1, NULL, 0, 0},

    {"the host that lacks TLSA records",
     {OUTBOUND("1"), RECIPIENT("1", "partial", "no-tlsa"), HOST("1", "0", "a.to.example", "secure", "usable"),
      HOST("1", "1", "b.to.example", "secure", "none")},
     "lacking-dane", "to.example", 3, "b.to.example", 0, 0},
    {"the host that is not signed",
     {OUTBOUND("1"), RECIPIENT("1", "partial", "host-unsigned"), HOST("1", "0", "a.to.example", "secure", "none"),
      HOST("1", "1", "b.to.example", "insecure", "not-asked"), HOST("1", "2", "c.to.example", "secure", "usable")},
     "lacking-dane", "to.example", 3, "b.to.example", 0, 0},
    {"any host, where the domain lacks something",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "mx-insecure"), HOST("1", "0", "a.to.example", "secure", "usable")},
     "lacking-dane", "to.example", 3, "a.to.example", 0, 0},

    {"what a relay lacks is not the domain's",
     {OUTBOUND("1"), RECIPIENT("1", "partial", "no-tlsa"), RELAY("[relay.example]:587"),
      HOST("1", "0", "relay.example", "secure", "none")},
     "lacking-dane", "[relay.example]:587", 3, "relay.example", 0, 0},
    {"nor is what a relay has",
     {INBOUND("1", "1728000001000", "1", "'to.example'", "accept"), OUTBOUND("2"), RECIPIENT("2", "dane", ""),
      RELAY("relay.example")},
     "domains", "to.example", 10, "not-measured", 0, 0},
    {"the domain itself as next hop is no relay",
     {OUTBOUND("1"), RECIPIENT("1", "dane", ""), RELAY("to.example")}, "domains", "to.example", 10, "passed", 0, 0},

    /* Columns 9 and 10: DNSSEC of the mail hosts, DANE. */
    {"DANE of all hosts behind an insecure MX",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "mx-insecure"), HOST("1", "0", "a.to.example", "secure", "usable"),
      HOST("1", "1", "gone.to.example", "none", "not-asked")},
     "domains", "to.example", 10, "passed", 0, 0},
    {"DANE of some hosts behind an insecure MX",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "domain-unsigned"), HOST("1", "0", "a.to.example", "secure", "usable"),
      HOST("1", "1", "b.to.example", "insecure", "not-asked")},
     "domains", "to.example", 10, "failed", 0, 0},
    {"one of the hosts behind an insecure MX is not signed",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "domain-unsigned"), HOST("1", "0", "a.to.example", "secure", "usable"),
      HOST("1", "1", "b.to.example", "insecure", "not-asked")},
     "domains", "to.example", 9, "failed", 0, 0},
    {"unusable records behind an insecure MX",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "domain-unsigned"), HOST("1", "0", "a.to.example", "secure", "unusable")},
     "domains", "to.example", 10, "failed", 0, 0},
    {"signed hosts behind an insecure MX",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "domain-unsigned"), HOST("1", "0", "a.to.example", "secure", "unusable")},
     "domains", "to.example", 9, "passed", 0, 0},
    {"an insecure MX of hosts that are not known",
     {OUTBOUND("1"), RECIPIENT("1", "insecure-mx", "mx-insecure")}, "domains", "to.example", 10, "not-measured", 0, 0},

    {"a signature that could not be examined",
     {INBOUND("1", "1728000001000", "1", "'a.example'", "accept"), DKIM("1", "temperror"),
      DMARC("1", "pass", "reject", "NULL", "1", "0")},
     "domains", "a.example", 2, "not-measured", 0, 0},
    {"a signature of somebody else",
     {INBOUND("1", "1728000001000", "1", "'a.example'", "accept"), DKIM("1", "pass"), DMARC("1", "pass", "reject", "NULL", "1", "0")},
     "domains", "a.example", 2, "failed", 0, 0},
    {"a policy of reject in test asks for no refusal",
     {INBOUND("1", "1728000001000", "1", "'a.example'", "quarantine"),
      DMARC("1", "fail", "reject", "'policy_test_mode'", "0", "0")},
     "enforcement", "dmarc", 1, NULL, 0, 0},

    {"what was done is a share of its direction", {INBOUND("1", "1728000001000", "1", "'a.example'", "accept"), OUTBOUND("2")},
     "operation", "inbound", 2, NULL, 1, 1},

    {"a message without an author", {INBOUND("1", "1728000001000", "1", "NULL", "accept")}, "enforcement", "author", 1, NULL, 1, 0},
    {"whose it is", {INBOUND("1", "1728000001000", "1", "NULL", "accept")}, "refused-domains", "from.example", 1, "author", 0, 0},
    {"it was refused already", {INBOUND("1", "1728000001000", "1", "NULL", "reject")}, "enforcement", "author", 1, NULL, 0, 0},
    {"a message that was held unexamined",
     {INBOUND("1", "1728000001000", "1", "NULL", "quarantine"), "UPDATE message SET rule = 'crash-journal'"},
     "enforcement", "author", 1, NULL, 0, 0},
    {"a message without an author says nothing of its sender's DMARC",
     {INBOUND("1", "1728000001000", "1", "NULL", "accept"), DMARC("1", "permerror", "", "NULL", "NULL", "NULL"),
      "UPDATE dmarc SET policy = NULL"},
     "domains", "from.example", 1, "not-measured", 0, 0},
    {"DANE that cannot be found out", {OUTBOUND("1"), RECIPIENT("1", "temperror", "dns-failure")}, "enforcement", "dane", 3, NULL, 1, 0},
};

static struct database *make_database(const char *const *facts)
{
  struct text error = {0};
  struct database *database = database_open(":memory:", DATABASE_WRITE, &error);
  assert_non_null(database);
  assert_int_equal(database_run(database, "INSERT INTO host (id, name) VALUES (1, 'mx1.example.nl')"), 0);
  for (int i = 0; i < FACTS_MAX && facts[i]; i++)
    if (database_run(database, facts[i]) < 0)
      fail_msg("%s: %s", facts[i], database_error(database));
  assert_int_equal(daily_settle(database), 0);
  return database;
}

static void check(const struct row *wanted, const char *configuration)
{
  char why[500];
  struct config *config = config_parse(configuration, "test", why, sizeof why);
  const struct figures_options options = {.from = DAY, .to = DAY + DAY_MS, .now = 1800000000, .config = config};
  struct database *database = make_database(wanted->facts);
  struct figures *figures = figures_read(database, &options);
  if (!figures)
    fail_msg("%s: %s", wanted->about, database_error(database));
  const struct figures_row *row = find_row(figures, wanted->table, wanted->first);
  const struct figures_cell *cell = row ? &row->cells[wanted->column] : NULL;
  if (!cell)
    fail_msg("%s: no row", wanted->about);
  if (wanted->text ? !cell->text || strcmp(cell->text, wanted->text) != 0
                   : cell->number != wanted->number || cell->base != wanted->base)
    fail_msg("%s: %s %lld of %lld", wanted->about, cell->text ? cell->text : "", (long long)cell->number, (long long)cell->base);
  figures_free(figures);
  database_close(database);
  config_release(config);
}

static void figures_are_as_the_facts(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check(&rows[i], "");
}

static void nothing_waits_where_the_configuration_lets_it_go_on(void **state)
{
  (void)state;
  static const struct row row = {"DANE that cannot be found out", {OUTBOUND("1"), RECIPIENT("1", "temperror", "dns-failure")},
                                 "enforcement", "dane", 3, NULL, 0, 0};
  check(&row, "outbound { on-temporary-failure = accept }");
}

#define ONE_DAY {INBOUND("1", "1728000001000", "1", "'a.example'", "accept")}

static void a_period_that_is_half_named_is_one(void **state)
{
  (void)state;
  static const struct {
    const char *facts[FACTS_MAX];
    int64_t from, to, wanted_from, wanted_to;
  } periods[] = {
      {ONE_DAY, 0, 0, DAY, DAY + DAY_MS},
      {ONE_DAY, DAY - 3 * DAY_MS, 0, DAY - 3 * DAY_MS, DAY + DAY_MS},
      {ONE_DAY, DAY + 9 * DAY_MS, 0, DAY + 9 * DAY_MS, DAY + 10 * DAY_MS}, /* behind the last day that is known */
      {ONE_DAY, 0, DAY - 3 * DAY_MS, DAY - 4 * DAY_MS, DAY - 3 * DAY_MS},  /* before the first one */
      {{NULL}, 0, 0, INT64_C(1799971200000), INT64_C(1800057600000)},      /* nothing is known: today */
      {{NULL}, DAY, 0, DAY, INT64_C(1800057600000)},
  };
  char why[500];
  struct config *config = config_parse("", "test", why, sizeof why);
  for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
    const struct figures_options options = {.from = periods[i].from, .to = periods[i].to, .now = 1800000000, .config = config};
    struct database *database = make_database(periods[i].facts);
    struct figures *figures = figures_read(database, &options);
    assert_non_null(figures);
    if (figures->from != periods[i].wanted_from || figures->to != periods[i].wanted_to)
      fail_msg("row %zu: %lld to %lld", i, (long long)figures->from, (long long)figures->to);
    figures_free(figures);
    database_close(database);
  }
  config_release(config);
}

/* Mail on three days of five. */
static void a_plot_goes_by_time(void **state)
{
  (void)state;
  static const char *const facts[FACTS_MAX] = {
      INBOUND("1", "1728000001000", "1", "'a.example'", "accept"), INBOUND("2", "1728086401000", "2", "'a.example'", "accept"),
      INBOUND("3", "1728345601000", "3", "'a.example'", "accept"), DMARC("1", "pass", "none", "NULL", "1", "1")};
  static const char *const wanted[] = {
      "points=\"0,0 250,1000\"", /* DMARC of two days, and no line to the third */
      "x=\"25.00%\"", ">2024-10-06<", ">2024-10-08<"};
  char why[500];
  struct config *config = config_parse("", "test", why, sizeof why);
  const struct figures_options options = {.from = DAY, .to = DAY + 5 * DAY_MS, .now = 1800000000, .config = config};
  struct database *database = make_database(facts);
  struct figures *figures = figures_read(database, &options);
  struct text page = {0};
  assert_non_null(figures);
  write_html(&page, figures, LANGUAGE_ENGLISH);
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    if (!strstr(page.bytes, wanted[i]))
      fail_msg("no %s in %s", wanted[i], strstr(page.bytes, "section-trend\""));
  text_free(&page);
  figures_free(figures);
  database_close(database);
  config_release(config);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(figures_are_as_the_facts),
      cmocka_unit_test(nothing_waits_where_the_configuration_lets_it_go_on),
      cmocka_unit_test(a_period_that_is_half_named_is_one),
      cmocka_unit_test(a_plot_goes_by_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
