/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The story of a message: what was assessed, decided and proven. See story.h.
 */
#include <string.h>

#include "base/memory.h"
#include "story/exceptions.h"
#include "story/row.h"
#include "story/story.h"

/* A message waits in the queue for days; a queue id can come again. */
#define QUEUE_LIFE_MS (INT64_C(10) * 86400000)

struct found {
  size_t source;
  int64_t id, time, host, pid;
  const char *queue_id;
};

struct search {
  struct story *story;
  struct arena *arena;
  struct found *found;
  size_t count, size;
};

#define DECISION {"action", ROW_TEXT}, {"would", ROW_TEXT}, {"reply", ROW_TEXT}, {"rule", ROW_TEXT}, {"exception", ROW_TEXT}
#define PLACE {"file", ROW_TEXT}, {"line", ROW_NUMBER}

static struct database *base_of(const struct story *story, size_t source)
{
  return story->sources[source].database;
}

enum story_key story_key(const char *word)
{
  return strchr(word, '@') || *word == '<' ? STORY_MESSAGE_ID : strchr(word, '.') ? STORY_DOMAIN : STORY_QUEUE_ID;
}

static void keep(struct search *search, const struct found *found)
{
  if (search->count == search->size) {
    size_t size = search->size ? 2 * search->size : 16;
    struct found *all = arena_alloc(search->arena, size * sizeof *all);
    if (search->count > 0)
      memcpy(all, search->found, search->count * sizeof *all);
    search->found = all;
    search->size = size;
  }
  size_t at = search->count++;
  for (; at > 0 && search->found[at - 1].time > found->time; at--)
    search->found[at] = search->found[at - 1];
  search->found[at] = *found;
}

#define SELECT_FOUND "SELECT m.id, m.time, m.host_id, m.queue_id, m.pid FROM message m WHERE "

static struct statement *ask_for(struct database *database, enum story_key key, const char *word, const char *bracketed)
{
  if (key == STORY_QUEUE_ID)
    return row_ask(database, SELECT_FOUND "m.queue_id = $1 AND m.time >= $2 AND m.time < $3 ORDER BY m.time, m.id", word);
  struct statement *statement = row_ask(
      database, SELECT_FOUND "(m.message_id IN ($1, $2) OR m.mail_from = $1 OR EXISTS (SELECT 1 FROM recipient r WHERE"
                             " r.message_id = m.id AND r.address = $1)) AND m.time >= $3 AND m.time < $4 ORDER BY m.time, m.id",
      word);
  if (statement)
    statement_bind(statement, 2, bracketed);
  return statement;
}

static int find_in(struct search *search, size_t source, enum story_key key, const char *word)
{
  const struct story *story = search->story;
  struct statement *statement =
      ask_for(base_of(story, source), key, word, arena_printf(search->arena, "<%s>", word));
  int status = -1, first = key == STORY_QUEUE_ID ? 2 : 3;
  if (statement) {
    statement_bind_integer(statement, first, story->from);
    statement_bind_integer(statement, first + 1, story->to);
  }
  while (statement && (status = statement_step(statement)) > 0) {
    const struct found found = {.source = source,
                                .id = statement_integer(statement, 0),
                                .time = statement_integer(statement, 1),
                                .host = statement_integer(statement, 2),
                                .queue_id = arena_string(search->arena, statement_text(statement, 3)),
                                .pid = statement_integer(statement, 4)};
    keep(search, &found);
  }
  statement_free(statement);
  return status;
}

static int write_head(struct emitter *emitter, struct database *database, int64_t id)
{
  static const struct row_column first[] = {
      PLACE, {"time", ROW_TIME}, {"host", ROW_TEXT}, {"seq", ROW_NUMBER}, {"direction", ROW_TEXT}, {"queue_id", ROW_TEXT},
      {"message_id", ROW_TEXT}, {"helo", ROW_TEXT}, {"authenticated", ROW_TEXT}, {"mail_from", ROW_TEXT},
      {"author_domain", ROW_TEXT}, DECISION, {"elapsed_ms", ROW_NUMBER}, {"dns_ms", ROW_NUMBER}, {"dns_queries", ROW_NUMBER},
      {"removed_headers", ROW_NUMBER}, {NULL, ROW_TEXT}};
  static const struct row_column client[] = {{"ip", ROW_TEXT}, {"name", ROW_TEXT}, {NULL, ROW_TEXT}};
  static const struct row_column tls[] = {
      {"version", ROW_TEXT}, {"cipher", ROW_TEXT}, {"bits", ROW_NUMBER}, {"grade", ROW_TEXT}, {NULL, ROW_TEXT}};
  enum { CLIENT = 21, TLS = 23 };
  struct statement *statement = row_ask_number(
      database, "SELECT f.path, m.line, m.time, h.name, m.seq, m.direction, m.queue_id, m.message_id, m.helo, m.authenticated,"
                " m.mail_from, m.author_domain, m.action, m.would, m.reply, m.rule, m.exception, m.elapsed_ms, m.dns_ms,"
                " m.dns_queries, m.removed_headers, m.client_ip, m.client_name, m.tls_version, m.tls_cipher, m.tls_bits,"
                " m.tls_grade FROM message m LEFT JOIN file f ON f.id = m.file_id LEFT JOIN host h ON h.id = m.host_id"
                " WHERE m.id = $1", id);
  int status = statement ? statement_step(statement) : -1;
  if (status > 0) {
    row_write(emitter, statement, 0, first);
    emitter_key(emitter, "client");
    emitter_open_map(emitter);
    row_write(emitter, statement, CLIENT, client);
    emitter_close_map(emitter);
    emitter_key(emitter, "tls");
    if (statement_is_null(statement, TLS) && statement_is_null(statement, TLS + 3)) {
      emitter_null(emitter);
    } else {
      emitter_open_map(emitter);
      row_write(emitter, statement, TLS, tls);
      emitter_close_map(emitter);
    }
  }
  statement_free(statement);
  return status > 0 ? 0 : -1;
}

static int write_checks(struct emitter *emitter, struct database *database, int64_t id)
{
  static const struct row_column spf[] = {{"identity", ROW_TEXT}, {"domain", ROW_TEXT}, {"result", ROW_TEXT},
                                          {"dnssec", ROW_TEXT},   {"why", ROW_TEXT},    {NULL, ROW_TEXT}};
  static const struct row_column dkim[] = {{"domain", ROW_TEXT}, {"selector", ROW_TEXT}, {"algorithm", ROW_TEXT},
                                           {"bits", ROW_NUMBER}, {"result", ROW_TEXT},   {"dnssec", ROW_TEXT},
                                           {"why", ROW_TEXT},    {NULL, ROW_TEXT}};
  static const struct row_column dmarc[] = {
      {"result", ROW_TEXT}, {"policy", ROW_TEXT}, {"policy_domain", ROW_TEXT}, {"organizational_domain", ROW_TEXT},
      {"aligned_spf", ROW_BOOL}, {"aligned_dkim", ROW_BOOL}, {"dnssec", ROW_TEXT}, {"override", ROW_TEXT},
      {"why", ROW_TEXT}, {NULL, ROW_TEXT}};
  if (row_write_all(emitter, "spf",
                    row_ask_number(database, "SELECT identity, domain, result, dnssec, why FROM spf WHERE message_id = $1"
                                             " ORDER BY CASE identity WHEN 'mailfrom' THEN 0 ELSE 1 END", id), spf) < 0 ||
      row_write_all(emitter, "dkim",
                    row_ask_number(database, "SELECT domain, selector, algorithm, bits, result, dnssec, why FROM dkim WHERE"
                                             " message_id = $1 ORDER BY number", id), dkim) < 0)
    return -1;
  return row_write_all(emitter, "dmarc",
                       row_ask_number(database, "SELECT result, policy, policy_domain, organizational_domain, aligned_spf,"
                                                " aligned_dkim, dnssec, override, why FROM dmarc WHERE message_id = $1", id),
                       dmarc);
}

#define DELIVERY_COLUMNS \
  "SELECT f.path, d.line, d.time, h.name, d.mta, d.agent, d.address, d.domain, d.relay_name, d.relay_address, d.relay_port," \
  " d.status, d.dsn, d.reply, d.tls, d.tls_feature, d.tls_match, d.tls_version, d.tls_cipher, d.tls_bits, d.tls_level," \
  " d.class, d.why, d.last FROM delivery d LEFT JOIN file f ON f.id = d.file_id LEFT JOIN host h ON h.id = d.host_id WHERE "
#define DELIVERY_ORDER " ORDER BY d.time, d.id"

static const struct row_column delivery_columns[] = {
    PLACE, {"time", ROW_TIME}, {"host", ROW_TEXT}, {"mta", ROW_TEXT}, {"agent", ROW_TEXT}, {"address", ROW_TEXT},
    {"domain", ROW_TEXT}, {"relay_name", ROW_TEXT}, {"relay_address", ROW_TEXT}, {"relay_port", ROW_NUMBER},
    {"status", ROW_TEXT}, {"dsn", ROW_TEXT}, {"reply", ROW_TEXT}, {"tls", ROW_TEXT}, {"tls_feature", ROW_TEXT},
    {"tls_match", ROW_TEXT}, {"tls_version", ROW_TEXT}, {"tls_cipher", ROW_TEXT}, {"tls_bits", ROW_NUMBER},
    {"tls_level", ROW_TEXT}, {"class", ROW_TEXT}, {"why", ROW_TEXT}, {"last", ROW_BOOL}, {NULL, ROW_TEXT}};

static int write_deliveries(struct emitter *emitter, struct database *database, const struct found *found, int64_t number)
{
  struct statement *statement = row_ask(
      database, DELIVERY_COLUMNS "d.queue_id = $1 AND d.message_id = $2 AND d.recipient = $3" DELIVERY_ORDER, found->queue_id);
  if (statement) {
    statement_bind_integer(statement, 2, found->id);
    statement_bind_integer(statement, 3, number);
  }
  return row_write_all(emitter, "deliveries", statement, delivery_columns);
}

static int write_recipients(struct emitter *emitter, struct database *database, const struct found *found)
{
  static const struct row_column columns[] = {
      {"number", ROW_NUMBER}, {"address", ROW_TEXT}, {"domain", ROW_TEXT}, {"next_hop", ROW_TEXT}, {"verdict", ROW_TEXT},
      {"link", ROW_TEXT}, {"mx", ROW_TEXT}, {"ttl", ROW_NUMBER}, {"why", ROW_TEXT}, DECISION, {NULL, ROW_TEXT}};
  static const struct row_column hosts[] = {{"name", ROW_TEXT}, {"preference", ROW_NUMBER}, {"address", ROW_TEXT},
                                            {"tlsa", ROW_TEXT}, {"base", ROW_TEXT},         {NULL, ROW_TEXT}};
  struct statement *statement = row_ask_number(
      database, "SELECT number, address, domain, next_hop, verdict, link, mx, ttl, why, action, would, reply, rule, exception"
                " FROM recipient WHERE message_id = $1 ORDER BY number", found->id);
  int status = -1;
  emitter_key(emitter, "recipients");
  emitter_open_list(emitter);
  while (statement && (status = statement_step(statement)) > 0) {
    int64_t number = statement_integer(statement, 0);
    struct statement *of = row_ask_number(
        database, "SELECT name, preference, address, tlsa, base FROM dane_host WHERE message_id = $1 AND recipient = $2 ORDER"
                  " BY number", found->id);
    if (of)
      statement_bind_integer(of, 2, number);
    emitter_open_map(emitter);
    row_write(emitter, statement, 0, columns);
    bool failed = row_write_all(emitter, "hosts", of, hosts) < 0 || write_deliveries(emitter, database, found, number) < 0;
    emitter_close_map(emitter);
    if (failed) {
      status = -1;
      break;
    }
  }
  emitter_close_list(emitter);
  statement_free(statement);
  return status;
}

/* What the MTA tells of the queue id beside the recipients that the milter saw: aliases, and what a source knows of which
 * another one has the message. */
static int write_rest(struct emitter *emitter, const struct story *story, const struct found *found)
{
  emitter_key(emitter, "other_deliveries");
  emitter_open_list(emitter);
  int status = 0;
  for (size_t i = 0; found->queue_id && i < story->source_count && status == 0; i++) {
    struct statement *statement = row_ask_period(
        base_of(story, i), DELIVERY_COLUMNS "d.queue_id = $1 AND d.time >= $2 AND d.time < $3 AND (d.message_id IS NULL OR"
                                            " (d.message_id = $4 AND d.recipient IS NULL))" DELIVERY_ORDER,
        found->queue_id, found->time - 60000, found->time + QUEUE_LIFE_MS);
    if (statement)
      statement_bind_integer(statement, 4, i == found->source ? found->id : 0);
    status = -1;
    while (statement && (status = statement_step(statement)) > 0) {
      emitter_open_map(emitter);
      row_write(emitter, statement, 0, delivery_columns);
      emitter_close_map(emitter);
    }
    statement_free(statement);
  }
  emitter_close_list(emitter);
  return status;
}

/* The start or reload before the message: the configuration in force. Where authserv-id is left to the MTA, the first
 * events of a daemon bear the machine's own name; but they have its pid. */
static int write_settings(struct emitter *emitter, struct database *database, const struct found *found)
{
  static const struct row_column columns[] = {PLACE, {"time", ROW_TIME}, {"event", ROW_TEXT}, {"version", ROW_TEXT},
                                              {"servers", ROW_TEXT}, {"config", ROW_TEXT}, {NULL, ROW_TEXT}};
  struct statement *statement = row_ask_number(
      database, "SELECT f.path, e.line, e.time, e.event, e.version, e.servers, e.config FROM event e LEFT JOIN file f ON f.id ="
                " e.file_id WHERE e.time <= $1 AND e.pid = $2 AND e.config IS NOT NULL ORDER BY CASE e.host_id WHEN $3 THEN 0 ELSE"
                " 1 END, e.time DESC, e.seq DESC LIMIT 1", found->time);
  if (statement) {
    statement_bind_integer(statement, 2, found->pid);
    statement_bind_integer(statement, 3, found->host);
  }
  return row_write_all(emitter, "settings", statement, columns);
}

static int write_accepted(struct emitter *emitter, struct database *database, const struct found *found)
{
  static const struct row_column columns[] = {PLACE, {"time", ROW_TIME}, {"host", ROW_TEXT}, {"source", ROW_TEXT},
                                              {NULL, ROW_TEXT}};
  struct statement *statement = row_ask(
      database, "SELECT f.path, a.line, a.time, h.name, a.source FROM accepted a LEFT JOIN file f ON f.id = a.file_id LEFT JOIN"
                " host h ON h.id = a.host_id WHERE a.queue_id = $1 AND a.message_id = $2 ORDER BY a.time", found->queue_id);
  if (statement)
    statement_bind_integer(statement, 2, found->id);
  return row_write_all(emitter, "accepted", statement, columns);
}

static int write_exceptions(struct emitter *emitter, struct story *story, const struct found *found)
{
  struct statement *statement = row_ask_number(
      base_of(story, found->source), "SELECT m.exception FROM message m WHERE m.id = $1 AND m.exception IS NOT NULL UNION SELECT"
                                     " r.exception FROM recipient r WHERE r.message_id = $1 AND r.exception IS NOT NULL ORDER"
                                     " BY 1", found->id);
  int status = -1;
  emitter_key(emitter, "exceptions");
  emitter_open_list(emitter);
  while (statement && (status = statement_step(statement)) > 0)
    exceptions_write(emitter, story->config, statement_text(statement, 0), story->now);
  emitter_close_list(emitter);
  statement_free(statement);
  return status;
}

static int write_message(struct text *out, struct story *story, const struct found *found)
{
  struct database *database = base_of(story, found->source);
  struct emitter *emitter = emitter_new(out);
  emitter_open_map(emitter);
  row_write_text(emitter, "type", "message");
  row_write_text(emitter, "source", story->sources[found->source].name);
  bool failed = write_head(emitter, database, found->id) < 0 || write_checks(emitter, database, found->id) < 0 ||
                write_recipients(emitter, database, found) < 0 || write_rest(emitter, story, found) < 0 ||
                write_accepted(emitter, database, found) < 0 || write_settings(emitter, database, found) < 0 ||
                write_exceptions(emitter, story, found) < 0;
  emitter_close_map(emitter);
  emitter_free(emitter);
  text_add_char(out, '\n');
  return failed ? -1 : 0;
}

/* 1 where the MTA's log alone knows the queue id; 0; -1. */
static int write_unassessed(struct text *out, struct story *story, const char *queue_id)
{
  struct text line = {0};
  long rows = 0;
  int status = 0;
  struct emitter *emitter = emitter_new(&line);
  emitter_open_map(emitter);
  row_write_text(emitter, "type", "unassessed");
  row_write_text(emitter, "queue_id", queue_id);
  emitter_key(emitter, "other_deliveries");
  emitter_open_list(emitter);
  for (size_t i = 0; i < story->source_count && status == 0; i++) {
    struct statement *statement = row_ask_period(
        base_of(story, i), DELIVERY_COLUMNS "d.queue_id = $1 AND d.time >= $2 AND d.time < $3" DELIVERY_ORDER, queue_id,
        story->from, story->to);
    status = -1;
    while (statement && (status = statement_step(statement)) > 0) {
      emitter_open_map(emitter);
      row_write(emitter, statement, 0, delivery_columns);
      emitter_close_map(emitter);
      rows++;
    }
    statement_free(statement);
  }
  emitter_close_list(emitter);
  emitter_close_map(emitter);
  emitter_free(emitter);
  if (rows > 0 && status == 0) {
    text_add_bytes(out, line.bytes, line.length);
    text_add_char(out, '\n');
  }
  text_free(&line);
  return status < 0 ? -1 : rows > 0;
}

static int search_all(struct search *search, struct text *out, enum story_key key, const char *word)
{
  struct story *story = search->story;
  for (size_t i = 0; i < story->source_count; i++)
    if (find_in(search, i, key, word) < 0) {
      story->error = database_error(base_of(story, i));
      return -1;
    }
  size_t first = search->count > STORY_MESSAGES_MAX ? search->count - STORY_MESSAGES_MAX : 0;
  for (size_t i = first; i < search->count; i++)
    if (write_message(out, story, &search->found[i]) < 0) {
      story->error = database_error(base_of(story, search->found[i].source));
      return -1;
    }
  return 0;
}

long story_messages(struct text *out, struct story *story, enum story_key key, const char *word)
{
  struct search search = {.story = story, .arena = arena_new()};
  long count = search_all(&search, out, key, word);
  if (count == 0)
    count = (long)search.count;
  arena_free(search.arena);
  if (count == 0 && key == STORY_QUEUE_ID) {
    count = write_unassessed(out, story, word);
    if (count < 0)
      story->error = database_error(base_of(story, 0));
  }
  return count;
}
