/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How long a body is in canonical form. See canonical.h.
 */
#include "checks/canonical.h"

static void count_byte(struct canonical *canonical, char c)
{
  if (canonical->relaxed && (c == ' ' || c == '\t')) {
    canonical->space = true;
    return;
  }
  canonical->length += 2 * canonical->empty;
  canonical->empty = 0;
  canonical->length += canonical->space ? 2 : 1;
  canonical->space = false;
  canonical->text = true;
}

/* RFC 6376 3.4.3: empty lines at the end do not count; 3.4.4: nor does white space at the end of a line. */
static void count_line_end(struct canonical *canonical)
{
  if (canonical->text)
    canonical->length += 2;
  else
    canonical->empty++;
  canonical->text = canonical->space = false;
}

void canonical_count(struct canonical *canonical, const char *bytes, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    bool cr = canonical->cr;
    canonical->cr = bytes[i] == '\r';
    if (cr && bytes[i] == '\n') {
      count_line_end(canonical);
      continue;
    }
    if (cr)
      count_byte(canonical, '\r');
    if (!canonical->cr)
      count_byte(canonical, bytes[i]);
  }
}
