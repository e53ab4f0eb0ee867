/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail host of a destination, examined for DANE. See dane_host.h.
 */
#include "checks/dane_host.h"

#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/memory.h"
#include "base/text.h"
#include "checks/tlsa.h"
#include "resolver/resolver.h"

const char *dane_failure_text(struct arena *arena, const struct dns_answer *answer, const char *what, const char *name)
{
  char why[161];
  text_printable(why, sizeof why, answer->why ? answer->why : "", answer->why ? strlen(answer->why) : 0);
  const char *open = *why ? " (" : "", *close = *why ? ")" : "";
  if (answer->status == DNS_BOGUS)
    return arena_printf(arena, "DNSSEC validation failed for the %s of %s%s%s%s", what, name, open, why, close);
  if (answer->status == DNS_TIMEOUT)
    return arena_printf(arena, "no answer in time looking up the %s of %s", what, name);
  return arena_printf(arena, "temporary DNS failure looking up the %s of %s%s%s%s", what, name, open, why, close);
}

static bool is_secure(const struct dns_answer *answer)
{
  return answer->dnssec == DNSSEC_SECURE;
}

static void use(struct dane_host_check *check, const struct dns_answer *answer)
{
  if (answer->ttl < check->ttl)
    check->ttl = answer->ttl;
}

/* Ends the examination without DANE. why has one %s, the host's name. */
#define END(check, new_state, new_link, format)                                                                       \
  ((check)->state = (new_state), (check)->link = (new_link),                                                          \
   (check)->why = arena_printf((check)->arena, (format), (check)->told->name))

/* RFC 7672 2.1.2: a host about which the DNS fails is as one that cannot be reached. */
static void end_failed(struct dane_host_check *check, const struct dns_answer *answer, const char *what,
                       const char *name)
{
  bool bogus = answer->status == DNS_BOGUS;
  check->state = bogus ? DANE_HOST_BOGUS : DANE_HOST_FAILED;
  check->link = bogus ? DANE_LINK_BOGUS : DANE_LINK_DNS_FAILURE;
  check->why = dane_failure_text(check->arena, answer, what, name);
  use(check, answer);
}

static const char *failure_word(const struct dns_answer *answer)
{
  return answer->status == DNS_BOGUS ? "bogus" : "temperror";
}

static const char *tlsa_name(const struct dane_host_check *check, size_t i)
{
  return arena_printf(check->arena, "_%u._tcp.%s", check->port, check->bases[i]);
}

void dane_host_start(struct lookups *lookups, const char *name)
{
  struct ip ip;
  if (ip_parse(&ip, name) == 0)
    return;
  lookups_start(lookups, name, DNS_A);
  lookups_start(lookups, name, DNS_AAAA);
}

/* RFC 7672 2.2.2: one family that is there and secure is enough, so where A is, nobody waits for AAAA. NULL where the
 * host has ended. */
static const struct dns_answer *choose_address(struct dane_host_check *check)
{
  static const unsigned types[] = {DNS_A, DNS_AAAA};
  const struct dns_answer *found = NULL, *failed = NULL;
  for (size_t i = 0; i < 2 && !(found && is_secure(found)); i++) {
    const struct dns_answer *answer = lookups_get(check->lookups, check->told->name, types[i]);
    if (dns_is_failure(answer)) {
      failed = !failed || answer->status == DNS_BOGUS ? answer : failed;
      continue;
    }
    use(check, answer);
    if (answer->status == DNS_FOUND && (!found || is_secure(answer)))
      found = answer;
  }
  if (found)
    return found;
  /* No address of one family and no answer for the other: nobody knows whether the host is there. */
  if (failed) {
    check->told->address = failure_word(failed);
    end_failed(check, failed, "address", check->told->name);
  } else {
    check->told->address = "none";
    END(check, DANE_HOST_GONE, DANE_LINK_NONE, "%s has no address");
  }
  return NULL;
}

void dane_host_find_address(struct dane_host_check *check)
{
  struct dane_host *told = check->told;
  told->address = "insecure";
  told->tlsa = "not-asked";
  struct ip ip;
  if (ip_parse(&ip, told->name) == 0) {
    /* RFC 7672 2.2: DANE is about names. An address as MX host breaks RFC 1035 3.3.9, but MTAs deliver to it. */
    END(check, DANE_HOST_PLAIN, DANE_LINK_HOST_UNSIGNED, "%s is an IP address, which DANE cannot protect");
    return;
  }
  const struct dns_answer *address = choose_address(check);
  if (!address)
    return;
  const char *alias = address->canonical && strcmp(address->canonical, told->name) != 0 ? address->canonical : NULL;
  if (is_secure(address)) {
    told->address = "secure";
    /* RFC 7672 2.2.2, RFC 7671 7: of a secure alias the name at its end comes first, then the alias. */
    if (alias)
      check->bases[check->base_count++] = alias;
    check->bases[check->base_count++] = told->name;
    lookups_start(check->lookups, tlsa_name(check, 0), DNS_TLSA);
  } else if (alias) {
    check->ask_alias = true;
    lookups_start(check->lookups, told->name, DNS_CNAME);
  } else {
    /* RFC 7672 2.2.2: no TLSA query in an unsigned zone; there are name servers that fail it. */
    END(check, DANE_HOST_PLAIN, DANE_LINK_HOST_UNSIGNED, "%s is not signed with DNSSEC");
  }
}

/* RFC 7672 2.1.3, 2.2.2: an alias that leads to unsigned space may itself be signed; then the TLSA records at the
 * alias count. */
static void find_alias(struct dane_host_check *check)
{
  const struct dns_answer *answer = lookups_get(check->lookups, check->told->name, DNS_CNAME);
  if (dns_is_failure(answer)) {
    check->told->address = failure_word(answer);
    end_failed(check, answer, "CNAME", check->told->name);
    return;
  }
  use(check, answer);
  if (answer->status == DNS_FOUND && is_secure(answer))
    check->bases[check->base_count++] = check->told->name;
  else
    END(check, DANE_HOST_PLAIN, DANE_LINK_HOST_UNSIGNED, "%s is not signed with DNSSEC");
}

static bool any_usable(const struct dns_answer *answer)
{
  for (size_t i = 0; i < answer->count; i++) {
    struct rdata_tlsa tlsa;
    if (rdata_read_tlsa(&tlsa, &answer->records[i]) == 0 && tlsa_is_usable(&tlsa))
      return true;
  }
  return false;
}

void dane_host_find_tlsa(struct dane_host_check *check)
{
  struct dane_host *told = check->told;
  if (check->state == DANE_HOST_PENDING && check->ask_alias)
    find_alias(check);
  if (check->state != DANE_HOST_PENDING)
    return;
  told->tlsa = "none";
  for (size_t i = 0; i < check->base_count; i++) {
    const char *name = tlsa_name(check, i);
    const struct dns_answer *answer = lookups_get(check->lookups, name, DNS_TLSA);
    /* RFC 7672 2.1.2: the next candidate must not hide that this one could not be found out. */
    if (dns_is_failure(answer)) {
      told->tlsa = failure_word(answer);
      end_failed(check, answer, "TLSA records", check->bases[i]);
      return;
    }
    use(check, answer);
    /* RFC 7672 2.2.3: the first candidate with a secure RRset is the base, also where none of it is usable. */
    if (answer->status == DNS_FOUND && is_secure(answer)) {
      bool usable = any_usable(answer);
      told->base = check->bases[i];
      told->tlsa = usable ? "usable" : "unusable";
      if (usable)
        check->state = DANE_HOST_USABLE;
      else
        END(check, DANE_HOST_UNUSABLE, DANE_LINK_TLSA_UNUSABLE, "the TLSA records of %s are not usable");
      return;
    }
    if (answer->status == DNS_FOUND)
      told->tlsa = "insecure";
  }
  if (strcmp(told->tlsa, "insecure") == 0)
    END(check, DANE_HOST_PLAIN, DANE_LINK_NO_TLSA, "the TLSA records of %s are not signed with DNSSEC");
  else
    END(check, DANE_HOST_PLAIN, DANE_LINK_NO_TLSA, "%s has no TLSA records");
}
