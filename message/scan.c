/* SPDX-License-Identifier: BSD-2-Clause
 *
 * White space, comments and quoted strings of structured header fields. See scan.h.
 */
#include "message/scan.h"

#include <string.h>

#include "base/text.h"

int scan_begin(struct scan *scan, const char *value, size_t length)
{
  *scan = (struct scan){.next = value, .end = value + length};
  for (const char *p = scan->next; p < scan->end; p++) {
    if (*p == '\0')
      return scan->why = "a NUL byte", -1;
    if (*p != '\r' && *p != '\n')
      continue;
    /* RFC 5322 2.2.3: CRLF and white space; LF alone is how a milter sees a line end. */
    if (*p == '\r' && (p + 1 == scan->end || *++p != '\n'))
      return scan->why = "a bare carriage return", -1;
    if (p + 1 == scan->end || (p[1] != ' ' && p[1] != '\t'))
      return scan->why = "a line end inside the field", -1;
  }
  return 0;
}

/* next stands behind the opening parenthesis. A counter, as nesting is as deep as the sender likes. */
static int skip_comment(struct scan *scan)
{
  for (size_t depth = 1; scan->next < scan->end;) {
    char c = *scan->next++;
    if (c == '(')
      depth++;
    else if (c == ')' && --depth == 0)
      return 0;
    else if (c == '\\' && scan->next < scan->end)
      scan->next++;
  }
  scan->why = "a comment that does not end";
  return -1;
}

int scan_space(struct scan *scan)
{
  int found = 0;
  for (; scan->next < scan->end; found = 1) {
    char c = *scan->next;
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '(')
      break;
    scan->next++;
    if (c == '(' && skip_comment(scan) < 0)
      return -1;
  }
  return found;
}

int scan_quoted(struct scan *scan, struct text *out)
{
  for (scan->next++; scan->next < scan->end;) {
    char c = *scan->next++;
    if (c == '"')
      return 0;
    if (c == '\r' || c == '\n')
      continue; /* RFC 5322 3.2.4: the line end of a fold is not part of the text, its white space is */
    if (c == '\\') {
      while (scan->next < scan->end && (*scan->next == '\r' || *scan->next == '\n'))
        scan->next++; /* a fold between the two goes first */
      if (scan->next == scan->end)
        break;
      c = *scan->next++;
    }
    text_add_char(out, c);
  }
  scan->why = "a quoted string that does not end";
  return -1;
}

bool scan_is_atext(char c)
{
  unsigned char u = (unsigned char)c;
  return u > ' ' && u != 0x7f && !strchr("()<>[]:;@\\,.\"", c);
}

bool scan_is_token(char c)
{
  unsigned char u = (unsigned char)c;
  return u > ' ' && u != 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}
