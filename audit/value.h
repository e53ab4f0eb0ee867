/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON read back: one line of an audit log, or of anything that claims to be one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_LIST, VALUE_MAP };

struct value {
  enum value_kind kind;
  bool truth;         /* VALUE_BOOL */
  const char *string; /* VALUE_STRING, and the digits of VALUE_NUMBER */
  const char *key;    /* where it stands in a map; else NULL */
  struct value *first, *next; /* the members of a list or a map; the next member of the one that this stands in */
};

/* One JSON text, valid UTF-8, at most 20 levels deep, no NUL in a string. NULL for all else. Lies in the arena. */
const struct value *value_read(struct arena *arena, const char *bytes, size_t length);

/* All of these take NULL, and any kind: what is not there, or is of another kind, is NULL or false. Of members with
 * the same key the first counts. */
const struct value *value_get(const struct value *map, const char *key);
const char *value_string(const struct value *map, const char *key);
bool value_is_true(const struct value *map, const char *key);
/* The first member of a list; go on with ->next. */
const struct value *value_members(const struct value *map, const char *key);
