/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where aggregate reports go. See destination.h.
 */
#include "feedback/destination.h"

#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"
#include "checks/dmarc_walk.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

enum { LOCAL_MAX = 64, WHY_SIZE = 300 }; /* RFC 5321 4.5.3.1.1 */

struct piece {
  const char *text;
  size_t length;
};

static struct piece trim(const char *text, size_t length)
{
  while (length > 0 && (*text == ' ' || *text == '\t'))
    text++, length--;
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
    length--;
  return (struct piece){text, length};
}

/* Takes what stands before the sign, or the rest; false at the end. */
static bool next_piece(const char **p, const char *end, char sign, struct piece *piece)
{
  if (*p >= end)
    return false;
  const char *stop = memchr(*p, sign, (size_t)(end - *p));
  *piece = trim(*p, (size_t)((stop ? stop : end) - *p));
  *p = stop ? stop + 1 : end;
  return true;
}

/* The value of rua=; the first one counts. */
static struct piece find_rua(const char *record, size_t length)
{
  const char *p = record;
  struct piece tag;
  while (next_piece(&p, record + length, ';', &tag)) {
    const char *equals = memchr(tag.text, '=', tag.length);
    struct piece name = equals ? trim(tag.text, (size_t)(equals - tag.text)) : (struct piece){0};
    if (name.length == 3 && memcmp(name.text, "rua", 3) == 0)
      return trim(equals + 1, tag.length - (size_t)(equals + 1 - tag.text));
  }
  return (struct piece){0};
}

static int hex(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10
      : -1;
}

/* RFC 3986 2.1. -1 for a percent sign that begins nothing. */
static int decode(struct text *out, const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '%') {
      text_add_char(out, text[i]);
      continue;
    }
    if (i + 2 >= length || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
      return -1;
    text_add_char(out, (char)(hex(text[i + 1]) << 4 | hex(text[i + 2])));
    i += 2;
  }
  return 0;
}

/* RFC 5322 3.2.3 dot-atom-text, without what mailers take for more than a name: '!' and '%' lead to another host, '|'
 * and '/' in front to a program or a file, a hyphen in front to an option. */
static bool is_dot_atom(const char *text, size_t length)
{
  if (length == 0 || length > LOCAL_MAX || strchr(".-/", text[0]) || text[length - 1] == '.')
    return false;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    bool atext = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 (c && strchr("#$&'*+-/=?^_`{}~", c));
    if (!atext && !(c == '.' && text[i - 1] != '.'))
      return false;
  }
  return true;
}

const char *destination_read(struct arena *arena, const char *uri, size_t length, const char **domain)
{
  static const char scheme[] = "mailto:";
  const char *address = NULL;
  char host[DOMAIN_SIZE];
  struct text text = {0};
  if (length < sizeof scheme || strncasecmp(uri, scheme, sizeof scheme - 1) != 0)
    return NULL;
  uri += sizeof scheme - 1;
  length -= sizeof scheme - 1;
  const char *fields = memchr(uri, '?', length), *size;
  length = fields ? (size_t)(fields - uri) : length;
  /* A "!" of the address itself is percent-encoded (RFC 7489 6.2). */
  size = memchr(uri, '!', length);
  length = size ? (size_t)(size - uri) : length;
  if (decode(&text, uri, length) == 0 && text.bytes) {
    const char *at = memrchr(text.bytes, '@', text.length);
    size_t local = at ? (size_t)(at - text.bytes) : 0;
    if (at && is_dot_atom(text.bytes, local) && domain_normalize(host, at + 1, text.length - local - 1) == 0 &&
        domain_labels(host) > 1) {
      *domain = arena_string(arena, host);
      address = arena_printf(arena, "%.*s@%s", (int)local, text.bytes, host);
    }
  }
  text_free(&text);
  return address;
}

static void leave_out(struct arena *arena, struct destination *destination, struct piece uri, const char *why)
{
  char shown[WHY_SIZE];
  text_ascii(shown, sizeof shown, uri.text, uri.length);
  destination->why = destination->why ? arena_printf(arena, "%s; %s: %s", destination->why, shown, why)
                                      : arena_printf(arena, "%s: %s", shown, why);
}

static void add(struct destination *destination, const char *address)
{
  for (size_t i = 0; i < destination->count; i++)
    if (strcasecmp(destination->addresses[i], address) == 0)
      return;
  if (destination->count < DESTINATIONS_MAX)
    destination->addresses[destination->count++] = address;
}

enum agreement { AGREES, REFUSES, SILENT };

/* Reads the records that confirm, and where one has a rua= of its own, takes the address from there: it must be at the
 * same host, else nothing is sent at all. */
static enum agreement read_agreement(struct arena *arena, const struct dns_answer *answer, const char *host,
                                     const char **address)
{
  enum agreement agreement = REFUSES;
  for (size_t i = 0; i < answer->count; i++) {
    struct dmarc_record record;
    struct piece uri;
    size_t length;
    const char *text = rdata_read_txt(arena, &answer->records[i], &length), *domain;
    if (!text || dmarc_record_read(&record, text, length) < 0)
      continue;
    agreement = AGREES;
    struct piece rua = find_rua(text, length);
    const char *p = rua.text;
    while (rua.length > 0 && next_piece(&p, rua.text + rua.length, ',', &uri)) {
      *address = destination_read(arena, uri.text, uri.length, &domain);
      if (!*address || strcmp(domain, host) != 0)
        return REFUSES;
      return AGREES;
    }
  }
  return agreement;
}

/* RFC 9990, "Verifying External Destinations". */
static enum agreement ask(struct arena *arena, struct lookups *lookups, const char *policy_domain, const char *host,
                          const char **address, const char **why)
{
  struct dmarc_walk ours = dmarc_walk_from(arena, lookups, policy_domain), theirs = dmarc_walk_from(arena, lookups,
                                                                                                    host);
  if (ours.failed || theirs.failed) {
    *why = ours.failed ? ours.why : theirs.why;
    return SILENT;
  }
  if (strcmp(ours.organizational_domain, theirs.organizational_domain) == 0)
    return AGREES;
  const char *name = arena_printf(arena, "%s._report._dmarc.%s", policy_domain, host);
  const struct dns_answer *answer = lookups_get(lookups, name, DNS_TXT);
  if (dns_is_failure(answer)) {
    *why = arena_printf(arena, "lookup of %s: %s", name, dns_status_name(answer->status));
    return SILENT;
  }
  return read_agreement(arena, answer, host, address);
}

static void take_uri(struct arena *arena, struct lookups *lookups, struct destination *destination,
                     const char *policy_domain, struct piece uri)
{
  const char *domain, *why = NULL;
  const char *address = destination_read(arena, uri.text, uri.length, &domain);
  if (!address) {
    leave_out(arena, destination, uri, "not an address that reports can be mailed to");
    return;
  }
  enum agreement agreement = ask(arena, lookups, policy_domain, domain, &address, &why);
  if (agreement == AGREES) {
    add(destination, address);
  } else if (agreement == REFUSES) {
    leave_out(arena, destination, uri, "its domain has not said that it takes these reports");
  } else {
    destination->unknown = true;
    leave_out(arena, destination, uri, why ? why : "a lookup failed");
  }
}

/* The record itself, of which place->record is what policy asks of it. */
static struct piece find_list(struct arena *arena, const struct dns_answer *answer)
{
  for (size_t i = 0; i < answer->count; i++) {
    struct dmarc_record record;
    size_t length;
    const char *text = rdata_read_txt(arena, &answer->records[i], &length);
    if (text && dmarc_record_read(&record, text, length) == 0)
      return find_rua(text, length);
  }
  return (struct piece){0};
}

struct destination destination_find(struct arena *arena, struct lookups *lookups, const char *policy_domain)
{
  struct destination destination = {0};
  struct dmarc_place place = dmarc_place_ask(arena, lookups, policy_domain);
  if (place.state != PLACE_RECORD) {
    destination.unknown = place.state == PLACE_UNKNOWN;
    destination.why = destination.unknown ? place.why : "it has no DMARC record any more";
    return destination;
  }
  destination.found = true;
  destination.record = place.record;
  struct piece list = find_list(arena, lookups_get(lookups, arena_printf(arena, "_dmarc.%s", policy_domain), DNS_TXT));
  struct piece uri;
  const char *p = list.text;
  if (list.length == 0)
    destination.why = "it asks for no reports";
  for (int i = 0; list.length > 0 && i < DESTINATIONS_MAX && next_piece(&p, list.text + list.length, ',', &uri); i++)
    take_uri(arena, lookups, &destination, policy_domain, uri);
  return destination;
}
