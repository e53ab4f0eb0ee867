/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A correspondent in plain words. See tell.h.
 */
#include <string.h>

#include "audit/value.h"
#include "story/tell.h"
#include "story/words.h"

/* In the order in which they are told. */
static const struct {
  const char *direction, *subject, *label;
  bool by_recipient;
} subjects[] = {
    {"inbound", "action", "", false},          {"inbound", "spf", "SPF", false},
    {"inbound", "dkim", "DKIM", false},        {"inbound", "dmarc", "DMARC", false},
    {"inbound", "dmarc-policy", "policy", false}, {"inbound", "tls", "TLS", false},
    {"outbound", "action", "", true},          {"outbound", "verdict", "assessed", true},
    {"outbound", "class", "proven", true},
};

static long long amount_of(const struct value *count, bool by_recipient)
{
  return tell_number(count, by_recipient ? "recipients" : "messages");
}

static bool is_of(const struct value *count, const char *month, size_t subject)
{
  return strcmp(tell_get(count, "month"), month) == 0 && strcmp(tell_get(count, "direction"), subjects[subject].direction) == 0 &&
         strcmp(tell_get(count, "subject"), subjects[subject].subject) == 0;
}

/* "SPF pass 10, fail 2" */
static void add_subject(struct text *text, const struct value *counts, const char *month, size_t subject)
{
  bool any = false;
  for (const struct value *count = counts; count; count = count->next) {
    if (!is_of(count, month, subject))
      continue;
    if (!any && text->length > 0)
      text_add(text, "; ");
    const char *value = tell_get(count, "value");
    bool is_action = strcmp(subjects[subject].subject, "action") == 0;
    const char *shown = is_action && strcmp(value, "accept") == 0       ? "accepted"
                        : is_action && strcmp(value, "quarantine") == 0 ? "held"
                        : is_action && strcmp(value, "reject") == 0     ? "refused"
                        : is_action && strcmp(value, "defer") == 0      ? "deferred"
                        : is_action && strcmp(value, "abort") == 0      ? "not ended"
                                                                        : value;
    text_printf(text, "%s%s%s %lld", any ? ", " : subjects[subject].label, !any && *subjects[subject].label ? " " : "", shown,
                amount_of(count, subjects[subject].by_recipient));
    any = true;
  }
}

static void tell_month(struct text *out, const struct value *counts, const char *month, const char *direction)
{
  struct text text = {0};
  for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
    if (strcmp(subjects[i].direction, direction) == 0)
      add_subject(&text, counts, month, i);
  if (text.length > 0)
    tell_row(out, month, "%s", text.bytes);
  text_free(&text);
}

static void tell_counts(struct text *out, const struct value *counts, const char *direction, const char *title)
{
  const char *month = "";
  for (const struct value *count = counts; count; count = count->next) {
    if (strcmp(tell_get(count, "direction"), direction) != 0 || strcmp(tell_get(count, "month"), month) == 0)
      continue;
    if (!*month)
      text_printf(out, "%s\n", title);
    month = tell_get(count, "month");
    tell_month(out, counts, month, direction);
  }
}

static void tell_states(struct text *out, const struct value *story)
{
  const struct value *state = value_members(story, "dane");
  struct text text = {0};
  if (state)
    text_add(out, "DANE over time\n");
  for (; state; state = state->next) {
    const char *plain = words_explain(WORDS_VERDICT, value_string(state, "verdict"));
    const char *link = words_explain(WORDS_LINK, value_string(state, "link"));
    text_clear(&text);
    tell_place(&text, state);
    tell_row(out, tell_get(state, "verdict"), "from %s to %s, %lld recipients: %s%s%s%s%s%s", tell_get(state, "from"),
             tell_get(state, "to"), tell_number(state, "recipients"), plain ? plain : "", *tell_get(state, "link") ?
             "; first missing link: " : "", tell_get(state, "link"), link ? " (" : "", link ? link : "", link ? ")" : "");
    tell_row(out, "", "first seen at %s", text.bytes);
  }
  text_free(&text);
}

static void tell_rules(struct text *out, const struct value *story)
{
  struct text text = {0};
  if (value_members(story, "exceptions") || value_members(story, "rules"))
    text_add(out, "Rules and exceptions for it, as configured now\n");
  for (const struct value *rule = value_members(story, "rules"); rule; rule = rule->next) {
    text_clear(&text);
    tell_place(&text, rule);
    tell_row(out, "rule", "domain %s %s=%s: %s", tell_get(rule, "domain"), tell_get(rule, "standards"), tell_get(rule, "level"),
             text.bytes);
  }
  for (const struct value *fact = value_members(story, "exceptions"); fact; fact = fact->next)
    tell_row(out, "exception", "%s, %s: %s=%s until %s; reason: %s%s%s", tell_get(fact, "name"),
             strcmp(tell_get(fact, "state"), "expired") == 0 ? "expired" : "in force", tell_get(fact, "standards"),
             tell_get(fact, "level"), tell_get(fact, "until"), tell_get(fact, "reason"),
             *tell_get(fact, "owner") ? "; owner: " : "", tell_get(fact, "owner"));
  text_free(&text);
}

static void tell_last(struct text *out, const struct value *story)
{
  struct text text = {0};
  if (value_members(story, "messages"))
    text_add(out, "Last messages, the newest first\n");
  for (const struct value *last = value_members(story, "messages"); last; last = last->next) {
    bool outbound = strcmp(tell_get(last, "direction"), "outbound") == 0;
    const char *found = tell_get(last, outbound ? "verdict" : "dmarc"), *plain = words_explain(WORDS_ACTION, value_string(last,
                                                                                                                  "action"));
    text_clear(&text);
    text_printf(&text, "%s, %s, %s%s%s%s; ", tell_get(last, "time"), tell_get(last, "host"), *found ? outbound ? "DANE " : "DMARC "
                : "", found, *found ? ", " : "", plain ? plain : "not known how it ended");
    tell_place(&text, last);
    tell_row(out, outbound ? "outbound" : "inbound", "%s: %s", *tell_get(last, "queue_id") ? tell_get(last, "queue_id")
             : "no queue id", text.bytes);
  }
  text_free(&text);
}

void tell_domain(struct text *out, const struct value *story)
{
  const struct value *counts = value_members(story, "counts");
  text_printf(out, "%s\n", tell_get(story, "domain"));
  tell_counts(out, counts, "inbound", "As author of inbound mail, messages by month");
  tell_counts(out, counts, "outbound", "As destination of outbound mail, recipients by month");
  tell_states(out, story);
  tell_rules(out, story);
  tell_last(out, story);
}
