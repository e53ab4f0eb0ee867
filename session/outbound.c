/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mail from here: one examination for each destination, the answer to each recipient, and the Sluis-DANE field, which
 * never tells of a destination that To and Cc do not name. See transaction.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "base/memory.h"
#include "checks/dane.h"
#include "message/address.h"
#include "policy/rule.h"
#include "resolver/resolver.h"
#include "session/transaction.h"

enum { VISIBLE_MAX = 1000 }; /* domains remembered from To and Cc */

/* One walk for all recipients that go the same way. */
struct destination {
  struct destination *next;
  const char *next_hop;
  struct dane_fact dane;
};

static bool list_has(const struct string_list *list, const char *item)
{
  for (size_t i = 0; i < list->count; i++)
    if (strcasecmp(list->items[i], item) == 0)
      return true;
  return false;
}

static bool is_local(const struct config *config, const char *domain)
{
  for (size_t i = 0; i < config->local_domains.count; i++)
    if (domain_is_under(domain, config->local_domains.items[i]))
      return true;
  return false;
}

static struct destination **list_of(struct transaction *transaction, const char *next_hop)
{
  size_t sum = 0;
  for (; *next_hop; next_hop++)
    sum = sum * 33 + ((unsigned char)*next_hop | 0x20); /* the case of letters does not matter */
  return &transaction->destinations[sum % DESTINATION_LISTS];
}

static const struct dane_fact *examine(struct transaction *transaction, const char *next_hop)
{
  struct destination **list = list_of(transaction, next_hop);
  for (struct destination *have = *list; have; have = have->next)
    if (strcasecmp(have->next_hop, next_hop) == 0)
      return &have->dane;
  struct destination *destination = arena_alloc(transaction->arena, sizeof *destination);
  destination->next_hop = arena_string(transaction->arena, next_hop);
  /* CONTRACT 3, resolver.timeout: MTAs do not wait long for a reply to RCPT (Sendmail: 10 s). */
  lookups_hurry(transaction->lookups, transaction->config->resolver.timeout * 1000);
  destination->dane = dane_check(transaction->arena, transaction->lookups, next_hop);
  destination->next = *list;
  *list = destination;
  return &destination->dane;
}

/* The MTA's next hop; NULL where it gives none. Sendmail ends a domain with a dot. */
static const char *given_hop(struct transaction *transaction, const struct session_recipient *given)
{
  size_t length = given->host ? strnlen(given->host, 1000) : 0;
  if (length > 1 && given->host[length - 1] == '.')
    length--;
  return length > 0 ? arena_copy(transaction->arena, given->host, length) : NULL;
}

/* CONTRACT 2: what is examined is the next hop where the MTA gives one, else the recipient's domain. NULL: nothing. */
static const char *next_hop_of(const struct transaction *transaction, const struct session_recipient *given,
                               const char *hop, const struct path *path)
{
  const struct config *config = transaction->config;
  if (given->mailer && *given->mailer && !list_has(&config->dane_mailers, given->mailer))
    return NULL;
  if (*path->domain && is_local(config, path->domain))
    return NULL;
  if (hop)
    return hop;
  const char *at = strrchr(path->address, '@');
  if (path->literal && at)
    return at + 1;
  return *path->domain ? path->domain : NULL;
}

struct decision outbound_recipient(struct transaction *transaction, const struct session_recipient *given,
                                   struct audit_recipient *recipient)
{
  struct path path = path_parse(transaction->arena, given->recipient);
  recipient->next_hop = given_hop(transaction, given);
  const char *next_hop = next_hop_of(transaction, given, recipient->next_hop, &path);
  if (!next_hop)
    return (struct decision){0};
  const char *domain = *path.domain ? path.domain : NULL;
  struct rule rule = rule_find(transaction->arena, transaction->config, STANDARD_DANE, domain, transaction->now);
  if (rule.level == LEVEL_OFF)
    return decision_unchecked(&rule);
  recipient->dane = examine(transaction, next_hop);
  transaction->checked[STANDARD_DANE] = true;
  return decision_recipient(transaction->arena, transaction->config, domain, recipient->dane, transaction->requiretls,
                            transaction->now);
}

struct decision outbound_decide(const struct transaction *transaction)
{
  struct decision worst = {0};
  for (size_t i = 0; i < transaction->recipient_count; i++) {
    const struct decision *decision = &transaction->recipients[i].decision;
    bool refused = decision->action == ACTION_REJECT || decision->action == ACTION_DEFER;
    if (!refused || transaction->postponed)
      worst = decision_worse(worst, *decision);
  }
  return worst;
}

void outbound_visible(struct transaction *transaction, const char *value)
{
  struct address_list list = address_list_parse(transaction->arena, value, strlen(value));
  for (size_t i = 0; i < list.count && transaction->visible_count < VISIBLE_MAX; i++) {
    if (!*list.mailboxes[i].domain)
      continue;
    if (transaction->visible_count == transaction->visible_size) {
      transaction->visible_size = transaction->visible_size ? 2 * transaction->visible_size : 8;
      transaction->visible =
          memory_resize(transaction->visible, transaction->visible_size * sizeof *transaction->visible);
    }
    transaction->visible[transaction->visible_count++] = list.mailboxes[i].domain;
  }
}

/* The domains that To and Cc name, in order, and whether each was told of. */
struct visible {
  const char **names;
  bool *told;
  size_t count;
};

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct visible sort_visible(const struct transaction *transaction)
{
  struct visible visible = {.count = transaction->visible_count};
  size_t size = visible.count * sizeof *visible.names;
  if (visible.count == 0)
    return visible;
  visible.names = memcpy(arena_alloc(transaction->arena, size), transaction->visible, size);
  visible.told = arena_alloc(transaction->arena, visible.count * sizeof *visible.told);
  qsort(visible.names, visible.count, sizeof *visible.names, compare_names);
  return visible;
}

/* The name's mark; NULL where it is not visible. */
static bool *find_mark(const struct visible *visible, const char *domain)
{
  if (visible->count == 0)
    return NULL;
  const char **found = bsearch(&domain, visible->names, visible->count, sizeof *visible->names, compare_names);
  return found ? &visible->told[found - visible->names] : NULL;
}

/* The recipient, whose domain To or Cc name, may be told of in the header: examined, accepted, and its rule asks for it. */
static bool may_be_told(const struct transaction *transaction, const struct audit_recipient *recipient)
{
  if (!recipient->dane)
    return false;
  if (recipient->decision.action == ACTION_REJECT || recipient->decision.action == ACTION_DEFER)
    return false;
  struct rule rule = rule_find(transaction->arena, transaction->config, STANDARD_DANE, recipient->domain,
                               transaction->now);
  return rule.capped >= LEVEL_ANNOTATE;
}

const char *outbound_verdicts(const struct transaction *transaction)
{
  if (transaction->care != SESSION_EXAMINE)
    return "not-examined"; /* whatever was found out about some of them */
  struct rule general = rule_find(transaction->arena, transaction->config, STANDARD_DANE, NULL, transaction->now);
  struct text text = {0};
  size_t line = strlen("Sluis-DANE: "), told = 0;
  struct visible visible = sort_visible(transaction);
  for (size_t i = 0; i < transaction->recipient_count; i++) {
    const struct audit_recipient *recipient = &transaction->recipients[i];
    bool *mark = *recipient->domain ? find_mark(&visible, recipient->domain) : NULL;
    if (!mark || *mark || !may_be_told(transaction, recipient))
      continue;
    const char *verdict = dane_verdict_name(recipient->dane->verdict);
    size_t width = strlen(recipient->domain) + strlen(verdict) + 3;
    if (told > 0)
      text_add(&text, line + width > 78 ? ";\n\t" : "; ");
    line = told > 0 && line + width > 78 ? 8 + width : line + width;
    text_printf(&text, "%s=%s", recipient->domain, verdict);
    *mark = true;
    told++;
  }
  if (told == 0 && general.capped >= LEVEL_ANNOTATE)
    text_add(&text, "not-examined");
  const char *value = text.length > 0 ? arena_copy(transaction->arena, text.bytes, text.length) : NULL;
  text_free(&text);
  return value;
}
