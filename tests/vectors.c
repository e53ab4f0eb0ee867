/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tests/vectors DIRECTORY...: runs every vector of DIRECTORY/vectors.json through the session layer, as the milter
 * does, with a fake resolver and the vector's clock, and compares what comes out (the Authentication-Results
 * field, the reply, the audit line) with what the vector expects. Prints each miss and closes on `N passed, N failed`;
 * with --tap one TAP point for each vector.
 *
 * The format is the one of the shared vectors. Own suites may also have in a vector "message" (its text in place of a
 * file, lines or a string), "config" (sluis.conf text, lines or a string, that replaces the default below), in its
 * envelope "outbound" (true: the client is one of ours, recipients go by SMTP), "tls" ([version, cipher]), and in its
 * "expect": "action", "would", "reply" (the beginning of it), "rcpt" (of each recipient's reply, "" where accepted),
 * "results" (pieces of the Authentication-Results or Sluis-DANE value; "!piece" must not be there), "audit"
 * ({"dotted.path": value}), "removed" (fields deleted).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <jansson.h>

#include "base/domain.h"
#include "base/memory.h"
#include "checks/dkim.h"
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
/* What a receiver that acts on SPF, or on DMARC, would do. */
static const char spf_config[] = "mode = \"enforce\"\nauthserv-id = \"mx.sluis.example\"\ninternal-networks = {}\n"
                                 "inbound { spf = reject dkim = off dmarc = off tls = off author = off }\n";
static const char dmarc_config[] = "mode = \"enforce\"\nauthserv-id = \"mx.sluis.example\"\ninternal-networks = {}\n"
                                   "inbound { spf = observe dkim = observe dmarc = reject tls = off author = off }\n";

/* What came out of one run. */
struct outcome {
  char *results;   /* the Authentication-Results value, unfolded; "" where none was added */
  char *reply;     /* "550 5.7.1 text" or "" */
  json_t *replies; /* of the recipients */
  json_t *audit;   /* the line, parsed */
  enum action action;
  unsigned removed;
  json_t *walked;            /* names of the tree walk that were asked for */
  struct dns_source *source; /* of the run; alive while it runs */
};

struct run {
  const json_t *file, *vector;
  char *message;
  size_t message_length;
  int64_t now;
};

static int64_t clock_of(void *context)
{
  return ((struct run *)context)->now;
}

static const char *text_of(const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  return value ? value : "";
}

static struct dns_source *zones_of(const struct run *run)
{
  struct dns_source *source = fake_new();
  const char *reference = text_of(run->vector, "dns_ref");
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

static void feed_recipients(struct session *session, const json_t *envelope, struct outcome *outcome)
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

static void feed_envelope(struct session *session, const json_t *envelope, struct outcome *outcome)
{
  size_t length;
  char *sender = vector_bytes(json_object_get(envelope, "mailfrom"), &length);
  char *helo = vector_bytes(json_object_get(envelope, "helo"), &length);
  const json_t *tls = json_object_get(envelope, "tls");
  struct text path = {0};
  struct session_client client = {.name = "unknown", .mta = "mx.sluis.example", .can_quarantine = true};
  if (ip_parse(&client.ip, text_of(envelope, "ip")) < 0)
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

static void keep_outcome(struct outcome *outcome, const struct session *session, const struct session_outcome *from)
{
  struct text text = {0};
  const struct decision *decision = &from->decision;
  outcome->action = decision->action;
  outcome->reply = reply_text(decision);
  outcome->results = NULL;
  for (size_t i = 0; i < from->edit_count; i++) {
    if (!from->edits[i].value)
      outcome->removed++;
    else if (!outcome->results)
      outcome->results = unfold(from->edits[i].value);
  }
  if (!outcome->results)
    outcome->results = memory_copy_string("");
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
static void note_walk(struct outcome *outcome)
{
  outcome->walked = json_array();
  for (const char *name = text_of(outcome->audit, "author_domain"); name && *name; name = domain_parent(name)) {
    char query[300];
    snprintf(query, sizeof query, "_dmarc.%s", name);
    if (fake_asked(outcome->source, query, DNS_TXT) > 0)
      json_array_append_new(outcome->walked, json_string(query));
  }
}

static void run_vector(struct run *run, const char *config_text, struct outcome *outcome)
{
  char error[256];
  *outcome = (struct outcome){.source = zones_of(run)};
  struct config *config = config_parse(config_text, "vector", error, sizeof error);
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

static void free_outcome(struct outcome *outcome)
{
  free(outcome->results);
  free(outcome->reply);
  json_decref(outcome->audit);
  json_decref(outcome->walked);
  json_decref(outcome->replies);
}

/* ---- comparing ---- */

static unsigned misses; /* of the vector in hand */
static bool tap;

static void miss(const struct run *run, const char *what, const json_t *expected, const char *came)
{
  char *text = json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT);
  printf("%s%s: %s: expected %s, came %s (%s)\n", tap ? "# " : "", text_of(run->vector, "id"), what, text,
         came ? came : "nothing", text_of(run->vector, "why"));
  free(text);
  misses++;
}

/* expected: a value, or a list of which any will do. */
static bool fits(const json_t *expected, const json_t *came)
{
  size_t index;
  const json_t *any;
  if (json_is_array(expected)) {
    json_array_foreach (expected, index, any)
      if (fits(any, came))
        return true;
    return false;
  }
  if (json_is_null(expected))
    return !came || json_is_null(came);
  return came && json_equal(expected, came);
}

static json_t *look_up(json_t *value, const char *path)
{
  char step[100];
  while (value && *path) {
    size_t length = strcspn(path, ".");
    snprintf(step, sizeof step, "%.*s", (int)length, path);
    value = json_is_array(value) ? json_array_get(value, (size_t)atoi(step)) : json_object_get(value, step);
    path += length + (path[length] == '.');
  }
  return value;
}

static void compare(const struct run *run, const char *what, const json_t *expected, json_t *came)
{
  if (fits(expected, came))
    return;
  char *text = came ? json_dumps(came, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
  miss(run, what, expected, text);
  free(text);
}

static void compare_text(const struct run *run, const char *what, const json_t *expected, const char *came)
{
  json_t *value = json_string(came);
  compare(run, what, expected, value);
  json_decref(value);
}

/* The audit line and the header must tell the same: "METHOD=RESULT" in the field, in the order of the line. */
static void check_results_field(const struct run *run, const struct outcome *outcome)
{
  const char *at = outcome->results;
  size_t index;
  const json_t *signature;
  json_array_foreach (json_object_get(outcome->audit, "dkim"), index, signature) {
    char piece[40];
    snprintf(piece, sizeof piece, "dkim=%s", text_of(signature, "result"));
    at = at ? strstr(at, piece) : NULL;
    if (at)
      at += strlen(piece);
  }
  if (!at) {
    json_t *dkim = json_object_get(outcome->audit, "dkim");
    miss(run, "Authentication-Results does not say what the audit line says", dkim, outcome->results);
  }
}

static bool signature_fits(const json_t *expected, const json_t *came)
{
  return fits(json_object_get(expected, "result"), json_object_get(came, "result")) &&
         (!json_object_get(expected, "d") || strcasecmp(text_of(expected, "d"), text_of(came, "domain")) == 0) &&
         (!json_object_get(expected, "s") || strcasecmp(text_of(expected, "s"), text_of(came, "selector")) == 0);
}

static void expect_dkim(const struct run *run, const json_t *expected, const struct outcome *outcome)
{
  json_t *came = json_object_get(outcome->audit, "dkim");
  bool any_order = strcmp(text_of(json_object_get(run->vector, "expect"), "dkim_order"), "any") == 0;
  size_t count = json_array_size(expected);
  bool good = json_array_size(came) == count;
  bool used[64] = {false};
  for (size_t i = 0; good && i < count; i++) {
    bool found = false;
    for (size_t j = 0; j < count && j < 64 && !found; j++)
      if ((any_order || i == j) && !used[j] && signature_fits(json_array_get(expected, i), json_array_get(came, j)))
        found = used[j] = true;
    good = found;
  }
  if (!good) {
    char *text = json_dumps(came, JSON_COMPACT);
    miss(run, "dkim", expected, text);
    free(text);
  }
}

static void expect_spf(const struct run *run, const json_t *expected, const struct outcome *outcome)
{
  const json_t *envelope = json_object_get(run->vector, "envelope");
  const char *identity = *text_of(envelope, "mailfrom") ? "mailfrom" : "helo";
  size_t index;
  json_t *fact;
  json_array_foreach (json_object_get(outcome->audit, "spf"), index, fact)
    if (strcmp(text_of(fact, "identity"), identity) == 0) {
      compare(run, "spf", expected, json_object_get(fact, "result"));
      return;
    }
  miss(run, "spf", expected, NULL);
}

/* The reply of a receiver that refuses an SPF fail quotes the explanation behind "explains: ". */
static void expect_explanation(struct run *run, const json_t *expected)
{
  struct outcome outcome;
  run_vector(run, spf_config, &outcome);
  const char *marker = strstr(outcome.reply, "explains: ");
  compare_text(run, "explanation", expected, marker ? marker + strlen("explains: ") : "DEFAULT");
  free_outcome(&outcome);
}

static void expect_disposition(struct run *run, const json_t *expected)
{
  struct outcome outcome;
  run_vector(run, dmarc_config, &outcome);
  compare_text(run, "disposition", expected, outcome.action == ACTION_ACCEPT ? "none" : action_name(outcome.action));
  free_outcome(&outcome);
}

static void expect_results(const struct run *run, const json_t *pieces, const struct outcome *outcome)
{
  size_t index;
  const json_t *piece;
  json_array_foreach (pieces, index, piece) {
    const char *text = json_string_value(piece);
    bool wanted = *text != '!';
    if ((strstr(outcome->results, wanted ? text : text + 1) != NULL) != wanted)
      miss(run, wanted ? "the field lacks" : "the field has", piece, outcome->results);
  }
}

static void expect_recipients(const struct run *run, const json_t *expected, const struct outcome *outcome)
{
  for (size_t i = 0; i < json_array_size(expected); i++) {
    const char *want = json_string_value(json_array_get(expected, i));
    const char *came = json_string_value(json_array_get(outcome->replies, i));
    if (!came || strncmp(came, want, strlen(want)) != 0 || (!*want && *came))
      miss(run, "reply to a recipient", json_array_get(expected, i), came);
  }
}

static void expect_audit(const struct run *run, const json_t *paths, const struct outcome *outcome)
{
  const char *path;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)paths, path, value)
    compare(run, path, value, look_up(outcome->audit, path));
}

static void expect_walk(const struct run *run, const json_t *allowed, const struct outcome *outcome)
{
  size_t index;
  json_t *name;
  json_array_foreach (outcome->walked, index, name)
    if (!fits(allowed, name))
      miss(run, "tree walk asked for a name outside of", allowed, json_string_value(name));
}

/* Expectations that are one member of the audit line. */
static const struct {
  const char *key, *path;
} members[] = {{"dmarc", "dmarc.result"},
               {"policy", "dmarc.policy"},
               {"policy_domain", "dmarc.policy_domain"},
               {"org_domain", "dmarc.organizational_domain"},
               {"spf_aligned", "dmarc.aligned_spf"},
               {"dkim_aligned", "dmarc.aligned_dkim"},
               {"action", "action"},
               {"would", "would"}};

static void expect_one(struct run *run, const char *key, const json_t *expected, const struct outcome *outcome)
{
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (strcmp(key, members[i].key) == 0) {
      compare(run, key, expected, look_up(outcome->audit, members[i].path));
      return;
    }
  if (strcmp(key, "spf") == 0)
    expect_spf(run, expected, outcome);
  else if (strcmp(key, "dkim") == 0)
    expect_dkim(run, expected, outcome);
  else if (strcmp(key, "explanation") == 0)
    expect_explanation(run, expected);
  else if (strcmp(key, "disposition") == 0)
    expect_disposition(run, expected);
  else if (strcmp(key, "results") == 0)
    expect_results(run, expected, outcome);
  else if (strcmp(key, "rcpt") == 0)
    expect_recipients(run, expected, outcome);
  else if (strcmp(key, "tree_walk_queries_at_most") == 0)
    expect_walk(run, expected, outcome);
  else if (strcmp(key, "audit") == 0)
    expect_audit(run, expected, outcome);
  else if (strcmp(key, "removed") == 0)
    compare(run, key, expected, json_object_get(outcome->audit, "removed_headers"));
  else if (strcmp(key, "reply") != 0)
    miss(run, key, expected, "an expectation that this runner does not know");
  else if (strncmp(outcome->reply, json_string_value(expected), json_string_length(expected)) != 0)
    miss(run, key, expected, outcome->reply);
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

/* A string, or an array of lines, with the bytes that U+0000..U+00FF stand for. NULs cannot occur in these. */
static char *join_lines(const json_t *value)
{
  struct text text = {0};
  size_t length, count = json_is_array(value) ? json_array_size(value) : 1;
  for (size_t i = 0; i < count; i++) {
    char *line = vector_bytes(json_is_array(value) ? json_array_get(value, i) : value, &length);
    text_add(&text, line ? line : "");
    text_add(&text, json_is_array(value) ? "\n" : "");
    free(line);
  }
  return text.bytes ? text.bytes : memory_copy_string("");
}

/* 1: passed, 0: failed, -1: not to be counted. */
static int try_vector(const char *directory, const json_t *file, const json_t *vector)
{
  static const char no_message[] = "From: <nobody@sluis.example>\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n\r\ntext\r\n";
  struct run run = {.file = file, .vector = vector, .now = json_integer_value(json_object_get(vector, "now"))};
  if (json_is_true(json_object_get(vector, "contested")))
    return -1;
  if (run.now == 0)
    run.now = (int64_t)time(NULL);
  if (*text_of(vector, "file")) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", directory, text_of(vector, "file"));
    run.message = read_file(path, &run.message_length);
  } else {
    const json_t *message = json_object_get(vector, "message");
    run.message = message ? join_lines(message) : memory_copy_string(no_message);
    run.message_length = strlen(run.message);
  }
  struct outcome outcome;
  char *config = json_object_get(vector, "config") ? join_lines(json_object_get(vector, "config")) : NULL;
  const char *key;
  json_t *expected;
  misses = 0;
  run_vector(&run, config ? config : default_config, &outcome);
  if (*outcome.results)
    check_results_field(&run, &outcome);
  json_object_foreach (json_object_get(vector, "expect"), key, expected)
    expect_one(&run, key, expected, &outcome);
  if (misses > 0)
    printf("%s   %s\n", tap ? "# " : "", outcome.results);
  free_outcome(&outcome);
  free(run.message);
  free(config);
  return misses == 0;
}

struct totals {
  unsigned passed, failed;
};

/* 0, or 66 (EX_NOINPUT) where the directory has no readable suite. */
static int run_suite(const char *directory, struct totals *totals)
{
  char path[1024];
  json_error_t error;
  snprintf(path, sizeof path, "%s/vectors.json", directory);
  json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error);
  if (!file) {
    fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
    return 66;
  }
  size_t index;
  const json_t *vector;
  json_array_foreach (json_object_get(file, "vectors"), index, vector) {
    int result = try_vector(directory, file, vector);
    totals->passed += result == 1;
    totals->failed += result == 0;
    if (tap && result >= 0)
      printf("%sok %u - %s\n", result ? "" : "not ", totals->passed + totals->failed, text_of(vector, "id"));
  }
  json_decref(file);
  return 0;
}

int main(int count, char **words)
{
  struct totals totals = {0};
  int first = 1;
  if (count > 1 && strcmp(words[1], "--tap") == 0) {
    tap = true;
    first = 2;
  }
  if (count <= first || signatures_set_up() < 0) {
    fputs("usage: vectors [--tap] DIRECTORY...\n", stderr);
    return 64;
  }
  for (int i = first; i < count; i++) {
    int status = run_suite(words[i], &totals);
    if (status != 0)
      return status;
  }
  signatures_shut_down();
  if (tap)
    printf("1..%u\n", totals.passed + totals.failed);
  else
    printf("%u passed, %u failed\n", totals.passed, totals.failed);
  return totals.failed > 0;
}
