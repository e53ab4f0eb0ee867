/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tables of the report that say how the control is set: method, design, exceptions. See figures_make.h.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "checks/tls.h"
#include "report/figures_make.h"
#include "report/sql.h"

static void add_pair(struct figures_making *making, struct figures_table *table, const char *name, const char *value)
{
  struct figures_row *row = figures_add_row(making, table);
  figures_set_text(making, row, 0, name);
  figures_set_text(making, row, 1, value);
}

/* "2026-07-01 - 2026-09-30": both days belong to it. */
static void add_days(struct text *out, int64_t from, int64_t to)
{
  time_t first = (time_t)(from / 1000), last = (time_t)((to - 1) / 1000);
  struct tm parts;
  char shown[40] = "";
  if (gmtime_r(&first, &parts))
    strftime(shown, sizeof shown, "%Y-%m-%d - ", &parts);
  text_add(out, shown);
  if (gmtime_r(&last, &parts))
    strftime(shown, sizeof shown, "%Y-%m-%d", &parts);
  text_add(out, shown);
}

int figures_add_method(struct figures_making *making, struct figures_table *table)
{
  struct text days = {0};
  add_days(&days, making->before, making->figures->from);
  add_pair(making, table, "software", "Sluis " PACKAGE_VERSION);
  add_pair(making, table, "standards", "RFC 7208, RFC 6376, RFC 9989, RFC 7672, RFC 3207");
  add_pair(making, table, "tls-guideline", tls_guideline_edition());
  add_pair(making, table, "trust-anchor", making->options->config->resolver.trust_anchor);
  add_pair(making, table, "compared-with", days.bytes);
  text_free(&days);
  return 0;
}

static void add_standards(struct text *out, const bool *standards)
{
  for (int i = 0; i < STANDARD_COUNT; i++)
    if (standards[i])
      text_printf(out, "%s%s", out->length > 0 ? ", " : "", standard_name((enum standard)i));
}

static void add_list(struct text *out, const struct string_list *list)
{
  for (size_t i = 0; i < list->count; i++)
    text_printf(out, "%s%s", i > 0 ? ", " : "", list->items[i]);
}

/* Stricter or looser by domain: tells of correspondents, so not for publishing. */
static void add_domain_rules(struct figures_making *making, struct figures_table *table, const struct config *config)
{
  for (size_t i = 0; i < config->domain_count; i++) {
    struct text name = {0}, value = {0};
    text_printf(&name, "domain %s", config->domains[i].domain);
    add_standards(&value, config->domains[i].standards);
    text_printf(&value, ": %s", level_name(config->domains[i].level));
    add_pair(making, table, name.bytes, value.bytes);
    text_free(&name);
    text_free(&value);
  }
}

int figures_add_design(struct figures_making *making, struct figures_table *table)
{
  const struct config *config = making->options->config;
  struct text own = {0};
  add_list(&own, &config->local_domains);
  add_pair(making, table, "mode", mode_name(config->mode));
  add_pair(making, table, "local-domains", own.bytes);
  for (int i = 0; i < STANDARD_COUNT; i++)
    add_pair(making, table, standard_name((enum standard)i), level_name(config->levels[i]));
  add_pair(making, table, "outbound.on-temporary-failure", config->defer_on_temporary_failure ? "defer" : "accept");
  if (making->figures->threshold == 0)
    add_domain_rules(making, table, config);
  text_free(&own);
  return 0;
}

static const struct config_exception *find_exception(const struct config *config, const char *id)
{
  for (size_t i = 0; i < config->exception_count; i++)
    if (strcmp(config->exceptions[i].id, id) == 0)
      return &config->exceptions[i];
  return NULL;
}

static const char *state_of(const struct config_exception *exception, int64_t used, int64_t now)
{
  if (!exception)
    return "not-configured";
  if (now >= exception->ends)
    return "expired";
  return used > 0 ? "used" : "unused";
}

static void add_exception(struct figures_making *making, struct figures_table *table,
                          const struct config_exception *exception, const char *id, int64_t used)
{
  struct figures_row *row = figures_add_row(making, table);
  struct text domains = {0}, standards = {0};
  if (exception) {
    add_list(&domains, &exception->domains);
    add_standards(&standards, exception->standards);
  }
  figures_set_text(making, row, 0, id);
  figures_set_text(making, row, 1, state_of(exception, used, making->options->now));
  figures_set_text(making, row, 2, domains.bytes);
  figures_set_text(making, row, 3, standards.bytes);
  figures_set_text(making, row, 4, exception ? exception->reason : NULL);
  figures_set_text(making, row, 5, exception ? exception->owner : NULL);
  figures_set_text(making, row, 6, exception ? exception->until : NULL);
  figures_set_number(row, 7, used);
  text_free(&domains);
  text_free(&standards);
}

/* Those that were used, and then those that were not. */
int figures_add_exceptions(struct figures_making *making, struct figures_table *table)
{
  const struct config *config = making->options->config;
  struct statement *statement = database_prepare(
      making->database, "SELECT word, sum(messages) FROM daily_message WHERE " DAYS
                        " AND kind = 'exception' GROUP BY word ORDER BY 1");
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, making->figures->from);
  statement_bind_integer(statement, 2, making->figures->to);
  int status;
  while ((status = statement_step(statement)) > 0) {
    const char *id = statement_text(statement, 0);
    add_exception(making, table, find_exception(config, id), id, statement_integer(statement, 1));
  }
  statement_free(statement);
  size_t used = table->count;
  for (size_t i = 0; i < config->exception_count && status == 0; i++) {
    const struct config_exception *exception = &config->exceptions[i];
    bool known = false;
    for (size_t j = 0; j < used; j++)
      known = known || strcmp(table->rows[j].cells[0].text, exception->id) == 0;
    if (!known)
      add_exception(making, table, exception, exception->id, 0);
  }
  return status;
}
