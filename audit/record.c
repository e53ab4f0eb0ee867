/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One line of the audit log, as JSON. See record.h; the keys are CONTRACT 7.
 */
#include "audit/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "audit/emitter.h"
#include "base/domain.h"

enum { PSEUDONYM_DIGITS = 16 };

struct audit_origin record_origin(const struct config *config, const char *host)
{
  const struct keyring *ring = &config->audit.keys;
  return (struct audit_origin){host, config->audit.addresses, ring->count > 0 ? &ring->keys[0] : NULL};
}

static void string(struct emitter *emitter, const char *key, const char *value)
{
  emitter_key(emitter, key);
  emitter_string(emitter, value);
}

static void known(struct emitter *emitter, const char *key, const char *value)
{
  emitter_key(emitter, key);
  emitter_known(emitter, value);
}

static void number(struct emitter *emitter, const char *key, long long value)
{
  emitter_key(emitter, key);
  emitter_number(emitter, value);
}

/* 0 means that nobody knows. */
static void known_number(struct emitter *emitter, const char *key, long long value)
{
  emitter_key(emitter, key);
  if (value > 0)
    emitter_number(emitter, value);
  else
    emitter_null(emitter);
}

/* The last @ that stands outside of quotes (RFC 5321 4.1.2: a quoted local part may hold one), or NULL. */
static const char *find_at(const char *address, size_t length)
{
  const char *at = NULL;
  bool quoted = false;
  for (size_t i = 0; i < length; i++) {
    if (quoted && address[i] == '\\')
      i++;
    else if (address[i] == '"')
      quoted = !quoted;
    else if (address[i] == '@' && !quoted)
      at = address + i;
  }
  return at;
}

static void add_domain(struct text *out, const char *domain, size_t length)
{
  char normalized[DOMAIN_SIZE], shown[TEXT_PRINTABLE_MAX + 1];
  if (domain_normalize(normalized, domain, length) == 0)
    text_add(out, normalized);
  else
    text_add(out, text_printable(shown, sizeof shown, domain, length));
}

static void add_pseudonym(struct text *out, const struct audit_origin *origin, const char *address, size_t length)
{
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned digest_length = 0;
  struct text lower = {0};
  for (size_t i = 0; i < length; i++)
    text_add_char(&lower, address[i] >= 'A' && address[i] <= 'Z' ? (char)(address[i] - 'A' + 'a') : address[i]);
  if (!HMAC(EVP_sha256(), origin->key->bytes, (int)origin->key->length, (const unsigned char *)lower.bytes, lower.length,
            digest, &digest_length))
    abort(); /* SHA-256 is always there. */
  for (unsigned i = 0; i < PSEUDONYM_DIGITS / 2; i++)
    text_printf(out, "%02x", digest[i]);
  text_printf(out, "+%s", origin->key->id);
  text_free(&lower);
}

void record_address(struct text *out, const struct audit_origin *origin, const char *address)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  size_t length = strlen(address);
  if (length >= 2 && address[0] == '<' && address[length - 1] == '>') {
    address++;
    length -= 2;
  }
  if (length == 0)
    return;
  if (origin->addresses == ADDRESSES_FULL) {
    text_add(out, text_printable(shown, sizeof shown, address, length));
    return;
  }
  const char *at = find_at(address, length);
  bool pseudonym = origin->addresses == ADDRESSES_PSEUDONYM && origin->key;
  if (pseudonym)
    add_pseudonym(out, origin, address, length);
  if (pseudonym && at)
    text_add_char(out, '@');
  if (at)
    add_domain(out, at + 1, length - (size_t)(at + 1 - address));
  else if (!pseudonym)
    text_add(out, "(withheld)");
}

static void address(struct emitter *emitter, const char *key, const struct audit_origin *origin, const char *value)
{
  struct text told = {0};
  if (value) {
    text_add(&told, "");
    record_address(&told, origin, value);
  }
  string(emitter, key, told.bytes);
  text_free(&told);
}

static void record_client(struct emitter *emitter, const struct audit_message *message)
{
  char ip[IP_TEXT_SIZE];
  emitter_key(emitter, "client");
  emitter_open_map(emitter);
  known(emitter, "ip", message->client_ip ? ip_format(message->client_ip, ip) : NULL);
  known(emitter, "name", message->client_name);
  emitter_close_map(emitter);
}

static void record_tls(struct emitter *emitter, const struct tls_fact *tls)
{
  emitter_key(emitter, "tls");
  if (!tls || !tls->used) {
    emitter_null(emitter);
    return;
  }
  emitter_open_map(emitter);
  known(emitter, "version", tls->version);
  known(emitter, "cipher", tls->cipher);
  known_number(emitter, "bits", tls->bits);
  string(emitter, "grade", tls_grade_name(tls->grade));
  emitter_close_map(emitter);
}

static void record_decision(struct emitter *emitter, const struct decision *decision)
{
  const struct reply *reply = &decision->reply;
  struct text told = {0};
  if (reply->code)
    text_printf(&told, "%s %s %s", reply->code, reply->enhanced, reply->text);
  string(emitter, "action", action_name(decision->action));
  string(emitter, "would", action_name(decision->would));
  string(emitter, "reply", told.bytes);
  string(emitter, "rule", decision->rule);
  string(emitter, "exception", decision->exception);
  text_free(&told);
}

static void record_hosts(struct emitter *emitter, const struct dane_fact *dane)
{
  emitter_key(emitter, "hosts");
  emitter_open_list(emitter);
  for (size_t i = 0; i < dane->host_count; i++) {
    const struct dane_host *host = &dane->hosts[i];
    emitter_open_map(emitter);
    string(emitter, "name", host->name);
    number(emitter, "preference", host->preference);
    string(emitter, "address", host->address);
    string(emitter, "tlsa", host->tlsa);
    string(emitter, "base", host->base);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}

static void record_dane(struct emitter *emitter, const struct dane_fact *dane)
{
  if (!dane || dane->verdict == DANE_NOT_EXAMINED) {
    emitter_null(emitter);
    return;
  }
  emitter_open_map(emitter);
  string(emitter, "verdict", dane_verdict_name(dane->verdict));
  string(emitter, "link", dane_link_name(dane->link));
  string(emitter, "mx", dane->mx);
  record_hosts(emitter, dane);
  number(emitter, "ttl", dane->ttl);
  string(emitter, "why", dane->why);
  emitter_close_map(emitter);
}

static void record_recipients(struct emitter *emitter, const struct audit_origin *origin, const struct audit_message *message)
{
  emitter_key(emitter, "recipients");
  emitter_open_list(emitter);
  for (size_t i = 0; i < message->recipient_count; i++) {
    const struct audit_recipient *recipient = &message->recipients[i];
    emitter_open_map(emitter);
    address(emitter, "address", origin, recipient->address);
    known(emitter, "domain", recipient->domain);
    known(emitter, "next_hop", recipient->next_hop);
    emitter_key(emitter, "dane");
    record_dane(emitter, recipient->dane);
    record_decision(emitter, &recipient->decision);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}

static void record_spf_identity(struct emitter *emitter, const char *identity, const struct spf_fact *spf)
{
  emitter_open_map(emitter);
  string(emitter, "identity", identity);
  known(emitter, "domain", spf->domain);
  string(emitter, "result", auth_result_name(spf->result));
  string(emitter, "dnssec", dnssec_name(spf->dnssec));
  string(emitter, "why", spf->why);
  emitter_close_map(emitter);
}

static void record_spf(struct emitter *emitter, const struct facts *facts)
{
  emitter_key(emitter, "spf");
  emitter_open_list(emitter);
  record_spf_identity(emitter, "mailfrom", &facts->spf_mailfrom);
  record_spf_identity(emitter, "helo", &facts->spf_helo);
  emitter_close_list(emitter);
}

static void record_dkim(struct emitter *emitter, const struct signature_facts *dkim)
{
  emitter_key(emitter, "dkim");
  emitter_open_list(emitter);
  for (size_t i = 0; i < dkim->count; i++) {
    const struct signature_fact *signature = &dkim->signatures[i];
    emitter_open_map(emitter);
    known(emitter, "domain", signature->domain);
    known(emitter, "selector", signature->selector);
    known(emitter, "algorithm", signature->algorithm);
    known_number(emitter, "bits", signature->bits);
    string(emitter, "result", auth_result_name(signature->result));
    string(emitter, "dnssec", dnssec_name(signature->dnssec));
    string(emitter, "why", signature->why);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}

/* Without a record there is nothing that a name could be aligned for. */
static void aligned(struct emitter *emitter, const char *key, const struct dmarc_fact *dmarc, bool value)
{
  emitter_key(emitter, key);
  if (dmarc->found)
    emitter_bool(emitter, value);
  else
    emitter_null(emitter);
}

static void record_dmarc(struct emitter *emitter, const struct dmarc_fact *dmarc, const char *override)
{
  emitter_key(emitter, "dmarc");
  emitter_open_map(emitter);
  string(emitter, "result", auth_result_name(dmarc->result));
  string(emitter, "policy", dmarc->found ? owner_policy_name(dmarc->policy) : NULL);
  string(emitter, "policy_domain", dmarc->found ? dmarc->policy_domain : NULL);
  string(emitter, "organizational_domain", dmarc->organizational_domain);
  aligned(emitter, "aligned_spf", dmarc, dmarc->aligned_spf);
  aligned(emitter, "aligned_dkim", dmarc, dmarc->aligned_dkim);
  string(emitter, "dnssec", dnssec_name(dmarc->dnssec));
  string(emitter, "override", override);
  string(emitter, "why", dmarc->why);
  emitter_close_map(emitter);
}

static void record_envelope(struct emitter *emitter, const struct audit_origin *origin, const struct audit_message *message)
{
  const struct facts *facts = message->facts;
  string(emitter, "direction", message->outbound ? "outbound" : "inbound");
  known(emitter, "queue_id", message->queue_id);
  record_client(emitter, message);
  known(emitter, "helo", message->helo);
  bool authenticated = message->authenticated && *message->authenticated;
  address(emitter, "authenticated", origin, authenticated ? message->authenticated : NULL);
  record_tls(emitter, facts ? &facts->tls : NULL);
  address(emitter, "mail_from", origin, message->mail_from);
  string(emitter, "author_domain", facts ? facts->author.domain : NULL);
  known(emitter, "message_id", message->message_id);
}

/* A whole object without its braces, with a comma before it. */
static void add_members(struct text *out, const struct text *object)
{
  if (object->length <= 2)
    return;
  text_add_char(out, ',');
  text_add_bytes(out, object->bytes + 1, object->length - 2);
}

void record_message(struct text *out, const struct audit_origin *origin, const struct audit_message *message)
{
  const struct facts *facts = message->facts;
  struct text object = {0};
  struct emitter *emitter = emitter_new(&object);
  emitter_open_map(emitter);
  record_envelope(emitter, origin, message);
  record_recipients(emitter, origin, message);
  if (facts && message->checked[STANDARD_SPF])
    record_spf(emitter, facts);
  if (facts && message->checked[STANDARD_DKIM])
    record_dkim(emitter, &facts->dkim);
  if (facts && message->checked[STANDARD_DMARC])
    record_dmarc(emitter, &facts->dmarc, message->dmarc_override);
  record_decision(emitter, &message->decision);
  number(emitter, "elapsed_ms", message->elapsed_ms);
  number(emitter, "dns_ms", message->dns_ms);
  number(emitter, "dns_queries", message->dns_queries);
  number(emitter, "removed_headers", message->removed_headers);
  emitter_close_map(emitter);
  emitter_free(emitter);
  add_members(out, &object);
  text_free(&object);
}

void record_event(struct text *out, const struct audit_event *event)
{
  const struct {
    const char *key, *value;
  } rows[] = {
      {"why", event->why},         {"exception", event->exception}, {"version", event->version},
      {"servers", event->servers}, {"config", event->config},       {"pseudonym_key", event->key},
  };
  struct text object = {0};
  struct emitter *emitter = emitter_new(&object);
  emitter_open_map(emitter);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].value)
      string(emitter, rows[i].key, rows[i].value);
  emitter_close_map(emitter);
  emitter_free(emitter);
  add_members(out, &object);
  text_free(&object);
}

void record_destination(struct text *out, const char *domain, const struct dane_fact *dane)
{
  struct emitter *emitter = emitter_new(out);
  emitter_open_map(emitter);
  string(emitter, "domain", domain);
  emitter_key(emitter, "dane");
  record_dane(emitter, dane);
  emitter_close_map(emitter);
  emitter_free(emitter);
}
