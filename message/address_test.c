/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Header addresses and envelope paths: one row for each way of writing one.
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
#include "message/address.h"

/* The list as text: "local|domain" for each mailbox, "[]" for a literal, "!why" where refused. */
static char *describe(struct arena *arena, const char *value, size_t length)
{
  struct address_list list = address_list_parse(arena, value, length);
  struct text out = {0};
  text_add(&out, "");
  if (list.status == ADDRESS_INVALID) {
    assert_non_null(list.why);
    text_printf(&out, "!%s", list.why);
  } else {
    assert_null(list.why);
    if (list.group)
      text_add(&out, "group ");
    for (size_t i = 0; i < list.count; i++)
      text_printf(&out, "%s%s|%s", i ? ", " : "", list.mailboxes[i].local,
                  list.mailboxes[i].literal ? "[]" : list.mailboxes[i].domain);
  }
  char *copy = arena_string(arena, out.bytes);
  text_free(&out);
  return copy;
}

struct list_row {
  const char *value, *expected;
};

static void check_rows(const struct list_row *rows, size_t count)
{
  struct arena *arena = arena_new();
  for (size_t i = 0; i < count; i++) {
    const char *found = describe(arena, rows[i].value, strlen(rows[i].value));
    if (strcmp(found, rows[i].expected) != 0)
      fail_msg("%s: found '%s', expected '%s'", rows[i].value, found, rows[i].expected);
  }
  arena_free(arena);
}

static void addresses_are_understood(void **state)
{
  (void)state;
  static const struct list_row rows[] = {
      {" user@example.nl", "user|example.nl"},
      {"User@Example.NL", "User|example.nl"},
      {"<user@example.nl>", "user|example.nl"},
      {"Jan <user@example.nl>", "user|example.nl"},
      {"Jan Jansen<user@example.nl>", "user|example.nl"},
      {"\"Jansen, Jan\" <user@example.nl>", "user|example.nl"},
      {"J. P. Doe <user@example.nl>", "user|example.nl"},
      {"\"evil@x.example\" <user@example.nl>", "user|example.nl"},
      {"\"a\\\"b@x.example\\\\\" <user@example.nl>", "user|example.nl"},
      {"\"<evil@x.example>\" <user@example.nl>", "user|example.nl"},
      {"(evil@x.example) user@example.nl", "user|example.nl"},
      {"user@example.nl (Jan (the \\) elder) Jansen)", "user|example.nl"},
      {"pete(his account)@silly.example(his host)", "pete|silly.example"},
      {"A(x)B(y)<(c)jdoe(d)@(e)one.example(f)>(g)", "jdoe|one.example"},
      {"John Doe <jdoe@machine(comment).  example>", "jdoe|machine.example"},
      {"Mary Smith <@machine.example:mary@example.net>", "mary|example.net"},
      {"<@a.example,,@b.example : mary@example.net>", "mary|example.net"},
      {"a@x.example, b@y.example", "a|x.example, b|y.example"},
      {"a@x.example,, ,b@y.example,", "a|x.example, b|y.example"},
      {"", ""},
      {"  ", ""},
      {"(nobody)", ""},
      {",", ""},
      {"undisclosed-recipients:;", "group "},
      {"Undisclosed recipients: (none) ;", "group "},
      {"A Group:Ed <ed@x.example>,joe@y.example;", "group ed|x.example, joe|y.example"},
      {"g:,a@x.example,;, b@y.example", "group a|x.example, b|y.example"},
      {"\"a group\":a@x.example;", "group a|x.example"},
      {"=?utf-8?q?evil=40x.example?= <user@example.nl>", "user|example.nl"},
      {"=?utf-8?q?a?= =?utf-8?q?b?=\r\n <user@example.nl>", "user|example.nl"},
      {"\r\n user@example.nl", "user|example.nl"},
      {"Jan\n\t<user@example.nl>", "user|example.nl"},
      {"\"Jan\r\n Jansen\" <user@example.nl>", "user|example.nl"},
      {"\"us er\"@example.nl", "us er|example.nl"},
      {"\"us@er\"@example.nl", "us@er|example.nl"},
      {"\"a\\\"b\\\\c\"@example.nl", "a\"b\\c|example.nl"},
      {"\"\"@example.nl", "|example.nl"},
      {"first . last @ example.nl", "first.last|example.nl"},
      {"dots..here.@example.nl", "dots..here.|example.nl"},
      {"user@example.nl.", "user|example.nl"},
      {"user@b\xc3\xbc" "cher.example", "user|xn--bcher-kva.example"},
      {"us\xc3\xa9r@B\xc3\x9c" "CHER.example.", "us\xc3\xa9r|xn--bcher-kva.example"},
      {"user@xn--bcher-kva.example", "user|xn--bcher-kva.example"},
      {"J\xc3\xb6rg <user@example.nl>", "user|example.nl"},
      {"J\xf6rg <user@example.nl>", "user|example.nl"},
      {"user@[192.0.2.1]", "user|[]"},
      {"Jan <user@[IPv6:2001:db8::1] >", "user|[]"},
      {"root", "root|"},
      {"<root>", "root|"},
      {"Charlie <root>", "root|"},
      {"user@localhost", "user|localhost"},
      {"a+b=c/d@example.nl", "a+b=c/d|example.nl"},
      {"user@example.nl <user@example.nl>", "user|example.nl"},
      {"user@example.nl <user@EXAMPLE.nl.>", "user|example.nl"},
  };
  check_rows(rows, sizeof rows / sizeof *rows);
}

static void doubtful_fields_are_refused(void **state)
{
  (void)state;
  static const struct list_row rows[] = {
      {"user@a@b", "!a second @ in an address"},
      {"<user@a@b>", "!a second @ in an address"},
      {"foo@bar.example <evil@x.example>", "!two addresses where one belongs"},
      {"foo@x.example <evil@x.example>", "!two addresses where one belongs"},
      {"foo@[192.0.2.1] <foo@[192.0.2.1]>", "!two addresses where one belongs"},
      {"foo@bar.example Jan <evil@x.example>", "!text behind an address"},
      {"Jan foo@bar.example <evil@x.example>", "!an @ in text that is not quoted"},
      {"Jan foo@bar.example", "!an @ in text that is not quoted"},
      {"<a@x.example> <b@y.example>", "!two addresses where one belongs"},
      {"<a@x.example><b@y.example>", "!two addresses where one belongs"},
      {"<a@x.example> b@y.example", "!text behind an address"},
      {"<a@x.example> Jan", "!text behind an address"},
      {"<a@x.example>@y.example", "!two addresses where one belongs"},
      {"a@x.example b@y.example", "!text behind an address"},
      {"<<a@x.example>>", "!an address without a local part"},
      {"<a@x.example", "!an angle bracket that does not end behind the address"},
      {"<a@x.example, b@y.example>", "!an angle bracket that does not end behind the address"},
      {"a@x.example>", "!text behind an address"},
      {"<>", "!an empty address"},
      {"Jan <>", "!an empty address"},
      {"<Jan Jansen>", "!text in place of an address"},
      {"Jan Jansen", "!text without an address"},
      {"=?utf-8?q?a=40x.example?=", "!an encoded-word inside an address"},
      {"<=?utf-8?q?a=40x.example?=>", "!an encoded-word inside an address"},
      {"=?utf-8?q?a=40evil.example=00?=@x.example", "!an encoded-word inside an address"},
      {"=?utf-8?q?a@evil.example,?= <b@x.example>", "!an encoded-word inside an address"},
      {"@x.example", "!an address without a local part"},
      {"<@x.example>", "!an address without a local part"},
      {"a@", "!an address without a domain"},
      {"<a@>", "!an address without a domain"},
      {"a@ (b)", "!an address without a domain"},
      {"a@b..example", "!an illegal domain"},
      {"a@.example", "!an illegal domain"},
      {"a@x.example..", "!an illegal domain"},
      {"a@ex_\x01", "!text behind an address"},
      {"a@ex/am.example", "!an illegal domain"},
      {"a@\xff.example", "!an illegal domain"},
      {"\xff@x.example", "!a local part that is not UTF-8"},
      {"a@\"x.example\"", "!an illegal domain"},
      {"a@x.\"y\".example", "!an illegal domain"},
      {"a@192.0.2.1", "!an IP address in place of a domain"},
      {"a@[192.0.2.1", "!an address literal that does not end or is malformed"},
      {"a@[192.0.2.[1]", "!an address literal that does not end or is malformed"},
      {"\"Jan <a@x.example>", "!a quoted string that does not end"},
      {"\"Jan\\", "!a quoted string that does not end"},
      {"a@x.example (Jan", "!a comment that does not end"},
      {"a@x.example ((Jan)", "!a comment that does not end"},
      {"a@x.example (Jan\\)", "!a comment that does not end"},
      {"a@x.example )", "!text behind an address"},
      {"a@x.example; b@y.example", "!a character that is out of place"},
      {"g: a@x.example", "!a group that does not end"},
      {"g: a@x.example; b@y.example", "!text behind a group"},
      {"g: h: a@x.example;;", "!text behind an address"},
      {":a@x.example;", "!a group without a name"},
      {"a@x.example:b@y.example;", "!text behind an address"},
      {"<@a.example mary@example.net>", "!text behind an address"},
      {"<@a.example@mary>", "!an address without a local part"},
      {"a@x.example\r", "!a bare carriage return"},
      {"a@x.example\rb", "!a bare carriage return"},
      {"a@x.example\r\r\n b", "!a bare carriage return"},
      {"a@x.example\n", "!a line end inside the field"},
      {"a@x.example\nFrom: b@y.example", "!a line end inside the field"},
      {"\"a\nb\" <a@x.example>", "!a line end inside the field"},
      {"\x1b$B <a@x.example>", "!an address without a local part"},
      {"a\\b@x.example", "!text behind an address"},
      {"a@x.example\\", "!text behind an address"},
  };
  check_rows(rows, sizeof rows / sizeof *rows);
  struct arena *arena = arena_new();
  assert_string_equal(describe(arena, "a@x.example\0b", 13), "!a NUL byte");
  assert_string_equal(describe(arena, "\"\0\" <a@x.example>", 17), "!a NUL byte");
  arena_free(arena);
}

/* Fields of the sender's choice in size: bounded, and no stack follows the nesting. */
static void large_fields_are_bounded(void **state)
{
  (void)state;
  struct arena *arena = arena_new();
  struct text value = {0};
  for (int i = 0; i < 1000; i++)
    text_printf(&value, "%su%d@x.example", i ? "," : "", i);
  assert_int_equal(address_list_parse(arena, value.bytes, value.length).count, 1000);
  text_add(&value, ", one@x.example");
  assert_string_equal(describe(arena, value.bytes, value.length), "!too many addresses");

  text_clear(&value);
  for (int i = 0; i < 30000; i++)
    text_add_char(&value, '(');
  for (int i = 0; i < 30000; i++)
    text_add_char(&value, ')');
  text_add(&value, "a@x.example");
  assert_string_equal(describe(arena, value.bytes, value.length), "a|x.example");
  while (value.length <= 64 * 1024)
    text_add_char(&value, ' ');
  assert_string_equal(describe(arena, value.bytes, value.length), "!a field that is too long");

  text_clear(&value);
  text_add(&value, "a@");
  for (int i = 0; i < 200; i++)
    text_add(&value, "abc.");
  text_add(&value, "example");
  assert_string_equal(describe(arena, value.bytes, value.length), "!an illegal domain");
  text_free(&value);
  arena_free(arena);
}

static void paths_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *argument, *local, *domain, *address; /* local NULL: invalid; domain NULL: a literal */
  } rows[] = {
      {"<user@example.nl>", "user", "example.nl", "user@example.nl"},
      {"user@Example.NL", "user", "example.nl", "user@Example.NL"},
      {" <user@example.nl> ", "user", "example.nl", "user@example.nl"},
      {"<user@example.nl.>", "user", "example.nl", "user@example.nl."},
      {"<@relay.example:user@example.nl>", "user", "example.nl", "user@example.nl"},
      {"<@a.example,@b.example:user@example.nl>", "user", "example.nl", "user@example.nl"},
      {"<postmaster>", "postmaster", "", "postmaster"},
      {"postmaster", "postmaster", "", "postmaster"},
      {"<\"a b\"@example.nl>", "a b", "example.nl", "\"a b\"@example.nl"},
      {"<\"a@b\\\"\"@example.nl>", "a@b\"", "example.nl", "\"a@b\\\"\"@example.nl"},
      {"<\"\"@example.nl>", "", "example.nl", "\"\"@example.nl"},
      {"<SRS0=ab/c=XY=x.example=jan@example.nl>", "SRS0=ab/c=XY=x.example=jan", "example.nl",
       "SRS0=ab/c=XY=x.example=jan@example.nl"},
      {"<a..b.@example.nl>", "a..b.", "example.nl", "a..b.@example.nl"},
      {"<a!b%c@example.nl>", "a!b%c", "example.nl", "a!b%c@example.nl"},
      {"<us\xc3\xa9r@b\xc3\xbc" "cher.example>", "us\xc3\xa9r", "xn--bcher-kva.example",
       "us\xc3\xa9r@b\xc3\xbc" "cher.example"},
      {"<user@[192.0.2.1]>", "user", NULL, "user@[192.0.2.1]"},
      {"<user@[IPv6:2001:db8::1]>", "user", NULL, "user@[IPv6:2001:db8::1]"},
      /* beyond RFC 5321, as MTAs take it */
      {"<user@example.nl (comment)>", "user", "example.nl", "user@example.nl"},
      {"<a(c)@x.example>", "a", "x.example", "a@x.example"},
      {"<a@(c(\\))d)x(e).(f)example>", "a", "x.example", "a@x.example"},
      {"< a @ x . example >", "a", "x.example", "a@x.example"},
      {"<a@x.example >", "a", "x.example", "a@x.example"},
      {"<a@\"x\".example>", "a", "x.example", "a@x.example"},
      {"<a@x.ex\\ample>", "a", "x.example", "a@x.example"},
      {"<\"a\"b@x.example>", "ab", "x.example", "ab@x.example"},
      {"<\"a@b\".c@x.example>", "a@b.c", "x.example", "a@b.c@x.example"},
      {"<a b@x.example>", "a b", "x.example", "a b@x.example"},
      {"<a,b@x.example>", "a b", "x.example", "a b@x.example"},
      {"<a@x.example;>", "a", "x.example", "a@x.example"},
      {"<A group: a@x.example;>", "A group a", "x.example", "A group a@x.example"},
      {"<x.example!a>", "a", "x.example", "a@x.example"},
      {"<X.Example!y!a%z>", "y!a%z", "x.example", "y!a%z@X.Example"},
      {"<a%y%x.example>", "a%y", "x.example", "a%y@x.example"},
      {"<\"a@x.example\">", "a", "x.example", "a@x.example"},
      {"<a@b@x.example>", "a@b", "x.example", "a@b@x.example"},
      {"<user@example.nl", "user", "example.nl", "user@example.nl"},
      {"user@example.nl>", "user", "example.nl", "user@example.nl"},
      {"<<a@x.example>>", "a", "x.example", "a@x.example"},
      {"<@x.example,y:a@x.example>", "a", "x.example", "a@x.example"},
      {"<@:a@x.example>", "a", "x.example", "a@x.example"},
      /* what cannot be read */
      {"<@x.example>", NULL, NULL, NULL},
      {"<a@>", NULL, NULL, NULL},
      {"<(c)@x.example>", NULL, NULL, NULL},
      {"<a@x.example b>", NULL, NULL, NULL},
      {"<a@x.example;b>", NULL, NULL, NULL},
      {"<100%>", NULL, NULL, NULL},
      {"<!a>", NULL, NULL, NULL},
      {"<a b>", NULL, NULL, NULL},
      {"<a@x.example(c)b>", NULL, NULL, NULL},
      {"<a@x.example(c>", NULL, NULL, NULL},
      {"<a@x.example\\>", NULL, NULL, NULL},
      {"<a@\"\\\x01\".x.example>", NULL, NULL, NULL},
      {"<a@x..example>", NULL, NULL, NULL},
      {"<a\r\n@x.example>", NULL, NULL, NULL},
      {"<\"a\nb\"@x.example>", NULL, NULL, NULL},
      {"<\"a\\", NULL, NULL, NULL},
      {"<\"a\\>", NULL, NULL, NULL},
      {"<\"a@x.example>", NULL, NULL, NULL},
      {"<a@[192.0.2.1>", NULL, NULL, NULL},
      {"<a@[192.0.2.1]x>", NULL, NULL, NULL},
      {"<a@\xff\xfe.example>", NULL, NULL, NULL},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct path path = path_parse(arena, rows[i].argument);
    assert_false(path.null);
    assert_int_equal(path.invalid, rows[i].local == NULL);
    assert_string_equal(path.local, rows[i].local ? rows[i].local : "");
    assert_string_equal(path.domain, rows[i].domain ? rows[i].domain : "");
    if (rows[i].address)
      assert_string_equal(path.address, rows[i].address);
    else
      assert_non_null(strstr(rows[i].argument, path.address)); /* what stood there, for the log */
    assert_int_equal(path.literal, rows[i].local != NULL && rows[i].domain == NULL);
  }
  static const char *const null_paths[] = {"<>", " <> ", "", "< >", "<(comment)>", "<\"\">", "<<>>", "<", ">"};
  for (size_t i = 0; i < sizeof null_paths / sizeof *null_paths; i++) {
    struct path path = path_parse(arena, null_paths[i]);
    assert_true(path.null);
    assert_false(path.invalid);
    assert_string_equal(path.address, "");
  }
  arena_free(arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_are_understood),
      cmocka_unit_test(doubtful_fields_are_refused),
      cmocka_unit_test(large_fields_are_bounded),
      cmocka_unit_test(paths_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
