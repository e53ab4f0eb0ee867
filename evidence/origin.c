/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Hosts, numbers and stretches of time. See origin.h.
 */
#include "evidence/origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct span {
  int64_t file, host, first, last;
  const char *kind; /* constant text */
};

struct registry {
  struct database *database;
  struct {
    int64_t id;
    char *name;
  } *hosts;
  size_t host_count, last_host; /* the one found last: lines of a host stand together */
  struct span *spans;
  size_t span_count;
  /* The span that was visited last, and until when nothing changes around it: most lines ask the same. */
  size_t last_span;
  int64_t same_from, same_until;
  bool same_suspect;
  int64_t next[REGISTRY_TABLE_COUNT];
  int64_t pruned_until; /* 0: never */
};

static const char *const kinds[] = {"audit", "mta"};

static int read_hosts(struct registry *registry)
{
  struct statement *statement = database_prepare(registry->database, "SELECT id, name FROM host ORDER BY id");
  int status = statement ? 0 : -1;
  for (size_t i = 0; i < registry->host_count; i++)
    free(registry->hosts[i].name);
  registry->host_count = registry->last_host = 0;
  while (status == 0 && (status = statement_step(statement)) == 1) {
    registry->hosts = memory_resize(registry->hosts, (registry->host_count + 1) * sizeof *registry->hosts);
    registry->hosts[registry->host_count].id = statement_integer(statement, 0);
    registry->hosts[registry->host_count++].name = memory_copy_string(statement_text(statement, 1));
    status = 0;
  }
  statement_free(statement);
  return status;
}

static const char *constant_kind(const char *kind)
{
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i], kind) == 0)
      return kinds[i];
  return "";
}

static struct span *add_span(struct registry *registry)
{
  registry->spans = memory_resize(registry->spans, (registry->span_count + 1) * sizeof *registry->spans);
  registry->spans[registry->span_count] = (struct span){0};
  return &registry->spans[registry->span_count++];
}

static int read_spans(struct registry *registry)
{
  struct statement *statement =
      database_prepare(registry->database, "SELECT file_id, host_id, kind, first_time, last_time FROM span");
  int status = statement ? 0 : -1;
  registry->span_count = registry->last_span = 0;
  registry->same_from = 1; /* nothing is known */
  registry->same_until = 0;
  while (status == 0 && (status = statement_step(statement)) == 1) {
    *add_span(registry) = (struct span){statement_integer(statement, 0), statement_integer(statement, 1),
                                        statement_integer(statement, 3), statement_integer(statement, 4),
                                        constant_kind(statement_text(statement, 2))};
    status = 0;
  }
  statement_free(statement);
  return status;
}

/* A number that was given out once is not given out again, even where its row was pruned: daily.c counts by number. */
#define NEWEST(table) \
  "SELECT max(n) FROM (SELECT max(id) AS n FROM " table " UNION ALL SELECT CAST(value AS BIGINT) FROM setting WHERE" \
  " name = 'daily-" table "') t"

static int read_numbers(struct registry *registry)
{
  static const char *const questions[REGISTRY_TABLE_COUNT] = {
      [REGISTRY_MESSAGE] = NEWEST("message"),
      [REGISTRY_EVENT] = NEWEST("event"),
      [REGISTRY_ACCEPTED] = NEWEST("accepted"),
      [REGISTRY_DELIVERY] = NEWEST("delivery"),
  };
  for (int i = 0; i < REGISTRY_TABLE_COUNT; i++) {
    struct statement *statement = database_prepare(registry->database, questions[i]);
    int status = statement ? statement_step(statement) : -1;
    registry->next[i] = status == 1 ? statement_integer(statement, 0) : 0;
    statement_free(statement);
    if (status < 0)
      return -1;
  }
  return 0;
}

static int read_pruned(struct registry *registry)
{
  struct statement *statement =
      database_prepare(registry->database, "SELECT coalesce(max(last_time), 0) FROM pruned WHERE class = 'lines'");
  int status = statement ? statement_step(statement) : -1;
  registry->pruned_until = status == 1 ? statement_integer(statement, 0) : 0;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

struct registry *registry_new(struct database *database)
{
  struct registry *registry = memory_new(sizeof *registry);
  registry->database = database;
  return registry;
}

void registry_free(struct registry *registry)
{
  if (!registry)
    return;
  for (size_t i = 0; i < registry->host_count; i++)
    free(registry->hosts[i].name);
  free(registry->hosts);
  free(registry->spans);
  free(registry);
}

int registry_begin(struct registry *registry)
{
  return read_hosts(registry) < 0 || read_spans(registry) < 0 || read_numbers(registry) < 0 ||
                 read_pruned(registry) < 0 ? -1 : 0;
}

int64_t registry_host(struct registry *registry, const char *name)
{
  if (registry->last_host < registry->host_count && strcmp(registry->hosts[registry->last_host].name, name) == 0)
    return registry->hosts[registry->last_host].id;
  for (size_t i = 0; i < registry->host_count; i++) {
    if (strcmp(registry->hosts[i].name, name) == 0) {
      registry->last_host = i;
      return registry->hosts[i].id;
    }
  }
  int64_t id = registry->host_count > 0 ? registry->hosts[registry->host_count - 1].id + 1 : 1;
  struct statement *statement = database_prepare(registry->database, "INSERT INTO host (id, name) VALUES ($1, $2)");
  if (statement) {
    statement_bind_integer(statement, 1, id);
    statement_bind(statement, 2, name);
  }
  int status = statement ? statement_run(statement) : -1;
  statement_free(statement);
  if (status < 0)
    return 0;
  registry->hosts = memory_resize(registry->hosts, (registry->host_count + 1) * sizeof *registry->hosts);
  registry->hosts[registry->host_count].id = id;
  registry->hosts[registry->host_count++].name = memory_copy_string(name);
  return id;
}

const char *registry_host_name(const struct registry *registry, int64_t host)
{
  for (size_t i = 0; i < registry->host_count; i++)
    if (registry->hosts[i].id == host)
      return registry->hosts[i].name;
  return "";
}

static void stretch(struct span *span, int64_t time)
{
  if (time < span->first)
    span->first = time;
  if (time > span->last)
    span->last = time;
}

/* A moment at which another file begins or ends to speak of the host: what is known of this time holds up to there. */
static void note_edge(struct registry *registry, int64_t edge, int64_t time)
{
  if (edge <= time && edge > registry->same_from)
    registry->same_from = edge;
  else if (edge > time && edge - 1 < registry->same_until)
    registry->same_until = edge - 1;
}

void registry_visit(struct registry *registry, struct origin *origin, const char *kind)
{
  struct span *last = registry->last_span < registry->span_count ? &registry->spans[registry->last_span] : NULL;
  kind = constant_kind(kind);
  if (last && last->file == origin->file && last->host == origin->host && last->kind == kind &&
      origin->time >= registry->same_from && origin->time <= registry->same_until) {
    origin->suspect = registry->same_suspect;
    stretch(last, origin->time);
    return;
  }
  size_t own = registry->span_count;
  origin->suspect = false;
  registry->same_from = INT64_MIN;
  registry->same_until = INT64_MAX;
  for (size_t i = 0; i < registry->span_count; i++) {
    struct span *span = &registry->spans[i];
    if (span->host != origin->host || span->kind != kind)
      continue;
    if (span->file == origin->file) {
      own = i;
      continue;
    }
    /* Times without milliseconds reach to the end of their second. */
    if (origin->time >= span->first - 1000 && origin->time <= span->last + 1000)
      origin->suspect = true;
    note_edge(registry, span->first - 1000, origin->time);
    note_edge(registry, span->last + 1001, origin->time);
  }
  if (own == registry->span_count)
    *add_span(registry) = (struct span){origin->file, origin->host, origin->time, origin->time, kind};
  stretch(&registry->spans[own], origin->time);
  registry->last_span = own;
  registry->same_suspect = origin->suspect;
}

int registry_store(struct registry *registry, int64_t file)
{
  struct statement *statement = database_prepare(
      registry->database, "INSERT INTO span (file_id, host_id, kind, first_time, last_time) VALUES ($1, $2, $3, $4, $5)"
                          " ON CONFLICT (file_id, host_id, kind) DO UPDATE SET first_time = excluded.first_time,"
                          " last_time = excluded.last_time");
  int status = statement ? 0 : -1;
  for (size_t i = 0; status == 0 && i < registry->span_count; i++) {
    const struct span *span = &registry->spans[i];
    if (span->file != file)
      continue;
    statement_bind_integer(statement, 1, span->file);
    statement_bind_integer(statement, 2, span->host);
    statement_bind(statement, 3, span->kind);
    statement_bind_integer(statement, 4, span->first);
    statement_bind_integer(statement, 5, span->last);
    status = statement_run(statement);
  }
  statement_free(statement);
  return status;
}

bool registry_is_pruned(const struct registry *registry, int64_t time)
{
  return time < registry->pruned_until;
}

int64_t registry_next(struct registry *registry, enum registry_table table)
{
  return ++registry->next[table];
}
