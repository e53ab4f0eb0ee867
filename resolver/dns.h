/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of the DNS: types, states, answers.
 *
 * An answer never folds "could not find out" into "no": DNS_NODATA and DNS_NXDOMAIN are facts,
 * DNS_FAILURE, DNS_BOGUS and DNS_TIMEOUT are the absence of facts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_type {
  DNS_A = 1,
  DNS_NS = 2,
  DNS_CNAME = 5,
  DNS_SOA = 6,
  DNS_PTR = 12,
  DNS_MX = 15,
  DNS_TXT = 16,
  DNS_AAAA = 28,
  DNS_DS = 43,
  DNS_DNSKEY = 48,
  DNS_TLSA = 52
};

enum dns_status {
  DNS_FOUND,    /* at least one record */
  DNS_NODATA,   /* the name exists, the type does not */
  DNS_NXDOMAIN, /* the name does not exist, nor anything below it (RFC 8020) */
  DNS_FAILURE,  /* SERVFAIL, REFUSED, a malformed answer, or the message's allowance of queries is used up */
  DNS_BOGUS,    /* DNSSEC validation failed; there are no records to look at */
  DNS_TIMEOUT,  /* no answer by the deadline */
  DNS_BADNAME   /* not a name that can be asked for (an empty label, over 63 or 255 octets); never sent */
};

/* Ordered from best to worst, so that the worse of two is the larger (CONTRACT 4, policy.dnssec). */
enum dnssec { DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_INDETERMINATE, DNSSEC_BOGUS };

struct dns_record {
  const uint8_t *data; /* uncompressed RDATA */
  size_t length;
};

/* Immutable once made, and alive for as long as whoever handed it out says. */
struct dns_answer {
  enum dns_status status;
  enum dnssec dnssec; /* covers the whole CNAME chain, and proofs of absence; INDETERMINATE for failures */
  uint32_t ttl;       /* seconds for which the answer may still be used, at the time it was handed out */
  size_t count;       /* 0 unless DNS_FOUND */
  const struct dns_record *records;
  const char *canonical; /* the name at the end of the CNAME chain, normalized; NULL where the name is no alias, and
                            where one of other types than A, AAAA, MX and CNAME leads to what is no host name */
  const char *why;       /* a reason for people, printable, or NULL */
};

/* True for DNS_FAILURE, DNS_BOGUS and DNS_TIMEOUT. */
bool dns_is_failure(const struct dns_answer *answer);
enum dnssec dnssec_worse(enum dnssec a, enum dnssec b);
const char *dnssec_name(enum dnssec dnssec);        /* "secure", ... */
const char *dns_status_name(enum dns_status status); /* "found", "no data", ... for people */
const char *dns_type_name(unsigned type);            /* "MX"; "TYPE65280" forms are not needed: "?" */
