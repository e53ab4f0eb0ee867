/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mail from outside: starting the checks as soon as their names are known, waiting for them at the end, and the
 * Authentication-Results field. See transaction.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "checks/dkim.h"
#include "checks/dmarc.h"
#include "checks/spf.h"
#include "message/results.h"
#include "policy/rule.h"
#include "resolver/resolver.h"
#include "session/transaction.h"

/* Of the budget, for SPF and DKIM: with the default of 25 seconds the 20 that RFC 7208 4.6.4 wants for a check. */
enum { SENDER_PERCENT = 80 };

static bool wanted(const struct transaction *transaction, enum standard standard)
{
  return rule_highest(transaction->config, standard) != LEVEL_OFF;
}

/* DMARC stands on SPF and DKIM: their checks run for it even where their own level is off. */
static bool needs(const struct transaction *transaction, enum standard standard)
{
  return wanted(transaction, standard) || wanted(transaction, STANDARD_DMARC);
}

static struct spf_query spf_query_of(const struct transaction *transaction, const struct ip *client, const char *helo)
{
  return (struct spf_query){.client = *client,
                            .helo = helo ? helo : "",
                            .sender = transaction->sender.address,
                            .receiver = transaction->authserv_id,
                            .now = transaction->now};
}

void inbound_begin(struct transaction *transaction, const struct ip *client, const char *helo)
{
  if (needs(transaction, STANDARD_SPF) && !transaction->patient) {
    struct spf_query query = spf_query_of(transaction, client, helo);
    spf_start(transaction->lookups, &query);
  }
  if (needs(transaction, STANDARD_DKIM))
    transaction->signatures = signatures_new(transaction->arena, transaction->lookups, transaction->now);
}

void inbound_end_fields(struct transaction *transaction)
{
  if (transaction->signatures)
    signatures_end_fields(transaction->signatures);
  if (wanted(transaction, STANDARD_DMARC) && transaction->facts.author.status == AUTHOR_ONE)
    dmarc_start(transaction->lookups, transaction->facts.author.domain);
}

/* The HELO name comes last, as nothing else rests on it, and who chose it may have made it slow. */
static void check_spf(struct transaction *transaction, const struct ip *client, const char *helo)
{
  struct facts *facts = &transaction->facts;
  struct spf_query query = spf_query_of(transaction, client, helo);
  if (*query.sender)
    facts->spf_mailfrom = spf_check_mailfrom(transaction->arena, transaction->lookups, &query);
  facts->spf_helo = spf_check_helo(transaction->arena, transaction->lookups, &query);
  if (!*query.sender)
    facts->spf_mailfrom = facts->spf_helo; /* RFC 7208 2.4: postmaster@helo */
  transaction->checked[STANDARD_SPF] = true;
}

struct decision inbound_decide(struct transaction *transaction, const struct ip *client, const char *helo)
{
  struct facts *facts = &transaction->facts;
  /* The author's domain is to be asked about however slow the sender's own domains are. */
  lookups_share(transaction->lookups, SENDER_PERCENT);
  if (needs(transaction, STANDARD_SPF))
    check_spf(transaction, client, helo);
  if (transaction->signatures) {
    facts->dkim = signatures_finish(transaction->signatures);
    transaction->checked[STANDARD_DKIM] = true;
  }
  lookups_share(transaction->lookups, 100);
  if (wanted(transaction, STANDARD_DMARC)) {
    facts->dmarc = dmarc_check(transaction->arena, transaction->lookups, facts);
    transaction->checked[STANDARD_DMARC] = true;
  }
  transaction->checked[STANDARD_AUTHOR] = true;
  return decision_inbound(transaction->arena, transaction->config, facts, transaction->now,
                          &transaction->dmarc_override);
}

static void write_spf(struct results_writer *writer, const struct transaction *transaction)
{
  const struct facts *facts = &transaction->facts;
  const struct {
    const struct spf_fact *fact;
    const char *property;
  } identities[] = {{&facts->spf_mailfrom, "mailfrom"}, {&facts->spf_helo, "helo"}};
  for (size_t i = 0; i < 2; i++) {
    const struct spf_fact *fact = identities[i].fact;
    if (i == 0 && transaction->sender.null)
      continue; /* the HELO identity says it all */
    results_method(writer, "spf", auth_result_name(fact->result), NULL);
    results_property(writer, "smtp", identities[i].property, fact->domain);
    results_property(writer, "policy", "dnssec", dnssec_name(fact->dnssec));
  }
}

static void write_signature(struct results_writer *writer, const struct signature_fact *fact)
{
  char comment[160];
  const char *family = strncmp(fact->algorithm, "ed25519", 7) == 0 ? "ed25519" : "rsa";
  if (fact->result == AUTH_PASS && fact->bits > 0)
    snprintf(comment, sizeof comment, "%u-bit %s", fact->bits, family);
  else
    snprintf(comment, sizeof comment, "%s", fact->why ? fact->why : "");
  results_method(writer, "dkim", auth_result_name(fact->result), *comment ? comment : NULL);
  results_property(writer, "header", "d", fact->domain);
  results_property(writer, "header", "s", fact->selector);
  results_property(writer, "header", "a", fact->algorithm);
  results_property(writer, "header", "b", fact->signature);
  results_property(writer, "policy", "dnssec", dnssec_name(fact->dnssec));
}

static void write_dkim(struct results_writer *writer, const struct transaction *transaction)
{
  const struct signature_facts *facts = &transaction->facts.dkim;
  if (facts->count == 0)
    results_method(writer, "dkim", "none", NULL);
  for (size_t i = 0; i < facts->count; i++)
    write_signature(writer, &facts->signatures[i]);
  if (facts->not_evaluated > 0) {
    char comment[60];
    snprintf(comment, sizeof comment, "%u more signatures not evaluated", facts->not_evaluated);
    results_method(writer, "dkim", "policy", comment);
  }
}

static void write_dmarc(struct results_writer *writer, const struct transaction *transaction)
{
  const struct dmarc_fact *fact = &transaction->facts.dmarc;
  char comment[160] = "";
  if (fact->found)
    snprintf(comment, sizeof comment, "%s=%s", fact->tag ? fact->tag : "p", owner_policy_name(fact->policy));
  else if (fact->why)
    snprintf(comment, sizeof comment, "%s", fact->why);
  results_method(writer, "dmarc", auth_result_name(fact->result), *comment ? comment : NULL);
  results_property(writer, "header", "from", transaction->facts.author.domain);
  results_property(writer, "policy", "dnssec", dnssec_name(fact->dnssec));
}

static void write_tls(struct results_writer *writer, const struct transaction *transaction)
{
  const struct tls_fact *fact = &transaction->facts.tls;
  results_method(writer, "x-tls", fact->used ? "pass" : "none", NULL);
  if (!fact->used)
    return;
  results_property(writer, "smtp", "tls-version", fact->version);
  results_property(writer, "smtp", "tls-cipher", fact->cipher);
  results_property(writer, "policy", "grade", tls_grade_name(fact->grade));
}

/* Who writes which part of the field, in its order. */
static const struct {
  enum standard standard;
  void (*write)(struct results_writer *writer, const struct transaction *transaction);
} writers[] = {{STANDARD_SPF, write_spf}, {STANDARD_DKIM, write_dkim}, {STANDARD_DMARC, write_dmarc},
               {STANDARD_TLS, write_tls}};

const char *inbound_results(const struct transaction *transaction)
{
  struct text text = {0};
  struct results_writer writer;
  results_begin(&writer, &text, transaction->authserv_id, transaction->utf8);
  const bool unexamined = transaction->care != SESSION_EXAMINE;
  bool any = unexamined;
  for (size_t i = 0; !unexamined && i < sizeof writers / sizeof *writers; i++) {
    struct rule rule = rule_find(transaction->arena, transaction->config, writers[i].standard,
                                 transaction->facts.author.domain, transaction->now);
    if (rule.capped < LEVEL_ANNOTATE || !transaction->checked[writers[i].standard])
      continue;
    writers[i].write(&writer, transaction);
    any = true;
  }
  results_end(&writer);
  if (unexamined)
    text_add(&text, " (not examined)"); /* RFC 8601 2.2: white space and comments may follow "none" */
  const char *value = any ? arena_copy(transaction->arena, text.bytes, text.length) : NULL;
  text_free(&text);
  return value;
}
