/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The paths of the envelope (RFC 5321 4.1.2). See address.h.
 *
 * The MTA has accepted the path, so this reads it rather than judges it: a local part may have odd dots, the form may be
 * looser than the standard's, and what cannot be read has no domain.
 */
#include <string.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"
#include "message/address.h"
#include "message/scan.h"

static bool is_control(char c)
{
  return (unsigned char)c < ' ' || c == 0x7f;
}

/* RFC 5321 4.1.2 A-d-l ":" is skipped. NULL where it is malformed. */
static const char *skip_route(const char *p, const char *end)
{
  char hop[DOMAIN_SIZE];
  while (p < end && *p == '@') {
    const char *start = ++p;
    while (p < end && *p != ',' && *p != ':')
      p++;
    if (p == end || domain_normalize(hop, start, (size_t)(p - start)) < 0)
      return NULL;
    if (*p++ == ':')
      return p;
  }
  return NULL;
}

/* The end of a quoted local part that begins at p, with its text added to local. NULL where it does not end. */
static const char *read_quoted(const char *p, const char *end, struct text *local)
{
  for (p++; p < end && *p != '"'; p++) {
    if (*p == '\\' && ++p == end)
      return NULL;
    if (is_control(*p))
      return NULL;
    text_add_char(local, *p);
  }
  return p < end ? p + 1 : NULL;
}

/* The end of the local part at p. NULL where there is none that can be read. */
static const char *read_local(const char *p, const char *end, struct text *local)
{
  if (p < end && *p == '"')
    return read_quoted(p, end, local);
  const char *start = p;
  while (p < end && (scan_is_atext(*p) || *p == '.'))
    p++;
  text_add_bytes(local, start, (size_t)(p - start));
  return p > start ? p : NULL;
}

/* Reads what stands between the brackets. 0, or -1 with the path half filled in. */
static int read_address(struct path *path, struct arena *arena, const char *p, const char *end)
{
  char domain[DOMAIN_SIZE];
  struct text local = {0};
  if (p < end && *p == '@' && !(p = skip_route(p, end)))
    return -1;
  path->address = arena_copy(arena, p, (size_t)(end - p));
  p = read_local(p, end, &local);
  if (p)
    path->local = arena_copy(arena, local.bytes ? local.bytes : "", local.length);
  text_free(&local);
  if (!p)
    return -1;
  if (p == end)
    return *path->local ? 0 : -1; /* RFC 5321 4.5.1: postmaster without a domain */
  if (*p++ != '@')
    return -1;
  if (p < end && *p == '[') {
    path->literal = true;
    for (p++; p < end && *p != ']'; p++)
      if (is_control(*p) || *p == '[' || *p == '\\')
        return -1;
    return p < end && p + 1 == end ? 0 : -1;
  }
  if (domain_normalize(domain, p, (size_t)(end - p)) < 0)
    return -1;
  path->domain = arena_string(arena, domain);
  return 0;
}

/* Where one word of the loose form ends and the next one begins, with nothing but space or comments between. */
static bool are_apart(const struct text *text, char next)
{
  char last = text->length > 0 ? text->bytes[text->length - 1] : '@';
  return last != '@' && last != '.' && next != '@' && next != '.';
}

/* The next part of the loose form, added to the text. *at: behind the last @ outside of quotes, 0 before one. -1 where it
 * cannot be read. */
static int read_loose_part(struct scan *scan, struct text *text, size_t *at, bool spaced)
{
  char c = *scan->next;
  if (spaced && are_apart(text, c)) {
    if (*at > 0)
      return -1; /* which of the two is the domain? */
    text_add_char(text, ' ');
  }
  if (c == '"')
    return scan_quoted(scan, text);
  scan->next++;
  if (c == '<' || c == '>')
    return 0;
  if (c == '\\' && scan->next == scan->end)
    return -1;
  text_add_char(text, c == '\\' ? *scan->next++ : c);
  if (c == '@')
    *at = text->length;
  return 0;
}

/* The form that RFC 5321 does not have, and that MTAs take all the same (Sendmail, and Postfix unless
 * strict_rfc821_envelopes): comments, space, quotes and brackets anywhere. They read the address without these. Who
 * writes one must not have another domain, or none, here. */
static int read_loosely(struct path *path, struct arena *arena, const char *p, const char *end)
{
  struct scan scan;
  struct text text = {0};
  char domain[DOMAIN_SIZE];
  size_t at = 0;
  const char *colon = p < end && *p == '@' ? memchr(p, ':', (size_t)(end - p)) : NULL;
  p = colon ? colon + 1 : p; /* a route, well-formed or not */
  int status = scan_begin(&scan, p, (size_t)(end - p));
  while (status == 0) {
    int space = scan_space(&scan);
    if (space < 0 || scan.next == scan.end) {
      status = space < 0 ? -1 : 0;
      break;
    }
    status = read_loose_part(&scan, &text, &at, space > 0);
  }
  for (size_t i = 0; i < text.length; i++)
    if (is_control(text.bytes[i]))
      status = -1;
  if (status == 0 && text.length == 0) {
    *path = (struct path){.null = true, .local = "", .domain = "", .address = ""};
  } else if (status == 0 && at > 1 && domain_normalize(domain, text.bytes + at, text.length - at) == 0) {
    *path = (struct path){.local = arena_copy(arena, text.bytes, at - 1),
                          .domain = arena_string(arena, domain),
                          .address = arena_copy(arena, text.bytes, text.length)};
  } else {
    status = -1;
  }
  text_free(&text);
  return status;
}

static struct path unreadable(struct arena *arena, const char *start, const char *end)
{
  return (struct path){
      .invalid = true, .local = "", .domain = "", .address = arena_copy(arena, start, (size_t)(end - start))};
}

struct path path_parse(struct arena *arena, const char *argument)
{
  struct path path = {.local = "", .domain = "", .address = ""};
  const char *end = argument + strlen(argument);
  while (*argument == ' ' || *argument == '\t')
    argument++;
  while (end > argument && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  bool opened = *argument == '<', closed = opened && end > argument + 1 && end[-1] == '>';
  argument += opened;
  end -= closed;
  if (opened == closed && read_address(&path, arena, argument, end) == 0)
    return path;
  return read_loosely(&path, arena, argument, end) == 0 ? path : unreadable(arena, argument, end);
}
