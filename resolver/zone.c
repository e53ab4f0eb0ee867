/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The zones of the fake source. See zone.h.
 */
#include "resolver/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/name.h"
#include "resolver/rdata.h"

enum { MAX_LINKS = 12, MAX_RECORDS = 1000, DEFAULT_TTL = 3600, NEGATIVE_TTL = 300 };

void zone_free(struct zone *zone)
{
  for (size_t i = 0; i < zone->count; i++) {
    free(zone->records[i].name);
    free(zone->records[i].rdata);
  }
  free(zone->records);
  *zone = (struct zone){0};
}

struct zone_record *zone_add(struct zone *zone, const char *name, unsigned type, const void *rdata, size_t length)
{
  char folded[DOMAIN_SIZE];
  if (name_fold(folded, name) < 0)
    return NULL;
  if (zone->count == zone->size) {
    zone->size = zone->size ? 2 * zone->size : 32;
    zone->records = memory_resize(zone->records, zone->size * sizeof *zone->records);
  }
  struct zone_record *record = &zone->records[zone->count++];
  *record = (struct zone_record){
      .name = memory_copy_string(folded),
      .type = type,
      .security = zone->security,
      .ttl = DEFAULT_TTL,
      .rdata = memory_new(length),
      .length = length,
  };
  if (length)
    memcpy(record->rdata, rdata, length);
  return record;
}

enum zone_fault zone_fault_by_name(const char *word)
{
  static const struct {
    const char *word;
    enum zone_fault fault;
  } words[] = {
      {"servfail", ZONE_SERVFAIL}, {"timeout", ZONE_TIMEOUT}, {"bogus", ZONE_BOGUS},
      {"nxdomain", ZONE_NXDOMAIN}, {"exists", ZONE_EXISTS},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i].word) == 0)
      return words[i].fault;
  return ZONE_NONE;
}

/* The name has a record, or names below it do (an empty non-terminal, RFC 8020 2). */
static bool exists(const struct zone *zone, const char *name)
{
  for (size_t i = 0; i < zone->count; i++)
    if (domain_is_under(zone->records[i].name, name))
      return true;
  return false;
}

/* The node that answers for a name: itself, or a wildcard at its closest encloser (RFC 4592 3.3.1). False:
 * there is none. */
static bool find_node(const struct zone *zone, const char *name, char node[DOMAIN_SIZE])
{
  if (exists(zone, name)) {
    snprintf(node, DOMAIN_SIZE, "%s", name);
    return true;
  }
  const char *encloser = domain_parent(name);
  while (encloser && !exists(zone, encloser))
    encloser = domain_parent(encloser);
  if (encloser && strlen(encloser) + 2 > DOMAIN_MAX)
    return false;
  snprintf(node, DOMAIN_SIZE, encloser ? "*.%s" : "*", encloser);
  return exists(zone, node);
}

/* What the walk along a chain of aliases has come to. */
struct walk {
  const struct zone *zone;
  struct dns_record records[MAX_RECORDS];
  size_t count;
  enum dnssec security;
  uint32_t ttl;
  unsigned after_ms;
};

static void add_link(struct walk *walk, const struct zone_record *record)
{
  walk->security = dnssec_worse(walk->security, record->security);
  if (record->ttl < walk->ttl)
    walk->ttl = record->ttl;
  if (record->after_ms > walk->after_ms)
    walk->after_ms = record->after_ms;
}

static const struct zone_record *find_fault(const struct zone *zone, const char *node, unsigned type)
{
  for (size_t i = 0; i < zone->count; i++) {
    const struct zone_record *record = &zone->records[i];
    if (record->fault != ZONE_NONE && (record->type == ZONE_ANY || record->type == type) &&
        strcmp(record->name, node) == 0)
      return record;
  }
  return NULL;
}

static const struct zone_record *find_alias(const struct zone *zone, const char *node)
{
  for (size_t i = 0; i < zone->count; i++)
    if (zone->records[i].type == DNS_CNAME && zone->records[i].fault == ZONE_NONE &&
        strcmp(zone->records[i].name, node) == 0)
      return &zone->records[i];
  return NULL;
}

static void collect(struct walk *walk, const char *node, unsigned type)
{
  for (size_t i = 0; i < walk->zone->count && walk->count < MAX_RECORDS; i++) {
    const struct zone_record *record = &walk->zone->records[i];
    if (record->type != type || record->fault != ZONE_NONE || strcmp(record->name, node) != 0)
      continue;
    add_link(walk, record);
    walk->records[walk->count++] = (struct dns_record){record->rdata, record->length};
  }
}

/* The end of a walk at `name`. */
static struct dns_answer_owned *conclude(const struct walk *walk, enum dns_status status, const char *asked,
                                         const char *name)
{
  if (walk->security == DNSSEC_BOGUS)
    return answer_failure(DNS_BOGUS, walk->ttl, "validation failure: made by the fake");
  char canonical[DOMAIN_SIZE];
  bool is_alias = strcmp(asked, name) != 0;
  if (is_alias && domain_normalize(canonical, name, strlen(name)) != 0)
    return answer_failure(DNS_FAILURE, 5, "the canonical name is no domain name");
  uint32_t ttl = walk->ttl;
  if (status != DNS_FOUND && ttl > NEGATIVE_TTL)
    ttl = NEGATIVE_TTL;
  return answer_new(&(struct dns_answer){
      .status = status,
      .dnssec = walk->security,
      .ttl = ttl,
      .count = walk->count,
      .records = walk->records,
      .canonical = is_alias ? canonical : NULL,
  });
}

static struct dns_answer_owned *answer_fault(struct walk *walk, const struct zone_record *fault, const char *asked,
                                             const char *name, struct zone_manner *manner)
{
  switch (fault->fault) {
  case ZONE_NXDOMAIN:
    add_link(walk, fault);
    return conclude(walk, DNS_NXDOMAIN, asked, name);
  case ZONE_EXISTS:
  case ZONE_NONE:
    add_link(walk, fault);
    return conclude(walk, DNS_NODATA, asked, name);
  case ZONE_SERVFAIL:
    return answer_failure(DNS_FAILURE, 5, "SERVFAIL");
  case ZONE_BOGUS:
    return answer_failure(DNS_BOGUS, 60, "validation failure: made by the fake");
  case ZONE_TIMEOUT:
    manner->silent = true;
    return answer_failure(DNS_FAILURE, 5, "the source was closed");
  }
  return answer_failure(DNS_FAILURE, 5, "SERVFAIL");
}

/* Goes on at the target of an alias. -1: that is no name. */
static int follow(struct walk *walk, const struct zone_record *alias, char name[DOMAIN_SIZE])
{
  add_link(walk, alias);
  return rdata_read_name(name, &(struct dns_record){alias->rdata, alias->length});
}

struct dns_answer_owned *zone_answer(const struct zone *zone, const char *asked, unsigned type,
                                     struct zone_manner *manner)
{
  struct walk walk = {.zone = zone, .security = DNSSEC_SECURE, .ttl = DEFAULT_TTL};
  struct dns_answer_owned *answer = NULL;
  char name[DOMAIN_SIZE], node[DOMAIN_SIZE];
  *manner = (struct zone_manner){0};
  snprintf(name, sizeof name, "%s", asked);
  for (unsigned links = 0; !answer; links++) {
    const struct zone_record *fault, *alias;
    if (links == MAX_LINKS) {
      answer = answer_failure(DNS_FAILURE, 5, "CNAME loop");
    } else if (!find_node(zone, name, node)) {
      walk.security = dnssec_worse(walk.security, zone->security);
      answer = conclude(&walk, DNS_NXDOMAIN, asked, name);
    } else if ((fault = find_fault(zone, node, type)) && fault->fault != ZONE_EXISTS) {
      answer = answer_fault(&walk, fault, asked, name, manner);
    } else if (collect(&walk, node, type), walk.count > 0) {
      answer = conclude(&walk, DNS_FOUND, asked, name);
    } else if (fault) {
      answer = answer_fault(&walk, fault, asked, name, manner);
    } else if ((alias = find_alias(zone, node)) && follow(&walk, alias, name) != 0) {
      answer = answer_failure(DNS_FAILURE, 5, "the canonical name is no domain name");
    } else if (!alias) {
      walk.security = dnssec_worse(walk.security, zone->security);
      answer = conclude(&walk, DNS_NODATA, asked, name);
    }
  }
  manner->after_ms = walk.after_ms;
  return answer;
}
