/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the checks found out about one message: facts, no opinion. Policy decides over them, the
 * Authentication-Results field and the audit line tell them. All strings lie in the message's arena,
 * domains are normalized, `why` is printable and for people, NULL where there is nothing to say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "message/author.h"
#include "resolver/dns.h"

/* The result words that SPF (RFC 7208 2.6), DKIM (RFC 8601 2.7.1) and DMARC (RFC 9989, RFC 8601) share. */
enum auth_result {
  AUTH_NONE,
  AUTH_PASS,
  AUTH_FAIL,
  AUTH_SOFTFAIL,
  AUTH_NEUTRAL,
  AUTH_POLICY,
  AUTH_TEMPERROR,
  AUTH_PERMERROR
};

const char *auth_result_name(enum auth_result result);

struct spf_fact {
  enum auth_result result;
  enum dnssec dnssec;      /* over all the answers that the result used; INDETERMINATE where none was */
  const char *domain;      /* what was checked; "" where there is no usable domain */
  const char *why;         /* the term that decided, or what went wrong */
  const char *explanation; /* exp= text of a fail, ASCII and safe in a reply; NULL */
};

enum { SIGNATURES_MAX = 10 }; /* evaluated; the rest is counted (LIBRARIES 2.3) */

struct signature_fact {
  enum auth_result result;
  enum dnssec dnssec;
  const char *domain;    /* d=, "" where unreadable */
  const char *selector;  /* s= */
  const char *algorithm; /* a=: "rsa-sha256", "ed25519-sha256", ...; "" */
  unsigned bits;         /* of the key, 256 for Ed25519; 0 where no key was seen */
  const char *signature; /* the first 8 characters of b=, for header.b (RFC 6008); "" */
  bool testing;          /* the key says t=y */
  bool partial;          /* l= leaves body bytes unsigned: must not count for alignment */
  const char *why;
};

struct signature_facts {
  struct signature_fact signatures[SIGNATURES_MAX]; /* topmost first, refused ones included */
  size_t count;
  unsigned not_evaluated; /* signatures beyond the maximum */
};

/* What a domain owner asks for (RFC 9989: Domain Owner Assessment Policy). */
enum owner_policy { OWNER_POLICY_NONE, OWNER_POLICY_QUARANTINE, OWNER_POLICY_REJECT };

const char *owner_policy_name(enum owner_policy policy);

struct dmarc_fact {
  enum auth_result result; /* none: no record, or one without a usable policy (RFC 9989 4.10.1);
                              permerror: no single author domain, or libopendmarc disagrees */
  enum dnssec dnssec;      /* of the policy record's lookups, and of the walks that alignment rests on */
  bool found;              /* a policy applies; the fields below mean something */
  enum owner_policy policy;    /* what the record asks of this author domain: p, sp or np, before t; the stricter of
                                  sp and np where nobody knows whether the domain exists */
  enum owner_policy effective; /* after t=y has made it one step milder (RFC 9989 4.7) */
  bool testing;                /* t=y */
  const char *tag;             /* which tag gave the policy: "p", "sp", "np" */
  const char *policy_domain;   /* where the record stood */
  const char *organizational_domain; /* of the author domain; NULL where the walk did not run or failed */
  bool aligned_spf, aligned_dkim;
  const char *why;
};

/* NCSC-NL TLS guideline, edition 2025-05. */
enum tls_grade { TLS_GRADE_NONE, TLS_GRADE_GOOD, TLS_GRADE_SUFFICIENT, TLS_GRADE_PHASE_OUT, TLS_GRADE_INSUFFICIENT };

const char *tls_grade_name(enum tls_grade grade); /* NULL for NONE */

struct tls_fact {
  bool used;
  const char *version, *cipher; /* as the MTA names them; "" where it did not say */
  unsigned bits;                /* 0 where it did not say */
  enum tls_grade grade;         /* NONE without TLS */
};

/* DANE.md section 2, words by CONTRACT section 6. */
enum dane_verdict {
  DANE_NOT_EXAMINED,
  DANE_FULL,         /* dane */
  DANE_PARTIAL,      /* partial */
  DANE_UNUSABLE,     /* unusable */
  DANE_INSECURE_MX,  /* insecure-mx */
  DANE_NONE,         /* none */
  DANE_TEMPERROR,    /* temperror */
  DANE_BOGUS,        /* bogus */
  DANE_NXDOMAIN,     /* nxdomain */
  DANE_NO_MAIL,      /* no-mail */
  DANE_NULL_MX,      /* null-mx */
  DANE_NOT_APPLICABLE /* not-applicable */
};

const char *dane_verdict_name(enum dane_verdict verdict);

/* The first missing link (CONTRACT 6). */
enum dane_link {
  DANE_LINK_NONE, /* nothing is missing */
  DANE_LINK_DOMAIN_UNSIGNED,
  DANE_LINK_MX_INSECURE,
  DANE_LINK_HOST_UNSIGNED,
  DANE_LINK_NO_TLSA,
  DANE_LINK_TLSA_UNUSABLE,
  DANE_LINK_BOGUS,
  DANE_LINK_DNS_FAILURE
};

const char *dane_link_name(enum dane_link link); /* NULL for DANE_LINK_NONE */

struct dane_host {
  const char *name;
  unsigned preference;
  const char *address; /* "secure", "insecure", "none" (no such host or no address), "bogus", "temperror" */
  const char *tlsa;    /* "usable", "unusable", "none", "insecure", "bogus", "temperror", "not-asked" */
  const char *base;    /* TLSA base domain (RFC 7672 2.2.3); NULL where no TLSA RRset was taken */
};

struct dane_fact {
  enum dane_verdict verdict;
  enum dane_link link;
  const char *domain; /* what was examined: the next hop, without brackets; normalized or as given */
  const char *mx;     /* "secure", "insecure", "implicit" (no MX, the domain is its own host), "none", "bogus",
                         "temperror", "not-asked" (a [host] next hop) */
  enum dnssec mx_dnssec;
  struct dane_host *hosts; /* by preference */
  size_t host_count;
  bool skipped; /* a host was left out for a DNS failure: the verdict is from the rest */
  uint32_t ttl; /* seconds for which the verdict holds: the smallest TTL used */
  const char *why;
};

/* Everything found about one inbound message. */
struct facts {
  struct author author;
  struct spf_fact spf_helo, spf_mailfrom;
  struct signature_facts dkim;
  struct dmarc_fact dmarc;
  struct tls_fact tls;
};
