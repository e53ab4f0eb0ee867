/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Exceptions and rules. See exceptions.h.
 */
#include "story/exceptions.h"

#include <string.h>

#include "base/domain.h"
#include "story/row.h"

/* "dane dmarc" */
static void write_standards(struct emitter *emitter, const bool *standards)
{
  struct text text = {0};
  for (int i = 0; i < STANDARD_COUNT; i++)
    if (standards[i])
      text_printf(&text, "%s%s", text.length > 0 ? " " : "", standard_name((enum standard)i));
  row_write_text(emitter, "standards", text.bytes);
  text_free(&text);
}

static void write_exception(struct emitter *emitter, const struct config_exception *exception, int64_t now)
{
  emitter_open_map(emitter);
  row_write_text(emitter, "name", exception->id);
  row_write_text(emitter, "state", now < exception->ends ? "in-force" : "expired");
  write_standards(emitter, exception->standards);
  row_write_text(emitter, "level", level_name(exception->level));
  row_write_text(emitter, "reason", exception->reason);
  emitter_key(emitter, "owner");
  emitter_known(emitter, exception->owner);
  row_write_text(emitter, "until", exception->until);
  emitter_close_map(emitter);
}

void exceptions_write(struct emitter *emitter, const struct config *config, const char *name, int64_t now)
{
  for (size_t i = 0; i < config->exception_count; i++)
    if (strcmp(config->exceptions[i].id, name) == 0) {
      write_exception(emitter, &config->exceptions[i], now);
      return;
    }
  emitter_open_map(emitter);
  row_write_text(emitter, "name", name);
  row_write_text(emitter, "state", "not-configured");
  emitter_close_map(emitter);
}

void exceptions_write_for(struct emitter *emitter, const struct config *config, const char *domain, int64_t now)
{
  emitter_key(emitter, "exceptions");
  emitter_open_list(emitter);
  for (size_t i = 0; i < config->exception_count; i++) {
    const struct config_exception *exception = &config->exceptions[i];
    bool meant = false;
    for (size_t j = 0; j < exception->domains.count; j++)
      meant = meant || domain_is_under(domain, exception->domains.items[j]);
    if (meant)
      write_exception(emitter, exception, now);
  }
  emitter_close_list(emitter);
  emitter_key(emitter, "rules");
  emitter_open_list(emitter);
  for (size_t i = 0; i < config->domain_count; i++) {
    const struct config_domain *rule = &config->domains[i];
    if (!domain_is_under(domain, rule->domain))
      continue;
    emitter_open_map(emitter);
    row_write_text(emitter, "domain", rule->domain);
    write_standards(emitter, rule->standards);
    row_write_text(emitter, "level", level_name(rule->level));
    row_write_text(emitter, "file", config->file);
    row_write_number(emitter, "line", (int64_t)rule->line);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}
