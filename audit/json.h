/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing JSON on one line. What is written is valid UTF-8 whatever the values hold.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct json;

/* A writer that appends to a text. Never NULL. Free with json_free(), which takes NULL. */
struct json *json_new(struct text *out);
void json_free(struct json *json);

void json_open_map(struct json *json);
void json_close_map(struct json *json);
void json_open_list(struct json *json);
void json_close_list(struct json *json);
void json_key(struct json *json, const char *key);

/* Made printable and cut at TEXT_PRINTABLE_MAX bytes; NULL is written as null. */
void json_string(struct json *json, const char *value);
/* The same, and an empty string is written as null: for facts where "" means unknown. */
void json_known(struct json *json, const char *value);
void json_number(struct json *json, long long value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
