/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DANE for SMTP: the mail hosts of a destination, and the verdict over them. See dane.h; one host is dane_host.c.
 */
#include "checks/dane.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checks/dane_host.h"
#include "checks/next_hop.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

struct examination {
  struct arena *arena;
  struct lookups *lookups;
  const struct next_hop *hop;
  struct dane_fact *fact;
  const struct dns_answer *mx; /* NULL for a [host] */
  unsigned left_out;           /* MX records that cannot be read, and hosts beyond the maximum */
  struct dane_host_check checks[DANE_HOSTS_MAX];
};

/* The hosts of one destination, counted by how they ended. */
struct census {
  size_t reachable, usable, unusable, failed, bogus;
};

static void use_ttl(struct dane_fact *fact, uint32_t ttl)
{
  if (ttl < fact->ttl)
    fact->ttl = ttl;
}

static void conclude(struct dane_fact *fact, enum dane_verdict verdict, enum dane_link link, const char *why)
{
  fact->verdict = verdict;
  fact->link = link;
  fact->why = why;
}

/* RFC 5321 5.1: by preference. Equal ones by name, so that the same zone gives the same audit line. */
static int compare_mx(const void *a, const void *b)
{
  const struct rdata_mx *one = a, *other = b;
  if (one->preference != other->preference)
    return one->preference < other->preference ? -1 : 1;
  return strcmp(one->exchange, other->exchange);
}

static bool has_host(const struct dane_fact *fact, const char *name)
{
  for (size_t i = 0; i < fact->host_count; i++)
    if (strcmp(fact->hosts[i].name, name) == 0)
      return true;
  return false;
}

static void add_host(struct examination *x, const char *name, unsigned preference)
{
  if (has_host(x->fact, name))
    return;
  if (x->fact->host_count == DANE_HOSTS_MAX) {
    x->left_out++;
    return;
  }
  x->fact->hosts[x->fact->host_count++] =
      (struct dane_host){.name = arena_string(x->arena, name), .preference = preference};
}

/* False for a null MX. */
static bool read_hosts(struct examination *x, const struct dns_answer *answer)
{
  struct rdata_mx *records = arena_alloc(x->arena, answer->count * sizeof *records);
  size_t count = 0;
  bool null = false;
  for (size_t i = 0; i < answer->count; i++) {
    struct rdata_mx *mx = &records[count];
    if (rdata_read_mx(mx, &answer->records[i]) < 0)
      x->left_out++;
    else if (mx->exchange[0] == '\0')
      null = true;
    else
      count++;
  }
  /* RFC 7505 3: a null MX stands alone, whatever its preference. Beside other records, which it must not stand, it is a
   * host that does not exist, so that one stray record does not stop a domain's mail. */
  if (null && count == 0)
    return false;
  qsort(records, count, sizeof *records, compare_mx);
  for (size_t i = 0; i < count; i++)
    add_host(x, records[i].exchange, records[i].preference);
  return true;
}

/* Finds the hosts; false where the verdict is there without them. */
static bool find_hosts(struct examination *x)
{
  struct dane_fact *fact = x->fact;
  if (x->hop->kind == NEXT_HOP_HOST) {
    /* RFC 7672 2.2.2: the postmaster has named the host, and configuration is as good as secure. */
    fact->mx = "not-asked";
    fact->mx_dnssec = DNSSEC_SECURE;
    add_host(x, fact->domain, 0);
    return true;
  }
  const struct dns_answer *answer = x->mx = lookups_get(x->lookups, fact->domain, DNS_MX);
  fact->mx_dnssec = answer->dnssec;
  use_ttl(fact, answer->ttl);
  fact->mx = answer->dnssec == DNSSEC_SECURE ? "secure" : "insecure";
  switch (answer->status) {
  case DNS_FOUND:
    /* RFC 7672 2.2.1, RFC 7505 3: null MX is honoured also where it is insecure. */
    if (read_hosts(x, answer))
      return true;
    conclude(fact, DANE_NULL_MX, DANE_LINK_NONE, "the domain takes no mail (null MX)");
    return false;
  case DNS_NODATA:
    /* RFC 5321 5.1, RFC 7672 2.2.2: the domain is its own mail host. */
    fact->mx = "implicit";
    add_host(x, fact->domain, 0);
    return true;
  case DNS_NXDOMAIN:
  case DNS_BADNAME:
    fact->mx = "none";
    conclude(fact, DANE_NXDOMAIN, DANE_LINK_NONE, "the domain does not exist");
    return false;
  default: {
    /* RFC 7672 2.1.2: without an answer for MX the whole destination is put off. */
    bool bogus = answer->status == DNS_BOGUS;
    fact->mx = bogus ? "bogus" : "temperror";
    conclude(fact, bogus ? DANE_BOGUS : DANE_TEMPERROR, bogus ? DANE_LINK_BOGUS : DANE_LINK_DNS_FAILURE,
             dane_failure_text(x->arena, answer, "MX records", fact->domain));
    return false;
  }
  }
}

static bool mx_is_secure(const struct dane_fact *fact)
{
  return fact->mx_dnssec == DNSSEC_SECURE;
}

static void examine_hosts(struct examination *x)
{
  struct dane_fact *fact = x->fact;
  for (size_t i = 0; i < fact->host_count; i++) {
    x->checks[i] = (struct dane_host_check){.arena = x->arena,
                                            .lookups = x->lookups,
                                            .port = x->hop->port,
                                            .told = &fact->hosts[i],
                                            .ttl = UINT32_MAX};
    dane_host_start(x->lookups, fact->hosts[i].name);
  }
  if (x->mx && !mx_is_secure(fact) && x->mx->canonical)
    lookups_start(x->lookups, fact->domain, DNS_CNAME);
  for (size_t i = 0; i < fact->host_count; i++)
    dane_host_find_address(&x->checks[i]);
  for (size_t i = 0; i < fact->host_count; i++) {
    dane_host_find_tlsa(&x->checks[i]);
    use_ttl(fact, x->checks[i].ttl);
  }
}

static struct census count_hosts(const struct examination *x)
{
  struct census census = {0};
  for (size_t i = 0; i < x->fact->host_count; i++) {
    enum dane_host_state state = x->checks[i].state;
    census.failed += state == DANE_HOST_FAILED || state == DANE_HOST_BOGUS;
    census.bogus += state == DANE_HOST_BOGUS;
    census.usable += state == DANE_HOST_USABLE;
    census.unusable += state == DANE_HOST_UNUSABLE;
    census.reachable += state == DANE_HOST_USABLE || state == DANE_HOST_UNUSABLE || state == DANE_HOST_PLAIN;
  }
  return census;
}

/* Why is the MX answer insecure? The domain's own zone is unsigned, unless the way to the answer leaves a signed one:
 * by an alias, or because the absence of MX records could not be proven (NSEC3 opt-out). */
static enum dane_link link_of_mx(const struct examination *x)
{
  if (x->mx->canonical) {
    const struct dns_answer *answer = lookups_get(x->lookups, x->fact->domain, DNS_CNAME);
    bool unsigned_alias = !dns_is_failure(answer) && answer->dnssec != DNSSEC_SECURE;
    return unsigned_alias ? DANE_LINK_DOMAIN_UNSIGNED : DANE_LINK_MX_INSECURE;
  }
  if (x->mx->status == DNS_NODATA && strcmp(x->fact->hosts[0].address, "secure") == 0)
    return DANE_LINK_MX_INSECURE;
  return DANE_LINK_DOMAIN_UNSIGNED;
}

static const char *why_mx(const struct examination *x, enum dane_link link)
{
  const char *domain = x->fact->domain;
  if (link == DANE_LINK_DOMAIN_UNSIGNED)
    return arena_printf(x->arena, "%s is not signed with DNSSEC", domain);
  if (x->mx->canonical)
    return arena_printf(x->arena, "%s is an alias that leads to MX records that are not signed with DNSSEC", domain);
  return arena_printf(x->arena, "DNSSEC does not prove that %s has no MX records", domain);
}

/* The clause about the first host that lacks a link (any, for DANE_LINK_NONE), in `states` as bits. */
static const char *why_host(const struct examination *x, enum dane_link link, unsigned states)
{
  const char *first = NULL;
  unsigned more = 0;
  for (size_t i = 0; i < x->fact->host_count; i++) {
    const struct dane_host_check *check = &x->checks[i];
    if (!(states & 1u << check->state) || (link != DANE_LINK_NONE && check->link != link))
      continue;
    if (first)
      more++;
    else
      first = check->why;
  }
  return more ? arena_printf(x->arena, "%s, and so for %u more", first, more) : first;
}

enum { FAILED_STATES = 1u << DANE_HOST_FAILED | 1u << DANE_HOST_BOGUS };
enum { LACKING_STATES = 1u << DANE_HOST_PLAIN | 1u << DANE_HOST_UNUSABLE };

/* No host can be reached, or might be: there is no verdict about DANE. */
static void conclude_unreachable(struct examination *x, const struct census *census)
{
  struct dane_fact *fact = x->fact;
  if (census->failed) {
    /* RFC 7672 2.1.2: all hosts failed. */
    bool bogus = census->bogus == census->failed;
    enum dane_link link = bogus ? DANE_LINK_BOGUS : DANE_LINK_DNS_FAILURE;
    conclude(fact, bogus ? DANE_BOGUS : DANE_TEMPERROR, link, why_host(x, link, FAILED_STATES));
  } else if (strcmp(fact->mx, "implicit") == 0) {
    conclude(fact, DANE_NO_MAIL, DANE_LINK_NONE, "the domain has no mail server: no MX records, no address");
  } else if (fact->host_count == 0) {
    conclude(fact, DANE_NO_MAIL, DANE_LINK_NONE, "the domain has no mail server: its MX records name no host");
  } else {
    const char *why = why_host(x, DANE_LINK_NONE, 1u << DANE_HOST_GONE);
    conclude(fact, DANE_NO_MAIL, DANE_LINK_NONE, arena_printf(x->arena, "the domain has no mail server: %s", why));
  }
}

/* The first missing link of the hosts. */
static enum dane_link link_of_hosts(const struct examination *x)
{
  enum dane_link link = DANE_LINK_NONE;
  for (size_t i = 0; i < x->fact->host_count; i++) {
    const struct dane_host_check *check = &x->checks[i];
    if ((LACKING_STATES & 1u << check->state) && (link == DANE_LINK_NONE || check->link < link))
      link = check->link;
  }
  return link;
}

/* DANE.md 2, over the hosts that can be reached. */
static void conclude_reachable(struct examination *x, const struct census *census)
{
  struct dane_fact *fact = x->fact;
  enum dane_verdict verdict = census->usable == census->reachable ? DANE_FULL
                              : census->usable                    ? DANE_PARTIAL
                              : census->unusable                  ? DANE_UNUSABLE
                                                                  : DANE_NONE;
  enum dane_link link = link_of_hosts(x);
  const char *why = why_host(x, link, LACKING_STATES);
  if (verdict == DANE_PARTIAL)
    why = arena_printf(x->arena, "only %zu of %zu MX hosts %s DANE: %s", census->usable, census->reachable,
                       census->usable == 1 ? "has" : "have", why);
  if (!mx_is_secure(fact)) {
    /* RFC 7672 2.2.1: whoever can forge the MX answer chooses the hosts, so however good these are, mail that must go
     * over DANE waits. */
    link = link_of_mx(x);
    const char *and = verdict == DANE_FULL ? NULL : why;
    why = why_mx(x, link);
    if (and)
      why = arena_printf(x->arena, "%s, and %s", why, and);
    verdict = verdict == DANE_NONE ? DANE_NONE : DANE_INSECURE_MX;
  }
  conclude(fact, verdict, link, why);
}

static void add_remark(struct examination *x, const char *remark)
{
  struct dane_fact *fact = x->fact;
  fact->why = fact->why ? arena_printf(x->arena, "%s; %s", fact->why, remark) : remark;
}

static void note_skipped(struct examination *x, const struct census *census)
{
  if (census->failed && census->reachable) {
    x->fact->skipped = true;
    add_remark(x, arena_printf(x->arena, "left out: %s", why_host(x, DANE_LINK_NONE, FAILED_STATES)));
  }
  if (x->left_out) {
    x->fact->skipped = true;
    add_remark(x, arena_printf(x->arena, "left out: %u MX records that are malformed or beyond the first %d hosts",
                               x->left_out, (int)DANE_HOSTS_MAX));
  }
}

static void examine(struct examination *x)
{
  if (!find_hosts(x))
    return;
  examine_hosts(x);
  struct census census = count_hosts(x);
  if (census.reachable)
    conclude_reachable(x, &census);
  else
    conclude_unreachable(x, &census);
  note_skipped(x, &census);
}

void dane_start(struct lookups *lookups, const char *next_hop)
{
  struct next_hop hop = next_hop_parse(next_hop);
  if (hop.kind == NEXT_HOP_DOMAIN)
    lookups_start(lookups, hop.name, DNS_MX);
  else if (hop.kind == NEXT_HOP_HOST)
    dane_host_start(lookups, hop.name);
}

struct dane_fact dane_check(struct arena *arena, struct lookups *lookups, const char *next_hop)
{
  struct next_hop hop = next_hop_parse(next_hop);
  struct dane_fact fact = {.domain = arena_string(arena, hop.name),
                           .mx = "not-asked",
                           .mx_dnssec = DNSSEC_INDETERMINATE,
                           .ttl = UINT32_MAX};
  struct examination *x = arena_alloc(arena, sizeof *x);
  *x = (struct examination){.arena = arena, .lookups = lookups, .hop = &hop, .fact = &fact};
  if (hop.kind == NEXT_HOP_ADDRESS) {
    conclude(&fact, DANE_NOT_APPLICABLE, DANE_LINK_NONE, "an IP address cannot be protected by DANE");
  } else if (hop.kind == NEXT_HOP_INVALID) {
    conclude(&fact, DANE_NOT_APPLICABLE, DANE_LINK_NONE,
             hop.port ? "this is not a domain name" : "this is not a port or service of mail");
  } else {
    fact.hosts = arena_alloc(arena, DANE_HOSTS_MAX * sizeof *fact.hosts);
    examine(x);
  }
  if (hop.several)
    add_remark(x, "only the first of several next hops was examined");
  if (fact.ttl == UINT32_MAX)
    fact.ttl = 0;
  return fact;
}
