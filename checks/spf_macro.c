/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF macros: grammar and expansion. See spf_macro.h.
 */
#include "checks/spf_macro.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* An expansion is trimmed to half of this when it grows over it: names end at 253 characters and explanations
 * at 250, so nothing that counts is lost. */
enum { EXPANSION_MAX = 8192 };

struct macro {
  char letter;   /* lower case; or '%', '_', '-' for the escapes */
  bool escape;   /* an upper-case letter: URL-escaped */
  bool reverse;
  unsigned keep; /* right-hand parts; 0: all */
  const char *delimiters;
  size_t delimiter_count;
};

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 7208 7.1: macro-expand, with the % in text[0]. Returns its length, 0 where it is malformed. */
static size_t read_macro(struct macro *macro, const char *text, size_t length)
{
  *macro = (struct macro){0};
  if (length >= 2 && (text[1] == '%' || text[1] == '_' || text[1] == '-')) {
    macro->letter = text[1];
    return 2;
  }
  if (length < 4 || text[1] != '{' || !is_alpha(text[2]))
    return 0;
  macro->escape = text[2] <= 'Z';
  macro->letter = (char)(macro->escape ? text[2] + 'a' - 'A' : text[2]);
  if (!strchr("slodiphcrtv", macro->letter))
    return 0;
  size_t at = 3;
  bool digits = false;
  for (; at < length && is_digit(text[at]); at++) {
    digits = true;
    if (macro->keep < 100000)
      macro->keep = macro->keep * 10 + (unsigned)(text[at] - '0');
  }
  if (digits && macro->keep == 0) /* RFC 7208 7.3: the number of parts MUST be nonzero */
    return 0;
  if (at < length && (text[at] == 'r' || text[at] == 'R')) {
    macro->reverse = true;
    at++;
  }
  macro->delimiters = text + at;
  while (at < length && text[at] != '\0' && strchr(".-+,/_=", text[at]))
    at++;
  macro->delimiter_count = (size_t)(text + at - macro->delimiters);
  return at < length && text[at] == '}' ? at + 1 : 0;
}

/* RFC 7208 7.1: toplabel, after the last dot of a domain-spec that ends in literals. */
static bool is_top_label(const char *label, size_t length)
{
  bool beyond_digits = false;
  if (length == 0 || label[0] == '-' || label[length - 1] == '-')
    return false;
  for (size_t i = 0; i < length; i++) {
    if (is_alpha(label[i]) || label[i] == '-')
      beyond_digits = true;
    else if (!is_digit(label[i]))
      return false;
  }
  return beyond_digits;
}

/* RFC 7208 7.1: domain-end = ( "." toplabel [ "." ] ) / macro-expand */
static bool has_domain_end(const char *text, size_t length)
{
  if (length > 0 && text[length - 1] == '.')
    length--;
  size_t start = length;
  while (start > 0 && text[start - 1] != '.')
    start--;
  return start > 0 && is_top_label(text + start, length - start);
}

bool spf_macro_is_valid(const char *text, size_t length, enum macro_use use)
{
  bool ends_in_macro = false;
  for (size_t at = 0; at < length;) {
    unsigned char c = (unsigned char)text[at];
    if (c == '%') {
      struct macro macro;
      size_t used = read_macro(&macro, text + at, length - at);
      /* RFC 7208 7.2: c, r and t are for explanations only. Nobody expands an unknown modifier. */
      if (used == 0 || (use == MACRO_DOMAIN_SPEC && strchr("crt", macro.letter)))
        return false;
      at += used;
      ends_in_macro = true;
      continue;
    }
    if (c > 0x7e || (c <= ' ' && !(c == ' ' && use == MACRO_EXPLAIN_STRING)))
      return false;
    ends_in_macro = false;
    at++;
  }
  return use != MACRO_DOMAIN_SPEC || ends_in_macro || has_domain_end(text, length);
}

bool spf_macro_uses(const char *text, char letter)
{
  size_t length = strlen(text);
  for (size_t at = 0; at < length;) {
    struct macro macro;
    size_t used = text[at] == '%' ? read_macro(&macro, text + at, length - at) : 0;
    if (used > 2 && macro.letter == letter)
      return true;
    at += used > 0 ? used : 1;
  }
  return false;
}

/* RFC 7208 7.3: upper-case letters escape everything outside of RFC 3986's unreserved characters. */
static void add_character(struct text *out, const struct macro *macro, char c)
{
  if (!macro->escape || is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~", c)))
    text_add_char(out, c);
  else
    text_printf(out, "%%%02X", (unsigned)(unsigned char)c);
}

static bool is_delimiter(const struct macro *macro, char c)
{
  return macro->delimiter_count == 0 ? c == '.' : memchr(macro->delimiters, c, macro->delimiter_count) != NULL;
}

/* RFC 7208 7.3: split at the delimiters, reverse, keep the right-hand parts, join with dots. */
static void add_transformed(struct text *out, const struct macro *macro, const char *value)
{
  size_t length = strlen(value), parts = 1;
  for (size_t i = 0; i < length; i++)
    if (is_delimiter(macro, value[i]))
      parts++;
  size_t keep = macro->keep > 0 && macro->keep < parts ? macro->keep : parts;
  if (!macro->reverse) {
    size_t at = 0;
    for (size_t drop = parts - keep; drop > 0; at++)
      if (is_delimiter(macro, value[at]))
        drop--;
    for (; at < length; at++)
      add_character(out, macro, is_delimiter(macro, value[at]) ? '.' : value[at]);
    return;
  }
  /* Reversed, the right-hand parts are the first ones of the value. */
  size_t end = 0;
  for (size_t seen = 0; end < length; end++)
    if (is_delimiter(macro, value[end]) && ++seen == keep)
      break;
  for (;;) {
    size_t start = end;
    while (start > 0 && !is_delimiter(macro, value[start - 1]))
      start--;
    for (size_t i = start; i < end; i++)
      add_character(out, macro, value[i]);
    if (start == 0)
      break;
    add_character(out, macro, '.');
    end = start - 1;
  }
}

/* RFC 7208 7.3: IPv4 as usual, IPv6 as nibbles with dots between. */
static void write_dotted(char out[64], const struct ip *ip)
{
  char *p = out;
  *p = '\0';
  for (unsigned i = 0; i < ip_bits(ip) / 8; i++) {
    const char *dot = i > 0 ? "." : "";
    if (ip->family == AF_INET)
      p += snprintf(p, 5, "%s%u", dot, (unsigned)ip->bytes[i]);
    else
      p += snprintf(p, 5, "%s%X.%X", dot, ip->bytes[i] >> 4, ip->bytes[i] & 15u);
  }
}

static void add_macro(struct text *out, const struct macro *macro, const struct spf_macro_values *values)
{
  char buffer[64] = "";
  struct text sender = {0};
  const char *value = buffer;
  switch (macro->letter) {
  case '%': text_add_char(out, '%'); return;
  case '_': text_add_char(out, ' '); return;
  case '-': text_add(out, "%20"); return;
  case 's':
    text_printf(&sender, "%s@%s", values->local, values->sender_domain);
    value = sender.bytes;
    break;
  case 'l': value = values->local; break;
  case 'o': value = values->sender_domain; break;
  case 'd': value = values->domain; break;
  case 'h': value = values->helo; break;
  case 'r': value = values->receiver; break;
  case 'i': write_dotted(buffer, values->client); break;
  case 'c': ip_format(values->client, buffer); break;
  case 't': snprintf(buffer, sizeof buffer, "%" PRId64, values->now); break;
  case 'v': value = values->client->family == AF_INET ? "in-addr" : "ip6"; break;
  case 'p': value = values->client_name(values->context, values->domain); break;
  default: break;
  }
  add_transformed(out, macro, value);
  text_free(&sender);
}

void spf_macro_expand(struct text *out, const char *text, enum macro_use use, const struct spf_macro_values *values)
{
  size_t length = strlen(text);
  for (size_t at = 0; at < length;) {
    struct macro macro;
    size_t used = text[at] == '%' ? read_macro(&macro, text + at, length - at) : 0;
    if (used > 0)
      add_macro(out, &macro, values);
    else
      text_add_char(out, text[at]);
    at += used > 0 ? used : 1;
    if (out->length <= EXPANSION_MAX)
      continue;
    if (use == MACRO_EXPLAIN_STRING)
      return;
    struct text tail = {0};
    text_add_bytes(&tail, out->bytes + out->length - EXPANSION_MAX / 2, EXPANSION_MAX / 2);
    text_free(out);
    *out = tail;
  }
}

int spf_macro_expand_name(char out[DOMAIN_SIZE], const char *text, const struct spf_macro_values *values)
{
  struct text expanded = {0};
  int status = -1;
  out[0] = '\0';
  spf_macro_expand(&expanded, text, MACRO_DOMAIN_SPEC, values);
  const char *name = expanded.bytes ? expanded.bytes : "";
  size_t length = expanded.length;
  if (length > 0 && name[length - 1] == '.')
    length--;
  /* RFC 7208 7.3: labels are dropped on the left until 253 characters are left. */
  while (length > DOMAIN_MAX) {
    const char *dot = memchr(name, '.', length);
    if (!dot)
      goto done;
    length -= (size_t)(dot + 1 - name);
    name = dot + 1;
  }
  /* RFC 8616 4: with a local part beyond ASCII in it a term matches nothing. Control characters have no business in
   * a name either, while %_ can well bring a space. */
  for (size_t i = 0; i < length; i++)
    if (name[i] < ' ' || name[i] > '~')
      goto done;
  if (length > 0) {
    memcpy(out, name, length);
    out[length] = '\0';
    status = 0;
  }
done:
  text_free(&expanded);
  return status;
}
