/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Authentication-Results, read and written. The input: an authserv-id, a line of values for the writer, parted by "|",
 * and the value of a field that came in.
 */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "message/results.h"

/* What is written must be one field, read as ours, and have as many parts as were written. */
static void require_field(const struct text *field, const char *authserv_id, size_t methods)
{
  size_t semicolons = 0, column = strlen("Authentication-Results: ");
  bool quoted = false;
  for (size_t i = 0; i < field->length; i++, column++) {
    const char *at = field->bytes + i;
    fuzz_require(*at != '\0' && *at != '\r');
    if (*at == '\n') {
      fuzz_require(i + 1 < field->length && at[1] == '\t');
      column = 0;
    }
    fuzz_require(column < 998); /* RFC 5322 2.1.1 */
    if (quoted && *at == '\\')
      i++;
    else if (*at == '"')
      quoted = !quoted;
    semicolons += *at == ';';
  }
  fuzz_require(!quoted);
  fuzz_require(semicolons == methods);
  fuzz_require(results_origin(field->bytes, field->length, authserv_id) == RESULTS_OURS);
}

static void write_field(struct arena *arena, const char *authserv_id, struct input line, bool utf8)
{
  struct results_writer writer;
  struct text field = {0};
  size_t methods = 0;
  results_begin(&writer, &field, authserv_id, utf8);
  while (input_length(&line) > 0) {
    struct input piece = input_until(&line, '|');
    const char *value = arena_copy(arena, piece.at, input_length(&piece));
    if (methods == 0 || *value == '!') {
      results_method(&writer, "dkim", "pass", methods % 2 ? NULL : value);
      methods++;
    } else {
      results_property(&writer, "header", "d", value);
    }
  }
  results_end(&writer);
  require_field(&field, authserv_id, methods ? methods : 1);
  text_free(&field);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  const char *authserv_id = input_string(&input, arena);
  struct input values = input_until(&input, '\n');
  results_origin(input.at, input_length(&input), authserv_id);
  enum results_origin origin = results_origin(input.at, input_length(&input), "mx1.example.nl");
  fuzz_require(origin == RESULTS_FOREIGN || origin == RESULTS_OURS || origin == RESULTS_UNPARSABLE);
  write_field(arena, "mx1.example.nl", values, false);
  write_field(arena, "mx1.example.nl", values, true);
  arena_free(arena);
  return 0;
}
