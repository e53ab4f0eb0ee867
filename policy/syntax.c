/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text of a configuration file, checked before libconfuse sees it. See syntax.h.
 */
#include "policy/syntax.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A place in the text. */
struct scan {
  struct syntax *syntax;
  const char *next, *end;
  unsigned line;
  unsigned depth;
  unsigned opened; /* the line of the outermost open brace */
  char before; /* the last character that was neither space nor comment */
};

static int refuse(struct scan *scan, const char *error)
{
  scan->syntax->line = scan->line;
  scan->syntax->error = error;
  return -1;
}

static bool starts(const struct scan *scan, const char *word)
{
  size_t length = strlen(word);
  return (size_t)(scan->end - scan->next) >= length && memcmp(scan->next, word, length) == 0;
}

static void keep(struct scan *scan, size_t count)
{
  text_add_bytes(&scan->syntax->text, scan->next, count);
  scan->next += count;
}

static void skip_to_line_end(struct scan *scan)
{
  while (scan->next < scan->end && *scan->next != '\n')
    scan->next++;
}

static int skip_comment(struct scan *scan)
{
  unsigned first = scan->line;
  for (scan->next += 2; !starts(scan, "*/"); scan->next++) {
    if (scan->next == scan->end) {
      scan->line = first;
      return refuse(scan, "a comment without its end");
    }
    if (*scan->next == '\n') {
      scan->line++;
      text_add_char(&scan->syntax->text, '\n');
    }
  }
  scan->next += 2;
  text_add_char(&scan->syntax->text, ' ');
  return 0;
}

static int keep_string(struct scan *scan)
{
  char quote = *scan->next;
  unsigned first = scan->line;
  keep(scan, 1);
  while (scan->next < scan->end && *scan->next != quote) {
    if (*scan->next == '\n')
      break;
    if (quote == '"' && starts(scan, "${"))
      return refuse(scan, "\"${\" would be replaced from the environment; write the string in single quotes");
    if (starts(scan, "\\\n")) {
      keep(scan, 2);
      scan->line++;
    } else if (*scan->next == '\\') {
      /* \n and its kin would put control characters into values that are shown. */
      if (scan->end - scan->next < 2 || !strchr("\\\"'", scan->next[1]))
        return refuse(scan, "a backslash in a string stands before a quote, a backslash or the end of the line only");
      keep(scan, 2);
    } else {
      keep(scan, 1);
    }
  }
  if (scan->next == scan->end || *scan->next != quote) {
    scan->line = first;
    return refuse(scan, "a string without its closing quote");
  }
  keep(scan, 1);
  return 0;
}

static void open_brace(struct scan *scan)
{
  struct syntax *syntax = scan->syntax;
  if (scan->depth++ > 0)
    return;
  scan->opened = scan->line;
  if (scan->before == '=')
    return; /* A list, not a section. */
  syntax->section_lines =
      memory_resize(syntax->section_lines, (syntax->section_count + 1) * sizeof *syntax->section_lines);
  syntax->section_lines[syntax->section_count++] = scan->line;
}

/* One piece that is neither space, comment nor string. */
static int keep_mark(struct scan *scan)
{
  char c = *scan->next;
  if (c == '{')
    open_brace(scan);
  if (c == '}' && scan->depth > 0)
    scan->depth--;
  if (starts(scan, "${"))
    return refuse(scan, "\"${\" would be replaced from the environment; write the string in single quotes");
  if (starts(scan, "+=")) {
    keep(scan, 2);
    scan->before = '=';
    return 0;
  }
  /* '\r' is the line end of another system. */
  if (((unsigned char)c < ' ' && c != '\t' && c != '\r') || (unsigned char)c >= 0x7f || strchr("*+|()", c))
    return refuse(scan, "an unexpected character outside of quotes");
  keep(scan, 1);
  if (!strchr(" \t\r", c))
    scan->before = c;
  return 0;
}

/* A "//" inside a word begins no comment (unix://...), just as for libconfuse. */
static bool in_word(const struct scan *scan)
{
  const struct text *text = &scan->syntax->text;
  return text->length > 0 && !strchr(" \t\r\n={},\"'", text->bytes[text->length - 1]);
}

static int read_piece(struct scan *scan)
{
  char c = *scan->next;
  if (c == '\n') {
    keep(scan, 1);
    scan->line++;
    return 0;
  }
  if (c == '#' || (starts(scan, "//") && !in_word(scan))) {
    skip_to_line_end(scan);
    return 0;
  }
  if (starts(scan, "/*") && !in_word(scan))
    return skip_comment(scan);
  if (c == '"' || c == '\'') {
    scan->before = c;
    return keep_string(scan);
  }
  return keep_mark(scan);
}

int syntax_read(struct syntax *syntax, const char *bytes, size_t length)
{
  struct scan scan = {.syntax = syntax, .next = bytes, .end = bytes + length, .line = 1};
  const char *nul = memchr(bytes, '\0', length);
  if (nul) {
    for (const char *p = bytes; p < nul; p++)
      scan.line += *p == '\n';
    return refuse(&scan, "a NUL byte: this is no text file");
  }
  while (scan.next < scan.end)
    if (read_piece(&scan) < 0)
      return -1;
  if (scan.depth > 0) {
    /* libconfuse takes the end of the file for the end of any section. */
    scan.line = scan.opened;
    return refuse(&scan, "a brace without its closing brace");
  }
  text_add_char(&syntax->text, '\n');
  return 0;
}

void syntax_free(struct syntax *syntax)
{
  text_free(&syntax->text);
  free(syntax->section_lines);
  *syntax = (struct syntax){0};
}
