/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a fact means under a standard. See assessment.h.
 */
#include "policy/assessment.h"

#include <string.h>

#include "base/memory.h"
#include "checks/tls.h"

static const struct assessment fine = {OUTCOME_FINE, LEVEL_REJECT, NULL, NULL, NULL};

static struct assessment failure(const char *code, const char *enhanced, const char *text)
{
  return (struct assessment){OUTCOME_FAILURE, LEVEL_REJECT, code, enhanced, text};
}

static struct assessment unknown(const char *enhanced, const char *text)
{
  return (struct assessment){OUTCOME_UNKNOWN, LEVEL_REJECT, "451", enhanced, text};
}

static const char *or_else(const char *value, const char *otherwise)
{
  return value && *value ? value : otherwise;
}

/* ": WHY", or nothing. */
static const char *because(struct arena *arena, const char *why)
{
  return why && *why ? arena_printf(arena, ": %s", why) : "";
}

struct assessment assessment_author(struct arena *arena, const struct facts *facts)
{
  const char *text = NULL;
  switch (facts->author.status) {
  case AUTHOR_ONE:
    return fine;
  case AUTHOR_NO_FROM:
    text = "the message has no From field";
    break;
  case AUTHOR_SEVERAL_FIELDS:
    text = "the message has more than one From field";
    break;
  case AUTHOR_SEVERAL_DOMAINS:
    text = arena_printf(arena, "the From field names more than one author domain%s", because(arena, facts->author.why));
    break;
  case AUTHOR_INVALID:
    text = arena_printf(arena, "the From field is not valid%s", because(arena, facts->author.why));
    break;
  }
  return failure("550", "5.6.0", text);
}

struct assessment assessment_dmarc(struct arena *arena, const struct facts *facts)
{
  const struct dmarc_fact *dmarc = &facts->dmarc;
  const char *domain = or_else(facts->author.domain, "the author domain");
  /* CONTRACT 3: p=none never changes handling, also not where SPF or DKIM had no answer. */
  if (dmarc->found && dmarc->effective == OWNER_POLICY_NONE)
    return fine;
  if (dmarc->result == AUTH_TEMPERROR)
    return unknown("4.7.1", arena_printf(arena, "DMARC of %s cannot be found out now%s, try again later", domain,
                                         because(arena, dmarc->why)));
  if (dmarc->result != AUTH_FAIL || !dmarc->found)
    return fine;
  struct assessment found =
      failure("550", "5.7.1", arena_printf(arena, "rejected per DMARC policy for %s", domain));
  if (dmarc->effective == OWNER_POLICY_QUARANTINE) {
    found.ceiling = LEVEL_QUARANTINE;
    found.text = arena_printf(arena, "quarantined per DMARC policy for %s", domain);
  }
  return found;
}

/* The MAIL FROM identity decides, which for a null sender is the HELO name (RFC 7208 2.4). */
struct assessment assessment_spf(struct arena *arena, const struct facts *facts)
{
  const struct spf_fact *spf = &facts->spf_mailfrom;
  const char *domain = or_else(spf->domain, "the sender");
  if (spf->result == AUTH_TEMPERROR)
    return unknown("4.7.24", arena_printf(arena, "SPF of %s cannot be found out now%s, try again later", domain,
                                          because(arena, spf->why)));
  if (spf->result != AUTH_FAIL)
    return fine;
  /* RFC 7208 8.4: an explanation is told as the domain owner's words, not as ours. */
  return failure("550", "5.7.23",
                 spf->explanation && *spf->explanation
                     ? arena_printf(arena, "SPF validation failed for %s, which explains: %s", domain, spf->explanation)
                     : arena_printf(arena, "SPF validation failed for %s", domain));
}

struct assessment assessment_dkim(struct arena *arena, const struct facts *facts)
{
  const struct signature_facts *dkim = &facts->dkim;
  const struct signature_fact *failed = NULL, *open = NULL;
  for (size_t i = 0; i < dkim->count; i++) {
    const struct signature_fact *signature = &dkim->signatures[i];
    if (signature->result == AUTH_PASS)
      return fine;
    /* RFC 6376 3.6.1, t=y: even where it fails, it must not be treated differently from no signature. */
    if (signature->testing)
      continue;
    if (!open && signature->result == AUTH_TEMPERROR)
      open = signature;
    if (!failed)
      failed = signature;
  }
  if (!failed)
    return fine;
  if (open)
    return unknown("4.7.1", arena_printf(arena, "the DKIM key of %s cannot be found out now%s, try again later",
                                         or_else(open->domain, "the signer"), because(arena, open->why)));
  return failure("550", "5.7.20", arena_printf(arena, "no passing DKIM signature (%s%s)",
                                               or_else(failed->domain, "unreadable"), because(arena, failed->why)));
}

struct assessment assessment_tls(struct arena *arena, const struct facts *facts)
{
  const struct tls_fact *tls = &facts->tls;
  const char *from = facts->author.domain ? arena_printf(arena, "mail from %s", facts->author.domain) : "this mail";
  if (!tls->used)
    return failure("550", "5.7.10", arena_printf(arena, "%s is taken over TLS only: use STARTTLS", from));
  if (tls->grade != TLS_GRADE_INSUFFICIENT)
    return fine;
  return failure("550", "5.7.10",
                 arena_printf(arena, "%s is taken over sufficient TLS only (%s): %s with %s is not", from,
                              tls_guideline_edition(), or_else(tls->version, "an unknown version"),
                              or_else(tls->cipher, "an unknown cipher")));
}

static bool is(const char *value, const char *word)
{
  return value && strcmp(value, word) == 0;
}

/* A host that mail could go to; those without an address are left aside (RFC 7672 2.2.2). */
static bool is_reachable(const struct dane_host *host)
{
  return !is(host->address, "none");
}

/* What a host lacks, in words; NULL where nothing. */
static const char *missing_of_host(const struct dane_host *host)
{
  static const struct {
    const char *tlsa, *text;
  } rows[] = {
      {"usable", NULL},
      {"unusable", "TLSA records are not usable"},
      {"none", "no TLSA records"},
      {"insecure", "TLSA records are not DNSSEC signed"},
      {"bogus", "DNSSEC validation failed"},
      {"temperror", "temporary DNS failure"},
  };
  if (is(host->address, "insecure") && !is(host->tlsa, "usable"))
    return "address is not DNSSEC signed";
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (is(host->tlsa, rows[i].tlsa))
      return rows[i].text;
  return is(host->address, "bogus")       ? "DNSSEC validation failed"
         : is(host->address, "temperror") ? "temporary DNS failure"
                                          : "no TLSA records";
}

static const char *kind_of_host(const struct dane_fact *dane)
{
  return is(dane->mx, "secure") || is(dane->mx, "insecure") ? "MX host" : "mail host";
}

/* "MX host mx1.example: no TLSA records", for the first host that lacks something. */
static const char *first_missing(struct arena *arena, const struct dane_fact *dane)
{
  for (size_t i = 0; i < dane->host_count; i++) {
    const struct dane_host *host = &dane->hosts[i];
    const char *missing = is_reachable(host) ? missing_of_host(host) : NULL;
    if (missing)
      return arena_printf(arena, "%s %s: %s", kind_of_host(dane), host->name, missing);
  }
  return or_else(dane->why, "nothing is signed");
}

static const char *count_hosts(struct arena *arena, const struct dane_fact *dane)
{
  size_t usable = 0, reachable = 0;
  for (size_t i = 0; i < dane->host_count; i++) {
    reachable += is_reachable(&dane->hosts[i]);
    usable += is_reachable(&dane->hosts[i]) && is(dane->hosts[i].tlsa, "usable");
  }
  return arena_printf(arena, "only %zu of %zu hosts %s DANE (%s)", usable, reachable, usable == 1 ? "has" : "have",
                      first_missing(arena, dane));
}

/* Why there is no DANE where DNS gave a clear answer. */
static const char *missing(struct arena *arena, const struct dane_fact *dane)
{
  switch (dane->verdict) {
  case DANE_PARTIAL:
    return count_hosts(arena, dane);
  case DANE_UNUSABLE:
    return arena_printf(arena, "destination has no usable DANE (%s)", first_missing(arena, dane));
  case DANE_INSECURE_MX:
    return dane->link == DANE_LINK_DOMAIN_UNSIGNED ? "the domain is not DNSSEC signed, so its MX records prove nothing"
                                                   : "MX records are not DNSSEC signed";
  case DANE_NOT_APPLICABLE:
    return "address literals cannot be protected by DANE";
  default:
    return dane->link == DANE_LINK_DOMAIN_UNSIGNED
               ? "destination has no DANE (the domain is not DNSSEC signed)"
               : arena_printf(arena, "destination has no DANE (%s)", first_missing(arena, dane));
  }
}

struct assessment assessment_dane(struct arena *arena, const char *domain, const struct dane_fact *dane,
                                  bool requiretls)
{
  const char *to = or_else(domain, or_else(dane->domain, "destination"));
  if (dane->domain && *dane->domain && strcmp(dane->domain, to) != 0)
    to = arena_printf(arena, "%s (next hop %s)", to, dane->domain);
  /* DANE.md 3. */
  switch (dane->verdict) {
  case DANE_NOT_EXAMINED:
  case DANE_FULL:
    return fine;
  case DANE_TEMPERROR:
    return unknown("4.4.3", arena_printf(arena, "%s: %s, try again later", to,
                                         or_else(dane->why, "temporary DNS failure")));
  case DANE_BOGUS:
    return unknown("4.7.5", arena_printf(arena, "%s: %s, try again later", to,
                                         or_else(dane->why, "DNSSEC validation failed")));
  case DANE_NXDOMAIN:
    return failure("550", "5.1.2", arena_printf(arena, "%s: domain does not exist", to));
  case DANE_NO_MAIL:
    return failure("550", "5.1.2", arena_printf(arena, "%s: domain has no mail server", to));
  case DANE_NULL_MX:
    /* RFC 7505 4.1. */
    return failure("556", "5.1.10", arena_printf(arena, "%s: recipient address has null MX", to));
  default:
    break;
  }
  const char *why = missing(arena, dane);
  /* The sender asked for a refusal rather than delivery without TLS that can be relied upon; RFC 8689 has the code. */
  if (requiretls)
    return failure("550", "5.7.30", arena_printf(arena, "%s: REQUIRETLS support required: %s", to, why));
  return failure("550", "5.7.4", arena_printf(arena, "%s: mail refused by local policy: %s", to, why));
}
