/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON read back, with yajl. See value.h.
 */
#include "audit/value.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/memory.h"

enum { DEPTH_MAX = 20 };

struct reader {
  struct arena *arena;
  struct value *root;
  struct value *open[DEPTH_MAX];  /* the lists and maps around */
  struct value *last[DEPTH_MAX];  /* their last members so far */
  size_t depth;
  const char *key; /* that the next value belongs to */
};

/* Hangs a new value where it belongs. */
static struct value *add(struct reader *reader, enum value_kind kind)
{
  struct value *value = arena_alloc(reader->arena, sizeof *value);
  value->kind = kind;
  value->key = reader->key;
  reader->key = NULL;
  if (reader->depth == 0) {
    reader->root = value;
    return value;
  }
  struct value **last = &reader->last[reader->depth - 1];
  if (*last)
    (*last)->next = value;
  else
    reader->open[reader->depth - 1]->first = value;
  *last = value;
  return value;
}

static int on_null(void *context)
{
  add(context, VALUE_NULL);
  return 1;
}

static int on_bool(void *context, int truth)
{
  add(context, VALUE_BOOL)->truth = truth != 0;
  return 1;
}

static const char *keep(struct reader *reader, const char *bytes, size_t length)
{
  return memchr(bytes, '\0', length) ? NULL : arena_copy(reader->arena, bytes, length);
}

static int on_number(void *context, const char *bytes, size_t length)
{
  add(context, VALUE_NUMBER)->string = arena_copy(((struct reader *)context)->arena, bytes, length);
  return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
  const char *string = length ? keep(context, (const char *)bytes, length) : "";
  if (string)
    add(context, VALUE_STRING)->string = string;
  return string != NULL;
}

static int on_key(void *context, const unsigned char *bytes, size_t length)
{
  struct reader *reader = context;
  reader->key = length ? keep(reader, (const char *)bytes, length) : "";
  return reader->key != NULL;
}

static int begin(struct reader *reader, enum value_kind kind)
{
  if (reader->depth == DEPTH_MAX)
    return 0;
  struct value *value = add(reader, kind);
  reader->open[reader->depth] = value;
  reader->last[reader->depth++] = NULL;
  return 1;
}

static int on_map(void *context)
{
  return begin(context, VALUE_MAP);
}

static int on_list(void *context)
{
  return begin(context, VALUE_LIST);
}

static int on_end(void *context)
{
  ((struct reader *)context)->depth--;
  return 1;
}

const struct value *value_read(struct arena *arena, const char *bytes, size_t length)
{
  static const yajl_callbacks callbacks = {.yajl_null = on_null,           .yajl_boolean = on_bool,
                                           .yajl_number = on_number,       .yajl_string = on_string,
                                           .yajl_start_map = on_map,       .yajl_map_key = on_key,
                                           .yajl_end_map = on_end,         .yajl_start_array = on_list,
                                           .yajl_end_array = on_end};
  struct reader reader = {.arena = arena};
  yajl_handle handle = yajl_alloc(&callbacks, NULL, &reader);
  if (!handle)
    abort();
  bool valid = yajl_parse(handle, (const unsigned char *)bytes, length) == yajl_status_ok &&
               yajl_complete_parse(handle) == yajl_status_ok;
  yajl_free(handle);
  return valid ? reader.root : NULL;
}

const struct value *value_get(const struct value *map, const char *key)
{
  if (!map || map->kind != VALUE_MAP)
    return NULL;
  for (const struct value *member = map->first; member; member = member->next)
    if (strcmp(member->key, key) == 0)
      return member;
  return NULL;
}

const char *value_string(const struct value *map, const char *key)
{
  const struct value *value = value_get(map, key);
  return value && value->kind == VALUE_STRING ? value->string : NULL;
}

bool value_is_true(const struct value *map, const char *key)
{
  const struct value *value = value_get(map, key);
  return value && value->kind == VALUE_BOOL && value->truth;
}

const struct value *value_members(const struct value *map, const char *key)
{
  const struct value *value = value_get(map, key);
  return value && value->kind == VALUE_LIST ? value->first : NULL;
}
