/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Macro packets reach libmilter as whole pairs, other packets as they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/milter.h"
#include "milter/packet.h"

#define ROW(sent, expected) {sent, sizeof(sent) - 1, sizeof(expected) - 1}

static void names_without_value_are_cut(void **state)
{
  (void)state;
  static const struct {
    const char *sent; /* the letter and its data */
    size_t length, expected;
  } rows[] = {
      ROW("D", ""),
      ROW("DM", "M"),
      ROW("DMi", "M"),
      ROW("DMi\0", "M"),
      ROW("DMi\0" "4X\0", "Mi\0" "4X\0"),
      ROW("DMi\0" "4X\0" "{cipher}\0", "Mi\0" "4X\0"),
      ROW("DMi\0" "4X\0" "{cipher}", "Mi\0" "4X\0"),
      ROW("DM\0\0\0", "M\0\0"),
      ROW("Lname\0", "name\0"),
      ROW("Hx", "x"),
      ROW("E", ""),
  };
  int ends[2];
  assert_string_not_equal(milter_version(), ""); /* libmilter is there */
  packet_set_up();
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const unsigned char size[] = {0, 0, 0, (unsigned char)rows[i].length};
    struct timeval timeout = {.tv_sec = 5};
    char command = 0, name[] = "test";
    size_t length = 99;
    assert_int_equal(write(ends[0], size, sizeof size), sizeof size);
    assert_int_equal(write(ends[0], rows[i].sent, rows[i].length), rows[i].length);
    char *data = mi_rd_cmd(ends[1], &timeout, &command, &length, name);
    assert_int_equal(command, rows[i].sent[0]);
    assert_int_equal(length, rows[i].expected);
    if (length > 0)
      assert_memory_equal(data, rows[i].sent + 1, length);
    free(data);
  }
  close(ends[0]);
  close(ends[1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_without_value_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
