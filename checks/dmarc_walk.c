/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The DNS tree walk of DMARC. See dmarc_walk.h.
 */
#include "checks/dmarc_walk.h"

#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "base/memory.h"
#include "resolver/prefetch.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

/* RFC 9989 4.10 step 4: a name of eight or more labels goes on with its last seven. */
enum { LABELS_MAX = 7, QUERIES_MAX = 8 };

#define PREFIX "_dmarc."

/* RFC 9989 4.10 step 2: records that are none of DMARC do not count, and several that are count as none. */
static void read_records(struct dmarc_place *place, struct arena *arena, const struct dns_answer *answer)
{
  struct dmarc_record record;
  unsigned found = 0;
  for (size_t i = 0; i < answer->count; i++) {
    size_t length;
    const char *text = rdata_read_txt(arena, &answer->records[i], &length);
    if (text && dmarc_record_read(&record, text, length) == 0 && found++ == 0)
      place->record = record;
  }
  place->state = found == 1 ? PLACE_RECORD : PLACE_EMPTY;
}

struct dmarc_place dmarc_place_ask(struct arena *arena, struct lookups *lookups, const char *domain)
{
  const char *name = arena_printf(arena, PREFIX "%s", domain);
  const struct dns_answer *answer = lookups_get(lookups, name, DNS_TXT);
  struct dmarc_place place = {.state = PLACE_EMPTY, .domain = domain, .dnssec = answer->dnssec};
  if (dns_is_failure(answer)) {
    place.state = PLACE_UNKNOWN;
    place.why = arena_printf(arena, "lookup of %s: %s", name,
                             answer->why ? answer->why : dns_status_name(answer->status));
  } else if (answer->status == DNS_FOUND) {
    read_records(&place, arena, answer);
  } else if (answer->status == DNS_BADNAME) {
    place.dnssec = DNSSEC_SECURE; /* no room for "_dmarc.": nothing was asked, and nothing can stand there */
  }
  /* A name above one that exists exists itself; and the wildcard that answers here stands for both. */
  place.proves_domain = answer->status == DNS_FOUND || answer->status == DNS_NODATA;
  return place;
}

/* RFC 9989 4.10.2: what one record of the walk says, longest name first. True where it settles the matter. */
static bool judge(struct dmarc_walk *walk, const struct dmarc_place *place, const char *start)
{
  if (place->state != PLACE_RECORD)
    return false;
  if (place->record.psd == PSD_YES) {
    /* One label below; the start itself where this is its own record. */
    walk->organizational_domain = domain_suffix(start, domain_labels(place->domain) + 1);
    /* RFC 9989 4.10.1: the public suffix speaks where the organizational domain does not. */
    if (walk->place.state != PLACE_RECORD || strcmp(walk->place.domain, walk->organizational_domain) != 0)
      walk->place = *place;
    return true;
  }
  walk->organizational_domain = place->domain; /* so far the one with the fewest labels */
  walk->place = *place;
  return place->record.psd != PSD_UNSAID;
}

/* RFC 9989 4.10 steps 4 and 7: where the walk goes from here; NULL where it ends. */
static const char *next_domain(const char *domain)
{
  return domain_labels(domain) > LABELS_MAX ? domain_suffix(domain, LABELS_MAX) : domain_parent(domain);
}

static void ask_ahead(struct prefetch *prefetch, const char *domain);

/* Goes on only where nothing stands: a record mostly settles the matter. */
static void follow_place(struct prefetch *prefetch, const char *name, const struct dns_answer *answer)
{
  struct dmarc_place place = {.state = PLACE_EMPTY};
  struct arena *arena = arena_new();
  read_records(&place, arena, answer);
  const char *domain = place.state == PLACE_EMPTY ? next_domain(name + strlen(PREFIX)) : NULL;
  if (domain && !dns_is_failure(answer))
    ask_ahead(prefetch, domain);
  arena_free(arena);
}

static void ask_ahead(struct prefetch *prefetch, const char *domain)
{
  char name[sizeof PREFIX + DOMAIN_SIZE];
  if (strlen(domain) > DOMAIN_MAX)
    return;
  snprintf(name, sizeof name, PREFIX "%s", domain);
  prefetch_ask(prefetch, name, DNS_TXT, follow_place);
}

void dmarc_walk_ahead(struct lookups *lookups, const char *start)
{
  struct prefetch *prefetch = prefetch_new(lookups, QUERIES_MAX, NULL, 0);
  ask_ahead(prefetch, start);
  prefetch_release(prefetch);
}

struct dmarc_walk dmarc_walk_from(struct arena *arena, struct lookups *lookups, const char *start)
{
  struct dmarc_walk walk = {.organizational_domain = start, .place = {.state = PLACE_EMPTY, .domain = start}};
  for (const char *name = start; name;) {
    struct dmarc_place place = dmarc_place_ask(arena, lookups, name);
    walk.dnssec = dnssec_worse(walk.dnssec, place.dnssec);
    if (place.state == PLACE_UNKNOWN) {
      walk.failed = true;
      walk.organizational_domain = NULL;
      walk.place = place;
      walk.why = place.why;
      break;
    }
    if (judge(&walk, &place, start))
      break;
    name = next_domain(name);
  }
  return walk;
}
