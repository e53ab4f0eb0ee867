/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Stories in plain words. See tell.h.
 */
#include "story/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/value.h"
#include "base/memory.h"

enum { INDENT = 14, COLUMNS = 118 };

const char *tell_get(const struct value *of, const char *key)
{
  const char *string = value_string(of, key);
  return string ? string : "";
}

long long tell_number(const struct value *of, const char *key)
{
  const struct value *value = value_get(of, key);
  return value && value->kind == VALUE_NUMBER ? strtoll(value->string, NULL, 10) : 0;
}

void tell_place(struct text *out, const struct value *fact)
{
  const char *file = tell_get(fact, "file");
  text_printf(out, "%s:%lld", *file ? file : "(file not known any more)", tell_number(fact, "line"));
}

void tell_row(struct text *out, const char *label, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *text = NULL;
  if (vasprintf(&text, format, arguments) < 0)
    abort(); /* Out of memory. */
  va_end(arguments);
  const char *rest = text;
  text_printf(out, "  %-*s ", INDENT - 3, label);
  while (strlen(rest) > COLUMNS - INDENT) {
    size_t cut = COLUMNS - INDENT;
    while (cut > 0 && rest[cut] != ' ')
      cut--;
    if (cut == 0) /* a long word */
      break;
    text_add_bytes(out, rest, cut);
    text_printf(out, "\n%*s", INDENT, "");
    rest += cut + 1;
  }
  text_printf(out, "%s\n", rest);
  free(text);
}

static void tell_story(struct text *out, const struct value *story)
{
  const char *type = tell_get(story, "type");
  if (strcmp(type, "message") == 0)
    tell_message(out, story);
  else if (strcmp(type, "unassessed") == 0)
    tell_unassessed(out, story);
  else
    tell_domain(out, story);
}

void tell_stories(struct text *out, const char *lines, size_t length)
{
  const char *end = lines + length;
  for (const char *next; lines < end; lines = next + 1) {
    next = memchr(lines, '\n', (size_t)(end - lines));
    if (!next)
      return;
    struct arena *arena = arena_new();
    const struct value *story = value_read(arena, lines, (size_t)(next - lines));
    if (out->length > 0)
      text_add_char(out, '\n');
    if (story)
      tell_story(out, story);
    arena_free(arena);
  }
}
