/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing JSON on one line, with yajl. See json.h.
 */
#include "audit/json.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/memory.h"

struct json {
  yajl_gen generator;
};

static void print(void *context, const char *bytes, size_t length)
{
  text_add_bytes(context, bytes, length);
}

/* The generator refuses only what is a mistake of ours: a key that is no string, brackets that do not match. */
static void must(yajl_gen_status status)
{
  if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete)
    abort();
}

static void *take(void *context, size_t size)
{
  (void)context;
  return memory_new(size);
}

static void *change(void *context, void *memory, size_t size)
{
  (void)context;
  return memory_resize(memory, size);
}

static void give_back(void *context, void *memory)
{
  (void)context;
  free(memory);
}

struct json *json_new(struct text *out)
{
  static const yajl_alloc_funcs allocation = {take, change, give_back, NULL};
  struct json *json = memory_new(sizeof *json);
  json->generator = yajl_gen_alloc(&allocation);
  if (!json->generator || !yajl_gen_config(json->generator, yajl_gen_print_callback, print, (void *)out))
    abort();
  return json;
}

void json_free(struct json *json)
{
  if (!json)
    return;
  yajl_gen_free(json->generator);
  free(json);
}

void json_open_map(struct json *json)
{
  must(yajl_gen_map_open(json->generator));
}

void json_close_map(struct json *json)
{
  must(yajl_gen_map_close(json->generator));
}

void json_open_list(struct json *json)
{
  must(yajl_gen_array_open(json->generator));
}

void json_close_list(struct json *json)
{
  must(yajl_gen_array_close(json->generator));
}

static void put(struct json *json, const char *value)
{
  must(yajl_gen_string(json->generator, (const unsigned char *)value, strlen(value)));
}

void json_key(struct json *json, const char *key)
{
  put(json, key);
}

void json_string(struct json *json, const char *value)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  if (value)
    put(json, text_printable(shown, sizeof shown, value, strlen(value)));
  else
    json_null(json);
}

void json_known(struct json *json, const char *value)
{
  json_string(json, value && *value ? value : NULL);
}

void json_number(struct json *json, long long value)
{
  must(yajl_gen_integer(json->generator, value));
}

void json_bool(struct json *json, bool value)
{
  must(yajl_gen_bool(json->generator, value));
}

void json_null(struct json *json)
{
  must(yajl_gen_null(json->generator));
}
