/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines that speak of something. See sift.h.
 */
#include "story/sift.h"

#include <string.h>

#include "audit/chain.h"
#include "audit/emitter.h"
#include "base/lines.h"
#include "evidence/import.h"
#include "story/row.h"

/* A file can be read and noted in this time, and written to meanwhile. */
enum { NOTE_MS = 60000, HEAD_MAX = 200 };

/* Most lines are out by the first look at their bytes; what is let through is looked at by SQL. */
struct needle {
  struct text bytes;
};

/* As the audit log writes it: a queue id has a quote on both sides; before a domain a local part can stand, and before and
 * behind a Message-ID its brackets. */
static void make_needle(struct needle *needle, enum story_key key, const char *word)
{
  struct text quoted = {0};
  struct emitter *emitter = emitter_new(&quoted);
  emitter_string(emitter, word);
  emitter_free(emitter);
  size_t front = key == STORY_QUEUE_ID ? 0 : 1, back = key == STORY_MESSAGE_ID ? 1 : 0;
  text_add_bytes(&needle->bytes, quoted.bytes + front, quoted.length - front - back);
  text_free(&quoted);
}

static bool is_wanted(void *context, const char *line, size_t length)
{
  static const char message[] = "\"event\":\"message\"";
  const struct needle *needle = context;
  if (*line != '{' || !memmem(line, length < HEAD_MAX ? length : HEAD_MAX, message, sizeof message - 1))
    return true;
  return memmem(line, length, needle->bytes.bytes, needle->bytes.length) != NULL;
}

/* The digest of the first line, and when the file was written last. */
static bool read_start(const char *path, char digest[CHAIN_DIGEST_SIZE], int64_t *changed)
{
  struct text ignored = {0};
  struct line line;
  struct lines *lines = lines_open(path, IMPORT_LINE_MAX, &ignored);
  bool read = lines && lines_next_whole(lines, &line) == 1;
  if (read) {
    chain_digest(digest, line.bytes, line.length);
    *changed = lines_changed(lines);
  }
  lines_close(lines);
  text_free(&ignored);
  return read;
}

/* The database has all lines of the file, and none of them was removed. 1, 0, -1. */
static int is_known(struct database *known, const char *path)
{
  char digest[CHAIN_DIGEST_SIZE];
  int64_t changed;
  if (!known || !read_start(path, digest, &changed))
    return 0;
  struct statement *statement =
      row_ask(known, "SELECT 1 FROM file f WHERE f.first_line = $1 AND f.imported > $2 AND coalesce(f.first_time, 0) >="
                     " (SELECT coalesce(max(p.last_time), 0) FROM pruned p WHERE p.class = 'lines')", digest);
  if (!statement)
    return -1;
  statement_bind_integer(statement, 2, changed + NOTE_MS);
  int status = statement_step(statement);
  statement_free(statement);
  return status;
}

static void tell_file(void *context, const char *path, uint64_t line, const char *why)
{
  struct sift *sift = context;
  if (line > 0)
    return;
  sift->failed++;
  sift->on_problem(sift->context, path, 0, why);
}

static int read_files(struct sift *sift, struct import *import, struct database *log, struct text *error)
{
  struct import_count count = {0};
  for (size_t i = 0; i < sift->count; i++) {
    struct text why = {0};
    int known = is_known(sift->known, sift->paths[i]);
    if (known < 0) {
      text_add(error, database_error(sift->known));
      return -1;
    }
    int status = known > 0 ? 0 : import_file(import, sift->paths[i], &count, &why);
    if (status > 0)
      tell_file(sift, sift->paths[i], 0, why.bytes);
    sift->read += known == 0;
    sift->skipped += known > 0;
    text_free(&why);
    if (status < 0) {
      text_add(error, database_error(log));
      return -1;
    }
  }
  if (import_settle(import) == 0 && (!sift->known || story_forget(log, sift->known) == 0))
    return 0;
  text_add(error, *database_error(log) ? database_error(log) : database_error(sift->known));
  return -1;
}

struct database *sift_logs(struct sift *sift, const struct import_options *options, struct text *error)
{
  struct needle needle = {0};
  struct import_options wanted = *options;
  struct database *log = database_open(":memory:", DATABASE_WRITE, error);
  make_needle(&needle, sift->key, sift->word);
  wanted.wants = is_wanted;
  wanted.wants_context = &needle;
  wanted.on_problem = tell_file;
  wanted.on_progress = NULL;
  wanted.context = sift;
  struct import *import = log ? import_new(log, &wanted) : NULL;
  if (log && !import)
    text_add(error, database_error(log));
  int status = import ? read_files(sift, import, log, error) : -1;
  import_free(import);
  text_free(&needle.bytes);
  if (status == 0)
    return log;
  database_close(log);
  return NULL;
}
