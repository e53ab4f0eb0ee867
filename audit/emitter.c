/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing JSON on one line, with yajl. See emitter.h.
 */
#include "audit/emitter.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/memory.h"

struct emitter {
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

struct emitter *emitter_new(struct text *out)
{
  static const yajl_alloc_funcs allocation = {take, change, give_back, NULL};
  struct emitter *emitter = memory_new(sizeof *emitter);
  emitter->generator = yajl_gen_alloc(&allocation);
  if (!emitter->generator || !yajl_gen_config(emitter->generator, yajl_gen_print_callback, print, (void *)out))
    abort();
  return emitter;
}

void emitter_free(struct emitter *emitter)
{
  if (!emitter)
    return;
  yajl_gen_free(emitter->generator);
  free(emitter);
}

void emitter_open_map(struct emitter *emitter)
{
  must(yajl_gen_map_open(emitter->generator));
}

void emitter_close_map(struct emitter *emitter)
{
  must(yajl_gen_map_close(emitter->generator));
}

void emitter_open_list(struct emitter *emitter)
{
  must(yajl_gen_array_open(emitter->generator));
}

void emitter_close_list(struct emitter *emitter)
{
  must(yajl_gen_array_close(emitter->generator));
}

static void put(struct emitter *emitter, const char *value)
{
  must(yajl_gen_string(emitter->generator, (const unsigned char *)value, strlen(value)));
}

void emitter_key(struct emitter *emitter, const char *key)
{
  put(emitter, key);
}

void emitter_string(struct emitter *emitter, const char *value)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  if (value)
    put(emitter, text_printable(shown, sizeof shown, value, strlen(value)));
  else
    emitter_null(emitter);
}

void emitter_known(struct emitter *emitter, const char *value)
{
  emitter_string(emitter, value && *value ? value : NULL);
}

void emitter_number(struct emitter *emitter, long long value)
{
  must(yajl_gen_integer(emitter->generator, value));
}

void emitter_bool(struct emitter *emitter, bool value)
{
  must(yajl_gen_bool(emitter->generator, value));
}

void emitter_null(struct emitter *emitter)
{
  must(yajl_gen_null(emitter->generator));
}
