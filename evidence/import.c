/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Log files into the database. See import.h.
 */
#include "evidence/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/chain.h"
#include "base/lines.h"
#include "base/memory.h"
#include "evidence/audit_reader.h"
#include "evidence/daily.h"
#include "evidence/moment.h"
#include "evidence/mta_log.h"
#include "evidence/mta_reader.h"
#include "evidence/origin.h"
#include "evidence/settle.h"

enum { PROBLEMS_MAX = 1000, PROGRESS_LINES = 4096, PEEK_LINES = 100 };

struct import {
  struct database *database;
  const struct import_options *options;
  struct registry *registry;
  struct audit_reader *audit;
  struct mta_log *log;
  struct mta_reader *mta;
  struct statement *problem;
};

/* What is known of a file, from before and by now. */
struct file {
  const char *path;
  int64_t id;
  bool is_new;
  const char *kind; /* constant text */
  char first_line[CHAIN_DIGEST_SIZE], last_line[CHAIN_DIGEST_SIZE];
  uint64_t bytes, lines;
  uint64_t problems;
  struct import_count count;
  int64_t first_time, last_time;
  struct text last; /* the line itself */
};

struct import *import_new(struct database *database, const struct import_options *options)
{
  struct import *import = memory_new(sizeof *import);
  import->database = database;
  import->options = options;
  import->registry = registry_new(database);
  import->audit = audit_reader_new(database);
  import->log = mta_log_new();
  import->mta = mta_reader_new(database, options);
  import->problem = database_prepare(database, "INSERT INTO problem (file_id, line, why) VALUES ($1, $2, $3)"
                                               " ON CONFLICT (file_id, line) DO NOTHING");
  if (import->audit && import->mta && import->problem)
    return import;
  import_free(import);
  return NULL;
}

void import_free(struct import *import)
{
  if (!import)
    return;
  audit_reader_free(import->audit);
  mta_log_free(import->log);
  mta_reader_free(import->mta);
  statement_free(import->problem);
  registry_free(import->registry);
  free(import);
}

/* 1 where the file is known, 0 where it is new, -1. */
static int find_file(struct import *import, struct file *file)
{
  struct statement *statement = database_prepare(
      import->database, "SELECT id, kind, last_line, bytes, lines, first_time, last_time FROM file WHERE first_line = $1");
  if (!statement)
    return -1;
  statement_bind(statement, 1, file->first_line);
  int status = statement_step(statement);
  if (status == 1) {
    file->id = statement_integer(statement, 0);
    file->kind = strcmp(statement_text(statement, 1), "audit") == 0 ? "audit" : "mta";
    snprintf(file->last_line, sizeof file->last_line, "%s", statement_text(statement, 2));
    file->bytes = (uint64_t)statement_integer(statement, 3);
    file->lines = (uint64_t)statement_integer(statement, 4);
    file->first_time = statement_integer(statement, 5);
    file->last_time = statement_integer(statement, 6);
  }
  statement_free(statement);
  if (status != 0)
    return status;
  statement = database_prepare(import->database, "SELECT COALESCE(MAX(id), 0) + 1 FROM file");
  status = statement ? statement_step(statement) : -1;
  file->id = status == 1 ? statement_integer(statement, 0) : 0;
  file->is_new = true;
  statement_free(statement);
  return status == 1 ? 0 : -1;
}

static int store_file(struct import *import, const struct file *file)
{
  struct statement *statement = database_prepare(
      import->database,
      "INSERT INTO file (id, path, kind, first_line, last_line, bytes, lines, used, skipped, repeated, first_time,"
      " last_time, imported) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
      " ON CONFLICT (first_line) DO UPDATE SET path = excluded.path, kind = excluded.kind,"
      " last_line = excluded.last_line, bytes = excluded.bytes, lines = excluded.lines, used = file.used + excluded.used,"
      " skipped = file.skipped + excluded.skipped, repeated = file.repeated + excluded.repeated,"
      " first_time = excluded.first_time, last_time = excluded.last_time, imported = excluded.imported");
  if (!statement)
    return -1;
  char path[TEXT_PRINTABLE_MAX + 1];
  const int64_t numbers[] = {(int64_t)file->bytes, (int64_t)file->lines, (int64_t)file->count.used,
                             (int64_t)file->count.skipped, (int64_t)file->count.repeated};
  statement_bind_integer(statement, 1, file->id);
  statement_bind(statement, 2, text_printable(path, sizeof path, file->path, strlen(file->path)));
  statement_bind(statement, 3, file->kind);
  statement_bind(statement, 4, file->first_line);
  statement_bind(statement, 5, file->last_line);
  for (int i = 0; i < 5; i++)
    statement_bind_integer(statement, 6 + i, numbers[i]);
  statement_bind(statement, 11, NULL);
  statement_bind(statement, 12, NULL);
  if (file->first_time)
    statement_bind_integer(statement, 11, file->first_time);
  if (file->last_time)
    statement_bind_integer(statement, 12, file->last_time);
  statement_bind_integer(statement, 13, (int64_t)time(NULL) * 1000);
  int status = statement_run(statement);
  statement_free(statement);
  return status;
}

static int note_problem(struct import *import, struct file *file, uint64_t line, const char *why)
{
  if (import->options->on_problem)
    import->options->on_problem(import->options->context, file->path, line, why);
  if (line == 0 || ++file->problems > PROBLEMS_MAX)
    return 0;
  statement_bind_integer(import->problem, 1, file->id);
  statement_bind_integer(import->problem, 2, (int64_t)line);
  statement_bind(import->problem, 3, why);
  return statement_run(import->problem);
}

/* Which reader a line is for. An audit log that goes to syslog is found there. */
static enum origin_use take_line(struct import *import, struct origin *origin, struct line *line, int64_t latest)
{
  struct mta_line told;
  if (line->cut) {
    origin->why = "longer than any log line";
    return ORIGIN_DAMAGED;
  }
  char *bytes = line->bytes;
  size_t length = line->length;
  if (length == 0 || (import->options->wants && !import->options->wants(import->options->wants_context, bytes, length)))
    return ORIGIN_OTHER;
  if (*bytes == '{' && !mta_log_is_journal(bytes, length))
    return audit_reader_take(import->audit, origin, bytes, length);
  int status = mta_log_read(import->log, &told, bytes, length, latest, &origin->why);
  if (status <= 0)
    return status == 0 ? ORIGIN_OTHER : ORIGIN_DAMAGED;
  if (*told.message == '{' && strcmp(told.program, "sluisd") == 0)
    return audit_reader_take(import->audit, origin, told.message, strlen(told.message));
  return mta_reader_take(import->mta, origin, &told);
}

static void note_time(struct file *file, const struct origin *origin)
{
  if (!origin->kind)
    return;
  file->kind = origin->kind;
  if (!file->first_time || origin->time < file->first_time)
    file->first_time = origin->time;
  if (!file->last_time || origin->time > file->last_time)
    file->last_time = origin->time;
}

/* All lines that are new. 0 or -1. */
static int take_lines(struct import *import, struct file *file, struct lines *lines)
{
  struct line line;
  int status;
  struct origin origin = {.registry = import->registry, .file = file->id};
  mta_log_begin(import->log, file->last_time);
  while ((status = lines_next_whole(lines, &line)) == 1) {
    text_clear(&file->last);
    text_add_bytes(&file->last, line.bytes, line.length);
    origin.line = (int64_t)line.number;
    origin.kind = NULL;
    file->count.lines++;
    switch (take_line(import, &origin, &line, lines_changed(lines))) {
    case ORIGIN_USED:
      file->count.used++;
      break;
    case ORIGIN_REPEATED:
      file->count.repeated++;
      break;
    case ORIGIN_OTHER:
      break;
    case ORIGIN_DAMAGED:
      file->count.skipped++;
      if (note_problem(import, file, line.number, origin.why) < 0)
        return -1;
      break;
    case ORIGIN_FAILED:
      return -1;
    }
    note_time(file, &origin);
    if (import->options->on_progress && line.number % PROGRESS_LINES == 0)
      import->options->on_progress(import->options->context, file->path, lines_share(lines));
  }
  if (status < 0)
    return note_problem(import, file, 0, lines_error(lines));
  return 0;
}

/* Reads over what is in the database, and makes sure that it is what it was. 0, or 1 with the reason. */
static int skip_known(struct file *file, struct lines *lines, struct text *why)
{
  struct line line;
  char digest[CHAIN_DIGEST_SIZE] = "";
  while (lines_bytes(lines) < file->bytes) {
    if (lines_next_whole(lines, &line) != 1) {
      text_printf(why, "is shorter than it was at its last import, when it had %llu lines", (unsigned long long)file->lines);
      return 1;
    }
    if (lines_bytes(lines) >= file->bytes)
      chain_digest(digest, line.bytes, line.length);
  }
  if (file->bytes == 0 || (lines_bytes(lines) == file->bytes && strcmp(digest, file->last_line) == 0))
    return 0;
  text_printf(why, "was changed since its last import, at line %llu or before", (unsigned long long)file->lines);
  return 1;
}

/* The digest of the first line. 0, or 1 where there is none yet, with the reason where that is a trouble. */
static int read_first_line(struct file *file, struct text *why)
{
  struct line line;
  struct lines *lines = lines_open(file->path, IMPORT_LINE_MAX, why);
  int status = lines ? lines_next_whole(lines, &line) : -1;
  if (status == 1)
    chain_digest(file->first_line, line.bytes, line.length);
  else if (lines && status < 0)
    text_add(why, lines_error(lines));
  lines_close(lines);
  return status == 1 ? 0 : 1;
}

/* Within a transaction. 0, 1 with the reason, -1. */
static int import_lines(struct import *import, struct file *file, struct text *why)
{
  if (registry_begin(import->registry) < 0 || mta_reader_begin(import->mta) < 0 || find_file(import, file) < 0)
    return -1;
  struct lines *lines = lines_open(file->path, IMPORT_LINE_MAX, why);
  int status = lines ? skip_known(file, lines, why) : 1;
  if (status == 0)
    status = take_lines(import, file, lines);
  if (status == 0) {
    file->bytes = lines_bytes(lines);
    file->lines = lines_count(lines);
    chain_digest(file->last_line, file->last.bytes ? file->last.bytes : "", file->last.length);
  }
  lines_close(lines);
  if (status != 0 || file->count.lines == 0)
    return status;
  if (audit_reader_flush(import->audit) < 0 || mta_reader_flush(import->mta) < 0 ||
      registry_store(import->registry, file->id) < 0)
    return -1;
  return store_file(import, file);
}

int import_file(struct import *import, const char *path, struct import_count *count, struct text *why)
{
  struct file file = {.path = path, .kind = "mta"};
  if (read_first_line(&file, why) != 0)
    return why->length > 0; /* an empty file is no trouble */
  if (database_begin(import->database) < 0)
    return -1;
  int status = import_lines(import, &file, why);
  if (status == 0 && file.count.lines > 0)
    status = database_commit(import->database);
  else
    database_rollback(import->database);
  if (status == 0) {
    count->lines += file.count.lines;
    count->used += file.count.used;
    count->skipped += file.count.skipped;
    count->repeated += file.count.repeated;
  }
  text_free(&file.last);
  return status;
}

int import_settle(struct import *import)
{
  return settle_all(import->database) < 0 ? -1 : daily_settle(import->database);
}

int64_t import_first_moment(const char *path)
{
  struct text ignored = {0};
  struct lines *lines = lines_open(path, IMPORT_LINE_MAX, &ignored);
  struct mta_log *log = mta_log_new();
  struct mta_line told;
  struct line line;
  const char *why;
  int64_t moment = 0;
  for (int i = 0; lines && moment == 0 && i < PEEK_LINES && lines_next_whole(lines, &line) == 1; i++) {
    const char *time = *line.bytes == '{' ? strstr(line.bytes, "\"time\":\"") : NULL;
    if (time)
      moment_read(&moment, time + 8);
    else if (!line.cut && mta_log_read(log, &told, line.bytes, line.length, lines_changed(lines), &why) == 1)
      moment = told.time;
  }
  mta_log_free(log);
  lines_close(lines);
  text_free(&ignored);
  return moment;
}
