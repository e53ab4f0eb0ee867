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

#include "audit/json.h"
#include "base/domain.h"

enum { PSEUDONYM_DIGITS = 16 };

static void string(struct json *json, const char *key, const char *value)
{
  json_key(json, key);
  json_string(json, value);
}

static void known(struct json *json, const char *key, const char *value)
{
  json_key(json, key);
  json_known(json, value);
}

static void number(struct json *json, const char *key, long long value)
{
  json_key(json, key);
  json_number(json, value);
}

/* 0 means that nobody knows. */
static void known_number(struct json *json, const char *key, long long value)
{
  json_key(json, key);
  if (value > 0)
    json_number(json, value);
  else
    json_null(json);
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
  if (!HMAC(EVP_sha256(), origin->key, (int)origin->key_length, (const unsigned char *)lower.bytes, lower.length,
            digest, &digest_length))
    abort(); /* SHA-256 is always there. */
  for (unsigned i = 0; i < PSEUDONYM_DIGITS / 2; i++)
    text_printf(out, "%02x", digest[i]);
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
  bool pseudonym = origin->addresses == ADDRESSES_PSEUDONYM && origin->key_length > 0;
  if (pseudonym)
    add_pseudonym(out, origin, address, length);
  if (pseudonym && at)
    text_add_char(out, '@');
  if (at)
    add_domain(out, at + 1, length - (size_t)(at + 1 - address));
  else if (!pseudonym)
    text_add(out, "(withheld)");
}

static void address(struct json *json, const char *key, const struct audit_origin *origin, const char *value)
{
  struct text told = {0};
  if (value) {
    text_add(&told, "");
    record_address(&told, origin, value);
  }
  string(json, key, told.bytes);
  text_free(&told);
}

static void record_client(struct json *json, const struct audit_message *message)
{
  char ip[IP_TEXT_SIZE];
  json_key(json, "client");
  json_open_map(json);
  known(json, "ip", message->client_ip ? ip_format(message->client_ip, ip) : NULL);
  known(json, "name", message->client_name);
  json_close_map(json);
}

static void record_tls(struct json *json, const struct tls_fact *tls)
{
  json_key(json, "tls");
  if (!tls || !tls->used) {
    json_null(json);
    return;
  }
  json_open_map(json);
  known(json, "version", tls->version);
  known(json, "cipher", tls->cipher);
  known_number(json, "bits", tls->bits);
  string(json, "grade", tls_grade_name(tls->grade));
  json_close_map(json);
}

static void record_decision(struct json *json, const struct decision *decision)
{
  const struct reply *reply = &decision->reply;
  struct text told = {0};
  if (reply->code)
    text_printf(&told, "%s %s %s", reply->code, reply->enhanced, reply->text);
  string(json, "action", action_name(decision->action));
  string(json, "would", action_name(decision->would));
  string(json, "reply", told.bytes);
  string(json, "rule", decision->rule);
  string(json, "exception", decision->exception);
  text_free(&told);
}

static void record_hosts(struct json *json, const struct dane_fact *dane)
{
  json_key(json, "hosts");
  json_open_list(json);
  for (size_t i = 0; i < dane->host_count; i++) {
    const struct dane_host *host = &dane->hosts[i];
    json_open_map(json);
    string(json, "name", host->name);
    number(json, "preference", host->preference);
    string(json, "address", host->address);
    string(json, "tlsa", host->tlsa);
    string(json, "base", host->base);
    json_close_map(json);
  }
  json_close_list(json);
}

static void record_dane(struct json *json, const struct dane_fact *dane)
{
  if (!dane || dane->verdict == DANE_NOT_EXAMINED) {
    json_null(json);
    return;
  }
  json_open_map(json);
  string(json, "verdict", dane_verdict_name(dane->verdict));
  string(json, "link", dane_link_name(dane->link));
  string(json, "mx", dane->mx);
  record_hosts(json, dane);
  number(json, "ttl", dane->ttl);
  string(json, "why", dane->why);
  json_close_map(json);
}

static void record_recipients(struct json *json, const struct audit_origin *origin, const struct audit_message *message)
{
  json_key(json, "recipients");
  json_open_list(json);
  for (size_t i = 0; i < message->recipient_count; i++) {
    const struct audit_recipient *recipient = &message->recipients[i];
    json_open_map(json);
    address(json, "address", origin, recipient->address);
    known(json, "domain", recipient->domain);
    known(json, "next_hop", recipient->next_hop);
    json_key(json, "dane");
    record_dane(json, recipient->dane);
    record_decision(json, &recipient->decision);
    json_close_map(json);
  }
  json_close_list(json);
}

static void record_spf_identity(struct json *json, const char *identity, const struct spf_fact *spf)
{
  json_open_map(json);
  string(json, "identity", identity);
  known(json, "domain", spf->domain);
  string(json, "result", auth_result_name(spf->result));
  string(json, "dnssec", dnssec_name(spf->dnssec));
  string(json, "why", spf->why);
  json_close_map(json);
}

static void record_spf(struct json *json, const struct facts *facts)
{
  json_key(json, "spf");
  json_open_list(json);
  record_spf_identity(json, "mailfrom", &facts->spf_mailfrom);
  record_spf_identity(json, "helo", &facts->spf_helo);
  json_close_list(json);
}

static void record_dkim(struct json *json, const struct signature_facts *dkim)
{
  json_key(json, "dkim");
  json_open_list(json);
  for (size_t i = 0; i < dkim->count; i++) {
    const struct signature_fact *signature = &dkim->signatures[i];
    json_open_map(json);
    known(json, "domain", signature->domain);
    known(json, "selector", signature->selector);
    known(json, "algorithm", signature->algorithm);
    known_number(json, "bits", signature->bits);
    string(json, "result", auth_result_name(signature->result));
    string(json, "dnssec", dnssec_name(signature->dnssec));
    string(json, "why", signature->why);
    json_close_map(json);
  }
  json_close_list(json);
}

/* Without a record there is nothing that a name could be aligned for. */
static void aligned(struct json *json, const char *key, const struct dmarc_fact *dmarc, bool value)
{
  json_key(json, key);
  if (dmarc->found)
    json_bool(json, value);
  else
    json_null(json);
}

static void record_dmarc(struct json *json, const struct dmarc_fact *dmarc, const char *override)
{
  json_key(json, "dmarc");
  json_open_map(json);
  string(json, "result", auth_result_name(dmarc->result));
  string(json, "policy", dmarc->found ? owner_policy_name(dmarc->policy) : NULL);
  string(json, "policy_domain", dmarc->found ? dmarc->policy_domain : NULL);
  string(json, "organizational_domain", dmarc->organizational_domain);
  aligned(json, "aligned_spf", dmarc, dmarc->aligned_spf);
  aligned(json, "aligned_dkim", dmarc, dmarc->aligned_dkim);
  string(json, "dnssec", dnssec_name(dmarc->dnssec));
  string(json, "override", override);
  string(json, "why", dmarc->why);
  json_close_map(json);
}

static void record_envelope(struct json *json, const struct audit_origin *origin, const struct audit_message *message)
{
  const struct facts *facts = message->facts;
  string(json, "direction", message->outbound ? "outbound" : "inbound");
  known(json, "queue_id", message->queue_id);
  record_client(json, message);
  known(json, "helo", message->helo);
  bool authenticated = message->authenticated && *message->authenticated;
  address(json, "authenticated", origin, authenticated ? message->authenticated : NULL);
  record_tls(json, facts ? &facts->tls : NULL);
  address(json, "mail_from", origin, message->mail_from);
  string(json, "author_domain", facts ? facts->author.domain : NULL);
  known(json, "message_id", message->message_id);
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
  struct json *json = json_new(&object);
  json_open_map(json);
  record_envelope(json, origin, message);
  record_recipients(json, origin, message);
  if (facts && message->checked[STANDARD_SPF])
    record_spf(json, facts);
  if (facts && message->checked[STANDARD_DKIM])
    record_dkim(json, &facts->dkim);
  if (facts && message->checked[STANDARD_DMARC])
    record_dmarc(json, &facts->dmarc, message->dmarc_override);
  record_decision(json, &message->decision);
  number(json, "elapsed_ms", message->elapsed_ms);
  number(json, "dns_ms", message->dns_ms);
  number(json, "dns_queries", message->dns_queries);
  number(json, "removed_headers", message->removed_headers);
  json_close_map(json);
  json_free(json);
  add_members(out, &object);
  text_free(&object);
}

void record_event(struct text *out, const struct audit_event *event)
{
  const struct {
    const char *key, *value;
  } rows[] = {
      {"why", event->why},         {"exception", event->exception}, {"version", event->version},
      {"servers", event->servers}, {"config", event->config},
  };
  struct text object = {0};
  struct json *json = json_new(&object);
  json_open_map(json);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].value)
      string(json, rows[i].key, rows[i].value);
  json_close_map(json);
  json_free(json);
  add_members(out, &object);
  text_free(&object);
}

void record_destination(struct text *out, const char *domain, const struct dane_fact *dane)
{
  struct json *json = json_new(out);
  json_open_map(json);
  string(json, "domain", domain);
  json_key(json, "dane");
  record_dane(json, dane);
  json_close_map(json);
  json_free(json);
}
