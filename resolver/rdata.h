/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Readers of RDATA. Every byte is hostile: each returns -1 where the record is malformed.
 */
#pragma once

#include "base/domain.h"
#include "base/ip.h"
#include "resolver/dns.h"

struct arena;

struct rdata_mx {
  unsigned preference;
  char exchange[DOMAIN_SIZE]; /* normalized; "" for the root: a null MX (RFC 7505) */
};

struct rdata_tlsa {
  unsigned usage, selector, matching_type; /* RFC 6698 2.1 */
  const uint8_t *data;                     /* points into the record */
  size_t length;
};

int rdata_read_address(struct ip *ip, const struct dns_record *record); /* A, AAAA by length */
/* A name that is no host name (odd characters) is malformed here. */
int rdata_read_mx(struct rdata_mx *mx, const struct dns_record *record);
int rdata_read_name(char out[DOMAIN_SIZE], const struct dns_record *record); /* CNAME, PTR */
int rdata_read_tlsa(struct rdata_tlsa *tlsa, const struct dns_record *record);
/* The character-strings joined without anything between (RFC 7208 3.3, RFC 6376 3.6.2.2), NUL behind, which
 * length does not count; text may hold NULs of its own. NULL where malformed. */
char *rdata_read_txt(struct arena *arena, const struct dns_record *record, size_t *length);
