/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A small database whose figures were worked out by hand, and the forms that they are shown in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "evidence/daily.h"
#include "report/find_row.h"
#include "report/write.h"

#define DAY INT64_C(1728000000000) /* 2024-10-04 */

/* Message 8 lies after the period. 5 and 7 go to one destination that has no DANE. */
static const char *const facts[] = {
    "INSERT INTO host (id, name) VALUES (1, 'mx1.example.nl'), (2, 'mx1')",
    "INSERT INTO span (file_id, host_id, kind, first_time, last_time) VALUES (1, 1, 'audit', 1728000001000, 1728086409000),"
    " (1, 2, 'audit', 1728000007500, 1728000007500)",
    "INSERT INTO event (id, file_id, line, time, host_id, seq, event) VALUES (1, 1, 9, 1728000007500, 2, 10, 'reload')",
    "INSERT INTO message (id, file_id, line, time, host_id, seq, direction, author_domain, tls_version, tls_grade, action,"
    " exception) VALUES (1, 1, 1, 1728000001000, 1, 1, 'inbound', 'a.example', 'TLSv1.3', 'good', 'accept', NULL),"
    " (2, 1, 2, 1728000002000, 1, 2, 'inbound', '=cmd()', NULL, NULL, 'accept', NULL),"
    " (3, 1, 3, 1728000003000, 1, 4, 'inbound', 'b.example', 'TLSv1', 'insufficient', 'reject', NULL),"
    " (4, 1, 4, 1728000004000, 1, 5, 'inbound', 'a.example', 'TLSv1.3', 'good', 'accept', '2026-1'),"
    " (5, 1, 5, 1728000005000, 1, 6, 'outbound', NULL, NULL, NULL, 'accept', NULL),"
    " (6, 1, 6, 1728000006000, 1, 7, 'outbound', NULL, NULL, NULL, 'accept', NULL),"
    " (7, 1, 7, 1728000007000, 1, 8, 'outbound', NULL, NULL, NULL, 'accept', NULL),"
    " (8, 1, 8, 1728086409000, 1, 9, 'inbound', 'a.example', NULL, NULL, 'accept', NULL)",
    "INSERT INTO spf (message_id, identity, domain, result) VALUES (1, 'helo', 'h.example', 'none'),"
    " (1, 'mailfrom', 'a.example', 'pass'), (2, 'mailfrom', 'x', 'fail'), (3, 'mailfrom', 'b.example', 'fail'),"
    " (4, 'mailfrom', 'a.example', 'temperror')",
    "INSERT INTO dkim (message_id, number, domain, result) VALUES (1, 0, 'a.example', 'fail'), (1, 1, 'a.example', 'pass'),"
    " (3, 0, 'b.example', 'fail'), (3, 1, 'b.example', 'temperror')",
    "INSERT INTO dmarc (message_id, result, policy, override) VALUES (1, 'pass', 'reject', NULL),"
    " (2, 'fail', 'reject', 'local_policy'), (3, 'fail', 'none', NULL)",
    "INSERT INTO recipient (message_id, number, domain, verdict, link, action) VALUES"
    " (5, 0, 'none.example', 'none', 'no-tlsa', 'accept'), (5, 1, 'dane.example', 'dane', NULL, 'accept'),"
    " (6, 0, 'dane.example', 'dane', NULL, 'accept'), (7, 0, 'none.example', 'none', 'domain-unsigned', 'accept')",
    "INSERT INTO delivery (id, file_id, line, time, host_id, queue_id, mta, domain, mark, status, tls, message_id,"
    " recipient, class, last) VALUES (1, 2, 1, 1728000005500, 1, 'Q5', 'postfix', 'none.example', 1, 'sent', 'none', 5, 0,"
    " 'plaintext', 1), (2, 2, 2, 1728000005600, 1, 'Q5', 'postfix', 'dane.example', 2, 'deferred', 'unknown', 5, 1, 'not-sent', 0),"
    " (3, 2, 3, 1728000005700, 1, 'Q5', 'postfix', 'dane.example', 2, 'sent', 'verified', 5, 1, 'dane-verified', 1),"
    " (4, 2, 4, 1728000006500, 1, 'Q6', 'postfix', 'dane.example', 3, 'sent', 'untrusted', 6, 0, 'dane-available-not-used', 1),"
    " (5, 2, 5, 1728000006600, 1, 'Q9', 'postfix', 'example.nl', 4, 'sent', 'none', NULL, NULL, 'local', 1)",
    "INSERT INTO accepted (id, file_id, line, time, host_id, queue_id, source, message_id) VALUES"
    " (1, 2, 1, 1728000005000, 1, 'Q5', 'smtp', 5), (2, 2, 2, 1728000006600, 1, 'Q9', 'local', NULL)",
};

static const char *const configuration =
    "exception \"2026-1\" { domain = {\"a.example\"} standard = {\"spf\"} level = annotate reason = \"r\""
    " until = \"2030-01-01\" }\n"
    "exception \"old\" { domain = {\"c.example\"} standard = {\"spf\"} level = annotate reason = \"r\""
    " until = \"2001-01-01\" }\n"
    "exception \"idle\" { domain = {\"d.example\"} standard = {\"spf\"} level = annotate reason = \"r\""
    " until = \"2030-01-01\" }\n";

struct world {
  struct database *database;
  struct config *config;
};

static int set_up(void **state)
{
  static struct world world;
  struct text error = {0};
  char why[500];
  world.database = database_open(":memory:", DATABASE_WRITE, &error);
  assert_non_null(world.database);
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
    if (database_run(world.database, facts[i]) < 0)
      fail_msg("%s", database_error(world.database));
  assert_int_equal(daily_settle(world.database), 0);
  world.config = config_parse(configuration, "test", why, sizeof why);
  assert_non_null(world.config);
  *state = &world;
  return 0;
}

static int tear_down(void **state)
{
  struct world *world = *state;
  database_close(world->database);
  config_release(world->config);
  return 0;
}

static struct figures *read_figures(const struct world *world, unsigned threshold)
{
  struct figures_options options = {
      .from = DAY, .to = DAY + 86400000, .now = 1800000000, .threshold = threshold, .config = world->config};
  struct figures *figures = figures_read(world->database, &options);
  if (!figures)
    fail_msg("%s", database_error(world->database));
  return figures;
}

static const struct {
  const char *table, *first; /* of the row */
  int column;
  int64_t number, base;
} truths[] = {
    {"completeness", "messages-inbound", 1, 4, 0},
    {"completeness", "messages-outbound", 1, 3, 0},
    {"completeness", "accepted-by-mta", 1, 2, 0},
    {"completeness", "accepted-without-audit-line", 1, 1, 0},
    {"completeness", "deliveries", 1, 4, 0},
    {"hosts", "mx1.example.nl", 1, 8, 0}, /* with the line that bears the host's own name */
    {"hosts", "mx1.example.nl", 2, 2, 0}, /* numbers 3 and 9 are missing */
    {"spf", "fail", 1, 2, 4},
    {"spf", "fail", 2, 2, 3},
    {"spf", "pass", 1, 1, 4},
    {"spf", "temperror", 1, 1, 4},
    {"dkim", "pass", 1, 1, 4},
    {"dkim", "none", 1, 1, 4},
    {"dkim", "temperror", 1, 1, 4},
    {"dkim", "not-checked", 1, 1, 4},
    {"dmarc", "fail", 1, 2, 4},
    {"dmarc", "not-checked", 2, 1, 3},
    {"dmarc-policies", "reject", 1, 2, 3},
    {"overrides", "local_policy", 1, 1, 1},
    {"tls", "no-tls", 1, 1, 4},
    {"tls", "good", 1, 2, 4},
    {"assessed", "dane", 1, 2, 3},
    {"assessed", "none", 2, 2, 4},
    {"assessed", "none", 3, 1, 2},
    {"proven", "dane-verified", 1, 1, 2},
    {"proven", "dane-verified", 2, 1, 3},
    {"proven", "plaintext", 3, 1, 2},
    {"disagreements", "dane.example", 3, 1, 0},
    {"lacking-dane", "none.example", 5, 2, 0},
    {"forum-correspondents", "dmarc", 1, 3, 3}, /* a record was found for each of them */
    {"forum-correspondents", "dmarc-policy", 2, 3, 4},
    {"forum-correspondents", "dane", 1, 1, 2},
    {"forum-correspondents", "dnssec-domain", 3, 1, 0},
    {"forum-correspondents", "ipv6-mx", 4, 2, 0},
    {"trend", "dane-assessed", 2, 2, 4},
    {"trend", "dane-proven", 2, 1, 3},
    {"trend", "dmarc-pass", 2, 1, 4},
    {"half-years", "2024-H2", 3, 1, 4},
    {"exceptions", "2026-1", 7, 1, 0},
    {"enforcement", "spf", 1, 1, 0}, /* message 3 was refused already */
    {"enforcement", "spf", 3, 1, 0},
    {"enforcement", "dkim", 1, 0, 0},
    {"enforcement", "dmarc", 1, 1, 0},
    {"enforcement", "tls", 1, 1, 0},
    {"enforcement", "dane", 1, 2, 0},
    {"enforcement", "dane", 2, 1, 0},
};

static void figures_are_true(void **state)
{
  struct figures *figures = read_figures(*state, 0);
  for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
    const struct figures_row *row = find_row(figures, truths[i].table, truths[i].first);
    const struct figures_cell *cell = row ? &row->cells[truths[i].column] : NULL;
    if (!cell || cell->number != truths[i].number || cell->base != truths[i].base)
      fail_msg("%s, %s, column %d: %lld of %lld", truths[i].table, truths[i].first, truths[i].column,
               cell ? (long long)cell->number : -1, cell ? (long long)cell->base : -1);
  }
  assert_int_equal(figures_find(figures, "lacking-dane")->count, 1);
  assert_string_equal(find_row(figures, "lacking-dane", "none.example")->cells[2].text, "domain-unsigned");
  assert_int_equal(figures_find(figures, "disagreements")->count, 1);
  assert_string_equal(find_row(figures, "exceptions", "2026-1")->cells[1].text, "used");
  assert_string_equal(find_row(figures, "exceptions", "old")->cells[1].text, "expired");
  assert_string_equal(find_row(figures, "exceptions", "idle")->cells[1].text, "unused");
  figures_free(figures);
}

static void small_counts_are_merged_for_publishing(void **state)
{
  struct figures *figures = read_figures(*state, 2);
  const struct figures_table *table = figures_find(figures, "disagreements");
  assert_int_equal(table->count, 1);
  assert_int_equal(table->merged, 1);
  assert_null(table->rows[0].cells[0].text);
  assert_int_equal(table->rows[0].cells[3].number, 1);
  assert_non_null(find_row(figures, "lacking-dane", "none.example"));
  assert_null(figures_find(figures, "files"));
  assert_null(figures_find(figures, "exceptions"));
  figures_free(figures);
}

static void forms_tell_and_disarm(void **state)
{
  static const struct {
    write_report *write;
    const char *wanted;
    enum language language;
  } rows[] = {
      {write_text, "The domain's owner has the zone signed", LANGUAGE_ENGLISH},
      {write_text, "sluisctl audit show DOMAIN\n", LANGUAGE_ENGLISH},
      {write_text, "4 October 2024 up to and including 4 October 2024", LANGUAGE_ENGLISH},
      {write_text, "2 (50.0%)", LANGUAGE_ENGLISH},
      {write_text, "De eigenaar van het domein laat de zone", LANGUAGE_DUTCH},
      {write_text, "2 (50,0%)", LANGUAGE_DUTCH},
      {write_html, "<!DOCTYPE html><html lang=\"nl\">", LANGUAGE_DUTCH},
      {write_html, "<td class=\"number\">2 (50,0%)</td>", LANGUAGE_DUTCH},
      {write_json, "{\"result\":\"fail\",\"messages\":{\"number\":2,\"of\":4},\"domains\":{\"number\":2,\"of\":3}}", LANGUAGE_DUTCH},
      {write_json, "\"from\":\"2024-10-04T00:00:00Z\"", LANGUAGE_DUTCH},
      {write_csv, ",domain,\"'=cmd()\",\r\n", LANGUAGE_DUTCH},
      {write_csv, "spf,1,messages,2,4\r\n", LANGUAGE_DUTCH},
  };
  struct figures *figures = read_figures(*state, 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text out = {0};
    rows[i].write(&out, figures, rows[i].language);
    if (!strstr(out.bytes, rows[i].wanted))
      fail_msg("row %zu: no %s in %s", i, rows[i].wanted, out.bytes);
    text_free(&out);
  }
  figures_free(figures);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(figures_are_true),
      cmocka_unit_test(small_counts_are_merged_for_publishing),
      cmocka_unit_test(forms_tell_and_disarm),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
