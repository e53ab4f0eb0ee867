/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One evaluation of check_host() (RFC 7208 section 4): what it may still spend, what it has found out, and the DNS
 * as it sees it. Below checks/spf*.c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "checks/facts.h"
#include "checks/spf_macro.h"
#include "checks/spf_record.h"
#include "resolver/dns.h"

struct arena;
struct lookups;
struct spf_query;

/* RFC 7208 4.6.4 */
enum {
  SPF_TERMS_MAX = 10, /* that cause DNS queries: include, a, mx, ptr, exists, redirect */
  SPF_VOIDS_MAX = 2,  /* lookups that find nothing */
  SPF_MX_MAX = 10,    /* names of one mx */
  SPF_PTR_MAX = 10,   /* names of the client that are looked at */
  SPF_TIME_MAX_MS = 20000
};

struct spf_run {
  struct arena *arena;
  struct lookups *lookups;
  struct spf_macro_values values; /* values.domain changes with the record that is evaluated */
  char helo[DOMAIN_SIZE];
  unsigned started_ms, terms, voids, prefetched;

  bool answered; /* dnssec is that of an answer */
  enum dnssec dnssec;

  /* Set once, by what ends the evaluation before its time: none, permerror or temperror. */
  bool ended;
  enum auth_result result;
  const char *why;

  bool client_names_known, client_is_nameless;
  const char *client_names[SPF_PTR_MAX]; /* validated, RFC 7208 5.5 */
  size_t client_name_count;
};

/* The record of one domain. */
struct spf_policy {
  const char *domain;
  struct spf_record record;
};

/* client, sender and receiver outlive the run. */
void spf_run_begin(struct spf_run *run, struct arena *arena, struct lookups *lookups, const struct spf_query *query);
/* Only the first call counts. */
void spf_run_end(struct spf_run *run, enum auth_result result, const char *why);

/* Before each term that causes queries: false, and permerror, where it is one too many. */
bool spf_run_count_term(struct spf_run *run);
/* Asks on behalf of a term. NULL where the run has ended: by temperror for want of an answer, by permerror for a void
 * lookup too many. A name that does not exist is void, one without the type only where nodata_is_void. */
const struct dns_answer *spf_run_ask(struct spf_run *run, const char *name, enum dns_type type, bool nodata_is_void);
/* Asks where neither a failure (NULL) nor an absence ends the run. */
const struct dns_answer *spf_run_ask_calmly(struct spf_run *run, const char *name, enum dns_type type);
/* DNS_A or DNS_AAAA, the client's kind. */
enum dns_type spf_run_address_type(const struct spf_run *run);

/* True for what matches without any question: all, and ip4 or ip6 with the client in it. */
bool spf_run_is_certain(const struct spf_run *run, const struct spf_term *term);
/* The name that a term asks for, at values.domain. 0, or -1 where the term can match nothing. */
int spf_run_target(struct spf_run *run, const struct spf_term *term, char out[DOMAIN_SIZE]);
/* The name in an MX record. 0, or -1 where there is none to ask for. */
int spf_run_read_exchange(char out[DOMAIN_SIZE], const struct dns_record *record);
/* RFC 7208 5.5: has the client a validated name that is this domain or lies below it? */
bool spf_run_client_is_under(struct spf_run *run, const char *domain);

/* RFC 7208 4.3 to 4.6: the record of a domain; the run ends (NULL) where there is none that can be used. `first`:
 * of the domain that is checked, where no record is no error. Starts the lookups that the record will need. */
struct spf_policy *spf_run_policy(struct spf_run *run, const char *domain, bool first);
