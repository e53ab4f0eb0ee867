/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The strict reader of SPF records. See spf_record.h.
 */
#include "checks/spf_record.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/spf_macro.h"

static const char version[] = "v=spf1";
enum { VERSION_LENGTH = sizeof version - 1 };

enum domain_rule { DOMAIN_NONE, DOMAIN_OPTIONAL, DOMAIN_REQUIRED };

static const struct mechanism {
  const char *name;
  enum term_kind kind;
  enum domain_rule domain;
  bool cidr;
} mechanisms[] = {
  {"all", TERM_ALL, DOMAIN_NONE, false},             /* RFC 7208 5.1 */
  {"include", TERM_INCLUDE, DOMAIN_REQUIRED, false}, /* 5.2 */
  {"a", TERM_A, DOMAIN_OPTIONAL, true},              /* 5.3 */
  {"mx", TERM_MX, DOMAIN_OPTIONAL, true},            /* 5.4 */
  {"ptr", TERM_PTR, DOMAIN_OPTIONAL, false},         /* 5.5 */
  {"ip4", TERM_IP4, DOMAIN_NONE, false},             /* 5.6 */
  {"ip6", TERM_IP6, DOMAIN_NONE, false},             /* 5.6 */
  {"exists", TERM_EXISTS, DOMAIN_REQUIRED, false},   /* 5.7 */
};

/* A piece of the record. */
struct span {
  const char *text;
  size_t length;
};

bool spf_record_is(const char *text, size_t length)
{
  return length >= VERSION_LENGTH && strncasecmp(text, version, VERSION_LENGTH) == 0 &&
         (length == VERSION_LENGTH || text[VERSION_LENGTH] == ' ');
}

static bool is_alpha(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* RFC 7208 4.6.1: name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ). Its length, 0 where there is none. */
static size_t name_length(struct span span)
{
  size_t at = 0;
  if (span.length == 0 || !is_alpha(span.text[0]))
    return 0;
  while (at < span.length && (is_alpha(span.text[at]) || is_digit(span.text[at]) || strchr("-_.", span.text[at])))
    at++;
  return at;
}

/* "/" and a number at the end of the span, in the form of RFC 7208 5.6: no leading zeros. 1 where one was cut off,
 * 0 where there is none, -1 where it is wrong. The slash itself is cut off too. */
static int cut_prefix(struct span *span, unsigned maximum, unsigned *prefix)
{
  size_t start = span->length;
  while (start > 0 && is_digit(span->text[start - 1]))
    start--;
  size_t digits = span->length - start;
  if (digits == 0 || start == 0 || span->text[start - 1] != '/')
    return 0;
  if (digits > 3 || (digits > 1 && span->text[start] == '0'))
    return -1;
  unsigned value = 0;
  for (size_t i = start; i < span->length; i++)
    value = value * 10 + (unsigned)(span->text[i] - '0');
  if (value > maximum)
    return -1;
  *prefix = value;
  span->length = start - 1;
  return 1;
}

/* RFC 7208 5.3: dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static int cut_dual_prefix(struct span *span, struct spf_term *term)
{
  struct span rest = *span;
  unsigned prefix = 0;
  int cut = cut_prefix(&rest, 128, &prefix);
  if (cut < 0)
    return -1;
  if (cut > 0 && rest.length > 0 && rest.text[rest.length - 1] == '/') {
    term->prefix6 = prefix;
    span->length = rest.length - 1;
  }
  return cut_prefix(span, 32, &term->prefix4) < 0 ? -1 : 0;
}

/* RFC 7208 5.6: ip4-network or ip6-network with its length. A mapped address stays IPv6 and so matches nothing:
 * clients of that form have become IPv4 (section 5). */
static int read_network(struct spf_term *term, struct span span)
{
  char address[INET6_ADDRSTRLEN];
  int family = term->kind == TERM_IP4 ? AF_INET : AF_INET6;
  unsigned bits = family == AF_INET ? 32 : 128;
  term->network.prefix = bits;
  if (span.length == 0 || span.text[0] != ':')
    return -1;
  span.text++;
  span.length--;
  if (cut_prefix(&span, bits, &term->network.prefix) < 0 || span.length >= sizeof address)
    return -1;
  memcpy(address, span.text, span.length);
  address[span.length] = '\0';
  term->network.address.family = family;
  return inet_pton(family, address, term->network.address.bytes) == 1 ? 0 : -1;
}

static int read_domain(struct spf_term *term, enum domain_rule rule, struct arena *arena, struct span span)
{
  if (span.length == 0)
    return rule == DOMAIN_REQUIRED ? -1 : 0;
  if (rule == DOMAIN_NONE || span.text[0] != ':' ||
      !spf_macro_is_valid(span.text + 1, span.length - 1, MACRO_DOMAIN_SPEC))
    return -1;
  term->domain = arena_copy(arena, span.text + 1, span.length - 1);
  return 0;
}

/* RFC 7208 4.6.1: directive = [ qualifier ] mechanism */
static int read_directive(struct spf_record *record, struct arena *arena, struct span span)
{
  struct spf_term *term = &record->terms[record->count];
  *term = (struct spf_term){.qualifier = '+', .prefix4 = 32, .prefix6 = 128};
  term->text = arena_copy(arena, span.text, span.length);
  if (strchr("+-?~", span.text[0])) {
    term->qualifier = span.text[0];
    span.text++;
    span.length--;
  }
  size_t length = name_length(span);
  const struct mechanism *mechanism = NULL;
  for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms && !mechanism; i++)
    if (length == strlen(mechanisms[i].name) && strncasecmp(span.text, mechanisms[i].name, length) == 0)
      mechanism = &mechanisms[i];
  if (!mechanism)
    return -1;
  term->kind = mechanism->kind;
  span.text += length;
  span.length -= length;
  record->count++;
  if (term->kind == TERM_IP4 || term->kind == TERM_IP6)
    return read_network(term, span);
  if (mechanism->cidr && cut_dual_prefix(&span, term) < 0)
    return -1;
  return read_domain(term, mechanism->domain, arena, span);
}

/* RFC 7208 6: redirect, exp and unknown modifiers; the first two at most once. */
static int read_modifier(struct spf_record *record, struct arena *arena, struct span span, size_t name)
{
  const char *value = span.text + name + 1;
  size_t length = span.length - name - 1;
  bool redirect = name == 8 && strncasecmp(span.text, "redirect", 8) == 0;
  bool explanation = name == 3 && strncasecmp(span.text, "exp", 3) == 0;
  if (!redirect && !explanation)
    return spf_macro_is_valid(value, length, MACRO_STRING) ? 0 : -1;
  if (!spf_macro_is_valid(value, length, MACRO_DOMAIN_SPEC) || (redirect ? !!record->redirect : !!record->explanation))
    return -1;
  if (explanation) {
    record->explanation = arena_copy(arena, value, length);
    return 0;
  }
  struct spf_term *term = arena_alloc(arena, sizeof *term);
  *term = (struct spf_term){.kind = TERM_REDIRECT, .qualifier = '+'};
  term->text = arena_copy(arena, span.text, span.length);
  term->domain = arena_copy(arena, value, length);
  record->redirect = term;
  return 0;
}

int spf_record_parse(struct spf_record *record, struct arena *arena, const char *text, size_t length,
                     const char **why)
{
  size_t spaces = 0;
  *record = (struct spf_record){0};
  for (size_t i = 0; i < length; i++) {
    spaces += text[i] == ' ';
    if (text[i] < ' ' || text[i] > '~') {
      *why = arena_printf(arena, "byte 0x%02x in the SPF record", (unsigned)(unsigned char)text[i]);
      return -1;
    }
  }
  record->terms = arena_alloc(arena, (spaces + 1) * sizeof *record->terms); /* each term has a space before it */
  for (size_t at = VERSION_LENGTH; at < length;) {
    if (text[at] == ' ') {
      at++;
      continue;
    }
    const char *end = memchr(text + at, ' ', length - at);
    struct span span = {text + at, end ? (size_t)(end - text) - at : length - at};
    size_t name = name_length(span);
    bool modifier = name > 0 && name < span.length && span.text[name] == '=';
    if ((modifier ? read_modifier(record, arena, span, name) : read_directive(record, arena, span)) < 0) {
      char shown[101];
      *why = arena_printf(arena, "syntax error in the SPF record at \"%s\"",
                          text_ascii(shown, sizeof shown, span.text, span.length));
      return -1;
    }
    at += span.length;
  }
  return 0;
}
