/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON lines, sound and broken ones, with one reader for all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/document.h"

static const char *const broken[] = {
    "", " ", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1}}", "{\"a\":1} {\"b\":2}", "{\"a\":1}{", "{a:1}", "[1,2",
    "{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}", "{\"a\":\"\xff\"}", "{\"a\":99999999999999999999}", "{\"a\":01}", "nul",
    "{\"a\":\"x\ny\"}", "{\"a\":\"\\ud800\"", "1 2", "{\"a\":1},",
    "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xf5\x80\x80\x80\"}",
};

static struct document_node *read_text(struct document *document, const char *text, char **line)
{
  *line = malloc(strlen(text) + 1);
  strcpy(*line, text);
  return document_read(document, *line, strlen(text));
}

static void values(void **state)
{
  (void)state;
  struct document *document = document_new();
  char *line;
  struct document_node *top = read_text(
      document, " {\"a\":1,\"b\":{\"c\":\"d\\\"\\u00e9\\n\",\"e\":{}},\"f\":[true,false,null,-5,1.5e3,[],\"\"],\"a\\u0062\":\"plain\","
                "\"last\":9223372036854775807}\r", &line);
  assert_non_null(top);
  struct document_node *b = document_get(document, top, "b");
  assert_string_equal(document_text(document_get(document, b, "c")), "d\"\xc3\xa9\n");
  assert_null(document_get(document, document_get(document, b, "e"), "c"));
  assert_null(document_get(document, b, "a"));
  assert_int_equal(document_get(document, top, "last")->number, INT64_MAX);
  assert_int_equal(document_get(document, top, "a")->number, 1); /* behind where the last one was found */
  assert_string_equal(document_text(document_get(document, top, "ab")), "plain");
  assert_null(document_text(document_get(document, top, "a")));
  assert_null(document_get(document, top, "none"));
  assert_null(document_get(document, NULL, "a"));
  static const struct {
    enum document_kind kind;
    int64_t number;
  } items[] = {{DOCUMENT_BOOL, 1}, {DOCUMENT_BOOL, 0}, {DOCUMENT_NULL, 0}, {DOCUMENT_INTEGER, -5}, {DOCUMENT_REAL, 0},
               {DOCUMENT_LIST, 0}, {DOCUMENT_TEXT, 0}};
  struct document_node *list = document_get(document, top, "f"), *item = document_first(document, list);
  for (size_t i = 0; i < sizeof items / sizeof *items; i++, item = document_next(document, list, item)) {
    assert_non_null(item);
    assert_int_equal(item->kind, items[i].kind);
    assert_int_equal(item->number, items[i].number);
    assert_null(document_first(document, item));
  }
  assert_null(item);
  free(line);
  document_free(document);
}

static void broken_lines(void **state)
{
  (void)state;
  struct document *document = document_new();
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    char *line;
    if (read_text(document, broken[i], &line))
      fail_msg("read: %s", broken[i]);
    free(line);
    assert_int_equal(document_get(document, read_text(document, "{\"a\":7}", &line), "a")->number, 7);
    free(line);
  }
  document_free(document);
}

/* A line must not cost more memory than a log line can need. */
static void too_much(void **state)
{
  (void)state;
  struct document *document = document_new();
  char *line = malloc(4 * DOCUMENT_NODES_MAX), openings[DOCUMENT_DEPTH_MAX + 1], closings[DOCUMENT_DEPTH_MAX + 1];
  memset(openings, '[', sizeof openings);
  memset(closings, ']', sizeof closings);
  for (int depth = DOCUMENT_DEPTH_MAX; depth <= DOCUMENT_DEPTH_MAX + 1; depth++) {
    snprintf(line, 4 * DOCUMENT_NODES_MAX, "%.*s%.*s", depth, openings, depth, closings);
    assert_int_equal(document_read(document, line, strlen(line)) != NULL, depth == DOCUMENT_DEPTH_MAX);
  }
  line[0] = '[';
  for (size_t i = 0; i < DOCUMENT_NODES_MAX; i++)
    memcpy(line + 1 + 2 * i, "1,", 2);
  strcpy(line + 2 * DOCUMENT_NODES_MAX, "]");
  assert_null(document_read(document, line, strlen(line)));
  free(line);
  document_free(document);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(broken_lines), cmocka_unit_test(too_much)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
