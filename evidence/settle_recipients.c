/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recipients and classes. See settle_recipients.h.
 *
 * Two streams in the order of messages are read side by side, page by page: deliveries and recipients. Where the logs
 * leave out local parts, several recipients look the same; they go to the same destination, so that it is enough to give
 * each mark one of them.
 */
#include "evidence/settle_recipients.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evidence/class.h"

enum { PAGE = 4000, TABLE_MIN = 64 };

/* A stream of rows in the order of two numbers. */
struct stream {
  struct statement *statement;
  int64_t first, second; /* of the row at hand */
  int rows;              /* of this page so far */
  bool ended;
};

static const char *const deliveries_sql =
    "SELECT s.message_id, s.id, d.mta, d.agent, d.relay_name, d.relay_address, d.status, d.dsn, d.reply, d.tls,"
    " d.tls_feature, d.tls_match, d.tls_level, d.address, d.mark, d.time - m.time, CASE WHEN d.tls = 'verified' AND"
    " EXISTS (SELECT 1 FROM dane_host h WHERE h.message_id = s.message_id AND h.name = lower(d.relay_name) AND h.tlsa ="
    " 'usable') THEN 1 ELSE 0 END"
    " FROM settling_message s JOIN delivery d ON d.id = s.id LEFT JOIN message m ON m.id = s.message_id"
    " WHERE (s.message_id, s.id) > ($1, $2) ORDER BY s.message_id, s.id LIMIT $3";

static const char *const recipients_sql =
    "SELECT r.message_id, r.number, r.address, r.verdict, r.ttl FROM recipient r WHERE (r.message_id, r.number) > ($1, $2)"
    " AND r.message_id IN (SELECT message_id FROM settling_message) ORDER BY r.message_id, r.number LIMIT $3";

/* A recipient of the message at hand. */
struct candidate {
  char *address, *verdict;
  int64_t number, ttl;
  bool known;    /* ttl */
  int64_t mark;  /* of the delivery that it was given to */
  size_t next;   /* with the same address: index + 1 */
  size_t free;   /* in the first one of an address: the next that no mark was given; index + 1 */
  size_t last;   /* in the first one: the last of them */
};

struct settler {
  struct stream deliveries, recipients;
  struct loader *settled;
  struct candidate *candidates;
  size_t count, size;
  size_t *table, table_size; /* open addressing by address: index + 1 of the first one */
  size_t *marks;             /* by mark */
};

static int open_stream(struct stream *stream, struct database *database, const char *sql)
{
  *stream = (struct stream){.statement = database_prepare(database, sql), .first = INT64_MIN};
  return stream->statement ? 0 : -1;
}

/* 1: a row stands ready; 0: the end; -1. */
static int advance(struct stream *stream)
{
  if (stream->ended)
    return 0;
  for (int page = 0; page < 2; page++) {
    if (stream->rows == 0) {
      statement_bind_integer(stream->statement, 1, stream->first);
      statement_bind_integer(stream->statement, 2, stream->second);
      statement_bind_integer(stream->statement, 3, PAGE);
    }
    int status = statement_step(stream->statement);
    if (status < 0)
      return -1;
    if (status == 1) {
      stream->rows++;
      stream->first = statement_integer(stream->statement, 0);
      stream->second = statement_integer(stream->statement, 1);
      return 1;
    }
    if (stream->rows < PAGE)
      break;
    stream->rows = 0;
  }
  stream->ended = true;
  return 0;
}

static size_t hash(const char *address, int64_t mark)
{
  uint64_t number = 5381 + (uint64_t)mark * 2654435761u;
  for (; address && *address; address++)
    number = number * 33 + (unsigned char)*address;
  return (size_t)(number ^ number >> 29);
}

static void clear_candidates(struct settler *settler)
{
  for (size_t i = 0; i < settler->count; i++) {
    free(settler->candidates[i].address);
    free(settler->candidates[i].verdict);
  }
  settler->count = 0;
}

static char *copy_or_null(const char *value)
{
  return value ? memory_copy_string(value) : NULL;
}

/* The place in the table of the first recipient with this address, or the empty one where it would be. */
static size_t *place_of(struct settler *settler, const char *address)
{
  size_t at = hash(address, 0) % settler->table_size;
  while (settler->table[at] != 0 && strcmp(settler->candidates[settler->table[at] - 1].address, address) != 0)
    at = (at + 1) % settler->table_size;
  return &settler->table[at];
}

static void build_tables(struct settler *settler)
{
  size_t wanted = TABLE_MIN;
  while (wanted < 2 * settler->count)
    wanted *= 2;
  if (wanted > settler->table_size) {
    settler->table_size = wanted;
    settler->table = memory_resize(settler->table, wanted * sizeof *settler->table);
    settler->marks = memory_resize(settler->marks, wanted * sizeof *settler->marks);
  }
  memset(settler->table, 0, settler->table_size * sizeof *settler->table);
  memset(settler->marks, 0, settler->table_size * sizeof *settler->marks);
  for (size_t i = 0; i < settler->count; i++) {
    if (!settler->candidates[i].address)
      continue;
    size_t *place = place_of(settler, settler->candidates[i].address);
    if (*place == 0) {
      *place = i + 1;
      settler->candidates[i].free = i + 1;
    } else {
      settler->candidates[settler->candidates[*place - 1].last - 1].next = i + 1;
    }
    settler->candidates[*place - 1].last = i + 1;
  }
}

/* All recipients of a message; the stream stands at the first one behind it. 0 or -1. */
static int read_candidates(struct settler *settler, int64_t message)
{
  struct stream *stream = &settler->recipients;
  clear_candidates(settler);
  int status = 1;
  while (status == 1 && !stream->ended && stream->first < message)
    status = advance(stream);
  while (status == 1 && !stream->ended && stream->first == message) {
    if (settler->count == settler->size) {
      settler->size = settler->size > 0 ? 2 * settler->size : 16;
      settler->candidates = memory_resize(settler->candidates, settler->size * sizeof *settler->candidates);
    }
    struct candidate *candidate = &settler->candidates[settler->count++];
    *candidate = (struct candidate){.number = stream->second, .known = !statement_is_null(stream->statement, 4),
                                    .address = copy_or_null(statement_text(stream->statement, 2)),
                                    .verdict = copy_or_null(statement_text(stream->statement, 3)),
                                    .ttl = statement_integer(stream->statement, 4)};
    status = advance(stream);
  }
  if (status < 0)
    return -1;
  build_tables(settler);
  return 0;
}

/* The recipient that this mark was given before, or the next free one of the same address; NULL where there is none. */
static const struct candidate *find_candidate(struct settler *settler, const char *address, int64_t mark)
{
  if (settler->count == 0 || !address)
    return NULL;
  size_t at = hash(address, mark) % settler->table_size;
  for (; settler->marks[at] != 0; at = (at + 1) % settler->table_size) {
    const struct candidate *candidate = &settler->candidates[settler->marks[at] - 1];
    if (candidate->mark == mark && candidate->address && strcmp(candidate->address, address) == 0)
      return candidate;
  }
  size_t *place = place_of(settler, address);
  struct candidate *first = *place != 0 ? &settler->candidates[*place - 1] : NULL;
  if (!first || first->free == 0)
    return NULL;
  struct candidate *candidate = &settler->candidates[first->free - 1];
  settler->marks[at] = first->free;
  first->free = candidate->next;
  candidate->mark = mark;
  return candidate;
}

static int settle_delivery(struct settler *settler)
{
  struct statement *row = settler->deliveries.statement;
  const struct candidate *candidate = find_candidate(settler, statement_text(row, 13), statement_integer(row, 14));
  int64_t age = statement_integer(row, 15);
  const char *why;
  struct class_facts facts = {
      .mta = statement_text(row, 2), .agent = statement_text(row, 3),        .relay_name = statement_text(row, 4),
      .relay_address = statement_text(row, 5), .status = statement_text(row, 6), .dsn = statement_text(row, 7),
      .reply = statement_text(row, 8), .tls = statement_text(row, 9),        .tls_feature = statement_text(row, 10),
      .tls_match = statement_text(row, 11), .tls_level = statement_text(row, 12),
      .verdict = candidate ? candidate->verdict : NULL, .host_usable = statement_integer(row, 16) != 0,
      .is_fresh = candidate && candidate->known && age <= candidate->ttl * 1000};
  const char *class = class_of(&facts, &why);
  loader_integer(settler->settled, settler->deliveries.second);
  if (candidate)
    loader_integer(settler->settled, candidate->number);
  else
    loader_null(settler->settled);
  loader_text(settler->settled, class);
  loader_text(settler->settled, why);
  return loader_end_row(settler->settled);
}

static int settle_streams(struct settler *settler)
{
  int64_t message = INT64_MIN;
  int status;
  if (advance(&settler->recipients) < 0)
    return -1;
  while ((status = advance(&settler->deliveries)) == 1) {
    if (settler->deliveries.first != message) {
      message = settler->deliveries.first;
      if (read_candidates(settler, message) < 0)
        return -1;
    }
    if (settle_delivery(settler) < 0)
      return -1;
  }
  return status < 0 ? -1 : loader_flush(settler->settled);
}

int settle_recipients(struct database *database)
{
  struct settler settler = {0};
  int status = -1;
  settler.settled = loader_open(database, "settled", "id, recipient, class, why");
  if (settler.settled && open_stream(&settler.deliveries, database, deliveries_sql) == 0 &&
      open_stream(&settler.recipients, database, recipients_sql) == 0)
    status = settle_streams(&settler);
  clear_candidates(&settler);
  free(settler.candidates);
  free(settler.table);
  free(settler.marks);
  statement_free(settler.deliveries.statement);
  statement_free(settler.recipients.statement);
  loader_close(settler.settled);
  return status;
}
