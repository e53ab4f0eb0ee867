/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The accounts and the DNS of one SPF evaluation. See spf_run.h.
 */
#include "checks/spf_run.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "checks/spf.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

static const char *client_name(void *context, const char *domain);

void spf_run_begin(struct spf_run *run, struct arena *arena, struct lookups *lookups, const struct spf_query *query)
{
  *run = (struct spf_run){.arena = arena, .lookups = lookups, .dnssec = DNSSEC_INDETERMINATE};
  run->started_ms = lookups_waited_ms(lookups);
  run->values.client = &query->client;
  run->values.helo = query->helo ? query->helo : "";
  if (domain_normalize(run->helo, run->values.helo, strlen(run->values.helo)) == 0)
    run->values.helo = run->helo; /* RFC 8616 4: in A-labels */
  run->values.receiver = query->receiver ? query->receiver : "unknown"; /* RFC 7208 7.3 */
  run->values.now = query->now;
  run->values.client_name = client_name;
  run->values.context = run;
}

void spf_run_end(struct spf_run *run, enum auth_result result, const char *why)
{
  if (run->ended)
    return;
  run->ended = true;
  run->result = result;
  run->why = why;
}

bool spf_run_count_term(struct spf_run *run)
{
  /* RFC 7208 4.6.4: over all the records of the check together. */
  if (++run->terms > SPF_TERMS_MAX)
    spf_run_end(run, AUTH_PERMERROR, arena_printf(run->arena, "more than %d terms need DNS lookups", SPF_TERMS_MAX));
  return !run->ended;
}

enum dns_type spf_run_address_type(const struct spf_run *run)
{
  return run->values.client->family == AF_INET ? DNS_A : DNS_AAAA;
}

/* RFC 7208 4.6.4: 20 seconds for the whole check. */
static bool is_out_of_time(const struct spf_run *run)
{
  return lookups_waited_ms(run->lookups) - run->started_ms > SPF_TIME_MAX_MS;
}

static const struct dns_answer *ask(struct spf_run *run, const char *name, enum dns_type type)
{
  const struct dns_answer *answer = lookups_get(run->lookups, name, type);
  if (answer->status != DNS_BADNAME) {
    enum dnssec dnssec = answer->status == DNS_BOGUS ? DNSSEC_BOGUS : answer->dnssec;
    run->dnssec = run->answered ? dnssec_worse(run->dnssec, dnssec) : dnssec;
    run->answered = true;
  }
  return answer;
}

const struct dns_answer *spf_run_ask_calmly(struct spf_run *run, const char *name, enum dns_type type)
{
  if (run->ended || is_out_of_time(run))
    return NULL;
  const struct dns_answer *answer = ask(run, name, type);
  return dns_is_failure(answer) ? NULL : answer;
}

/* RFC 7208 4.6.4: "void lookups" */
static bool count_void(struct spf_run *run, const char *name, enum dns_type type)
{
  if (++run->voids > SPF_VOIDS_MAX)
    spf_run_end(run, AUTH_PERMERROR,
                arena_printf(run->arena, "more than %d lookups find nothing, the last one %s %s", SPF_VOIDS_MAX, name,
                             dns_type_name(type)));
  return !run->ended;
}

const struct dns_answer *spf_run_ask(struct spf_run *run, const char *name, enum dns_type type, bool nodata_is_void)
{
  if (!run->ended && is_out_of_time(run))
    spf_run_end(run, AUTH_TEMPERROR,
                arena_printf(run->arena, "the lookups take longer than %d seconds", SPF_TIME_MAX_MS / 1000));
  if (run->ended)
    return NULL;
  const struct dns_answer *answer = ask(run, name, type);
  if (dns_is_failure(answer)) {
    /* RFC 7208 4.4, 5: a server failure, a timeout and (nothing can be known) a bogus answer alike. */
    const char *state =
      answer->status == DNS_BOGUS ? "bogus: DNSSEC validation failed" : dns_status_name(answer->status);
    spf_run_end(run, AUTH_TEMPERROR,
                arena_printf(run->arena, "%s %s: %s%s%s", name, dns_type_name(type), state, answer->why ? "; " : "",
                             answer->why ? answer->why : ""));
    return NULL;
  }
  if (answer->status == DNS_NXDOMAIN || (answer->status == DNS_NODATA && nodata_is_void))
    return count_void(run, name, type) ? answer : NULL;
  return answer;
}

/* RFC 7208 7.1 allows any visible character in a domain-spec, so the names that MX records lead to are not held to
 * what host names look like: the name as text, or -1 where text cannot hold it. */
int spf_run_read_exchange(char out[DOMAIN_SIZE], const struct dns_record *record)
{
  size_t used = 0;
  out[0] = '\0';
  for (size_t at = 2; at < record->length && record->data[at] != 0;) {
    size_t label = record->data[at++];
    if (label > 63 || label >= record->length - at || used + label + 1 > DOMAIN_MAX)
      return -1;
    if (used > 0)
      out[used++] = '.';
    for (; label > 0; label--, at++) {
      if (record->data[at] <= ' ' || record->data[at] > '~' || record->data[at] == '.')
        return -1;
      out[used++] = (char)record->data[at];
    }
  }
  out[used] = '\0';
  return used > 0 ? 0 : -1; /* the root: a null MX (RFC 7505) */
}

static bool is_under(const char *name, const char *domain)
{
  size_t length = strlen(name), domain_length = strlen(domain);
  if (length < domain_length || strcasecmp(name + length - domain_length, domain) != 0)
    return false;
  return length == domain_length || name[length - domain_length - 1] == '.';
}

static bool has_client(struct spf_run *run, const struct dns_answer *answer)
{
  struct ip ip;
  for (size_t i = 0; answer && i < answer->count; i++)
    if (rdata_read_address(&ip, &answer->records[i]) == 0 && ip_equal(&ip, run->values.client))
      return true;
  return false;
}

/* RFC 7208 5.5: the client's names that lead back to it. An error skips the name, or all of them (4.6.4: so does
 * being beyond the tenth). */
static void find_client_names(struct spf_run *run)
{
  char name[74];
  if (run->client_names_known)
    return;
  run->client_names_known = true;
  ip_reverse_name(run->values.client, name);
  const struct dns_answer *names = spf_run_ask_calmly(run, name, DNS_PTR);
  run->client_is_nameless = names && names->count == 0;
  for (size_t i = 0; names && i < names->count && i < SPF_PTR_MAX; i++) {
    char host[DOMAIN_SIZE];
    if (rdata_read_name(host, &names->records[i]) == 0 && host[0] != '\0' &&
        has_client(run, spf_run_ask_calmly(run, host, spf_run_address_type(run))))
      run->client_names[run->client_name_count++] = arena_string(run->arena, host);
  }
}

bool spf_run_client_is_under(struct spf_run *run, const char *domain)
{
  find_client_names(run);
  if (run->client_is_nameless) {
    char name[74];
    ip_reverse_name(run->values.client, name);
    count_void(run, name, DNS_PTR); /* for each ptr, as each is a term that finds nothing */
    return false;
  }
  for (size_t i = 0; i < run->client_name_count; i++)
    if (is_under(run->client_names[i], domain))
      return true;
  return false;
}

/* RFC 7208 7.3: for the p macro the domain itself is best, then a name below it, then any. */
static const char *client_name(void *context, const char *domain)
{
  struct spf_run *run = context;
  find_client_names(run);
  const char *best = run->client_name_count > 0 ? run->client_names[0] : "unknown";
  for (size_t i = run->client_name_count; i > 0; i--)
    if (is_under(run->client_names[i - 1], domain))
      best = run->client_names[i - 1];
  for (size_t i = 0; i < run->client_name_count; i++)
    if (strcasecmp(run->client_names[i], domain) == 0)
      best = run->client_names[i];
  return best;
}

bool spf_run_is_certain(const struct spf_run *run, const struct spf_term *term)
{
  const struct network *network = &term->network;
  if (term->kind == TERM_ALL)
    return true;
  return (term->kind == TERM_IP4 || term->kind == TERM_IP6) &&
         ip_in_prefix(run->values.client, &network->address, network->prefix);
}

int spf_run_target(struct spf_run *run, const struct spf_term *term, char out[DOMAIN_SIZE])
{
  return spf_macro_expand_name(out, term->domain ? term->domain : "%{d}", &run->values);
}

/* RFC 7208 4.3: labels of 1 to 63 octets, and more than one. */
static bool is_domain(const char *name)
{
  size_t label = 0;
  bool dot = false;
  for (; *name; name++) {
    if (*name == '.' && label == 0)
      return false;
    dot = dot || *name == '.';
    label = *name == '.' ? 0 : label + 1;
    if (label > 63)
      return false;
  }
  return dot && label > 0;
}

/* RFC 7208 4.5: the one TXT record that is an SPF record. */
static char *select_record(struct spf_run *run, const char *domain, const struct dns_answer *answer, bool first,
                           size_t *length)
{
  char *found = NULL;
  for (size_t i = 0; i < answer->count; i++) {
    size_t text_length;
    char *text = rdata_read_txt(run->arena, &answer->records[i], &text_length);
    if (!text || !spf_record_is(text, text_length))
      continue;
    if (found) {
      spf_run_end(run, AUTH_PERMERROR, arena_printf(run->arena, "several SPF records of %s", domain));
      return NULL;
    }
    found = text;
    *length = text_length;
  }
  if (!found) {
    /* RFC 7208 5.2, 6.1: the target of include and redirect must have one. */
    const char *state = answer->status == DNS_NXDOMAIN ? "does not exist" : "has no SPF record";
    spf_run_end(run, first ? AUTH_NONE : AUTH_PERMERROR, arena_printf(run->arena, "%s %s", domain, state));
  }
  return found;
}

/* Terms that will be reached unless one before them matches: their first question is asked now, so that the
 * answers arrive together. Never more in all than the terms that may be evaluated. What p or a local part makes
 * of a name is not worth asking for in advance, nor is exists: such names are made for one message. */
static void prefetch(struct spf_run *run, const struct spf_policy *policy)
{
  const struct spf_record *record = &policy->record;
  for (size_t i = 0; i <= record->count && run->prefetched + run->terms < SPF_TERMS_MAX; i++) {
    const struct spf_term *term = i < record->count ? &record->terms[i] : record->redirect;
    char name[DOMAIN_SIZE];
    if (!term || spf_run_is_certain(run, term))
      return;
    if (term->kind == TERM_PTR || term->kind == TERM_EXISTS || term->kind == TERM_IP4 || term->kind == TERM_IP6)
      continue;
    if ((term->domain && strchr(term->domain, '%')) || spf_run_target(run, term, name) < 0)
      continue;
    lookups_start(run->lookups, name,
                  term->kind == TERM_MX ? DNS_MX : term->kind == TERM_A ? spf_run_address_type(run) : DNS_TXT);
    run->prefetched++;
  }
}

struct spf_policy *spf_run_policy(struct spf_run *run, const char *domain, bool first)
{
  struct spf_policy *policy = arena_alloc(run->arena, sizeof *policy);
  policy->domain = arena_string(run->arena, domain);
  run->values.domain = policy->domain;
  if (!is_domain(domain)) {
    spf_run_end(run, first ? AUTH_NONE : AUTH_PERMERROR, arena_printf(run->arena, "\"%s\" is no domain name", domain));
    return NULL;
  }
  size_t length = 0;
  const char *why = NULL;
  const struct dns_answer *answer = spf_run_ask(run, domain, DNS_TXT, false);
  const char *text = answer ? select_record(run, policy->domain, answer, first, &length) : NULL;
  if (!text)
    return NULL;
  if (spf_record_parse(&policy->record, run->arena, text, length, &why) < 0) {
    /* RFC 7208 4.6: errors anywhere in the record, also behind the term that would match */
    spf_run_end(run, AUTH_PERMERROR, first ? why : arena_printf(run->arena, "%s of %s", why, policy->domain));
    return NULL;
  }
  prefetch(run, policy);
  return policy;
}
