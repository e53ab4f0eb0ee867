/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The story of a correspondent: as author, as destination, its DANE state over time. See story.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "story/counts.h"
#include "story/exceptions.h"
#include "story/row.h"
#include "story/story.h"

enum { LAST_MESSAGES = 10, STATES_MAX = 200 };

/* Some time in which the destination was always found to be the same. */
struct state {
  int64_t from, to, recipients;
  const char *verdict, *link, *mx, *why, *file;
  int64_t line; /* of its first recipient */
};

struct summary {
  int64_t time, line, recipients;
  const char *direction, *queue_id, *host, *action, *verdict, *link, *dmarc, *file, *source;
};

struct profile {
  struct arena *arena;
  struct counts counts;
  struct state states[STATES_MAX];
  size_t state_count;
  struct summary last[STORY_SOURCES_MAX * LAST_MESSAGES];
  size_t last_count;
};

static const char *keep(struct profile *profile, struct statement *statement, int column)
{
  return arena_string(profile->arena, statement_text(statement, column));
}

static bool is_same(const struct state *a, const struct state *b)
{
  return strcmp(a->verdict, b->verdict) == 0 && (a->link ? b->link && strcmp(a->link, b->link) == 0 : !b->link);
}

/* Runs of the same verdict and link. The newest ones are kept where there are very many. */
static int read_states(struct profile *profile, struct database *database, const char *domain, int64_t from, int64_t to)
{
  struct statement *statement = row_ask_period(
      database,
      "WITH seen AS (SELECT m.time, m.id, m.file_id, m.line, r.number, r.verdict, r.link, r.mx, r.why, CASE WHEN lag(r.verdict"
      " || ' ' || coalesce(r.link, '')) OVER w = r.verdict || ' ' || coalesce(r.link, '') THEN 0 ELSE 1 END AS begins"
      " FROM recipient r JOIN message m ON m.id = r.message_id WHERE r.domain = $1 AND m.time >= $2 AND m.time < $3 AND"
      " m.direction = 'outbound' AND r.verdict IS NOT NULL WINDOW w AS (ORDER BY m.time, m.id, r.number)),"
      " run AS (SELECT seen.*, sum(begins) OVER (ORDER BY time, id, number) AS n FROM seen),"
      " span AS (SELECT n, min(time) AS first, max(time) AS last, count(*) AS recipients FROM run GROUP BY n)"
      " SELECT s.first, s.last, s.recipients, r.verdict, r.link, r.mx, r.why, f.path, r.line FROM span s JOIN run r ON r.n = s.n"
      " AND r.begins = 1 LEFT JOIN file f ON f.id = r.file_id ORDER BY s.n DESC LIMIT 100", domain, from, to);
  int status = -1;
  while (statement && (status = statement_step(statement)) > 0 && profile->state_count < STATES_MAX)
    profile->states[profile->state_count++] =
        (struct state){statement_integer(statement, 0), statement_integer(statement, 1), statement_integer(statement, 2),
                       keep(profile, statement, 3),     keep(profile, statement, 4),     keep(profile, statement, 5),
                       keep(profile, statement, 6),     keep(profile, statement, 7),     statement_integer(statement, 8)};
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

static int compare_states(const void *a, const void *b)
{
  const struct state *first = a, *second = b;
  return (first->from > second->from) - (first->from < second->from);
}

static void merge_states(struct profile *profile)
{
  size_t kept = 0;
  if (profile->state_count == 0)
    return;
  qsort(profile->states, profile->state_count, sizeof *profile->states, compare_states);
  for (size_t i = 0; i < profile->state_count; i++) {
    struct state *before = kept > 0 ? &profile->states[kept - 1] : NULL;
    if (!before || !is_same(before, &profile->states[i])) {
      profile->states[kept++] = profile->states[i];
      continue;
    }
    before->recipients += profile->states[i].recipients;
    if (profile->states[i].to > before->to)
      before->to = profile->states[i].to;
  }
  profile->state_count = kept;
}

static int read_last(struct profile *profile, const struct story_source *source, const char *domain, int64_t from, int64_t to)
{
  struct statement *statement = row_ask_period(
      source->database,
      "SELECT m.time, m.line, m.direction, m.queue_id, h.name, m.action, (SELECT min(r.verdict) FROM recipient r WHERE"
      " r.message_id = m.id AND r.domain = $1), (SELECT min(r.link) FROM recipient r WHERE r.message_id = m.id AND r.domain = $1),"
      " (SELECT d.result FROM dmarc d WHERE d.message_id = m.id), f.path, (SELECT count(*) FROM recipient r WHERE r.message_id ="
      " m.id AND r.domain = $1) FROM message m LEFT JOIN host h ON h.id = m.host_id LEFT JOIN file f ON f.id = m.file_id WHERE"
      " m.time >= $2 AND m.time < $3 AND ((m.direction = 'inbound' AND coalesce(m.author_domain, m.mail_from_domain) = $1) OR"
      " (m.direction = 'outbound' AND EXISTS (SELECT 1 FROM recipient r WHERE r.message_id = m.id AND r.domain = $1)))"
      " ORDER BY m.time DESC, m.id DESC LIMIT 10", domain, from, to);
  int status = -1;
  while (statement && (status = statement_step(statement)) > 0)
    profile->last[profile->last_count++] = (struct summary){.time = statement_integer(statement, 0),
                                                            .line = statement_integer(statement, 1),
                                                            .direction = keep(profile, statement, 2),
                                                            .queue_id = keep(profile, statement, 3),
                                                            .host = keep(profile, statement, 4),
                                                            .action = keep(profile, statement, 5),
                                                            .verdict = keep(profile, statement, 6),
                                                            .link = keep(profile, statement, 7),
                                                            .dmarc = keep(profile, statement, 8),
                                                            .file = keep(profile, statement, 9),
                                                            .recipients = statement_integer(statement, 10),
                                                            .source = source->name};
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

static int compare_last(const void *a, const void *b)
{
  const struct summary *first = a, *second = b;
  return (first->time < second->time) - (first->time > second->time);
}

static void write_states(struct emitter *emitter, const struct profile *profile)
{
  emitter_key(emitter, "dane");
  emitter_open_list(emitter);
  for (size_t i = 0; i < profile->state_count; i++) {
    const struct state *state = &profile->states[i];
    emitter_open_map(emitter);
    row_write_time(emitter, "from", state->from);
    row_write_time(emitter, "to", state->to);
    row_write_number(emitter, "recipients", state->recipients);
    row_write_text(emitter, "verdict", state->verdict);
    row_write_text(emitter, "link", state->link);
    row_write_text(emitter, "mx", state->mx);
    row_write_text(emitter, "why", state->why);
    row_write_text(emitter, "file", state->file);
    row_write_number(emitter, "line", state->line);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}

static void write_last(struct emitter *emitter, const struct profile *profile)
{
  emitter_key(emitter, "messages");
  emitter_open_list(emitter);
  for (size_t i = 0; i < profile->last_count && i < LAST_MESSAGES; i++) {
    const struct summary *last = &profile->last[i];
    emitter_open_map(emitter);
    row_write_time(emitter, "time", last->time);
    row_write_text(emitter, "direction", last->direction);
    row_write_text(emitter, "queue_id", last->queue_id);
    row_write_text(emitter, "host", last->host);
    row_write_text(emitter, "action", last->action);
    row_write_text(emitter, "dmarc", last->dmarc);
    row_write_text(emitter, "verdict", last->verdict);
    row_write_text(emitter, "link", last->link);
    row_write_number(emitter, "recipients", last->recipients);
    row_write_text(emitter, "source", last->source);
    row_write_text(emitter, "file", last->file);
    row_write_number(emitter, "line", last->line);
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}

static int read_all(struct profile *profile, struct story *story, const char *domain)
{
  for (size_t i = 0; i < story->source_count; i++) {
    const struct story_source *source = &story->sources[i];
    if (counts_read(&profile->counts, source->database, domain, story->from, story->to) < 0 ||
        read_states(profile, source->database, domain, story->from, story->to) < 0 ||
        read_last(profile, source, domain, story->from, story->to) < 0) {
      story->error = database_error(source->database);
      return -1;
    }
  }
  merge_states(profile);
  if (profile->last_count > 0)
    qsort(profile->last, profile->last_count, sizeof *profile->last, compare_last);
  return 0;
}

long story_domain(struct text *out, struct story *story, const char *domain)
{
  struct profile *profile = memory_new(sizeof *profile);
  profile->arena = profile->counts.arena = arena_new();
  long status = read_all(profile, story, domain);
  if (status == 0 && (profile->counts.count > 0 || profile->last_count > 0)) {
    struct emitter *emitter = emitter_new(out);
    emitter_open_map(emitter);
    row_write_text(emitter, "type", "domain");
    row_write_text(emitter, "domain", domain);
    counts_write(&profile->counts, emitter);
    write_states(emitter, profile);
    exceptions_write_for(emitter, story->config, domain, story->now);
    write_last(emitter, profile);
    emitter_close_map(emitter);
    emitter_free(emitter);
    text_add_char(out, '\n');
    status = 1;
  }
  arena_free(profile->arena);
  free(profile);
  return status;
}
