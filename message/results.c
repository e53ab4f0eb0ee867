/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Authentication-Results field. See results.h.
 */
#include "message/results.h"

#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "message/scan.h"

enum {
  RESULTS_COLUMNS = 78,      /* RFC 5322 2.1.1: lines should be no longer */
  RESULTS_VALUE_MAX = 900,   /* and must not be longer than 998 */
  RESULTS_COMMENT_MAX = 300,
  RESULTS_TAB = 8
};

/* Reading. */

/* True where both are the same name: in any case, with or without a final dot, as U-labels or A-labels. */
static bool is_same_id(const char *id, size_t length, const char *ours)
{
  char a[DOMAIN_SIZE], b[DOMAIN_SIZE];
  while (length > 0 && (*id == ' ' || *id == '\t'))
    id++, length--;
  while (length > 0 && (id[length - 1] == ' ' || id[length - 1] == '\t'))
    length--;
  if (domain_normalize(a, id, length) == 0 && domain_normalize(b, ours, strlen(ours)) == 0)
    return strcmp(a, b) == 0;
  return strlen(ours) == length && strncasecmp(id, ours, length) == 0;
}

/* A name beyond ASCII that is no domain may look like ours to a reader; and so may one with control characters. */
static bool is_plain_id(const char *id, size_t length)
{
  char normalized[DOMAIN_SIZE];
  bool ascii = true;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)id[i];
    if (c < ' ' || c == 0x7f)
      return false;
    ascii = ascii && c < 0x80;
  }
  return ascii || domain_normalize(normalized, id, length) == 0;
}

/* RFC 8601 2.2: authserv-id, a value. 0 with its text in id, or -1. */
static int read_id(struct scan *scan, struct text *id)
{
  if (scan_space(scan) < 0 || scan->next == scan->end)
    return -1;
  if (*scan->next == '"')
    return scan_quoted(scan, id) < 0 || id->length == 0 ? -1 : 0;
  const char *start = scan->next;
  while (scan->next < scan->end && scan_is_token(*scan->next))
    scan->next++;
  text_add_bytes(id, start, (size_t)(scan->next - start));
  return scan->next > start ? 0 : -1;
}

/* RFC 8601 2.2: [CFWS authres-version], then a semicolon or the end. */
static int read_version(struct scan *scan)
{
  int space = scan_space(scan);
  if (space < 0)
    return -1;
  if (space > 0 && scan->next < scan->end && *scan->next >= '0' && *scan->next <= '9') {
    while (scan->next < scan->end && *scan->next >= '0' && *scan->next <= '9')
      scan->next++;
    if (scan_space(scan) < 0)
      return -1;
  }
  return scan->next == scan->end || *scan->next == ';' ? 0 : -1;
}

/* The rest need not be understood, only end: behind an open quote or comment a reader sees what it likes. */
static int skip_rest(struct scan *scan)
{
  struct text ignored = {0};
  int answer = 0;
  while (answer == 0 && scan->next < scan->end) {
    if (*scan->next == '"')
      answer = scan_quoted(scan, &ignored);
    else if (*scan->next == '(')
      answer = scan_space(scan) < 0 ? -1 : 0;
    else
      scan->next++;
  }
  text_free(&ignored);
  return answer;
}

enum results_origin results_origin(const char *value, size_t length, const char *authserv_id)
{
  struct scan scan;
  struct text id = {0};
  enum results_origin origin = RESULTS_UNPARSABLE;
  if (scan_begin(&scan, value, length) == 0 && read_id(&scan, &id) == 0) {
    /* Ours, whatever follows: a reader that stops at the name is misled. */
    if (is_same_id(id.bytes, id.length, authserv_id))
      origin = RESULTS_OURS;
    else if (is_plain_id(id.bytes, id.length) && read_version(&scan) == 0 && skip_rest(&scan) == 0)
      origin = RESULTS_FOREIGN;
  }
  text_free(&id);
  return origin;
}

/* Writing. */

/* Adds a piece that is not broken, behind a space or a fold. Room for a semicolon is kept. */
static void add_piece(struct results_writer *writer, const struct text *piece)
{
  if (writer->column + 1 + piece->length + 1 > RESULTS_COLUMNS) {
    text_add(writer->out, "\n\t");
    writer->column = RESULTS_TAB;
  } else {
    text_add_char(writer->out, ' ');
    writer->column++;
  }
  text_add_bytes(writer->out, piece->bytes, piece->length);
  writer->column += piece->length;
}

/* True where the value may stand in the field at all. A semicolon is legal in a quoted string, but many readers
 * split there without looking. */
static bool is_permitted(const char *value, bool utf8)
{
  char printable[RESULTS_VALUE_MAX + 1];
  size_t length = strlen(value);
  if (length == 0 || length > RESULTS_VALUE_MAX || strchr(value, ';'))
    return false;
  if (utf8)
    text_printable(printable, sizeof printable, value, length);
  else
    text_ascii(printable, sizeof printable, value, length);
  return strcmp(printable, value) == 0;
}

static bool is_token(const char *value, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if (!scan_is_token(value[i]))
      return false;
  return length > 0;
}

/* Tokens between dots: those dot-atoms that any reader takes for one word. */
static bool is_dotted_tokens(const char *value, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if (value[i] == '.' && (i == 0 || i + 1 == length || value[i + 1] == '.'))
      return false;
  return is_token(value, length);
}

static bool is_alphanumeric(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* RFC 6376 3.5 domain-name, RFC 8616 5: labels that begin and end with a letter or digit. */
static bool is_domain_name(const char *name)
{
  for (;;) {
    size_t label = strcspn(name, ".");
    if (label == 0 || !is_alphanumeric(name[0]) || !is_alphanumeric(name[label - 1]))
      return false;
    for (size_t i = 0; i < label; i++)
      if (!is_alphanumeric(name[i]) && name[i] != '-')
        return false;
    if (!name[label])
      return true;
    name += label + 1;
  }
}

/* RFC 8601 2.2 pvalue without a quoted string: a token, or [[local-part] "@"] domain-name. */
static bool is_bare_value(const char *value)
{
  const char *at = strchr(value, '@');
  if (!at)
    return is_token(value, strlen(value));
  return (at == value || is_dotted_tokens(value, (size_t)(at - value))) && is_domain_name(at + 1);
}

static void add_value(struct text *out, const char *value)
{
  if (is_bare_value(value)) {
    text_add(out, value);
    return;
  }
  text_add_char(out, '"');
  for (; *value; value++) {
    if (*value == '"' || *value == '\\')
      text_add_char(out, '\\');
    text_add_char(out, *value);
  }
  text_add_char(out, '"');
}

void results_begin(struct results_writer *writer, struct text *out, const char *authserv_id, bool utf8)
{
  char name[DOMAIN_SIZE], printable[RESULTS_VALUE_MAX + 1];
  *writer = (struct results_writer){.out = out, .column = strlen("Authentication-Results:"), .utf8 = utf8};
  /* Our own name must be there, so what cannot be written is mended, not dropped. */
  if (!is_permitted(authserv_id, utf8)) {
    if (domain_normalize(name, authserv_id, strlen(authserv_id)) == 0)
      authserv_id = name;
    else
      authserv_id = text_ascii(printable, sizeof printable, authserv_id, strlen(authserv_id));
  }
  struct text piece = {0};
  if (is_token(authserv_id, strlen(authserv_id)))
    text_add(&piece, authserv_id);
  else
    add_value(&piece, authserv_id);
  text_add_bytes(out, piece.bytes, piece.length);
  writer->column += 1 + piece.length;
  text_free(&piece);
}

static void add_comment(struct results_writer *writer, const char *comment)
{
  char printable[RESULTS_COMMENT_MAX + 1];
  if (writer->utf8)
    text_printable(printable, sizeof printable, comment, strlen(comment));
  else
    text_ascii(printable, sizeof printable, comment, strlen(comment));
  struct text piece = {0};
  text_add_char(&piece, '(');
  for (const char *p = printable; *p; p++)
    if (!strchr(";()\\\"", *p))
      text_add_char(&piece, *p);
  text_add_char(&piece, ')');
  if (piece.length > 2)
    add_piece(writer, &piece);
  text_free(&piece);
}

void results_method(struct results_writer *writer, const char *method, const char *result, const char *comment)
{
  text_add(writer->out, ";\n\t"); /* one method, one line: people read this */
  text_add(writer->out, method);
  text_add_char(writer->out, '=');
  text_add(writer->out, result);
  writer->column = RESULTS_TAB + strlen(method) + 1 + strlen(result);
  writer->any = true;
  if (comment)
    add_comment(writer, comment);
}

void results_property(struct results_writer *writer, const char *ptype, const char *property, const char *value)
{
  if (!value || !is_permitted(value, writer->utf8))
    return;
  struct text piece = {0};
  text_add(&piece, ptype);
  text_add_char(&piece, '.');
  text_add(&piece, property);
  text_add_char(&piece, '=');
  add_value(&piece, value);
  add_piece(writer, &piece);
  text_free(&piece);
}

void results_end(struct results_writer *writer)
{
  if (!writer->any)
    text_add(writer->out, "; none");
}
