/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One vector through the session layer. See vector_run.h.
 */
#include "tests/vector_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "base/memory.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"
#include "session/replay.h"
#include "session/service.h"
#include "tests/vector_zone.h"

static const char default_config[] = "mode = \"enforce\"\n"
                                     "authserv-id = \"mx.sluis.example\"\n"
                                     "internal-networks = {}\n"
                                     "inbound { spf = annotate dkim = annotate dmarc = annotate }\n"
                                     "audit { addresses = full }\n";

const char *vector_text(const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  return value ? value : "";
}

static int64_t clock_of(void *context)
{
  return ((struct vector_run *)context)->now;
}

static struct dns_source *zones_of(const struct vector_run *run)
{
  struct dns_source *source = fake_new();
  const char *reference = vector_text(run->vector, "dns_ref");
  const json_t *layers[] = {json_object_get(run->file, "dns"),
                            *reference ? json_object_get(json_object_get(run->file, "zones"), reference) : NULL,
                            json_object_get(run->vector, "dns")};
  json_t *merged = json_object();
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    if (layers[i])
      json_object_update(merged, (json_t *)(uintptr_t)layers[i]);
  if (vector_zone_add(source, merged) < 0)
    exit(2);
  json_decref(merged);
  return source;
}

static char *reply_text(const struct decision *decision)
{
  struct text text = {0};
  if (decision->action == ACTION_REJECT || decision->action == ACTION_DEFER)
    text_printf(&text, "%s %s %s", decision->reply.code, decision->reply.enhanced, decision->reply.text);
  return text.bytes ? text.bytes : memory_copy_string("");
}

static void feed_recipients(struct session *session, const json_t *envelope, struct vector_outcome *outcome)
{
  bool outbound = json_is_true(json_object_get(envelope, "outbound"));
  size_t index;
  const json_t *recipient;
  outcome->replies = json_array();
  json_array_foreach (json_object_get(envelope, "rcpt"), index, recipient) {
    struct text path = {0};
    const char *at = strrchr(json_string_value(recipient), '@');
    text_printf(&path, "<%s>", json_string_value(recipient));
    struct session_recipient given = {.recipient = path.bytes, .mailer = "local", .host = ""};
    if (outbound)
      given = (struct session_recipient){.recipient = path.bytes, .mailer = "smtp", .host = at ? at + 1 : ""};
    struct decision decision = session_rcpt(session, &given);
    char *reply = reply_text(&decision);
    json_array_append_new(outcome->replies, json_string(reply));
    free(reply);
    text_free(&path);
  }
}

static void feed_envelope(struct session *session, const json_t *envelope, struct vector_outcome *outcome)
{
  size_t length;
  char *sender = vector_bytes(json_object_get(envelope, "mailfrom"), &length);
  char *helo = vector_bytes(json_object_get(envelope, "helo"), &length);
  const json_t *tls = json_object_get(envelope, "tls");
  struct text path = {0};
  struct session_client client = {.name = "unknown", .mta = "mx.sluis.example", .can_quarantine = true};
  if (ip_parse(&client.ip, vector_text(envelope, "ip")) < 0)
    ip_parse(&client.ip, "192.0.2.1");
  if (json_is_true(json_object_get(envelope, "outbound")))
    client.daemon_name = "ORIGINATING";
  session_connect(session, &client);
  session_helo(session, helo ? helo : "",
               &(struct session_tls){.version = json_string_value(json_array_get(tls, 0)),
                                     .cipher = json_string_value(json_array_get(tls, 1))});
  text_printf(&path, "<%s>", sender ? sender : "");
  session_mail(session, &(struct session_mail){.sender = path.bytes});
  feed_recipients(session, envelope, outcome);
  text_free(&path);
  free(sender);
  free(helo);
}

static char *unfold(const char *value)
{
  char *copy = memory_copy_string(value), *to = copy;
  for (const char *from = copy; *from; from++) {
    if (*from == '\n')
      continue;
    *to++ = *from == '\t' ? ' ' : *from;
  }
  *to = '\0';
  return copy;
}

static void keep_outcome(struct vector_outcome *outcome, const struct session *session,
                         const struct session_outcome *from)
{
  struct text text = {0};
  const struct decision *decision = &from->decision;
  outcome->action = decision->action;
  outcome->reply = reply_text(decision);
  for (size_t i = 0; i < from->edit_count; i++)
    if (from->edits[i].value && !outcome->field)
      outcome->field = memory_copy_string(from->edits[i].value);
  if (!outcome->field)
    outcome->field = memory_copy_string("");
  outcome->results = unfold(outcome->field);
  text_clear(&text);
  const struct text *record = session_record(session);
  text_add(&text, "{\"v\":1");
  text_add_bytes(&text, record->bytes, record->length);
  text_add(&text, "}");
  json_error_t error;
  outcome->audit = json_loads(text.bytes, JSON_REJECT_DUPLICATES, &error);
  if (!outcome->audit)
    fprintf(stderr, "audit line is no JSON: %s\n%s\n", error.text, text.bytes);
  text_free(&text);
}

/* Which names of the author domain's tree walk were asked for (RFC 9989 4.10). */
static void note_walk(struct vector_outcome *outcome)
{
  outcome->walked = json_array();
  for (const char *name = vector_text(outcome->audit, "author_domain"); name && *name; name = domain_parent(name)) {
    char query[300];
    snprintf(query, sizeof query, "_dmarc.%s", name);
    if (fake_asked(outcome->source, query, DNS_TXT) > 0)
      json_array_append_new(outcome->walked, json_string(query));
  }
}

void vector_run(struct vector_run *run, const char *config_text, struct vector_outcome *outcome)
{
  char error[256];
  *outcome = (struct vector_outcome){.source = zones_of(run)};
  struct config *config = config_parse(config_text ? config_text : run->config, "vector", error, sizeof error);
  if (!config) {
    fprintf(stderr, "%s\n", error);
    exit(2);
  }
  /* A timeout in a zone must not cost time: the fake answers it at once where no time is given. */
  struct resolver_config settings = {.timeout_ms = 0, .budget_ms = 0, .cache_bytes = 1 << 20};
  struct resolver *resolver = resolver_new(&settings, outcome->source);
  struct service service;
  service_init(&service, config, resolver, NULL, run);
  service.now = clock_of;
  struct session *session = session_new(&service);
  feed_envelope(session, json_object_get(run->vector, "envelope"), outcome);
  struct session_outcome from = replay_message(session, run->message, run->message_length, NULL);
  keep_outcome(outcome, session, &from);
  session_free(session);
  service_end(&service);
  note_walk(outcome);
  resolver_close(resolver);
}

void vector_outcome_free(struct vector_outcome *outcome)
{
  free(outcome->field);
  free(outcome->results);
  free(outcome->reply);
  json_decref(outcome->audit);
  json_decref(outcome->walked);
  json_decref(outcome->replies);
}

static char *read_file(const char *path, size_t *length)
{
  FILE *stream = fopen(path, "rb");
  char *bytes = NULL;
  *length = 0;
  if (!stream) {
    perror(path);
    exit(2);
  }
  for (size_t size = 0, count = 1; count > 0; *length += count) {
    size = size ? 2 * size : 65536;
    bytes = memory_resize(bytes, size);
    count = fread(bytes + *length, 1, size - *length - 1, stream);
  }
  fclose(stream);
  bytes[*length] = '\0';
  return bytes;
}

/* A string, or an array of lines, with the bytes that U+0000..U+00FF stand for. */
static char *join_lines(const json_t *value, size_t *total)
{
  struct text text = {0};
  size_t length, count = json_is_array(value) ? json_array_size(value) : 1;
  for (size_t i = 0; i < count; i++) {
    char *line = vector_bytes(json_is_array(value) ? json_array_get(value, i) : value, &length);
    text_add_bytes(&text, line ? line : "", line ? length : 0);
    text_add(&text, json_is_array(value) ? "\n" : "");
    free(line);
  }
  *total = text.length;
  return text.bytes ? text.bytes : memory_copy_string("");
}

void vector_run_load(struct vector_run *run, const char *directory, const json_t *file, const json_t *vector)
{
  static const char no_message[] = "From: <nobody@sluis.example>\r\n"
                                   "Date: Mon, 01 Jan 2024 00:00:00 +0000\r\n\r\ntext\r\n";
  const json_t *message = json_object_get(vector, "message"), *config = json_object_get(vector, "config");
  size_t length;
  *run = (struct vector_run){.file = file, .vector = vector, .now = json_integer_value(json_object_get(vector, "now"))};
  if (run->now == 0)
    run->now = (int64_t)time(NULL);
  run->config = config ? join_lines(config, &length) : memory_copy_string(default_config);
  if (*vector_text(vector, "file")) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", directory, vector_text(vector, "file"));
    run->message = read_file(path, &run->message_length);
  } else if (message) {
    run->message = join_lines(message, &run->message_length);
  } else {
    run->message = memory_copy_string(no_message);
    run->message_length = strlen(no_message);
  }
}

void vector_run_free(struct vector_run *run)
{
  free(run->message);
  free(run->config);
}
