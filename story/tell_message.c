/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A message in plain words. See tell.h.
 */
#include <stdio.h>
#include <string.h>

#include "audit/value.h"
#include "story/tell.h"
#include "story/words.h"

static bool is(const struct value *of, const char *key, const char *word)
{
  return strcmp(tell_get(of, key), word) == 0;
}

static const char *or_else(const char *text, const char *other)
{
  return *text ? text : other;
}

/* "word (plain words)" */
static void add_word(struct text *out, enum words table, const char *word)
{
  const char *plain = words_explain(table, word);
  text_printf(out, plain ? "%s (%s)" : "%s", word, plain);
}

static void tell_origin(struct text *out, const struct value *story)
{
  const struct value *client = value_get(story, "client"), *tls = value_get(story, "tls");
  struct text text = {0};
  text_printf(&text, "%s", or_else(tell_get(client, "ip"), "an unknown address"));
  if (*tell_get(client, "name"))
    text_printf(&text, ", %s", tell_get(client, "name"));
  if (*tell_get(story, "helo"))
    text_printf(&text, ", which called itself %s", tell_get(story, "helo"));
  if (*tell_get(story, "authenticated"))
    text_printf(&text, ", authenticated as %s", tell_get(story, "authenticated"));
  tell_row(out, "came from", "%s", text.bytes);
  text_free(&text);
  if (!tls || tls->kind != VALUE_MAP)
    tell_row(out, "over", "no TLS");
  else
    tell_row(out, "over", "%s, %s, %lld bits; by the guideline of NCSC-NL: %s", or_else(tell_get(tls, "version"), "TLS"),
             or_else(tell_get(tls, "cipher"), "unknown cipher"), tell_number(tls, "bits"),
             or_else(tell_get(tls, "grade"), "not graded"));
  const struct value *from = value_get(story, "mail_from");
  tell_row(out, "sender", "%s", !from || from->kind != VALUE_STRING ? "not known" : *from->string ? from->string
                                                                                    : "the null sender: a notice, not a letter");
  tell_row(out, "author", "%s", or_else(tell_get(story, "author_domain"), "not known"));
  if (*tell_get(story, "message_id"))
    tell_row(out, "Message-ID", "%s", tell_get(story, "message_id"));
}

/* "pass, sender a.example: the domain says ...; by DNS data that DNSSEC secures; ..." */
static void tell_result(struct text *out, const char *label, enum words table, const struct value *fact, const char *what)
{
  struct text text = {0};
  const char *dnssec = words_explain(WORDS_DNSSEC, value_string(fact, "dnssec"));
  const char *plain = words_explain(table, value_string(fact, "result"));
  text_printf(&text, "%s%s%s%s%s", or_else(tell_get(fact, "result"), "no result"), *what ? ", " : "", what, plain ? ": " : "",
              plain ? plain : "");
  if (dnssec)
    text_printf(&text, "; %s", dnssec);
  if (*tell_get(fact, "why"))
    text_printf(&text, "; %s", tell_get(fact, "why"));
  tell_row(out, label, "%s", text.bytes);
  text_free(&text);
}

static void tell_dmarc(struct text *out, const struct value *fact)
{
  tell_result(out, "DMARC", WORDS_DMARC, fact, "");
  if (!*tell_get(fact, "policy_domain"))
    return;
  tell_row(out, "", "policy %s of %s; SPF %s, DKIM %s", or_else(tell_get(fact, "policy"), "not told"),
           tell_get(fact, "policy_domain"), value_is_true(fact, "aligned_spf") ? "aligns" : "does not align",
           value_is_true(fact, "aligned_dkim") ? "aligns" : "does not align");
  if (*tell_get(fact, "override"))
    tell_row(out, "", "the policy was not followed: %s", tell_get(fact, "override"));
}

static void tell_checks(struct text *out, const struct value *story)
{
  char what[600];
  const struct value *dmarc = value_members(story, "dmarc");
  bool any = false;
  for (const struct value *fact = value_members(story, "spf"); fact; fact = fact->next) {
    snprintf(what, sizeof what, "%s %s", is(fact, "identity", "helo") ? "HELO name" : "sender",
             or_else(tell_get(fact, "domain"), "(none)"));
    tell_result(out, "SPF", WORDS_SPF, fact, what);
    any = true;
  }
  for (const struct value *fact = value_members(story, "dkim"); fact; fact = fact->next) {
    snprintf(what, sizeof what, "signature of %s, selector %s, %lld bits", or_else(tell_get(fact, "domain"), "(no domain)"),
             or_else(tell_get(fact, "selector"), "(none)"), tell_number(fact, "bits"));
    tell_result(out, "DKIM", WORDS_DKIM, fact, what);
    any = true;
  }
  if (dmarc && !value_members(story, "dkim"))
    tell_row(out, "DKIM", "no signature");
  if (dmarc)
    tell_dmarc(out, dmarc);
  else if (!any && is(story, "direction", "inbound"))
    tell_row(out, "checks", "none came to a result");
}

static void tell_decision(struct text *out, const struct value *of)
{
  const char *action = tell_get(of, "action"), *would = tell_get(of, "would");
  const char *plain = words_explain(WORDS_ACTION, action), *wished = words_explain(WORDS_WOULD, would);
  const char *rule = tell_get(of, "rule");
  tell_row(out, "decided", "%s%s%s%s", plain ? plain : or_else(action, "not known"), *rule ? ", by rule \"" : "", rule,
           *rule ? "\"" : "");
  if (*tell_get(of, "reply"))
    tell_row(out, "reply", "%s", tell_get(of, "reply"));
  if (*would)
    tell_row(out, "enforce", strcmp(would, action) == 0 ? "mode enforce would have done the same"
                                                        : "mode enforce would have %s", wished ? wished : would);
}

static void tell_exceptions(struct text *out, const struct value *story)
{
  for (const struct value *fact = value_members(story, "exceptions"); fact; fact = fact->next)
    if (is(fact, "state", "not-configured"))
      tell_row(out, "exception", "%s, which is not in the configuration any more", tell_get(fact, "name"));
    else
      tell_row(out, "exception", "%s: %s=%s until %s%s%s; reason: %s%s%s", tell_get(fact, "name"),
               tell_get(fact, "standards"), tell_get(fact, "level"), tell_get(fact, "until"),
               is(fact, "state", "expired") ? " (expired)" : "", "; as configured now", tell_get(fact, "reason"),
               *tell_get(fact, "owner") ? "; owner: " : "", tell_get(fact, "owner"));
}

static void tell_dane(struct text *out, const struct value *recipient)
{
  struct text text = {0};
  const char *link = tell_get(recipient, "link");
  add_word(&text, WORDS_VERDICT, tell_get(recipient, "verdict"));
  if (*link) {
    text_add(&text, "; first missing link: ");
    add_word(&text, WORDS_LINK, link);
  }
  if (*tell_get(recipient, "why"))
    text_printf(&text, "; %s", tell_get(recipient, "why"));
  tell_row(out, "DANE", "%s", text.bytes);
  text_free(&text);
  const char *mx = words_explain(WORDS_MX, value_string(recipient, "mx"));
  tell_row(out, "", "MX records: %s", mx ? mx : or_else(tell_get(recipient, "mx"), "not known"));
  for (const struct value *host = value_members(recipient, "hosts"); host; host = host->next)
    tell_row(out, "", "%lld %s: address %s, TLSA %s%s%s", tell_number(host, "preference"), tell_get(host, "name"),
             or_else(tell_get(host, "address"), "?"), or_else(tell_get(host, "tlsa"), "?"),
             *tell_get(host, "base") ? " at " : "", tell_get(host, "base"));
}

static void add_hop(struct text *text, const struct value *delivery)
{
  if (!*tell_get(delivery, "relay_name") && !*tell_get(delivery, "relay_address"))
    text_add(text, " reached no host");
  else
    text_printf(text, " by %s[%s]:%lld", tell_get(delivery, "relay_name"), tell_get(delivery, "relay_address"),
                tell_number(delivery, "relay_port"));
  text_printf(text, ": %s", tell_get(delivery, "status"));
  if (*tell_get(delivery, "dsn"))
    text_printf(text, " %s", tell_get(delivery, "dsn"));
  if (*tell_get(delivery, "reply"))
    text_printf(text, ", \"%s\"", tell_get(delivery, "reply"));
}

static void tell_delivery(struct text *out, const struct value *delivery, const char *verdict)
{
  struct text text = {0};
  bool sent = is(delivery, "status", "sent");
  text_printf(&text, "%s", tell_get(delivery, "time"));
  add_hop(&text, delivery);
  tell_row(out, sent ? "left" : "tried", "%s", text.bytes);
  text_clear(&text);
  text_printf(&text, "TLS %s", or_else(tell_get(delivery, "tls"), "unknown"));
  static const char *const keys[] = {"tls_version", "tls_cipher", "tls_match", "tls_feature"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (*tell_get(delivery, keys[i]))
      text_printf(&text, ", %s", tell_get(delivery, keys[i]));
  tell_row(out, "", "%s", text.bytes);
  text_clear(&text);
  add_word(&text, WORDS_CLASS, tell_get(delivery, "class"));
  if (*tell_get(delivery, "why"))
    text_printf(&text, "; %s", tell_get(delivery, "why"));
  tell_row(out, "proven", "%s", text.bytes);
  text_clear(&text);
  enum words_agreement agreement = words_agree(verdict, value_string(delivery, "class"));
  if (verdict && agreement != WORDS_UNDECIDED)
    tell_row(out, agreement == WORDS_AGREE ? "agrees" : "DISAGREES", agreement == WORDS_AGREE
             ? "what was assessed and what is proven fit" : "what was assessed (%s) and what is proven (%s) do not fit",
             verdict, tell_get(delivery, "class"));
  tell_place(&text, delivery);
  tell_row(out, "line", "%s", text.bytes);
  text_free(&text);
}

static void tell_recipient(struct text *out, const struct value *recipient, bool outbound)
{
  const char *hop = tell_get(recipient, "next_hop"), *domain = tell_get(recipient, "domain");
  const char *verdict = value_string(recipient, "verdict");
  text_printf(out, "\n  to %s%s%s\n", or_else(tell_get(recipient, "address"), "(unknown)"),
              *hop && strcmp(hop, domain) != 0 ? ", next hop " : "", *hop && strcmp(hop, domain) != 0 ? hop : "");
  if (verdict)
    tell_dane(out, recipient);
  else if (outbound)
    tell_row(out, "DANE", "not examined");
  /* Of inbound mail the message as a whole is decided on, unless a recipient was refused alone. */
  if (outbound || !is(recipient, "action", "accept") || !is(recipient, "would", "accept"))
    tell_decision(out, recipient);
  const struct value *delivery = value_members(recipient, "deliveries");
  if (!delivery && outbound && is(recipient, "action", "accept"))
    tell_row(out, "proven", "nothing: no line of an MTA's log that was read tells how it left");
  for (; delivery; delivery = delivery->next)
    tell_delivery(out, delivery, verdict);
}

static void tell_rest(struct text *out, const struct value *story)
{
  for (const struct value *delivery = value_members(story, "other_deliveries"); delivery; delivery = delivery->next) {
    text_printf(out, "\n  to %s, which the audit log does not tell of\n",
                or_else(tell_get(delivery, "address"), or_else(tell_get(delivery, "domain"), "(unknown)")));
    tell_delivery(out, delivery, NULL);
  }
}

static void tell_places(struct text *out, const struct value *story)
{
  struct text text = {0};
  tell_place(&text, story);
  tell_row(out, "line", "%s (seq %lld)", text.bytes, tell_number(story, "seq"));
  for (const struct value *fact = value_members(story, "accepted"); fact; fact = fact->next) {
    text_clear(&text);
    tell_place(&text, fact);
    tell_row(out, "taken in", "%s by the MTA, over %s: %s", tell_get(fact, "time"),
             is(fact, "source", "smtp") ? "SMTP" : or_else(tell_get(fact, "source"), "?"), text.bytes);
  }
  for (const struct value *fact = value_members(story, "settings"); fact; fact = fact->next) {
    text_clear(&text);
    tell_place(&text, fact);
    tell_row(out, "settings", "configuration with SHA-256 %s, in force since the %s of %s: %s", tell_get(fact, "config"),
             tell_get(fact, "event"), tell_get(fact, "time"), text.bytes);
  }
  text_free(&text);
}

void tell_message(struct text *out, const struct value *story)
{
  bool outbound = is(story, "direction", "outbound");
  text_printf(out, "%s message %s at %s, %s\n", outbound ? "Outbound" : "Inbound",
              or_else(tell_get(story, "queue_id"), "without a queue id"), or_else(tell_get(story, "host"), "(host not told)"),
              tell_get(story, "time"));
  tell_places(out, story);
  tell_origin(out, story);
  tell_checks(out, story);
  tell_decision(out, story);
  tell_exceptions(out, story);
  for (const struct value *recipient = value_members(story, "recipients"); recipient; recipient = recipient->next)
    tell_recipient(out, recipient, outbound);
  tell_rest(out, story);
}

void tell_unassessed(struct text *out, const struct value *story)
{
  text_printf(out, "Message %s: no line of an audit log tells of it; an MTA's log does\n", tell_get(story, "queue_id"));
  tell_rest(out, story);
}
