/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory that follows one message: an arena, freed at once.
 *
 * All sizes asked for are bounded by the limits at the edge of the program, so running out of memory
 * means that the machine is out of memory. Then the process says so on standard error and aborts: the
 * MTA finds its milter gone and defers the mail, and systemd starts a new daemon. No caller needs to
 * look for NULL.
 */
#pragma once

#include <stddef.h>

/* Never NULL. Yours to free(). memory_new() is zeroed. */
void *memory_new(size_t size);
void *memory_resize(void *memory, size_t size);
char *memory_copy_string(const char *string);

struct arena;

/* An empty arena; used by one thread at a time. Free with arena_free(), which takes NULL. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* Zeroed, aligned for any type, alive until arena_free(). */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of length bytes with a NUL behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);
/* NULL for NULL. */
char *arena_string(struct arena *arena, const char *string);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
