/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The author domain: one row for each kind of From.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "message/author.h"

static void the_author_is_found(void **state)
{
  (void)state;
  static const struct {
    const char *fields[3];
    enum author_status status;
    const char *domain, *why;
  } rows[] = {
      {{"a@x.example"}, AUTHOR_ONE, "x.example", NULL},
      {{" Jan <A@X.Example.>"}, AUTHOR_ONE, "x.example", NULL},
      {{"a@x.example, Jan <b@X.EXAMPLE>"}, AUTHOR_ONE, "x.example", NULL},
      {{"g: a@x.example, b@x.example;"}, AUTHOR_ONE, "x.example", NULL},
      {{"a@b\xc3\xbc" "cher.example, b@xn--bcher-kva.example"}, AUTHOR_ONE, "xn--bcher-kva.example", NULL},
      {{NULL}, AUTHOR_NO_FROM, NULL, "there is no From field"},
      {{"a@x.example", "a@x.example"}, AUTHOR_SEVERAL_FIELDS, NULL, "there is more than one From field"},
      {{"", "a@x.example"}, AUTHOR_SEVERAL_FIELDS, NULL, "there is more than one From field"},
      {{"a@x.example, <b@y.example>"},
       AUTHOR_SEVERAL_DOMAINS,
       NULL,
       "the From field has addresses of different domains"},
      {{"a@x.example, b@sub.x.example"},
       AUTHOR_SEVERAL_DOMAINS,
       NULL,
       "the From field has addresses of different domains"},
      {{"a@x.example, g: b@y.example;"},
       AUTHOR_SEVERAL_DOMAINS,
       NULL,
       "the From field has addresses of different domains"},
      {{""}, AUTHOR_INVALID, NULL, "the From field has no address"},
      {{"undisclosed-recipients:;"}, AUTHOR_INVALID, NULL, "the From field has a group without an address"},
      {{"a@[192.0.2.1]"}, AUTHOR_INVALID, NULL, "the From field has an address literal in place of a domain"},
      {{"a@x.example, a@[192.0.2.1]"},
       AUTHOR_INVALID,
       NULL,
       "the From field has an address literal in place of a domain"},
      {{"root"}, AUTHOR_INVALID, NULL, "the From field has an address without a domain"},
      {{"a@x.example, root"}, AUTHOR_INVALID, NULL, "the From field has an address without a domain"},
      {{"a@x.example <b@y.example>"}, AUTHOR_INVALID, NULL, "the From field has two addresses where one belongs"},
      {{"=?utf-8?q?a=40x.example?="}, AUTHOR_INVALID, NULL, "the From field has an encoded-word inside an address"},
      {{"a@x.example, \"b"}, AUTHOR_INVALID, NULL, "the From field has a quoted string that does not end"},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct author_fields fields = {0};
    for (size_t j = 0; j < 3 && rows[i].fields[j]; j++)
      author_field(&fields, arena, rows[i].fields[j], strlen(rows[i].fields[j]));
    struct author author = author_find(&fields);
    assert_int_equal(author.status, rows[i].status);
    if (rows[i].domain)
      assert_string_equal(author.domain, rows[i].domain);
    else
      assert_null(author.domain);
    if (rows[i].why)
      assert_string_equal(author.why, rows[i].why);
    else
      assert_null(author.why);
  }
  arena_free(arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_author_is_found)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
