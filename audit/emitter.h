/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing JSON on one line. What is written is valid UTF-8 whatever the values hold.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct emitter;

/* A writer that appends to a text. Never NULL. Free with emitter_free(), which takes NULL. */
struct emitter *emitter_new(struct text *out);
void emitter_free(struct emitter *emitter);

void emitter_open_map(struct emitter *emitter);
void emitter_close_map(struct emitter *emitter);
void emitter_open_list(struct emitter *emitter);
void emitter_close_list(struct emitter *emitter);
void emitter_key(struct emitter *emitter, const char *key);

/* Made printable and cut at TEXT_PRINTABLE_MAX bytes; NULL is written as null. */
void emitter_string(struct emitter *emitter, const char *value);
/* The same, and an empty string is written as null: for facts where "" means unknown. */
void emitter_known(struct emitter *emitter, const char *value);
void emitter_number(struct emitter *emitter, long long value);
void emitter_bool(struct emitter *emitter, bool value);
void emitter_null(struct emitter *emitter);
