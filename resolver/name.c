/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names as they are asked for. See name.h.
 */
#include "resolver/name.h"

#include <stdbool.h>

/* RFC 1035 2.3.4: labels of 1 to 63 octets, 255 in all, which are 253 here. */
int name_fold(char out[DOMAIN_SIZE], const char *name)
{
  size_t length = 0, label = 0;
  if (name[0] == '.' && name[1] == '\0') {
    out[0] = '.';
    out[1] = '\0';
    return 1;
  }
  for (; name[length]; length++) {
    char c = name[length];
    if (c == '.') {
      if (label == 0)
        return -1;
      if (name[length + 1] == '\0')
        break;
      label = 0;
    } else if (++label > 63) {
      return -1;
    }
    if (length == DOMAIN_MAX)
      return -1;
    out[length] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
  }
  out[length] = '\0';
  return label > 0 ? (int)length : -1;
}

static bool is_plain(unsigned char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '*';
}

void name_escape(char out[NAME_ESCAPED_SIZE], const char *name)
{
  size_t length = 0;
  for (; *name; name++) {
    unsigned char c = (unsigned char)*name;
    if (is_plain(c)) {
      out[length++] = (char)c;
      continue;
    }
    out[length++] = '\\';
    out[length++] = (char)('0' + c / 100);
    out[length++] = (char)('0' + c / 10 % 10);
    out[length++] = (char)('0' + c % 10);
  }
  out[length] = '\0';
}
