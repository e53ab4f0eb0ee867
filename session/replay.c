/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A message from a file, fed to a session. See replay.h.
 */
#include "session/replay.h"

#include <string.h>

enum { CHUNK = 65535 };

/* One line of [*at, end): its text without the line end, and the step to the next. */
struct line {
  const char *text;
  size_t length;
};

static bool next_line(const char **at, const char *end, struct line *line)
{
  if (*at >= end)
    return false;
  const char *feed = memchr(*at, '\n', (size_t)(end - *at));
  const char *stop = feed ? feed : end;
  line->text = *at;
  line->length = (size_t)(stop - *at);
  if (feed && line->length > 0 && line->text[line->length - 1] == '\r')
    line->length--;
  *at = feed ? feed + 1 : end;
  return true;
}

/* RFC 5322 2.2: the length of the field name that a line begins with, or 0. White space before the colon is obsolete
 * syntax (4.5) and no part of the name. */
static size_t field_name(const struct line *line, size_t *value)
{
  size_t name = 0;
  while (name < line->length && line->text[name] > 32 && line->text[name] < 127 && line->text[name] != ':')
    name++;
  size_t colon = name;
  while (colon < line->length && (line->text[colon] == ' ' || line->text[colon] == '\t'))
    colon++;
  if (name == 0 || colon == line->length || line->text[colon] != ':')
    return 0;
  *value = colon + 1;
  return name;
}

static void give_field(struct session *session, const struct text *field, size_t name)
{
  /* The text is "name\0value". */
  session_header(session, field->bytes, field->bytes + name + 1, true);
}

/* Feeds the fields and returns where the body begins. */
static const char *feed_fields(struct session *session, const char *at, const char *end)
{
  struct text field = {0};
  size_t name = 0;
  struct line line;
  for (const char *begin = at; next_line(&at, end, &line); begin = at) {
    if (name > 0 && line.length > 0 && (*line.text == ' ' || *line.text == '\t')) {
      text_add_char(&field, '\n');
      text_add_bytes(&field, line.text, line.length);
      continue;
    }
    if (name > 0)
      give_field(session, &field, name);
    size_t value = 0;
    name = field_name(&line, &value);
    if (name == 0) {
      if (line.length > 0)
        at = begin; /* no field: the body begins with this line */
      break;
    }
    text_clear(&field);
    text_add_bytes(&field, line.text, name);
    text_add_char(&field, '\0');
    text_add_bytes(&field, line.text + value, line.length - value);
  }
  if (name > 0) /* the message ended within the header */
    give_field(session, &field, name);
  text_free(&field);
  return at;
}

static void feed_body(struct session *session, const char *at, const char *end)
{
  struct text chunk = {0};
  struct line line;
  while (session_wants_body(session) && next_line(&at, end, &line)) {
    text_add_bytes(&chunk, line.text, line.length);
    text_add_bytes(&chunk, "\r\n", 2);
    if (chunk.length >= CHUNK) {
      session_body(session, chunk.bytes, chunk.length);
      text_clear(&chunk);
    }
  }
  if (chunk.length > 0)
    session_body(session, chunk.bytes, chunk.length);
  text_free(&chunk);
}

struct session_outcome replay_message(struct session *session, const char *bytes, size_t length, const char *queue_id)
{
  const char *end = bytes + length;
  struct line line;
  const char *at = bytes;
  size_t value;
  /* The line that begins a message in an mbox file; "From :" is a field. */
  if (length >= 5 && memcmp(bytes, "From ", 5) == 0 && next_line(&at, end, &line) && field_name(&line, &value) > 0)
    at = bytes;
  at = feed_fields(session, at, end);
  session_eoh(session);
  feed_body(session, at, end);
  return session_eom(session, queue_id);
}
