/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Domain names in their one form. See domain.h.
 */
#include "base/domain.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_name_character(unsigned char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Checks labels of 1..63 of the permitted characters. */
static bool is_well_formed(const char *name, size_t length)
{
  size_t label = 0;
  if (length == 0 || length > DOMAIN_MAX)
    return false;
  for (size_t i = 0; i < length; i++) {
    if (name[i] == '.') {
      if (label == 0)
        return false;
      label = 0;
    } else if (!is_name_character((unsigned char)name[i]) || ++label > 63) {
      return false;
    }
  }
  return label > 0;
}

/* RFC 5891 4.4: a U-label name to A-labels. The text is copied as it may not end in NUL. */
static int to_a_labels(char out[DOMAIN_SIZE], const char *name, size_t length)
{
  char input[4 * DOMAIN_SIZE], *result = NULL;
  if (length >= sizeof input || memchr(name, '\0', length) || !text_is_utf8(name, length))
    return -1;
  memcpy(input, name, length);
  input[length] = '\0';
  int status = idn2_to_ascii_8z(input, &result, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  size_t result_length = status == IDN2_OK ? strlen(result) : 0;
  if (result_length > 0 && result[result_length - 1] == '.')
    result_length--; /* an ideographic full stop at the end was mapped to a dot */
  int answer = -1;
  if (result_length > 0 && is_well_formed(result, result_length)) {
    memcpy(out, result, result_length);
    out[result_length] = '\0';
    answer = 0;
  }
  idn2_free(result);
  return answer;
}

int domain_normalize(char out[DOMAIN_SIZE], const char *name, size_t length)
{
  out[0] = '\0';
  if (length > 0 && name[length - 1] == '.')
    length--;
  bool ascii = true;
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)name[i] >= 0x80)
      ascii = false;
  if (!ascii) {
    if (to_a_labels(out, name, length) == 0)
      return 0;
    out[0] = '\0';
    return -1;
  }
  if (length == 0 || length > DOMAIN_MAX)
    return -1;
  for (size_t i = 0; i < length; i++)
    out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 'a' - 'A') : name[i];
  out[length] = '\0';
  if (is_well_formed(out, length))
    return 0;
  out[0] = '\0';
  return -1;
}

bool domain_is_under(const char *name, const char *parent)
{
  size_t name_length = strlen(name), parent_length = strlen(parent);
  if (name_length < parent_length || strcmp(name + name_length - parent_length, parent) != 0)
    return false;
  return name_length == parent_length || name[name_length - parent_length - 1] == '.';
}

unsigned domain_labels(const char *name)
{
  unsigned labels = *name ? 1 : 0;
  for (; *name; name++)
    if (*name == '.')
      labels++;
  return labels;
}

const char *domain_parent(const char *name)
{
  const char *dot = strchr(name, '.');
  return dot ? dot + 1 : NULL;
}

const char *domain_suffix(const char *name, unsigned labels)
{
  for (unsigned have = domain_labels(name); have > labels; have--)
    name = domain_parent(name);
  return name;
}
