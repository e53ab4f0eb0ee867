/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tables about inbound mail, and what level reject would have refused, in both directions. See figures_make.h.
 */
#include "report/figures_make.h"

#include <stdlib.h>
#include <string.h>

#include "report/senders.h"
#include "report/sql.h"

/* Of each examined recipient whose destination would not pass. A message counts once in daily_message, which knows no
 * domains, and once at each of its destinations. */
static const char *const dane_sql =
    "SELECT nullif(" DESTINATION ", ''), sum(messages) FROM daily_outbound WHERE " DAYS
    " AND verdict NOT IN ('dane', 'not-examined', 'temperror', 'bogus') AND action IN ('accept', 'quarantine') GROUP BY 1";
static const char *const dane_messages_sql =
    "SELECT coalesce(sum(CASE word WHEN 'refused' THEN messages ELSE 0 END), 0), coalesce(sum(CASE word WHEN 'deferred'"
    " THEN messages ELSE 0 END), 0) FROM daily_message WHERE " DAYS " AND kind = 'dane'";

/* Whose mail would have been refused, by a standard. */
struct refusal {
  const char *domain; /* NULL: not known */
  const char *standard;
  int64_t messages;
};

struct senders *figures_senders(struct figures_making *making)
{
  const struct figures *figures = making->figures;
  if (!making->senders)
    making->senders = senders_read(making->database, figures->arena, figures->from, figures->to);
  return making->senders;
}

static int compare_words(const void *a, const void *b)
{
  const struct senders_word *first = a, *second = b;
  if (first->messages != second->messages)
    return first->messages < second->messages ? 1 : -1;
  return strcmp(first->word, second->word);
}

int figures_add_senders(struct figures_making *making, struct figures_table *table)
{
  static const char *const names[SENDERS_ABOUTS] = {"spf", "dkim", "dmarc", "dmarc-policies", "overrides", "tls"};
  const struct senders *senders = figures_senders(making);
  int about = 0;
  if (!senders)
    return -1;
  while (strcmp(names[about], table->shape->name) != 0)
    about++;
  struct senders_word words[SENDERS_WORDS_MAX];
  size_t count = senders->word_count[about];
  memcpy(words, senders->words[about], sizeof words);
  qsort(words, count, sizeof *words, compare_words);
  for (size_t i = 0; i < count; i++) {
    if (!*words[i].word)
      continue;
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, words[i].word);
    figures_set_share(row, 1, words[i].messages, senders->messages[about]);
    figures_set_share(row, 2, words[i].domains, senders->domains[about]);
  }
  return 0;
}

static void set_enforcement(struct figures_making *making, struct figures_table *table, const char *standard,
                            int64_t refused, int64_t domains, int64_t deferred)
{
  struct figures_row *row = figures_add_row(making, table);
  figures_set_text(making, row, 0, standard);
  figures_set_number(row, 1, refused);
  figures_set_number(row, 2, domains);
  figures_set_number(row, 3, deferred);
}

static struct statement *ask(struct figures_making *making, const char *sql)
{
  struct statement *statement = database_prepare(making->database, sql);
  if (statement) {
    statement_bind_integer(statement, 1, making->figures->from);
    statement_bind_integer(statement, 2, making->figures->to);
  }
  return statement;
}

int figures_add_enforcement(struct figures_making *making, struct figures_table *table)
{
  const struct senders *senders = figures_senders(making);
  struct statement *domains = senders ? ask(making, dane_sql) : NULL;
  struct statement *messages = domains ? ask(making, dane_messages_sql) : NULL;
  int64_t count = 0;
  int status = messages ? 0 : -1;
  while (messages && (status = statement_step(domains)) > 0)
    count += !statement_is_null(domains, 0);
  if (status == 0 && (status = statement_step(messages)) > 0) {
    bool waits = making->options->config->defer_on_temporary_failure;
    set_enforcement(making, table, "dane", statement_integer(messages, 0), count, waits ? statement_integer(messages, 1) : 0);
    for (int i = 0; i < SENDERS_STANDARDS; i++)
      set_enforcement(making, table, senders_standard_name((enum senders_standard)i), senders->refused[i],
                      senders->refused_domains[i], senders->deferred[i]);
  }
  statement_free(domains);
  statement_free(messages);
  return status < 0 ? -1 : 0;
}

static int compare_refusals(const void *a, const void *b)
{
  const struct refusal *first = a, *second = b;
  if (first->messages != second->messages)
    return first->messages < second->messages ? 1 : -1;
  int order = strcmp(first->domain ? first->domain : "", second->domain ? second->domain : "");
  return order != 0 ? order : strcmp(first->standard, second->standard);
}

static void add_refusal(struct refusal **list, size_t *count, const char *domain, const char *standard, int64_t messages)
{
  /* Room doubles at each power of two. */
  if ((*count & (*count - 1)) == 0)
    *list = memory_resize(*list, (*count > 0 ? 2 * *count : 1) * sizeof **list);
  (*list)[(*count)++] = (struct refusal){domain, standard, messages};
}

int figures_add_refused_domains(struct figures_making *making, struct figures_table *table)
{
  const struct senders *senders = figures_senders(making);
  struct statement *statement = senders ? ask(making, dane_sql) : NULL;
  struct refusal *list = NULL;
  size_t count = 0;
  if (!statement)
    return -1;
  for (size_t i = 0; i < senders->count; i++)
    for (int j = 0; j < SENDERS_STANDARDS; j++)
      if (senders->all[i]->refused[j] > 0)
        add_refusal(&list, &count, *senders->all[i]->domain ? senders->all[i]->domain : NULL,
                    senders_standard_name((enum senders_standard)j), senders->all[i]->refused[j]);
  int status;
  while ((status = statement_step(statement)) > 0)
    add_refusal(&list, &count, arena_string(making->figures->arena, statement_text(statement, 0)), "dane",
                statement_integer(statement, 1));
  statement_free(statement);
  if (count > 0)
    qsort(list, count, sizeof *list, compare_refusals);
  for (size_t i = 0; i < count; i++) {
    struct figures_row *row = figures_add_row(making, table);
    figures_set_text(making, row, 0, list[i].domain);
    figures_set_text(making, row, 1, list[i].standard);
    figures_set_number(row, 2, list[i].messages);
  }
  free(list);
  return status;
}
