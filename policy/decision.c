/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Deciding: rules over assessments. See decision.h.
 */
#include "policy/decision.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "policy/assessment.h"

enum { REPLY_MAX = 400 };

/* One printable line of at most REPLY_MAX bytes, the contact never cut. */
static const char *reply_text(struct arena *arena, const char *text, const char *contact)
{
  char *tail = arena_string(arena, contact && *contact ? arena_printf(arena, "; contact: %s", contact) : "");
  text_ascii(tail, strlen(tail) + 1, tail, strlen(tail));
  char line[REPLY_MAX + 1];
  size_t room = sizeof line - strlen(tail);
  text_ascii(line, room, text, strlen(text));
  return arena_printf(arena, "%s%s", line, tail);
}

/* What a level does about an outcome. */
static enum action act(enum level level, const struct assessment *assessment)
{
  if (level > assessment->ceiling)
    level = assessment->ceiling;
  if (assessment->outcome == OUTCOME_FINE)
    return ACTION_ACCEPT;
  /* CONTRACT 3: level reject defers where there was no answer, lower levels let it pass. */
  if (assessment->outcome == OUTCOME_UNKNOWN)
    return level == LEVEL_REJECT ? ACTION_DEFER : ACTION_ACCEPT;
  return level == LEVEL_REJECT ? ACTION_REJECT : level == LEVEL_QUARANTINE ? ACTION_QUARANTINE : ACTION_ACCEPT;
}

struct decision decision_unchecked(const struct rule *rule)
{
  /* A check that is off has no say. An exception at level off is named all the same, so that its use can be counted. */
  if (!rule->exception)
    return (struct decision){0};
  return (struct decision){.rule = rule->name, .exception = rule->exception->id};
}

static struct decision decide(struct arena *arena, const struct config *config, const struct rule *rule,
                              const struct assessment *assessment)
{
  struct decision decision = {0};
  if (assessment->outcome == OUTCOME_FINE)
    return decision;
  if (rule->level == LEVEL_OFF)
    return decision_unchecked(rule);
  decision.action = act(rule->capped, assessment);
  decision.would = act(rule->level, assessment);
  decision.rule = rule->name;
  decision.exception = rule->exception ? rule->exception->id : NULL;
  if (decision.action == ACTION_REJECT || decision.action == ACTION_DEFER)
    decision.reply = (struct reply){assessment->code, assessment->enhanced,
                                    reply_text(arena, assessment->text, config->contact)};
  else if (decision.action == ACTION_QUARANTINE)
    decision.reason = reply_text(arena, assessment->text, NULL);
  return decision;
}

struct decision decision_worse(struct decision a, struct decision b)
{
  bool second = b.action != a.action ? b.action > a.action : b.would != a.would ? b.would > a.would : !a.rule && b.rule;
  struct decision worse = second ? b : a, other = second ? a : b;
  /* Together they would have done the worse of the two, and each exception that took part is to be found again. */
  if (other.would > worse.would)
    worse.would = other.would;
  if (!worse.exception)
    worse.exception = other.exception;
  return worse;
}

static enum action asked_by(enum owner_policy policy)
{
  return policy == OWNER_POLICY_REJECT       ? ACTION_REJECT
         : policy == OWNER_POLICY_QUARANTINE ? ACTION_QUARANTINE
                                             : ACTION_ACCEPT;
}

/* The RFC 9990 word for doing less than the domain owner asks for, or NULL. Whatever refused the message, the owner
 * has what they asked for; a deferred one has not been dealt with yet. */
static const char *find_override(const struct dmarc_fact *dmarc, enum action done)
{
  if (dmarc->result != AUTH_FAIL || !dmarc->found || done == ACTION_DEFER || done >= asked_by(dmarc->policy))
    return NULL;
  return dmarc->testing && done >= asked_by(dmarc->effective) ? "policy_test_mode" : "local_policy";
}

struct decision decision_inbound(struct arena *arena, const struct config *config, const struct facts *facts,
                                 int64_t now, const char **dmarc_override)
{
  /* Of equally severe ones the first is told, so the plainest cause stands first. */
  static const struct {
    enum standard standard;
    struct assessment (*assess)(struct arena *arena, const struct facts *facts);
  } rows[] = {
      {STANDARD_AUTHOR, assessment_author}, {STANDARD_DMARC, assessment_dmarc}, {STANDARD_SPF, assessment_spf},
      {STANDARD_DKIM, assessment_dkim},     {STANDARD_TLS, assessment_tls},
  };
  struct decision worst = {0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rule rule = rule_find(arena, config, rows[i].standard, facts->author.domain, now);
    struct assessment assessment = rows[i].assess(arena, facts);
    worst = decision_worse(worst, decide(arena, config, &rule, &assessment));
  }
  if (dmarc_override)
    *dmarc_override = find_override(&facts->dmarc, worst.action);
  return worst;
}

struct decision decision_recipient(struct arena *arena, const struct config *config, const char *domain,
                                   const struct dane_fact *dane, bool requiretls, int64_t now)
{
  struct rule rule = rule_find(arena, config, STANDARD_DANE, domain, now);
  struct assessment assessment = assessment_dane(arena, domain, dane, requiretls);
  if (assessment.outcome == OUTCOME_UNKNOWN && !config->defer_on_temporary_failure)
    assessment.ceiling = LEVEL_ANNOTATE;
  return decide(arena, config, &rule, &assessment);
}

struct decision decision_failure(struct arena *arena, const char *why)
{
  return (struct decision){
      .action = ACTION_DEFER,
      .would = ACTION_DEFER,
      .reply = {"451", "4.3.5",
                reply_text(arena, arena_printf(arena, "local problem: %s, try again later", why), NULL)},
  };
}

struct decision decision_stopping(void)
{
  return (struct decision){
      .action = ACTION_DEFER,
      .would = ACTION_DEFER,
      .reply = {"451", "4.3.2", "mail filter is being restarted, try again later"},
  };
}

struct decision decision_postponed(struct arena *arena)
{
  struct decision decision =
      decision_failure(arena, "the mail filter died with this message in hand, and now has another one to look at");
  decision.rule = "crash-journal";
  return decision;
}

struct decision decision_unexamined(struct arena *arena)
{
  return (struct decision){
      .action = ACTION_QUARANTINE,
      .would = ACTION_QUARANTINE,
      .rule = "crash-journal",
      .reason = reply_text(arena, "not examined: the mail filter died with this message in hand", NULL),
  };
}
