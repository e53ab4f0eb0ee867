/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of the audit log. See audit_reader.h.
 *
 * A line is either sound in what every line has (v, seq, time, event, and a direction for a message), and then stored,
 * or skipped whole. What else it holds is taken where it has the right type, and is unknown otherwise.
 */
#include "evidence/audit_reader.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "evidence/moment.h"

/* From the wire, and bounded by CONTRACT 7; the audit log's own words may be longer. */
enum { LIST_MAX = 100000 };

enum table { MESSAGE, RECIPIENT, DANE_HOST, SPF, DKIM, DMARC, EVENT, TABLE_COUNT };

#define DECISION_COLUMNS "action, would, reply, rule, exception"

static const struct {
  const char *name, *columns;
} tables[TABLE_COUNT] = {
    [MESSAGE] = {"message",
                 "id, file_id, line, time, host_id, seq, pid, direction, queue_id, client_ip, client_name, helo,"
                 " authenticated, tls_version, tls_cipher, tls_bits, tls_grade, mail_from, mail_from_domain, author_domain,"
                 " message_id, " DECISION_COLUMNS ", elapsed_ms, dns_ms, dns_queries, removed_headers"},
    [RECIPIENT] = {"recipient", "message_id, number, address, domain, next_hop, verdict, link, mx, ttl, why, " DECISION_COLUMNS},
    [DANE_HOST] = {"dane_host", "message_id, recipient, number, name, preference, address, tlsa, base"},
    [SPF] = {"spf", "message_id, identity, domain, result, dnssec, why"},
    [DKIM] = {"dkim", "message_id, number, domain, selector, algorithm, bits, result, dnssec, why"},
    [DMARC] = {"dmarc", "message_id, result, policy, policy_domain, organizational_domain, aligned_spf, aligned_dkim, dnssec,"
                        " override, why"},
    [EVENT] = {"event", "id, file_id, line, time, host_id, seq, pid, event, why, exception, version, servers, config"},
};

struct audit_reader {
  struct database *database;
  struct loader *loaders[TABLE_COUNT];
  struct statement *find_message, *find_event;
};

/* What every line has. */
struct head {
  int64_t seq;
  const char *event, *host;
};

struct audit_reader *audit_reader_new(struct database *database)
{
  struct audit_reader *reader = memory_new(sizeof *reader);
  reader->database = database;
  for (int i = 0; i < TABLE_COUNT; i++)
    if (!(reader->loaders[i] = loader_open(database, tables[i].name, tables[i].columns)))
      goto failed;
  reader->find_message = database_prepare(
      database, "SELECT 1 FROM message WHERE time = $1 AND host_id = $2 AND seq = $3 AND file_id <> $4");
  reader->find_event =
      database_prepare(database, "SELECT 1 FROM event WHERE time = $1 AND host_id = $2 AND seq = $3 AND file_id <> $4");
  if (reader->find_message && reader->find_event)
    return reader;
failed:
  audit_reader_free(reader);
  return NULL;
}

void audit_reader_free(struct audit_reader *reader)
{
  if (!reader)
    return;
  for (int i = 0; i < TABLE_COUNT; i++)
    loader_close(reader->loaders[i]);
  statement_free(reader->find_message);
  statement_free(reader->find_event);
  free(reader);
}

int audit_reader_flush(struct audit_reader *reader)
{
  for (int i = 0; i < TABLE_COUNT; i++)
    if (loader_flush(reader->loaders[i]) < 0)
      return -1;
  return 0;
}

static const char *string(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static void put(struct loader *loader, const json_t *object, const char *key)
{
  loader_text(loader, string(object, key));
}

static void put_number(struct loader *loader, const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  if (json_is_integer(value))
    loader_integer(loader, json_integer_value(value));
  else
    loader_null(loader);
}

static void put_bool(struct loader *loader, const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  if (json_is_boolean(value))
    loader_integer(loader, json_is_true(value));
  else
    loader_null(loader);
}

static void put_all(struct loader *loader, const json_t *object, const char *const *keys)
{
  for (; *keys; keys++)
    put(loader, object, *keys);
}

static void put_decision(struct loader *loader, const json_t *object)
{
  put_all(loader, object, (const char *const[]){"action", "would", "reply", "rule", "exception", NULL});
}

/* The domain of an address as record_address() tells it: "local@domain", "hmac@domain" or the domain alone. */
static const char *domain_of(const char *address)
{
  const char *at = address ? strrchr(address, '@') : NULL;
  if (at)
    return at + 1;
  return address && strchr(address, '.') ? address : NULL;
}

static int put_message(struct audit_reader *reader, struct origin *origin, const struct head *head, const json_t *line,
                       int64_t id)
{
  struct loader *loader = reader->loaders[MESSAGE];
  const json_t *client = json_object_get(line, "client"), *tls = json_object_get(line, "tls");
  loader_integer(loader, id);
  loader_integer(loader, origin->file);
  loader_integer(loader, origin->line);
  loader_integer(loader, origin->time);
  loader_integer(loader, origin->host);
  loader_integer(loader, head->seq);
  put_number(loader, line, "pid");
  put(loader, line, "direction");
  put(loader, line, "queue_id");
  put(loader, client, "ip");
  put(loader, client, "name");
  put(loader, line, "helo");
  put(loader, line, "authenticated");
  put(loader, tls, "version");
  put(loader, tls, "cipher");
  put_number(loader, tls, "bits");
  put(loader, tls, "grade");
  put(loader, line, "mail_from");
  loader_text(loader, domain_of(string(line, "mail_from")));
  put(loader, line, "author_domain");
  put(loader, line, "message_id");
  put_decision(loader, line);
  put_number(loader, line, "elapsed_ms");
  put_number(loader, line, "dns_ms");
  put_number(loader, line, "dns_queries");
  put_number(loader, line, "removed_headers");
  return loader_end_row(loader);
}

static int put_hosts(struct loader *loader, const json_t *hosts, int64_t id, size_t recipient)
{
  for (size_t i = 0; i < json_array_size(hosts) && i < LIST_MAX; i++) {
    const json_t *host = json_array_get(hosts, i);
    loader_integer(loader, id);
    loader_integer(loader, (int64_t)recipient);
    loader_integer(loader, (int64_t)i);
    put(loader, host, "name");
    put_number(loader, host, "preference");
    put_all(loader, host, (const char *const[]){"address", "tlsa", "base", NULL});
    if (loader_end_row(loader) < 0)
      return -1;
  }
  return 0;
}

static int put_recipients(struct audit_reader *reader, const json_t *recipients, int64_t id)
{
  struct loader *loader = reader->loaders[RECIPIENT];
  for (size_t i = 0; i < json_array_size(recipients) && i < LIST_MAX; i++) {
    const json_t *recipient = json_array_get(recipients, i), *dane = json_object_get(recipient, "dane");
    loader_integer(loader, id);
    loader_integer(loader, (int64_t)i);
    put_all(loader, recipient, (const char *const[]){"address", "domain", "next_hop", NULL});
    put_all(loader, dane, (const char *const[]){"verdict", "link", "mx", NULL});
    put_number(loader, dane, "ttl");
    put(loader, dane, "why");
    put_decision(loader, recipient);
    if (loader_end_row(loader) < 0 ||
        put_hosts(reader->loaders[DANE_HOST], json_object_get(dane, "hosts"), id, i) < 0)
      return -1;
  }
  return 0;
}

/* An identity stands once: the first one counts. */
static int put_spf(struct loader *loader, const json_t *spf, int64_t id)
{
  for (size_t i = 0; i < json_array_size(spf) && i < 2; i++) {
    const json_t *identity = json_array_get(spf, i);
    const char *name = string(identity, "identity");
    const char *before = i > 0 ? string(json_array_get(spf, 0), "identity") : NULL;
    if (!name || (before && strcmp(before, name) == 0))
      continue;
    loader_integer(loader, id);
    put_all(loader, identity, (const char *const[]){"identity", "domain", "result", "dnssec", "why", NULL});
    if (loader_end_row(loader) < 0)
      return -1;
  }
  return 0;
}

static int put_dkim(struct loader *loader, const json_t *dkim, int64_t id)
{
  for (size_t i = 0; i < json_array_size(dkim) && i < LIST_MAX; i++) {
    const json_t *signature = json_array_get(dkim, i);
    loader_integer(loader, id);
    loader_integer(loader, (int64_t)i);
    put_all(loader, signature, (const char *const[]){"domain", "selector", "algorithm", NULL});
    put_number(loader, signature, "bits");
    put_all(loader, signature, (const char *const[]){"result", "dnssec", "why", NULL});
    if (loader_end_row(loader) < 0)
      return -1;
  }
  return 0;
}

static int put_dmarc(struct loader *loader, const json_t *dmarc, int64_t id)
{
  if (!json_is_object(dmarc))
    return 0;
  loader_integer(loader, id);
  put_all(loader, dmarc, (const char *const[]){"result", "policy", "policy_domain", "organizational_domain", NULL});
  put_bool(loader, dmarc, "aligned_spf");
  put_bool(loader, dmarc, "aligned_dkim");
  put_all(loader, dmarc, (const char *const[]){"dnssec", "override", "why", NULL});
  return loader_end_row(loader);
}

static int put_event(struct loader *loader, struct origin *origin, const struct head *head, const json_t *line)
{
  loader_integer(loader, registry_next(origin->registry, REGISTRY_EVENT));
  loader_integer(loader, origin->file);
  loader_integer(loader, origin->line);
  loader_integer(loader, origin->time);
  loader_integer(loader, origin->host);
  loader_integer(loader, head->seq);
  put_number(loader, line, "pid");
  put_all(loader, line,
          (const char *const[]){"event", "why", "exception", "version", "servers", "config", NULL});
  return loader_end_row(loader);
}

static int put_line(struct audit_reader *reader, struct origin *origin, const struct head *head, const json_t *line)
{
  if (strcmp(head->event, "message") != 0)
    return put_event(reader->loaders[EVENT], origin, head, line);
  int64_t id = registry_next(origin->registry, REGISTRY_MESSAGE);
  if (put_message(reader, origin, head, line, id) < 0 ||
      put_recipients(reader, json_object_get(line, "recipients"), id) < 0 ||
      put_spf(reader->loaders[SPF], json_object_get(line, "spf"), id) < 0 ||
      put_dkim(reader->loaders[DKIM], json_object_get(line, "dkim"), id) < 0 ||
      put_dmarc(reader->loaders[DMARC], json_object_get(line, "dmarc"), id) < 0)
    return -1;
  return 0;
}

static enum origin_use is_known(struct audit_reader *reader, const struct origin *origin, const struct head *head)
{
  struct statement *statement = strcmp(head->event, "message") == 0 ? reader->find_message : reader->find_event;
  statement_bind_integer(statement, 1, origin->time);
  statement_bind_integer(statement, 2, origin->host);
  statement_bind_integer(statement, 3, head->seq);
  statement_bind_integer(statement, 4, origin->file);
  int status = statement_step(statement);
  statement_reset(statement);
  if (status < 0)
    return ORIGIN_FAILED;
  return status == 1 || registry_is_pruned(origin->registry, origin->time) ? ORIGIN_REPEATED : ORIGIN_USED;
}

/* The reason why this is no line of an audit log, or NULL. */
static const char *read_head(struct head *head, int64_t *time, const json_t *line)
{
  const json_t *version = json_object_get(line, "v"), *seq = json_object_get(line, "seq");
  const char *moment = string(line, "time");
  if (!json_is_object(line))
    return "not a JSON object";
  if (!json_is_integer(version) || json_integer_value(version) != 1)
    return "not a line of an audit log, or of a version that is not known";
  head->seq = json_is_integer(seq) ? json_integer_value(seq) : 0;
  head->event = string(line, "event");
  head->host = string(line, "host");
  if (head->seq <= 0)
    return "without a sequence number";
  if (!moment || moment_read(time, moment) != strlen(moment))
    return "without a time";
  if (!head->event)
    return "without an event";
  if (strcmp(head->event, "message") == 0 && !string(line, "direction"))
    return "a message without a direction";
  return NULL;
}

enum origin_use audit_reader_take(struct audit_reader *reader, struct origin *origin, const char *line, size_t length)
{
  struct head head = {0};
  json_error_t error;
  json_t *object = json_loadb(line, length, 0, &error);
  enum origin_use use = ORIGIN_DAMAGED;
  origin->why = object ? read_head(&head, &origin->time, object) : "not JSON";
  if (origin->why)
    goto out;
  origin->host = registry_host(origin->registry, head.host ? head.host : "");
  use = ORIGIN_FAILED;
  if (origin->host == 0)
    goto out;
  registry_visit(origin->registry, origin, origin->kind = "audit");
  use = origin->suspect ? is_known(reader, origin, &head) : ORIGIN_USED;
  if (use == ORIGIN_USED && put_line(reader, origin, &head, object) < 0)
    use = ORIGIN_FAILED;
out:
  json_decref(object);
  return use;
}
