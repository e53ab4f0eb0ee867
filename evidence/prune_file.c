/* SPDX-License-Identifier: BSD-2-Clause
 *
 * May a rotated file of the audit log be removed? See prune.h.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/lines.h"
#include "evidence/import.h"
#include "evidence/moment.h"
#include "evidence/prune.h"

/* What a line says of itself, where it is one of the log. */
static void note_line(struct prune_file *file, const struct line *line)
{
  int64_t moment;
  uint64_t seq = line->cut ? 0 : chain_seq(line->bytes, line->length);
  chain_digest(file->digest, line->bytes, line->length);
  if (seq == 0)
    return;
  if (file->first_seq == 0)
    file->first_seq = seq;
  file->last_seq = seq;
  const char *time = strstr(line->bytes, "\"time\":\"");
  if (!time || moment_read(&moment, time + strlen("\"time\":\"")) == 0)
    return;
  if (file->first_time == 0 || moment < file->first_time)
    file->first_time = moment;
  if (moment > file->last_time)
    file->last_time = moment;
}

/* Reads the file to its end. 0, or -1 with the reason. */
static int read_file(struct prune_file *file, char first_line[CHAIN_DIGEST_SIZE], struct text *why)
{
  struct line line;
  int status;
  struct lines *lines = lines_open(file->path, IMPORT_LINE_MAX, why);
  if (!lines)
    return -1;
  while ((status = lines_next_whole(lines, &line)) == 1) {
    note_line(file, &line);
    if (line.number == 1)
      memcpy(first_line, file->digest, CHAIN_DIGEST_SIZE);
  }
  file->lines = lines_count(lines);
  if (status < 0)
    text_add(why, lines_error(lines));
  lines_close(lines);
  return status;
}

/* How many of its lines the database has read. 0 or -1. */
static int count_imported(struct database *database, const char *first_line, uint64_t *lines)
{
  struct statement *statement = database_prepare(database, "SELECT lines FROM file WHERE first_line = $1");
  if (statement)
    statement_bind(statement, 1, first_line);
  int status = statement ? statement_step(statement) : -1;
  *lines = status == 1 ? (uint64_t)statement_integer(statement, 0) : 0;
  statement_free(statement);
  return status < 0 ? -1 : 0;
}

/* The name of a hold that needs the file. 1, 0 for none, -1. */
static int find_hold(struct database *database, const struct prune_options *options, const struct prune_file *file,
                     struct text *why)
{
  struct statement *statement = database_prepare(
      database, "SELECT name FROM hold WHERE ends > $1 AND first_time <= $2 AND last_time > $3 ORDER BY name");
  if (!statement)
    return -1;
  statement_bind_integer(statement, 1, options->now);
  statement_bind_integer(statement, 2, file->last_time);
  statement_bind_integer(statement, 3, file->first_time);
  int status = statement_step(statement);
  if (status == 1)
    text_printf(why, "hold %s keeps it", statement_text(statement, 0));
  statement_free(statement);
  return status;
}

enum prune_answer prune_look(struct database *database, const struct prune_options *options, struct prune_file *file,
                             struct text *why)
{
  char first_line[CHAIN_DIGEST_SIZE] = "";
  uint64_t imported;
  if (read_file(file, first_line, why) < 0)
    return PRUNE_FAILED;
  if (file->last_time == 0) {
    text_add(why, "no line in it is of an audit log");
    return PRUNE_FAILED;
  }
  if (file->last_time >= options->lines_before)
    return PRUNE_YOUNG;
  int held = find_hold(database, options, file, why);
  if (held != 0)
    return held > 0 ? PRUNE_HELD : PRUNE_FAILED;
  if (count_imported(database, first_line, &imported) < 0)
    return PRUNE_FAILED;
  if (imported >= file->lines)
    return PRUNE_REMOVE;
  text_printf(why, "%s of it was imported", imported > 0 ? "not all" : "nothing");
  return PRUNE_NOT_IMPORTED;
}
