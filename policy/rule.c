/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which rule applies: exception, domain section or the general level. See rule.h.
 */
#include "policy/rule.h"

#include "base/domain.h"
#include "base/memory.h"

/* How many labels of the domain the list's best entry names; 0 where none is above it. */
static unsigned match(const struct string_list *domains, const char *domain)
{
  unsigned best = 0;
  for (size_t i = 0; i < domains->count; i++) {
    unsigned labels = domain_labels(domains->items[i]);
    if (labels > best && domain_is_under(domain, domains->items[i]))
      best = labels;
  }
  return best;
}

static const struct config_exception *find_exception(const struct config *config, enum standard standard,
                                                     const char *domain, int64_t now)
{
  const struct config_exception *found = NULL;
  unsigned best = 1;
  for (size_t i = 0; i < config->exception_count; i++) {
    const struct config_exception *exception = &config->exceptions[i];
    if (!exception->standards[standard] || now >= exception->ends)
      continue;
    unsigned labels = match(&exception->domains, domain);
    if (labels >= best) {
      best = labels;
      found = exception;
    }
  }
  return found;
}

static const struct config_domain *find_domain(const struct config *config, enum standard standard, const char *domain)
{
  const struct config_domain *found = NULL;
  unsigned best = 1;
  for (size_t i = 0; i < config->domain_count; i++) {
    const struct config_domain *section = &config->domains[i];
    unsigned labels = domain_labels(section->domain);
    if (section->standards[standard] && labels >= best && domain_is_under(domain, section->domain)) {
      best = labels;
      found = section;
    }
  }
  return found;
}

struct rule rule_find(struct arena *arena, const struct config *config, enum standard standard, const char *domain,
                      int64_t now)
{
  struct rule rule = {0};
  const struct config_domain *section = NULL;
  if (domain && *domain) {
    rule.exception = find_exception(config, standard, domain, now);
    section = find_domain(config, standard, domain);
  }
  rule.level = rule.exception ? rule.exception->level : section ? section->level : config->levels[standard];
  rule.capped = mode_cap(config->mode, rule.level);
  const char *word = standard_name(standard), *level = level_name(rule.level);
  if (rule.exception)
    rule.name = arena_printf(arena, "exception %s %s=%s", rule.exception->id, word, level);
  else if (section)
    rule.name = arena_printf(arena, "domain %s %s=%s", section->domain, word, level);
  else
    rule.name = arena_printf(arena, "%s %s=%s", standard == STANDARD_DANE ? "outbound" : "inbound", word, level);
  return rule;
}

enum level rule_highest(const struct config *config, enum standard standard)
{
  enum level highest = config->levels[standard];
  for (size_t i = 0; i < config->domain_count; i++)
    if (config->domains[i].standards[standard] && config->domains[i].level > highest)
      highest = config->domains[i].level;
  for (size_t i = 0; i < config->exception_count; i++)
    if (config->exceptions[i].standards[standard] && config->exceptions[i].level > highest)
      highest = config->exceptions[i].level;
  return highest;
}
