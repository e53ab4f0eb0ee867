/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is a tag list, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/taglist.h"

static void lists_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *label, *in;
    const char *out; /* "name=value|" for each tag; NULL: refused */
  } rows[] = {
      {"one tag", "v=1", "v=1|"},
      {"several", "v=1; a=rsa-sha256;d=x", "v=1|a=rsa-sha256|d=x|"},
      {"semicolon at the end", "v=1;", "v=1|"},
      {"white space behind that", "v=1; \r\n\t", "v=1|"},
      {"white space everywhere", " \tv = 1 ;\r\n\ta\t= b c\t; e = f ", "v=1|a=b c|e=f|"},
      {"folds as LF", "v=1;\n\ta=b", "v=1|a=b|"},
      {"empty value", "v=1; p=; n=", "v=1|p=|n=|"},
      {"equals sign in a value", "b=ab==; c=d", "b=ab==|c=d|"},
      {"names with digits and underscores", "a1_B=2", "a1_B=2|"},
      {"names are case-sensitive", "a=1; A=2", "a=1|A=2|"},
      {"UTF-8 in a value", "d=b\xc3\xbc" "cher.example", "d=b\xc3\xbc" "cher.example|"},
      {"a fold at the very end", "v=1\r\n", "v=1|"},
      {"nothing", "", NULL},
      {"white space only", " \t", NULL},
      {"no equals sign", "v", NULL},
      {"empty tag", "v=1;;a=b", NULL},
      {"semicolon first", ";v=1", NULL},
      {"name begins with a digit", "1v=1", NULL},
      {"name with a hyphen", "a-b=1", NULL},
      {"name with an exclamation mark", "!cd=x", NULL},
      {"two words for a name", "a b=1", NULL},
      {"repeated tag", "a=1; b=2; a=1", NULL},
      {"bare CR", "v=1;\ra=b", NULL},
      {"bare LF", "v=1;\na=b", NULL},
      {"CRLF without white space behind it", "v=1;\r\na=b", NULL},
      {"control character", "v=1; a=\x01", NULL},
      {"DEL", "v=1; a=\x7f", NULL},
      {"not UTF-8", "v=1; a=\xff", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct taglist list;
    struct text out = {0};
    int status = taglist_read(&list, rows[i].in, strlen(rows[i].in));
    for (size_t j = 0; j < list.count; j++)
      text_printf(&out, "%.*s=%.*s|", (int)list.tags[j].name_length, list.tags[j].name, (int)list.tags[j].length,
                  list.tags[j].value);
    if (status != (rows[i].out ? 0 : -1) || (rows[i].out && strcmp(out.bytes, rows[i].out) != 0))
      fail_msg("%s: %d, %s", rows[i].label, status, out.bytes ? out.bytes : "");
    assert_true((status == 0) == (list.why == NULL));
    text_free(&out);
  }
}

static void a_nul_is_refused(void **state)
{
  (void)state;
  struct taglist list;
  assert_int_equal(taglist_read(&list, "v=1\0;a=b", 8), -1);
}

static void too_many_tags_are_refused(void **state)
{
  (void)state;
  struct text text = {0};
  struct taglist list;
  for (int i = 0; i < TAGLIST_MAX; i++)
    text_printf(&text, "t%d=x;", i);
  assert_int_equal(taglist_read(&list, text.bytes, text.length), 0);
  text_add(&text, "more=x");
  assert_int_equal(taglist_read(&list, text.bytes, text.length), -1);
  text_free(&text);
}

static void tags_are_found(void **state)
{
  (void)state;
  static const char text[] = "v=1; b=ab\r\n\tcd=; h= sha1 : SHA256; r=1; r=2";
  struct arena *arena = arena_new();
  struct taglist list;
  assert_int_equal(taglist_read(&list, text, strlen(text)), -1);
  assert_null(taglist_find(&list, "B"));
  assert_null(taglist_find(&list, "bh"));
  const struct tag *b = taglist_find(&list, "b"), *h = taglist_find(&list, "h");
  assert_string_equal(taglist_compact(arena, b), "abcd=");
  assert_string_equal(taglist_copy(arena, b), "ab\r\n\tcd=");
  assert_ptr_equal(b->equals, text + 6);
  assert_int_equal(*b->end, ';');
  assert_true(taglist_is(taglist_find(&list, "v"), "1"));
  assert_false(taglist_is(taglist_find(&list, "v"), "11"));
  assert_true(taglist_has(h, "sha1") && taglist_has(h, "sha256"));
  assert_false(taglist_has(h, "sha") || taglist_has(h, "sha2561"));
  assert_true(taglist_find(&list, "r")->repeated && !b->repeated);
  arena_free(arena);
}

static void base64_is_told_apart(void **state)
{
  (void)state;
  static const struct {
    const char *in;
    bool good;
  } rows[] = {{"b=AZaz09+/", true}, {"b=AA==", true},  {"b=A A\r\n\tA=", true}, {"b=", false},  {"b=====", false},
              {"b=AA===", false},   {"b=A=A", false},  {"b=A-_A", false},       {"b=A.", false}, {"b=\xc3\xa9", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct taglist list;
    assert_int_equal(taglist_read(&list, rows[i].in, strlen(rows[i].in)), 0);
    if (taglist_is_base64(list.tags) != rows[i].good)
      fail_msg("%s", rows[i].in);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_are_read), cmocka_unit_test(a_nul_is_refused), cmocka_unit_test(too_many_tags_are_refused),
      cmocka_unit_test(tags_are_found), cmocka_unit_test(base64_is_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
