/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Inbound mail by sender domain. See senders.h.
 */
#include "report/senders.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "report/sql.h"

enum { FIRST_SIZE = 1024 };

/* A row of daily_inbound. */
struct line {
  int64_t day, messages;
  const char *words[SENDERS_ABOUTS];
  const char *aligned, *action;
  bool spf_own;
};

static const char *const lines_sql =
    "SELECT day, domain, messages, spf, dkim, dmarc, policy, override, tls, aligned, action, spf_own FROM daily_inbound"
    " WHERE " DAYS;

const char *senders_standard_name(enum senders_standard standard)
{
  static const char *const names[SENDERS_STANDARDS] = {"author", "dkim", "dmarc", "spf", "tls"};
  return names[standard];
}

static struct sender **place_of(struct senders *senders, const char *domain)
{
  return &senders->table[hash_bytes(senders->key, 0, domain, strlen(domain)) & (senders->size - 1)];
}

static void grow(struct senders *senders)
{
  senders->size *= 2;
  senders->all = memory_resize(senders->all, senders->size * sizeof *senders->all);
  free(senders->table);
  senders->table = memory_new(senders->size * sizeof *senders->table);
  for (size_t i = 0; i < senders->count; i++) {
    struct sender **place = place_of(senders, senders->all[i]->domain);
    senders->all[i]->next = *place;
    *place = senders->all[i];
  }
}

static struct sender *find(struct senders *senders, struct arena *arena, const char *domain)
{
  /* Rows of a domain on a day mostly come one after the other. */
  if (senders->count > 0 && strcmp(senders->all[senders->count - 1]->domain, domain) == 0)
    return senders->all[senders->count - 1];
  for (struct sender *sender = *place_of(senders, domain); sender; sender = sender->next)
    if (strcmp(sender->domain, domain) == 0)
      return sender;
  if (senders->count == senders->size)
    grow(senders);
  struct sender *sender = arena_alloc(arena, sizeof *sender);
  struct sender **place = place_of(senders, domain);
  sender->domain = arena_string(arena, domain);
  sender->next = *place;
  return senders->all[senders->count++] = *place = sender;
}

/* The place of a word in its list. */
static size_t find_word(struct senders *senders, struct arena *arena, int about, const char *word)
{
  struct senders_word *words = senders->words[about];
  size_t count = senders->word_count[about];
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i].word, word) == 0)
      return i;
  if (count == SENDERS_WORDS_MAX)
    return count - 1;
  words[count].word = arena_string(arena, count + 1 < SENDERS_WORDS_MAX ? word : "other");
  senders->word_count[about]++;
  return count;
}

static bool is_one_of(const char *word, const char *const *words)
{
  for (; *words; words++)
    if (strcmp(word, *words) == 0)
      return true;
  return false;
}

#define ONE_OF(word, ...) is_one_of(word, (const char *const[]){__VA_ARGS__, NULL})

/* CONTRACT 3: what failing means. Only what was let in counts. */
static void count_failures(struct senders *senders, struct sender *sender, const struct line *line)
{
  const char *dkim = line->words[SENDERS_DKIM], *dmarc = line->words[SENDERS_DMARC], *spf = line->words[SENDERS_SPF];
  const bool fails[SENDERS_STANDARDS] = {
      [SENDERS_BY_AUTHOR] = strcmp(line->aligned, "no-author") == 0,
      [SENDERS_BY_DKIM] = !ONE_OF(dkim, "pass", "none", "not-checked", "temperror"),
      /* RFC 9989 4.7: t=y makes a policy one step milder, so that there is nothing to refuse. */
      [SENDERS_BY_DMARC] = strcmp(dmarc, "fail") == 0 && strcmp(line->words[SENDERS_POLICY], "reject") == 0 &&
                           strcmp(line->words[SENDERS_OVERRIDE], "policy_test_mode") != 0,
      [SENDERS_BY_SPF] = strcmp(spf, "fail") == 0,
      [SENDERS_BY_TLS] = ONE_OF(line->words[SENDERS_TLS], "insufficient", "no-tls"),
  };
  const bool waits[SENDERS_STANDARDS] = {
      [SENDERS_BY_DKIM] = strcmp(dkim, "temperror") == 0,
      [SENDERS_BY_DMARC] = strcmp(dmarc, "temperror") == 0,
      [SENDERS_BY_SPF] = strcmp(spf, "temperror") == 0,
  };
  if (!ONE_OF(line->action, "accept", "quarantine", "unknown"))
    return;
  for (int i = 0; i < SENDERS_STANDARDS; i++) {
    if (fails[i])
      sender->refused[i] += line->messages;
    if (waits[i])
      senders->deferred[i] += line->messages;
  }
}

static void see(struct sender *sender, enum senders_fact fact, int64_t day, bool passes, bool fails)
{
  if (passes && day > sender->passed[fact])
    sender->passed[fact] = day;
  if (fails && day > sender->failed[fact])
    sender->failed[fact] = day;
}

/* That a record exists is a fact of the DNS, whoever sent the message; but where there is no author domain, nobody was asked for
 * one, and the domain is that of MAIL FROM. An unsigned message proves something only where SPF
 * shows that the domain sent it. What an SPF record ends in shows only where a message does not match before. */
static void note_facts(struct sender *sender, const struct line *line)
{
  const char *spf = line->words[SENDERS_SPF], *policy = line->words[SENDERS_POLICY];
  bool has_policy = *policy != '\0';
  bool no_record = ONE_OF(line->words[SENDERS_DMARC], "none", "permerror") && strcmp(line->aligned, "no-author") != 0;
  bool no_spf = line->spf_own && ONE_OF(spf, "none", "permerror");
  see(sender, SENDERS_HAS_DMARC, line->day, has_policy, no_record);
  see(sender, SENDERS_HAS_DKIM, line->day, ONE_OF(line->aligned, "dkim", "both"),
      strcmp(line->aligned, "spf") == 0 && !ONE_OF(line->words[SENDERS_DKIM], "temperror", "not-checked"));
  see(sender, SENDERS_HAS_SPF, line->day, line->spf_own && ONE_OF(spf, "pass", "fail", "softfail", "neutral"), no_spf);
  see(sender, SENDERS_DMARC_POLICY, line->day, ONE_OF(policy, "quarantine", "reject"),
      strcmp(policy, "none") == 0 || no_record);
  see(sender, SENDERS_SPF_POLICY, line->day, line->spf_own && ONE_OF(spf, "fail", "softfail"),
      no_spf || (line->spf_own && strcmp(spf, "neutral") == 0));
}

static void take(struct senders *senders, struct sender *sender, struct arena *arena, const struct line *line)
{
  sender->messages += line->messages;
  for (int i = 0; i < SENDERS_ABOUTS; i++) {
    size_t place = find_word(senders, arena, i, line->words[i]);
    senders->words[i][place].messages += line->messages;
    sender->seen[i] |= UINT64_C(1) << place;
  }
  senders->tls_came = senders->tls_came || strcmp(line->words[SENDERS_TLS], "no-tls") != 0;
  count_failures(senders, sender, line);
  note_facts(sender, line);
}

/* What is known only when all is read. A message from an unknown domain is one of no domain. */
static void sum_up(struct senders *senders)
{
  for (size_t i = 0; i < senders->count; i++) {
    const struct sender *sender = senders->all[i];
    bool is_domain = *sender->domain != '\0';
    for (int j = 0; j < SENDERS_ABOUTS; j++) {
      bool any = false;
      for (size_t k = 0; k < senders->word_count[j]; k++)
        if (sender->seen[j] >> k & 1) {
          senders->words[j][k].domains += is_domain;
          any = any || *senders->words[j][k].word;
        }
      senders->domains[j] += is_domain && any;
    }
    for (int j = 0; j < SENDERS_STANDARDS; j++) {
      senders->refused[j] += sender->refused[j];
      senders->refused_domains[j] += is_domain && sender->refused[j] > 0;
    }
  }
  for (int j = 0; j < SENDERS_ABOUTS; j++)
    for (size_t k = 0; k < senders->word_count[j]; k++)
      senders->messages[j] += *senders->words[j][k].word ? senders->words[j][k].messages : 0;
}

struct senders *senders_read(struct database *database, struct arena *arena, int64_t from, int64_t to)
{
  struct statement *statement = database_prepare(database, lines_sql);
  if (!statement)
    return NULL;
  struct senders *senders = memory_new(sizeof *senders);
  senders->size = FIRST_SIZE / 2;
  hash_make_key(senders->key);
  grow(senders);
  statement_bind_integer(statement, 1, from);
  statement_bind_integer(statement, 2, to);
  int status;
  while ((status = statement_step(statement)) > 0) {
    struct line line = {.day = statement_integer(statement, 0), .messages = statement_integer(statement, 2)};
    struct sender *sender = find(senders, arena, statement_text(statement, 1));
    for (int i = 0; i < SENDERS_ABOUTS; i++)
      line.words[i] = statement_text(statement, 3 + i);
    line.aligned = statement_text(statement, 3 + SENDERS_ABOUTS);
    line.action = statement_text(statement, 4 + SENDERS_ABOUTS);
    line.spf_own = statement_integer(statement, 5 + SENDERS_ABOUTS) == 1;
    take(senders, sender, arena, &line);
  }
  statement_free(statement);
  sum_up(senders);
  if (status == 0)
    return senders;
  senders_free(senders);
  return NULL;
}

void senders_free(struct senders *senders)
{
  if (!senders)
    return;
  free(senders->all);
  free(senders->table);
  free(senders);
}
