/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF: the two identities, and what is told about the result. See spf.h.
 *
 * A check goes through four places: spf_record.c reads the record strictly, spf_macro.c expands macros, spf_run.c
 * asks the DNS and keeps the limits, and spf_engine.c lets libspf2 evaluate terms that have become tokens.
 */
#include "checks/spf.h"

#include <string.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"
#include "checks/spf_ahead.h"
#include "checks/spf_engine.h"
#include "checks/spf_run.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

enum { EXPLANATION_SIZE = 251 };

/* Who is checked: local@domain (RFC 7208 2.3, 2.4). */
struct identity {
  const char *local;
  char domain[DOMAIN_SIZE]; /* "": none that can be checked */
};

/* RFC 7208 4.3: a multi-label name; no address, with or without brackets. RFC 8616 4: in A-labels. */
static void read_domain(char out[DOMAIN_SIZE], const char *name)
{
  struct ip ip;
  if (domain_normalize(out, name, strlen(name)) < 0 || domain_labels(out) < 2 || ip_parse(&ip, out) == 0)
    out[0] = '\0';
}

static struct identity helo_identity(const struct spf_query *query)
{
  struct identity identity = {.local = "postmaster"};
  read_domain(identity.domain, query->helo ? query->helo : "");
  return identity;
}

/* RFC 7208 2.4: a null sender stands for postmaster at the HELO name; 4.3: so does postmaster for a missing local
 * part. */
static struct identity mailfrom_identity(struct arena *arena, const struct spf_query *query)
{
  struct identity identity = {.local = "postmaster"};
  if (!query->sender || query->sender[0] == '\0')
    return helo_identity(query);
  const char *at = strrchr(query->sender, '@');
  if (at && at > query->sender)
    identity.local = arena_copy(arena, query->sender, (size_t)(at - query->sender));
  read_domain(identity.domain, at ? at + 1 : query->sender);
  return identity;
}

/* RFC 7208 6.2: the text of the domain that decided; NULL where anything is wrong with it. It is for a reply, so
 * only printable ASCII and not too much of it. */
static const char *explain(struct spf_run *run, const struct spf_policy *policy)
{
  char name[DOMAIN_SIZE], safe[EXPLANATION_SIZE];
  size_t length = 0;
  run->values.domain = policy->domain;
  if (!policy->record.explanation || spf_macro_expand_name(name, policy->record.explanation, &run->values) < 0)
    return NULL;
  enum dnssec dnssec = run->dnssec; /* is that of the result, which this text is no part of */
  const struct dns_answer *answer = spf_run_ask_calmly(run, name, DNS_TXT);
  char *text = answer && answer->count == 1 ? rdata_read_txt(run->arena, &answer->records[0], &length) : NULL;
  struct text expanded = {0};
  if (text && spf_macro_is_valid(text, length, MACRO_EXPLAIN_STRING))
    spf_macro_expand(&expanded, text, MACRO_EXPLAIN_STRING, &run->values);
  run->dnssec = dnssec;
  text_ascii(safe, sizeof safe, expanded.bytes ? expanded.bytes : "", expanded.length);
  text_free(&expanded);
  return safe[strspn(safe, " ")] != '\0' ? arena_string(run->arena, safe) : NULL;
}

/* The term that decided, and where it stands if that is not the domain that was checked. */
static const char *reason(struct arena *arena, const char *domain, const struct spf_decision *decision)
{
  char shown[201];
  const char *term = decision->term ? decision->term->text : "no term matches";
  text_ascii(shown, sizeof shown, term, strlen(term));
  if (strcmp(decision->policy->domain, domain) == 0)
    return arena_string(arena, shown);
  return arena_printf(arena, "%s in the record of %s", shown, decision->policy->domain);
}

static struct spf_fact check(struct arena *arena, struct lookups *lookups, const struct spf_query *query,
                             const struct identity *identity)
{
  struct spf_fact fact = {.result = AUTH_NONE, .dnssec = DNSSEC_INDETERMINATE};
  fact.domain = arena_string(arena, identity->domain);
  if (identity->domain[0] == '\0') {
    fact.why = "not a fully qualified domain name";
    return fact;
  }
  if (query->client.family == 0) {
    fact.why = "the client has no IP address";
    return fact;
  }
  struct spf_run *run = arena_alloc(arena, sizeof *run);
  spf_run_begin(run, arena, lookups, query);
  run->values.local = identity->local;
  run->values.sender_domain = fact.domain;
  const struct spf_policy *policy = spf_run_policy(run, fact.domain, true);
  struct spf_decision decision = {0};
  if (policy)
    decision = spf_engine_evaluate(run, policy);
  if (run->ended) {
    fact.result = run->result;
    fact.why = run->why;
  } else {
    fact.result = decision.result;
    fact.why = reason(arena, fact.domain, &decision);
    if (fact.result == AUTH_FAIL)
      fact.explanation = explain(run, decision.policy);
  }
  fact.dnssec = run->dnssec;
  return fact;
}

void spf_start(struct lookups *lookups, const struct spf_query *query)
{
  struct arena *arena = arena_new();
  struct identity helo = helo_identity(query), mailfrom = mailfrom_identity(arena, query);
  if (query->client.family != 0 && helo.domain[0] != '\0')
    spf_ahead(lookups, &query->client, helo.domain);
  if (query->client.family != 0 && mailfrom.domain[0] != '\0')
    spf_ahead(lookups, &query->client, mailfrom.domain);
  arena_free(arena);
}

struct spf_fact spf_check_helo(struct arena *arena, struct lookups *lookups, const struct spf_query *query)
{
  struct identity identity = helo_identity(query);
  return check(arena, lookups, query, &identity);
}

struct spf_fact spf_check_mailfrom(struct arena *arena, struct lookups *lookups, const struct spf_query *query)
{
  struct identity identity = mailfrom_identity(arena, query);
  return check(arena, lookups, query, &identity);
}
