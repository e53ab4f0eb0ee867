/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory that follows one message. See memory.h.
 */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_SIZE = 4096 - 64, ALIGNMENT = 16 };

struct chunk {
  struct chunk *next;
  size_t used, size;
  _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
  struct chunk *chunks; /* the newest, and the only one with room, first */
};

static void *or_abort(void *memory)
{
  static const char message[] = "sluis: out of memory\n";
  if (!memory) {
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
      abort();
    abort();
  }
  return memory;
}

void *memory_new(size_t size)
{
  return or_abort(calloc(1, size ? size : 1));
}

void *memory_resize(void *memory, size_t size)
{
  return or_abort(realloc(memory, size ? size : 1));
}

char *memory_copy_string(const char *string)
{
  return or_abort(strdup(string));
}

struct arena *arena_new(void)
{
  return memory_new(sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
  if (!arena)
    return;
  for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  free(arena);
}

static struct chunk *add_chunk(struct arena *arena, size_t size)
{
  struct chunk *chunk = or_abort(malloc(sizeof *chunk + size));
  chunk->size = size;
  chunk->used = 0;
  if (arena->chunks && size > CHUNK_SIZE) {
    /* A large piece goes behind the current chunk, whose room stays in use. */
    chunk->next = arena->chunks->next;
    arena->chunks->next = chunk;
  } else {
    chunk->next = arena->chunks;
    arena->chunks = chunk;
  }
  return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct chunk *chunk = arena->chunks;
  if (!chunk || chunk->size - chunk->used < size)
    chunk = add_chunk(arena, size > CHUNK_SIZE ? size : CHUNK_SIZE);
  void *memory = chunk->bytes + chunk->used;
  chunk->used += size;
  return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
  char *copy = arena_alloc(arena, length + 1);
  if (length)
    memcpy(copy, bytes, length);
  return copy;
}

char *arena_string(struct arena *arena, const char *string)
{
  return string ? arena_copy(arena, string, strlen(string)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
  char most[200]; /* long enough for nearly all, which are then formatted once */
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(most, sizeof most, format, arguments);
  va_end(arguments);
  size_t size = (length < 0 ? 0 : (size_t)length) + 1;
  char *text = arena_alloc(arena, size);
  if (size <= sizeof most)
    memcpy(text, most, length < 0 ? 0 : size);
  else
    vsnprintf(text, size, format, again);
  va_end(again);
  return text;
}
