/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking ahead for an SPF check. See spf_ahead.h.
 *
 * Records are read here as the evaluation will read them, up to the term that is certain to match; names with macros,
 * ptr and exists are left to it, as they are made for one message.
 */
#include "checks/spf_ahead.h"

#include <string.h>
#include <sys/socket.h>

#include "base/ip.h"
#include "base/memory.h"
#include "checks/spf_record.h"
#include "checks/spf_run.h"
#include "resolver/prefetch.h"
#include "resolver/rdata.h"

/* RFC 7208 4.6.4: the record, ten terms, and the hosts of two mx; more is rare. */
enum { QUERIES_MAX = 1 + SPF_TERMS_MAX + 2 * SPF_MX_MAX };

static unsigned address_type(const struct ip *client)
{
  return client->family == AF_INET ? DNS_A : DNS_AAAA;
}

static void follow_exchanges(struct prefetch *prefetch, const char *name, const struct dns_answer *answer)
{
  const struct ip *client = prefetch_context(prefetch);
  struct rdata_mx mx;
  (void)name;
  for (size_t i = 0; i < answer->count && i < SPF_MX_MAX; i++)
    if (rdata_read_mx(&mx, &answer->records[i]) == 0 && *mx.exchange)
      prefetch_ask(prefetch, mx.exchange, address_type(client), NULL);
}

static bool is_certain(const struct spf_term *term, const struct ip *client)
{
  return term->kind == TERM_ALL || ((term->kind == TERM_IP4 || term->kind == TERM_IP6) &&
                                    ip_in_prefix(client, &term->network.address, term->network.prefix));
}

static prefetch_follow follow_record;

static void ask_for_term(struct prefetch *prefetch, const struct spf_term *term, const char *domain)
{
  const struct ip *client = prefetch_context(prefetch);
  const char *target = term->domain ? term->domain : domain;
  if (strchr(target, '%'))
    return;
  if (term->kind == TERM_INCLUDE || term->kind == TERM_REDIRECT)
    prefetch_ask(prefetch, target, DNS_TXT, follow_record);
  else if (term->kind == TERM_MX)
    prefetch_ask(prefetch, target, DNS_MX, follow_exchanges);
  else if (term->kind == TERM_A)
    prefetch_ask(prefetch, target, address_type(client), NULL);
}

static void ask_for_record(struct prefetch *prefetch, struct arena *arena, const char *domain, const char *text,
                           size_t length)
{
  struct spf_record record = {0};
  const char *why;
  if (spf_record_parse(&record, arena, text, length, &why) < 0)
    return;
  for (size_t i = 0; i < record.count; i++) {
    if (is_certain(&record.terms[i], prefetch_context(prefetch)))
      return;
    ask_for_term(prefetch, &record.terms[i], domain);
  }
  if (record.redirect)
    ask_for_term(prefetch, record.redirect, domain);
}

static void follow_record(struct prefetch *prefetch, const char *domain, const struct dns_answer *answer)
{
  struct arena *arena = arena_new();
  for (size_t i = 0; i < answer->count; i++) {
    size_t length;
    char *text = rdata_read_txt(arena, &answer->records[i], &length);
    if (text && spf_record_is(text, length)) {
      ask_for_record(prefetch, arena, domain, text, length);
      break;
    }
  }
  arena_free(arena);
}

void spf_ahead(struct lookups *lookups, const struct ip *client, const char *domain)
{
  struct prefetch *prefetch = prefetch_new(lookups, QUERIES_MAX, client, sizeof *client);
  prefetch_ask(prefetch, domain, DNS_TXT, follow_record);
  prefetch_release(prefetch);
}
