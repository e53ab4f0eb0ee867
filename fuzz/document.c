/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fast reader of JSON lines, held against jansson: both take the same lines, and find the same in them. The input is
 * a line.
 */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "evidence/document.h"
#include "fuzz/fuzz.h"

static void require_same(struct document *document, struct document_node *ours, json_t *theirs);

static void require_same_map(struct document *document, struct document_node *ours, json_t *theirs)
{
  const char *key;
  json_t *value;
  json_object_foreach(theirs, key, value)
    require_same(document, document_get(document, ours, key), value);
}

static void require_same_list(struct document *document, struct document_node *ours, json_t *theirs)
{
  struct document_node *element = document_first(document, ours);
  for (size_t i = 0; i < json_array_size(theirs); i++, element = document_next(document, ours, element))
    require_same(document, element, json_array_get(theirs, i));
  fuzz_require(!element);
}

static void require_same(struct document *document, struct document_node *ours, json_t *theirs)
{
  static const enum document_kind kinds[] = {
      [JSON_OBJECT] = DOCUMENT_MAP,      [JSON_ARRAY] = DOCUMENT_LIST, [JSON_STRING] = DOCUMENT_TEXT,
      [JSON_INTEGER] = DOCUMENT_INTEGER, [JSON_REAL] = DOCUMENT_REAL,  [JSON_TRUE] = DOCUMENT_BOOL,
      [JSON_FALSE] = DOCUMENT_BOOL,      [JSON_NULL] = DOCUMENT_NULL};
  fuzz_require(ours && ours->kind == kinds[json_typeof(theirs)]);
  if (json_is_string(theirs))
    fuzz_require(strcmp(document_text(ours), json_string_value(theirs)) == 0);
  else if (json_is_integer(theirs))
    fuzz_require(ours->number == json_integer_value(theirs));
  else if (json_is_boolean(theirs))
    fuzz_require(ours->number == json_is_true(theirs));
  else if (json_is_object(theirs))
    require_same_map(document, ours, theirs);
  else if (json_is_array(theirs))
    require_same_list(document, ours, theirs);
}

/* Lists and maps in one another; jansson refuses more than 2048. */
static unsigned depth_of(json_t *value)
{
  unsigned below = 0, depth;
  const char *key;
  json_t *child;
  size_t i;
  json_object_foreach(value, key, child)
    below = (depth = depth_of(child)) > below ? depth : below;
  json_array_foreach(value, i, child)
    below = (depth = depth_of(child)) > below ? depth : below;
  return below + (json_is_object(value) || json_is_array(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static struct document *document;
  struct arena *arena = arena_new();
  json_error_t error;
  if (!document)
    document = document_new();
  char *line = arena_copy(arena, bytes, size);
  /* Half a surrogate as an escape is U+FFFD or an error, a vertical tab white space or an error. */
  bool is_odd = strstr(line, "\\ud") || strstr(line, "\\uD") || strpbrk(line, "\v\f");
  json_t *theirs = json_loadb(line, strlen(line), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
  enum json_error_code code = json_error_code(&error);
  struct document_node *ours = document_read(document, line, size);
  if ((size > 0 && memchr(bytes, '\0', size)) || depth_of(theirs) > DOCUMENT_DEPTH_MAX)
    fuzz_require(!ours);
  else if (theirs)
    require_same(document, ours, theirs);
  else /* Which of two equal members counts, and how large numbers may be, is for each to say. */
    fuzz_require(!ours || code == json_error_duplicate_key || code == json_error_numeric_overflow || is_odd);
  json_decref(theirs);
  arena_free(arena);
  return 0;
}
