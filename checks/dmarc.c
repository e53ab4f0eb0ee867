/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DMARC (RFC 9989): finding the policy, and aligning what SPF and DKIM authenticated with the author domain. See
 * dmarc.h.
 *
 * No question is asked before its answer is needed, as an answer that does not come must not spoil what others have
 * settled: identical names come before any walk, and a failure counts only where no pass stands against it.
 */
#include "checks/dmarc.h"

#include <string.h>

#include "base/domain.h"
#include "base/memory.h"
#include "checks/dmarc_walk.h"
#include "resolver/resolver.h"

struct check {
  struct arena *arena;
  struct lookups *lookups;
  const struct facts *facts;
  const char *author;
  struct dmarc_place policy; /* the record that applies */
  struct dmarc_walk walk;    /* from the author domain */
  bool walked;
  struct dmarc_fact fact;
};

/* What came of one mechanism. */
struct evidence {
  bool aligned;
  enum dnssec dnssec;  /* of the walks that it rests on */
  const char *unknown; /* why it could not be found out, where it could not; printable */
};

enum alignment { ALIGNED_NO, ALIGNED_YES, ALIGNED_UNKNOWN };

/* What a mechanism says about one domain. */
struct identity {
  const char *mechanism, *domain;
  enum auth_result result;
};

static const struct dmarc_walk *author_walk(struct check *check)
{
  if (!check->walked)
    check->walk = dmarc_walk_from(check->arena, check->lookups, check->author);
  check->walked = true;
  check->fact.organizational_domain = check->walk.organizational_domain;
  return &check->walk;
}

/* RFC 9989 4.10.1: the record at the author domain, else what the walk finds above it. 0, or -1 with the result set. */
static int discover(struct check *check)
{
  struct dmarc_fact *fact = &check->fact;
  check->policy = dmarc_place_ask(check->arena, check->lookups, check->author);
  fact->dnssec = check->policy.dnssec;
  bool is_own = check->policy.state == PLACE_RECORD;
  /* Where a psd= ends the walk at its start, it costs nothing. */
  if (is_own && check->policy.record.psd != PSD_UNSAID)
    author_walk(check);
  if (check->policy.state == PLACE_EMPTY) {
    const struct dmarc_walk *walk = author_walk(check);
    fact->dnssec = dnssec_worse(fact->dnssec, walk->dnssec);
    check->policy.state = walk->failed ? PLACE_UNKNOWN : walk->place.state;
    check->policy.domain = walk->place.domain;
    check->policy.record = walk->place.record;
    check->policy.why = walk->why;
  }
  if (check->policy.state == PLACE_UNKNOWN) {
    fact->result = AUTH_TEMPERROR;
    fact->why = check->policy.why;
    return -1;
  }
  if (check->policy.state == PLACE_EMPTY) {
    fact->why = "no DMARC record";
    return -1;
  }
  if (!check->policy.record.usable) {
    fact->why = arena_printf(check->arena, "the DMARC record of %s has no valid policy and no valid rua",
                             check->policy.domain);
    return -1;
  }
  if (!dmarc_record_is_confirmed(&check->policy.record)) {
    fact->result = AUTH_PERMERROR;
    fact->why = arena_printf(check->arena, "libopendmarc reads another policy in the DMARC record of %s",
                             check->policy.domain);
    return -1;
  }
  return 0;
}

/* RFC 9989 3.2.13, RFC 8020: a name that answers NXDOMAIN does not exist; an alias does. Asked only where np= would
 * make a difference. Returns why it could not be found out, or NULL. */
static const char *find_existence(struct check *check, bool *exists)
{
  const struct dmarc_record *record = &check->policy.record;
  *exists = true;
  if (strcmp(check->policy.domain, check->author) == 0 || !record->has_np || record->np == record->sp)
    return NULL;
  if (dmarc_place_ask(check->arena, check->lookups, check->author).proves_domain)
    return NULL;
  const struct dns_answer *answer = lookups_get(check->lookups, check->author, DNS_A);
  check->fact.dnssec = dnssec_worse(check->fact.dnssec, answer->dnssec);
  if (dns_is_failure(answer))
    return arena_printf(check->arena, "lookup of %s, for np: %s", check->author,
                        answer->why ? answer->why : dns_status_name(answer->status));
  *exists = answer->status != DNS_NXDOMAIN || answer->canonical;
  return NULL;
}

/* RFC 9989 4.7: what is asked for, and with t=y one step less. Returns why that is not known, or NULL. */
static const char *apply_record(struct check *check)
{
  struct dmarc_fact *fact = &check->fact;
  bool exists;
  const char *why = find_existence(check, &exists);
  /* Where nobody knows, the stricter of the two may be what is asked for: none is no answer then. */
  if (why && check->policy.record.np > check->policy.record.sp)
    exists = false;
  fact->found = true;
  fact->policy_domain = check->policy.domain;
  fact->testing = check->policy.record.testing;
  fact->policy = dmarc_record_policy(&check->policy.record, strcmp(check->policy.domain, check->author) != 0, exists,
                                     &fact->tag);
  fact->effective = fact->policy;
  if (fact->testing && fact->effective != OWNER_POLICY_NONE)
    fact->effective = fact->effective == OWNER_POLICY_REJECT ? OWNER_POLICY_QUARANTINE : OWNER_POLICY_NONE;
  return why;
}

static const char *last_label(const char *name)
{
  return domain_suffix(name, 1);
}

/* RFC 9989 4.10.2. An organizational domain is the name itself or above it, so names that have no label in common, or
 * that do not lie under the author's, need no walk of their own. */
static enum alignment align(struct check *check, const char *domain, bool strict, struct evidence *evidence)
{
  if (strcmp(domain, check->author) == 0)
    return ALIGNED_YES;
  if (strict || !*domain || strcmp(last_label(domain), last_label(check->author)) != 0)
    return ALIGNED_NO;
  const struct dmarc_walk *ours = author_walk(check);
  evidence->dnssec = dnssec_worse(evidence->dnssec, ours->dnssec);
  if (ours->failed) {
    evidence->unknown = ours->why;
    return ALIGNED_UNKNOWN;
  }
  if (!domain_is_under(domain, ours->organizational_domain))
    return ALIGNED_NO;
  struct dmarc_walk theirs = dmarc_walk_from(check->arena, check->lookups, domain);
  evidence->dnssec = dnssec_worse(evidence->dnssec, theirs.dnssec);
  if (theirs.failed) {
    evidence->unknown = theirs.why;
    return ALIGNED_UNKNOWN;
  }
  return strcmp(theirs.organizational_domain, ours->organizational_domain) == 0 ? ALIGNED_YES : ALIGNED_NO;
}

/* RFC 9989 5.3.4, 5.3.5: identical names first, then the others. */
static struct evidence weigh(struct check *check, const struct identity *identities, size_t count, bool strict)
{
  struct evidence sum = {0};
  for (size_t i = 0; i < count; i++)
    if (identities[i].result == AUTH_PASS && strcmp(identities[i].domain, check->author) == 0)
      return (struct evidence){.aligned = true};
  for (size_t i = 0; i < count; i++) {
    struct evidence one = {0};
    if (identities[i].result != AUTH_PASS)
      continue;
    enum alignment alignment = align(check, identities[i].domain, strict, &one);
    if (alignment == ALIGNED_YES)
      return (struct evidence){.aligned = true, .dnssec = one.dnssec};
    sum.dnssec = dnssec_worse(sum.dnssec, one.dnssec);
    if (alignment == ALIGNED_UNKNOWN && !sum.unknown)
      sum.unknown = one.unknown;
  }
  /* RFC 9989 5.3.6: what a DNS error kept from being known is neither a pass nor a fail, if it could have been one. */
  for (size_t i = 0; i < count && !sum.unknown; i++) {
    struct evidence one = {0};
    if (identities[i].result == AUTH_TEMPERROR && align(check, identities[i].domain, strict, &one) != ALIGNED_NO)
      sum.unknown = arena_printf(check->arena, "%s of %s could not be checked", identities[i].mechanism,
                                 identities[i].domain);
  }
  return sum;
}

static struct evidence weigh_dkim(struct check *check)
{
  const struct signature_facts *dkim = &check->facts->dkim;
  struct identity identities[SIGNATURES_MAX];
  size_t count = 0;
  for (size_t i = 0; i < dkim->count; i++) {
    const struct signature_fact *signature = &dkim->signatures[i];
    /* RFC 6376 8.2: behind l= anybody may have added what the reader sees. */
    if (!signature->partial)
      identities[count++] = (struct identity){"DKIM", signature->domain, signature->result};
  }
  return weigh(check, identities, count, check->policy.record.strict_dkim);
}

/* RFC 9989 3.2.4: the MAIL FROM identity alone. */
static struct evidence weigh_spf(struct check *check)
{
  const struct spf_fact *spf = &check->facts->spf_mailfrom;
  struct identity identity = {"SPF", spf->domain ? spf->domain : "", spf->result};
  return weigh(check, &identity, 1, check->policy.record.strict_spf);
}

/* RFC 9989 5.3.5 and 5.3.6. unknown_policy: why the policy is not known, or NULL. */
static void conclude(struct check *check, const char *unknown_policy)
{
  struct dmarc_fact *fact = &check->fact;
  struct evidence dkim = weigh_dkim(check), spf = weigh_spf(check);
  fact->aligned_dkim = dkim.aligned;
  fact->aligned_spf = spf.aligned;
  if (dkim.aligned || spf.aligned) {
    /* It rests on the better of the two. */
    enum dnssec best = dkim.aligned ? dkim.dnssec : spf.dnssec;
    if (dkim.aligned && spf.aligned && spf.dnssec < best)
      best = spf.dnssec;
    fact->dnssec = dnssec_worse(fact->dnssec, best);
    fact->result = AUTH_PASS;
    return;
  }
  fact->dnssec = dnssec_worse(fact->dnssec, dnssec_worse(dkim.dnssec, spf.dnssec));
  const char *unknown = dkim.unknown ? dkim.unknown : spf.unknown ? spf.unknown : unknown_policy;
  fact->result = unknown ? AUTH_TEMPERROR : AUTH_FAIL;
  fact->why = unknown ? unknown : "neither SPF nor DKIM passes for a domain that aligns with the author domain";
}

void dmarc_start(struct lookups *lookups, const char *author_domain)
{
  dmarc_walk_ahead(lookups, author_domain);
}

struct dmarc_fact dmarc_check(struct arena *arena, struct lookups *lookups, const struct facts *facts)
{
  struct check check = {.arena = arena, .lookups = lookups, .facts = facts, .author = facts->author.domain};
  check.fact.result = AUTH_NONE;
  if (facts->author.status != AUTHOR_ONE) {
    /* RFC 9989 5.3.1: DMARC is not possible; that is worth more than a none. */
    return (struct dmarc_fact){.result = AUTH_PERMERROR, .dnssec = DNSSEC_INDETERMINATE, .why = facts->author.why};
  }
  if (discover(&check) == 0)
    conclude(&check, apply_record(&check));
  return check.fact;
}
