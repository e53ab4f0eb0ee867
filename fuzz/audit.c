/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of an audit log on their way into the database of evidence. The input is a log.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "evidence/audit_reader.h"
#include "evidence/database.h"
#include "evidence/moment.h"
#include "evidence/origin.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"

static struct database *open_database(void)
{
  struct text error = {0};
  struct database *database = database_open(":memory:", DATABASE_WRITE, &error);
  if (!database)
    fprintf(stderr, "%s\n", error.bytes);
  fuzz_require(database);
  text_free(&error);
  return database;
}

static void take_line(struct audit_reader *reader, struct origin *origin, char *line, size_t length)
{
  origin->line++;
  enum origin_use use = audit_reader_take(reader, origin, line, length);
  /* No line makes the database refuse a row. */
  fuzz_require(use != ORIGIN_FAILED);
  fuzz_require((use == ORIGIN_DAMAGED) == (origin->why != NULL));
  fuzz_require(fuzz_is_printable(origin->why));
}

/* A message went one way or the other: what is counted by that leaves none out. */
static void require_direction(struct statement *without)
{
  fuzz_require(statement_step(without) == 0);
  statement_reset(without);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static struct database *database;
  static struct audit_reader *reader;
  static struct statement *without;
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  if (!database) {
    database = open_database();
    reader = audit_reader_new(database);
    without = database_prepare(database, "SELECT 1 FROM message WHERE direction IS NULL");
  }
  fuzz_require(reader && without && database_begin(database) == 0);
  struct origin origin = {.registry = registry_new(database), .file = 1};
  fuzz_require(origin.registry && registry_begin(origin.registry) == 0);
  while (input_length(&input) > 0) {
    struct input line = input_until(&input, '\n');
    size_t length = input_length(&line);
    take_line(reader, &origin, arena_copy(arena, line.at, length), length);
  }
  fuzz_require(audit_reader_flush(reader) == 0);
  require_direction(without);
  fuzz_require(registry_store(origin.registry, origin.file) == 0);
  registry_free(origin.registry);
  database_rollback(database);
  arena_free(arena);
  return 0;
}
