/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The strict reader of tag lists. See taglist.h.
 *
 * RFC 6376 6.1.1 asks for meticulous validation: liberal readers see different tags in one text, and somebody
 * lives off the difference.
 */
#include "checks/taglist.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

static bool is_space(char c)
{
  if (c > ' ')
    return false;
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alpha(char c)
{
  char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'z';
}

static bool is_name(char c)
{
  return is_alpha(c) || (c >= '0' && c <= '9') || c == '_';
}

static const char *skip_space(const char *p, const char *end)
{
  while (p < end && is_space(*p))
    p++;
  return p;
}

/* What may stand anywhere in the text: printable characters, and line ends only where they fold (RFC 6376 2.8). A
 * field arrives from the MTA with CRLF or LF alone. */
static bool is_clean(const char *text, size_t length)
{
  const char *end = text + length;
  for (const char *p = text; p < end; p++) {
    unsigned char c = (unsigned char)*p;
    if (c > 0x20 && c != 0x7f)
      continue;
    if (c == '\r' && (p + 1 == end || p[1] != '\n'))
      return false;
    /* RFC 6376 2.8: FWS = [*WSP CRLF] 1*WSP; a fold at the very end is what a careless signer leaves. */
    if (c == '\n' && p + 1 < end && p[1] != ' ' && p[1] != '\t')
      return false;
    if ((c < 0x20 && !is_space(*p)) || c == 0x7f)
      return false;
  }
  return text_is_utf8(text, length);
}

/* One tag-spec, from p to the next semicolon or the end; returns where it ends, NULL where it is malformed. */
static const char *read_tag(struct tag *tag, const char *p, const char *end)
{
  p = skip_space(p, end);
  tag->name = p;
  if (p == end || !is_alpha(*p))
    return NULL;
  while (p < end && is_name(*p))
    p++;
  tag->name_length = (size_t)(p - tag->name);
  p = skip_space(p, end);
  if (p == end || *p != '=')
    return NULL;
  tag->equals = p;
  const char *semicolon = memchr(p, ';', (size_t)(end - p));
  tag->end = semicolon ? semicolon : end;
  tag->value = skip_space(p + 1, tag->end);
  const char *last = tag->end;
  while (last > tag->value && is_space(last[-1]))
    last--;
  tag->length = (size_t)(last - tag->value);
  tag->repeated = false;
  return tag->end;
}

static bool same_name(const struct tag *a, const struct tag *b)
{
  return a->name_length == b->name_length && memcmp(a->name, b->name, a->name_length) == 0;
}

/* RFC 6376 3.2: tags with duplicate names must not occur; the entire tag list is invalid. */
static void look_for_repeats(struct taglist *list, struct tag *added)
{
  for (struct tag *other = list->tags; other < added; other++)
    if (same_name(other, added)) {
      other->repeated = added->repeated = true;
      list->why = "a tag is repeated";
    }
}

int taglist_read(struct taglist *list, const char *text, size_t length)
{
  list->count = 0;
  list->why = NULL;
  if (!is_clean(text, length)) {
    list->why = "the tag list has characters that are not allowed";
    return -1;
  }
  const char *p = text, *end = text + length;
  do {
    if (list->count == TAGLIST_MAX) {
      list->why = "there are too many tags";
      return -1;
    }
    struct tag *tag = &list->tags[list->count];
    p = read_tag(tag, p, end);
    if (!p) {
      list->why = "the tag list is malformed";
      return -1;
    }
    list->count++;
    look_for_repeats(list, tag);
    if (p < end)
      p++; /* the semicolon */
  } while (skip_space(p, end) < end);
  return list->why ? -1 : 0;
}

const struct tag *taglist_find(const struct taglist *list, const char *name)
{
  size_t length = strlen(name);
  for (size_t i = 0; i < list->count; i++)
    if (list->tags[i].name_length == length && memcmp(list->tags[i].name, name, length) == 0)
      return &list->tags[i];
  return NULL;
}

char *taglist_copy(struct arena *arena, const struct tag *tag)
{
  return arena_copy(arena, tag->value, tag->length);
}

char *taglist_compact(struct arena *arena, const struct tag *tag)
{
  char *out = arena_copy(arena, tag->value, tag->length), *to = out;
  for (const char *from = out; *from; from++)
    if (!is_space(*from))
      *to++ = *from;
  *to = '\0';
  return out;
}

static bool same_word(const char *text, size_t length, const char *word)
{
  return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

bool taglist_is(const struct tag *tag, const char *word)
{
  return same_word(tag->value, tag->length, word);
}

bool taglist_has(const struct tag *tag, const char *word)
{
  const char *p = tag->value, *end = p + tag->length;
  for (;;) {
    const char *colon = memchr(p, ':', (size_t)(end - p));
    const char *last = colon ? colon : end;
    p = skip_space(p, last);
    while (last > p && is_space(last[-1]))
      last--;
    if (same_word(p, (size_t)(last - p), word))
      return true;
    if (!colon)
      return false;
    p = colon + 1;
  }
}

bool taglist_is_base64(const struct tag *tag)
{
  size_t digits = 0, padding = 0;
  for (size_t i = 0; i < tag->length; i++) {
    char c = tag->value[i];
    if (padding == 0 && (is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '/'))
      digits++;
    else if (c == '=')
      padding++;
    else if (!is_space(c))
      return false;
  }
  return digits > 0 && padding <= 2;
}
