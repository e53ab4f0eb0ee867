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

#include "base/domain.h"
#include "base/memory.h"
#include "evidence/document.h"
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
  struct document *document;
  struct loader *loaders[TABLE_COUNT];
  struct statement *find_message, *find_event;
  /* How far the numbers of the host at hand have come in this file: what lies behind may be there a second time. */
  int64_t file, host, last_seq, highest_seq;
};

/* What every line has, read once: where a line has two members of a name, the other one may be of another type. */
struct head {
  int64_t seq;
  const char *event, *host;
  const char *direction; /* of a message; else NULL */
};

struct audit_reader *audit_reader_new(struct database *database)
{
  struct audit_reader *reader = memory_new(sizeof *reader);
  reader->database = database;
  reader->document = document_new();
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
  document_free(reader->document);
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

/* A row in the making: its values out of an object of the line. */
struct row {
  struct loader *loader;
  struct document *document;
  struct document_node *object;
};

static const char *string(const struct row *row, const char *key)
{
  return document_text(document_get(row->document, row->object, key));
}

static void put(const struct row *row, const char *key)
{
  loader_text(row->loader, string(row, key));
}

static void put_kind(const struct row *row, const char *key, enum document_kind kind)
{
  const struct document_node *value = document_get(row->document, row->object, key);
  if (value && value->kind == kind)
    loader_integer(row->loader, value->number);
  else
    loader_null(row->loader);
}

static void put_number(const struct row *row, const char *key)
{
  put_kind(row, key, DOCUMENT_INTEGER);
}

static void put_all(const struct row *row, const char *const *keys)
{
  for (; *keys; keys++)
    put(row, *keys);
}

static void put_decision(const struct row *row)
{
  static const char *const keys[] = {"action", "would", "reply", "rule", "exception", NULL};
  put_all(row, keys);
}

/* The domain of an address as record_address() tells it: "local@domain", "hmac@domain" or the domain alone. */
static const char *domain_of(const char *address)
{
  const char *at = address ? strrchr(address, '@') : NULL;
  if (at)
    return at + 1;
  return address && strchr(address, '.') ? address : NULL;
}

static void put_origin(struct loader *loader, const struct origin *origin, const struct head *head, int64_t id)
{
  loader_integer(loader, id);
  loader_integer(loader, origin->file);
  loader_integer(loader, origin->line);
  loader_integer(loader, origin->time);
  loader_integer(loader, origin->host);
  loader_integer(loader, head->seq);
}

static int put_message(struct audit_reader *reader, struct origin *origin, const struct head *head,
                       struct document_node *line, int64_t id)
{
  struct document *document = reader->document;
  const struct row row = {reader->loaders[MESSAGE], document, line};
  put_origin(row.loader, origin, head, id);
  put_number(&row, "pid");
  loader_text(row.loader, head->direction);
  put(&row, "queue_id");
  const struct row client = {row.loader, document, document_get(document, line, "client")};
  put(&client, "ip");
  put(&client, "name");
  put(&row, "helo");
  put(&row, "authenticated");
  const struct row tls = {row.loader, document, document_get(document, line, "tls")};
  put(&tls, "version");
  put(&tls, "cipher");
  put_number(&tls, "bits");
  put(&tls, "grade");
  const char *mail_from = string(&row, "mail_from");
  loader_text(row.loader, mail_from);
  loader_text(row.loader, domain_of(mail_from));
  put(&row, "author_domain");
  put(&row, "message_id");
  put_decision(&row);
  put_number(&row, "elapsed_ms");
  put_number(&row, "dns_ms");
  put_number(&row, "dns_queries");
  put_number(&row, "removed_headers");
  return loader_end_row(row.loader);
}

static int put_hosts(struct loader *loader, struct document *document, struct document_node *hosts, int64_t id, int recipient)
{
  static const char *const keys[] = {"address", "tlsa", "base", NULL};
  int number = 0;
  for (struct document_node *host = document_first(document, hosts); host && number < LIST_MAX;
       host = document_next(document, hosts, host)) {
    const struct row row = {loader, document, host};
    loader_integer(loader, id);
    loader_integer(loader, recipient);
    loader_integer(loader, number++);
    put(&row, "name");
    put_number(&row, "preference");
    put_all(&row, keys);
    if (loader_end_row(loader) < 0)
      return -1;
  }
  return 0;
}

/* A next hop that is the recipient's domain is stored in the form that the domain has: MTAs write it with a final dot, or as it
 * was typed. */
static void put_next_hop(const struct row *row)
{
  char normal[DOMAIN_SIZE];
  const char *hop = string(row, "next_hop"), *domain = string(row, "domain");
  if (hop && domain && strcmp(hop, domain) != 0 && domain_normalize(normal, hop, strlen(hop)) == 0 &&
      strcmp(normal, domain) == 0)
    hop = domain;
  loader_text(row->loader, hop);
}

static int put_recipients(struct audit_reader *reader, struct document_node *recipients, int64_t id)
{
  static const char *const keys[] = {"address", "domain", NULL};
  static const char *const dane_keys[] = {"verdict", "link", "mx", NULL};
  struct document *document = reader->document;
  struct loader *loader = reader->loaders[RECIPIENT];
  int number = 0;
  for (struct document_node *recipient = document_first(document, recipients); recipient && number < LIST_MAX;
       recipient = document_next(document, recipients, recipient)) {
    const struct row row = {loader, document, recipient};
    loader_integer(loader, id);
    loader_integer(loader, number);
    put_all(&row, keys);
    put_next_hop(&row);
    const struct row dane = {loader, document, document_get(document, recipient, "dane")};
    put_all(&dane, dane_keys);
    put_number(&dane, "ttl");
    put(&dane, "why");
    put_decision(&row);
    if (loader_end_row(loader) < 0 ||
        put_hosts(reader->loaders[DANE_HOST], document, document_get(document, dane.object, "hosts"), id, number) < 0)
      return -1;
    number++;
  }
  return 0;
}

/* An identity stands once: the first one counts. */
static int put_spf(struct loader *loader, struct document *document, struct document_node *spf, int64_t id)
{
  static const char *const keys[] = {"domain", "result", "dnssec", "why", NULL};
  const char *before = NULL;
  struct document_node *identity = document_first(document, spf);
  for (int i = 0; identity && i < 2; i++, identity = document_next(document, spf, identity)) {
    const struct row row = {loader, document, identity};
    const char *name = string(&row, "identity");
    if (!name || (before && strcmp(before, name) == 0))
      continue;
    before = name;
    loader_integer(loader, id);
    loader_text(loader, name);
    put_all(&row, keys);
    if (loader_end_row(loader) < 0)
      return -1;
  }
  return 0;
}

static int put_dkim(struct loader *loader, struct document *document, struct document_node *dkim, int64_t id)
{
  static const char *const keys[] = {"domain", "selector", "algorithm", NULL};
  static const char *const result_keys[] = {"result", "dnssec", "why", NULL};
  int number = 0;
  for (struct document_node *signature = document_first(document, dkim); signature && number < LIST_MAX;
       signature = document_next(document, dkim, signature)) {
    const struct row row = {loader, document, signature};
    loader_integer(loader, id);
    loader_integer(loader, number++);
    put_all(&row, keys);
    put_number(&row, "bits");
    put_all(&row, result_keys);
    if (loader_end_row(loader) < 0)
      return -1;
  }
  return 0;
}

static int put_dmarc(struct loader *loader, struct document *document, struct document_node *dmarc, int64_t id)
{
  static const char *const keys[] = {"result", "policy", "policy_domain", "organizational_domain", NULL};
  static const char *const last_keys[] = {"dnssec", "override", "why", NULL};
  const struct row row = {loader, document, dmarc};
  if (!dmarc || dmarc->kind != DOCUMENT_MAP)
    return 0;
  loader_integer(loader, id);
  put_all(&row, keys);
  put_kind(&row, "aligned_spf", DOCUMENT_BOOL);
  put_kind(&row, "aligned_dkim", DOCUMENT_BOOL);
  put_all(&row, last_keys);
  return loader_end_row(loader);
}

static int put_event(struct audit_reader *reader, struct origin *origin, const struct head *head, struct document_node *line)
{
  static const char *const keys[] = {"why", "exception", "version", "servers", "config", NULL};
  const struct row row = {reader->loaders[EVENT], reader->document, line};
  put_origin(row.loader, origin, head, registry_next(origin->registry, REGISTRY_EVENT));
  put_number(&row, "pid");
  loader_text(row.loader, head->event);
  put_all(&row, keys);
  return loader_end_row(row.loader);
}

static int put_line(struct audit_reader *reader, struct origin *origin, const struct head *head, struct document_node *line)
{
  struct document *document = reader->document;
  if (strcmp(head->event, "message") != 0)
    return put_event(reader, origin, head, line);
  int64_t id = registry_next(origin->registry, REGISTRY_MESSAGE);
  if (put_message(reader, origin, head, line, id) < 0 ||
      put_recipients(reader, document_get(document, line, "recipients"), id) < 0 ||
      put_spf(reader->loaders[SPF], document, document_get(document, line, "spf"), id) < 0 ||
      put_dkim(reader->loaders[DKIM], document, document_get(document, line, "dkim"), id) < 0 ||
      put_dmarc(reader->loaders[DMARC], document, document_get(document, line, "dmarc"), id) < 0)
    return -1;
  return 0;
}

/* Numbers of this file come again, and the lines that bore them can be found. 1, 0, -1. */
static int comes_again(struct audit_reader *reader, const struct origin *origin, const struct head *head)
{
  if (reader->file != origin->file || reader->host != origin->host)
    reader->last_seq = reader->highest_seq = 0;
  bool back = head->seq <= reader->last_seq, again = head->seq <= reader->highest_seq;
  reader->file = origin->file;
  reader->host = origin->host;
  reader->last_seq = head->seq;
  if (!again)
    reader->highest_seq = head->seq;
  if (back && audit_reader_flush(reader) < 0)
    return -1;
  return again;
}

/* file: the one that is not to be looked into, or 0. */
static enum origin_use is_known(struct audit_reader *reader, const struct origin *origin, const struct head *head, int64_t file)
{
  struct statement *statement = strcmp(head->event, "message") == 0 ? reader->find_message : reader->find_event;
  statement_bind_integer(statement, 1, origin->time);
  statement_bind_integer(statement, 2, origin->host);
  statement_bind_integer(statement, 3, head->seq);
  statement_bind_integer(statement, 4, file);
  int status = statement_step(statement);
  statement_reset(statement);
  if (status < 0)
    return ORIGIN_FAILED;
  bool gone = file != 0 && registry_is_pruned(origin->registry, origin->time);
  return status == 1 || gone ? ORIGIN_REPEATED : ORIGIN_USED;
}

/* The reason why this is no line of an audit log, or NULL. */
static const char *read_head(struct head *head, int64_t *time, struct document *document, struct document_node *line)
{
  const struct row row = {NULL, document, line};
  if (line->kind != DOCUMENT_MAP)
    return "not a JSON object";
  const struct document_node *version = document_get(document, line, "v");
  if (!version || version->kind != DOCUMENT_INTEGER || version->number != 1)
    return "not a line of an audit log, or of a version that is not known";
  const struct document_node *seq = document_get(document, line, "seq");
  head->seq = seq && seq->kind == DOCUMENT_INTEGER ? seq->number : 0;
  if (head->seq <= 0)
    return "without a sequence number";
  const char *moment = string(&row, "time");
  if (!moment || moment_read(time, moment) != strlen(moment))
    return "without a time";
  head->event = string(&row, "event");
  head->host = string(&row, "host");
  if (!head->event)
    return "without an event";
  if (strcmp(head->event, "message") != 0)
    return NULL;
  head->direction = string(&row, "direction");
  if (!head->direction)
    return "a message without a direction";
  return NULL;
}

enum origin_use audit_reader_take(struct audit_reader *reader, struct origin *origin, char *line, size_t length)
{
  struct head head = {0};
  struct document_node *top = document_read(reader->document, line, length);
  origin->why = top ? read_head(&head, &origin->time, reader->document, top) : "not JSON";
  if (origin->why)
    return ORIGIN_DAMAGED;
  origin->host = registry_host(origin->registry, head.host ? head.host : "");
  if (origin->host == 0)
    return ORIGIN_FAILED;
  registry_visit(origin->registry, origin, origin->kind = "audit");
  int again = comes_again(reader, origin, &head);
  if (again < 0)
    return ORIGIN_FAILED;
  enum origin_use use = ORIGIN_USED;
  if (origin->suspect)
    use = is_known(reader, origin, &head, origin->file);
  if (use == ORIGIN_USED && again > 0)
    use = is_known(reader, origin, &head, 0);
  if (use == ORIGIN_USED && put_line(reader, origin, &head, top) < 0)
    return ORIGIN_FAILED;
  return use;
}
