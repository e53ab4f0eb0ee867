/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An input taken apart. See input.h.
 */
#include "fuzz/input.h"

#include <string.h>

#include "base/memory.h"

struct input input_of(const uint8_t *bytes, size_t size)
{
  const char *text = size > 0 ? (const char *)bytes : "";
  return (struct input){text, text + size};
}

size_t input_length(const struct input *input)
{
  return (size_t)(input->end - input->at);
}

struct input input_until(struct input *input, char stop)
{
  struct input piece = *input;
  const char *found = memchr(input->at, stop, input_length(input));
  if (found)
    piece.end = found;
  input->at = found ? found + 1 : input->end;
  return piece;
}

char *input_string(struct input *input, struct arena *arena)
{
  struct input line = input_until(input, '\n');
  return arena_copy(arena, line.at, input_length(&line));
}
