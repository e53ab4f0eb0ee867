/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of an MTA's log on their way into the database of evidence. The input is a log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "evidence/database.h"
#include "evidence/mta_log.h"
#include "evidence/mta_reader.h"
#include "evidence/origin.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"

static const int64_t latest = INT64_C(1764000000000); /* in November 2025 */

static struct database *open_database(void)
{
  struct text error = {0};
  struct database *database = database_open(":memory:", DATABASE_WRITE, &error);
  if (!database)
    fprintf(stderr, "%s\n", error.bytes);
  fuzz_require(database);
  text_free(&error);
  /* Times without a zone are local. */
  setenv("TZ", "UTC", 1);
  tzset();
  return database;
}

static void take_line(struct mta_log *log, struct mta_reader *reader, struct origin *origin, char *line, size_t length)
{
  struct mta_line told;
  const char *why = NULL;
  mta_log_is_journal(line, length);
  int status = mta_log_read(log, &told, line, length, latest, &why);
  fuzz_require((status < 0) == (why != NULL) && fuzz_is_printable(why));
  if (status <= 0)
    return;
  fuzz_require(told.host && told.program && told.message);
  origin->line++;
  origin->why = NULL;
  enum origin_use use = mta_reader_take(reader, origin, &told);
  /* No line makes the database refuse a row. */
  fuzz_require(use != ORIGIN_FAILED);
  fuzz_require((use == ORIGIN_DAMAGED) == (origin->why != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static const struct import_options options = {.addresses = {.addresses = ADDRESSES_DOMAIN}};
  static struct database *database;
  static struct mta_reader *reader; /* which begins anew with each file */
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  if (!database) {
    database = open_database();
    reader = mta_reader_new(database, &options);
  }
  fuzz_require(reader && database_begin(database) == 0);
  struct origin origin = {.registry = registry_new(database), .file = 1};
  struct mta_log *log = mta_log_new();
  fuzz_require(origin.registry && registry_begin(origin.registry) == 0 && mta_reader_begin(reader) == 0);
  while (input_length(&input) > 0) {
    struct input line = input_until(&input, '\n');
    size_t length = input_length(&line);
    take_line(log, reader, &origin, arena_copy(arena, line.at, length), length);
  }
  fuzz_require(mta_reader_flush(reader) == 0);
  mta_log_free(log);
  registry_free(origin.registry);
  database_rollback(database);
  arena_free(arena);
  return 0;
}
