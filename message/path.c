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
  if (p == end) /* RFC 5321 4.5.1: postmaster without a domain */
    return *path->local && !strpbrk(path->local, "@!%") ? 0 : -1;
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

/* What MTAs take for an address outside of RFC 5321, while it is read. */
struct loose {
  struct text text; /* without comments, quotes and what divides */
  size_t at;        /* behind the last @ outside of quotes, 0 before one */
  bool apart;       /* something stood before the next character that divides words */
};

/* The next part, added to the text. -1 where it cannot be read. */
static int read_loose_part(struct loose *loose, struct scan *scan)
{
  struct text *text = &loose->text;
  char c = *scan->next, last = text->length > 0 ? text->bytes[text->length - 1] : '@';
  if (strchr("<>,;:", c)) {
    scan->next++;
    loose->apart = true;
    return 0;
  }
  if (loose->apart && !strchr("@.", last) && !strchr("@.", c)) {
    if (loose->at > 0)
      return -1; /* which of the two is the domain? */
    text_add_char(text, ' ');
  }
  loose->apart = false;
  if (c == '"')
    return scan_quoted(scan, text);
  scan->next++;
  if (c == '\\' && scan->next == scan->end)
    return -1;
  text_add_char(text, c == '\\' ? *scan->next++ : c);
  if (c == '@')
    loose->at = text->length;
  return 0;
}

static int read_loose_parts(struct loose *loose, const char *p, const char *end)
{
  struct scan scan;
  int status = scan_begin(&scan, p, (size_t)(end - p));
  while (status == 0) {
    int space = scan_space(&scan);
    if (space < 0)
      return -1;
    if (scan.next == scan.end)
      break;
    loose->apart = loose->apart || space > 0;
    status = read_loose_part(loose, &scan);
  }
  for (size_t i = 0; i < loose->text.length; i++)
    if (is_control(loose->text.bytes[i]))
      return -1;
  return status;
}

/* Writes "local@domain" where the text has another form of it: site!user, user%site, or all of it in quotes. */
static void find_domain(struct loose *loose)
{
  const char *text = loose->text.bytes;
  const char *at = strrchr(text, '@'), *bang = strchr(text, '!');
  if (!at && bang) {
    struct text swapped = {0};
    text_add(&swapped, bang + 1);
    text_add_char(&swapped, '@');
    loose->at = swapped.length;
    text_add_bytes(&swapped, text, (size_t)(bang - text));
    text_free(&loose->text);
    loose->text = swapped;
    return;
  }
  at = at ? at : strrchr(text, '%');
  if (at) {
    loose->at = (size_t)(at - text) + 1;
    loose->text.bytes[at - text] = '@';
  }
}

/* The forms that RFC 5321 does not have, and that MTAs take all the same (Sendmail, and Postfix unless
 * strict_rfc821_envelopes): comments, space, quotes and brackets anywhere, paths of UUCP. They make an address of them, and
 * who writes one must not have another domain, or none, here. */
static int read_loosely(struct path *path, struct arena *arena, const char *p, const char *end)
{
  char domain[DOMAIN_SIZE];
  struct loose loose = {0};
  const char *colon = p < end && *p == '@' ? memchr(p, ':', (size_t)(end - p)) : NULL;
  p = colon ? colon + 1 : p; /* a route, well-formed or not */
  int status = read_loose_parts(&loose, p, end);
  const struct text *text = &loose.text;
  if (status == 0 && text->length > 0 && loose.at == 0)
    find_domain(&loose);
  if (status == 0 && text->length == 0)
    *path = (struct path){.null = true, .local = "", .domain = "", .address = ""};
  else if (status == 0 && loose.at > 1 &&
           domain_normalize(domain, text->bytes + loose.at, text->length - loose.at) == 0)
    *path = (struct path){.local = arena_copy(arena, text->bytes, loose.at - 1),
                          .domain = arena_string(arena, domain),
                          .address = arena_copy(arena, text->bytes, text->length)};
  else
    status = -1;
  text_free(&loose.text);
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
