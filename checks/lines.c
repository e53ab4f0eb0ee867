/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is odd about the lines of a body. See lines.h.
 */
#include "checks/lines.h"

#include <string.h>

void lines_watch(struct lines *lines, const char *bytes, size_t length)
{
  if (length == 0)
    return;
  const char *p = bytes, *end = bytes + length;
  if (lines->last[1] == '\r' && *bytes != '\n')
    lines->bare_cr = true;
  while (p < end) {
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    const char *last = lf ? lf : end;
    lines->current += (size_t)(last - p);
    if (lines->current > lines->longest)
      lines->longest = lines->current;
    const char *cr = memchr(p, '\r', (size_t)(last - p));
    if (cr && cr + 1 < last)
      lines->bare_cr = true;
    if (!lf)
      break;
    if ((lf > bytes ? lf[-1] : lines->last[1]) != '\r')
      lines->bare_lf = true;
    lines->current = 0;
    p = lf + 1;
  }
  lines->any = true;
  lines->last[0] = length > 1 ? end[-2] : lines->last[1];
  lines->last[1] = end[-1];
}

bool lines_end(struct lines *lines)
{
  if (lines->last[1] == '\r')
    lines->bare_cr = true;
  return !lines->any || memcmp(lines->last, "\r\n", 2) == 0;
}
