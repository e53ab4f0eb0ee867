/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The strict reader of tag lists, "a=1; b=2" (RFC 6376 3.2): DKIM-Signature fields and key records.
 *
 * Everything points into the text that was read; nothing is copied, nothing is changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum { TAGLIST_MAX = 100 }; /* tags; nobody needs more, and each is compared with all others */

struct tag {
  const char *name;
  size_t name_length;
  const char *value; /* without white space around it; white space and folds may stand inside */
  size_t length;
  const char *equals; /* the sign itself */
  const char *end;    /* the semicolon behind the value, or the end of the text */
  bool repeated;      /* the name stands in the list more than once */
};

struct taglist {
  struct tag tags[TAGLIST_MAX];
  size_t count;
  const char *why; /* what is wrong with the list; NULL where nothing is */
};

/* Returns 0, or -1 with list->why set: a malformed list, or one with a repeated tag, is invalid as a whole. The tags
 * that could be read are there all the same, so that a refused signature can be named. Values are printable ASCII,
 * white space and UTF-8 (RFC 8616); no control characters, no bare line ends. */
int taglist_read(struct taglist *list, const char *text, size_t length);
/* NULL where the list does not have the tag. Names are case-sensitive (RFC 6376 3.2). */
const struct tag *taglist_find(const struct taglist *list, const char *name);
/* The value as a string in the arena, as it stands. */
char *taglist_copy(struct arena *arena, const struct tag *tag);
/* The same with all white space taken out (base64, quoted-printable, lists). */
char *taglist_compact(struct arena *arena, const struct tag *tag);
/* True where the value is exactly this word; case does not matter. */
bool taglist_is(const struct tag *tag, const char *word);
/* True where one of the colon-separated elements of the value is this word; case does not matter. */
bool taglist_has(const struct tag *tag, const char *word);
/* True where the value is base64 (RFC 6376 2.10), not empty, white space anywhere, at most two "=" at its end. */
bool taglist_is_base64(const struct tag *tag);
