/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Header fields as an MTA hands them over. See field.h.
 */
#include "checks/field.h"

#include <string.h>
#include <strings.h>

size_t field_name_length(const char *name)
{
  size_t length = 0;
  while ((unsigned char)name[length] > 32 && (unsigned char)name[length] < 127 && name[length] != ':')
    length++;
  return name[length + strspn(name + length, " \t")] ? 0 : length;
}

bool field_is(const char *name, size_t length, const char *word)
{
  return strlen(word) == length && strncasecmp(name, word, length) == 0;
}

void field_join(struct text *field, const char *name, const char *value, size_t length)
{
  text_clear(field);
  text_add(field, name);
  text_add_char(field, ':');
  const char *end = value + length;
  while (value < end) {
    const char *lf = memchr(value, '\n', (size_t)(end - value));
    if (!lf)
      break;
    bool crlf = lf > value && lf[-1] == '\r';
    text_add_bytes(field, value, (size_t)(lf - value) - crlf);
    text_add(field, "\r\n");
    value = lf + 1;
  }
  text_add_bytes(field, value, (size_t)(end - value));
}

bool field_has_odd_space(const char *value, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)value[i] > '\r')
      continue;
    else if (value[i] == '\v' || value[i] == '\f' || (value[i] == '\r' && (i + 1 == length || value[i + 1] != '\n')))
      return true;
  return false;
}
