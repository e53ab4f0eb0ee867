/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A growing string, and untrusted bytes made printable. See text.h.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void text_free(struct text *text)
{
  free(text->bytes);
  *text = (struct text){0};
}

void text_clear(struct text *text)
{
  text->length = 0;
  if (text->bytes)
    text->bytes[0] = '\0';
}

static void make_room(struct text *text, size_t more)
{
  size_t need = text->length + more + 1;
  if (need <= text->size)
    return;
  size_t size = text->size ? text->size : 128;
  while (size < need)
    size *= 2;
  text->bytes = memory_resize(text->bytes, size);
  text->size = size;
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
  make_room(text, length);
  if (length)
    memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
  text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
  make_room(text, 1);
  text->bytes[text->length++] = c;
  text->bytes[text->length] = '\0';
}

void text_printf(struct text *text, const char *format, ...)
{
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  /* Most texts fit into the room there is, and are formatted once. */
  make_room(text, 0);
  size_t room = text->size - text->length;
  int length = vsnprintf(text->bytes + text->length, room, format, arguments);
  va_end(arguments);
  if (length > 0 && (size_t)length >= room) {
    make_room(text, (size_t)length);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
  }
  va_end(again);
  if (length > 0)
    text->length += (size_t)length;
  text->bytes[text->length] = '\0';
}

/* Length of the UTF-8 character at p and its code point, or 0 where it is malformed: overlong,
 * a surrogate, beyond U+10FFFF or cut (RFC 3629 section 4). */
static size_t utf8_character(const unsigned char *p, size_t left, uint32_t *code)
{
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
  if (length == 0 || length > left)
    return 0;
  uint32_t value = length == 1 ? p[0] : p[0] & (0x7fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return 0;
    value = value << 6 | (p[i] & 0x3f);
  }
  if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return 0;
  *code = value;
  return length;
}

/* Characters that end a line, are invisible or turn the reading direction. */
static bool is_control(uint32_t code)
{
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
         (code >= 0xfff0 && code <= 0xffff);
}

static char *make_printable(char *out, size_t room, const char *value, size_t length, bool ascii_only)
{
  const unsigned char *p = (const unsigned char *)value;
  size_t used = 0;
  while (length > 0 && room > 0) {
    if (p[0] >= ' ' && p[0] < 0x7f) { /* nearly everything */
      if (used + 2 > room)
        break;
      out[used++] = (char)*p++;
      length--;
      continue;
    }
    uint32_t code = 0;
    size_t step = utf8_character(p, length, &code);
    bool keep = step > 0 && !is_control(code) && (step == 1 || !ascii_only);
    size_t need = keep ? step : 1;
    if (used + need + 1 > room)
      break;
    if (keep)
      memcpy(out + used, p, step);
    else
      out[used] = '?';
    used += need;
    p += step ? step : 1;
    length -= step ? step : 1;
  }
  if (room > 0)
    out[used] = '\0';
  return out;
}

char *text_printable(char *out, size_t room, const char *value, size_t length)
{
  return make_printable(out, room, value, length, false);
}

char *text_ascii(char *out, size_t room, const char *value, size_t length)
{
  return make_printable(out, room, value, length, true);
}

bool text_is_utf8(const char *value, size_t length)
{
  const unsigned char *p = (const unsigned char *)value;
  while (length > 0) {
    uint64_t eight;
    /* Nearly everything is ASCII. */
    if (length >= sizeof eight && (memcpy(&eight, p, sizeof eight), eight & 0x8080808080808080) == 0) {
      p += sizeof eight;
      length -= sizeof eight;
      continue;
    }
    uint32_t code;
    size_t step = p[0] < 0x80 ? 1 : utf8_character(p, length, &code);
    if (step == 0)
      return false;
    p += step;
    length -= step;
  }
  return true;
}
