/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The paths of the envelope (RFC 5321 4.1.2). See address.h.
 *
 * The MTA has accepted the path, so this reads it rather than judges it: a local part may have odd dots, and what
 * cannot be read has no domain.
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
    return 0; /* RFC 5321 4.5.1: postmaster without a domain */
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
  bool brackets = *argument == '<';
  if (brackets) {
    argument++;
    if (end == argument || end[-1] != '>')
      return unreadable(arena, argument, end);
    end--;
  }
  if (argument == end) {
    path.null = true;
    return path;
  }
  return read_address(&path, arena, argument, end) < 0 ? unreadable(arena, argument, end) : path;
}
