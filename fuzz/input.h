/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An input taken apart: text in lines, so that seeds can be written and read by people, and any bytes in them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

struct input {
  const char *at, *end;
};

struct input input_of(const uint8_t *bytes, size_t size);
/* What stands before the next such byte, or all that is left; the byte itself is skipped. Borrowed. */
struct input input_until(struct input *input, char stop);
size_t input_length(const struct input *input);
/* The next line as a string in the arena; "" where nothing is left. */
char *input_string(struct input *input, struct arena *arena);
