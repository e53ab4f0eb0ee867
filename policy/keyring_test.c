/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Files of keys, good and bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/keyring.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_130 KEY_A KEY_A "aa"

static char path[] = "/tmp/keyring-XXXXXX";

static void write_file(const char *text, size_t length, mode_t mode)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  fclose(file);
  assert_int_equal(chmod(path, mode), 0);
}

static void a_good_file(void **state)
{
  static const char text[] = "# made 2026-10-01\n\n 2026-q4\t" KEY_B " \r\n2026-q3 " KEY_A;
  struct keyring ring;
  char error[300] = "";
  (void)state;
  write_file(text, strlen(text), 0640);
  if (keyring_read(&ring, path, error, sizeof error) < 0)
    fail_msg("%s", error);
  assert_int_equal(ring.count, 2);
  assert_string_equal(ring.keys[0].id, "2026-q4");
  assert_int_equal(ring.keys[0].length, 32);
  assert_memory_equal(ring.keys[0].bytes, KEY_B, 32);
  assert_string_equal(ring.keys[1].id, "2026-q3");
  assert_int_equal(ring.keys[1].length, 64);
  keyring_wipe(&ring);
  assert_int_equal(ring.count, 0);
  assert_int_equal(ring.keys[0].bytes[0], 0);
}

static const struct {
  const char *text, *error; /* what follows the path */
  mode_t mode;
} bad[] = {
    {"", ": there is no key in it", 0600},
    {"# nothing\n", ": there is no key in it", 0600},
    {"a " KEY_A "\na " KEY_B "\n", ":2: there is a key \"a\" already", 0600},
    {"a " KEY_A "\nb " KEY_A "\n", ":2: this is the key \"a\" once more, so nothing would be rotated", 0600},
    {"a short\n", ":1: a key has 32 to 128 characters, as \"openssl rand -hex 32\" makes them", 0600},
    {"a " KEY_130 "\n", ":1: a key has 32 to 128 characters, as \"openssl rand -hex 32\" makes them", 0600},
    {KEY_A "\n", ":1: a line is \"ID KEY\", the ID of small letters, digits and hyphens", 0600},
    {"A " KEY_A "\n", ":1: a line is \"ID KEY\", the ID of small letters, digits and hyphens", 0600},
    {"a " KEY_A " more\n", ":1: a line is \"ID KEY\", the ID of small letters, digits and hyphens", 0600},
    {"a " KEY_A "\x80\n", ":1: a line is \"ID KEY\", the ID of small letters, digits and hyphens", 0600},
    {"seventeen-letters " KEY_A "\n", ":1: the ID is longer than 16 characters", 0600},
    {"a " KEY_A "\n", ": has mode 0644, so that others can read or change it; chmod 0640, or 0600", 0644},
    {"a " KEY_A "\n", ": has mode 0660, so that others can read or change it; chmod 0640, or 0600", 0660},
    {"a " KEY_A "\n", ": has mode 0601, so that others can read or change it; chmod 0640, or 0600", 0601},
};

static void bad_files_say_where_and_name_no_key(void **state)
{
  struct keyring ring;
  char error[300], wanted[300];
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    write_file(bad[i].text, strlen(bad[i].text), bad[i].mode);
    assert_int_equal(keyring_read(&ring, path, error, sizeof error), -1);
    snprintf(wanted, sizeof wanted, "%s%s", path, bad[i].error);
    assert_string_equal(error, wanted);
    assert_null(strstr(error, "aaaaaaaa"));
    assert_int_equal(ring.count, 0);
    assert_int_equal(ring.keys[0].length, 0);
  }
}

static void limits(void **state)
{
  struct keyring ring;
  char error[300], text[20000] = "";
  (void)state;
  for (int i = 0; i < KEYRING_KEYS_MAX; i++)
    sprintf(text + strlen(text), "k%d %032d\n", i, i);
  write_file(text, strlen(text), 0600);
  assert_int_equal(keyring_read(&ring, path, error, sizeof error), 0);
  strcat(text, "more " KEY_A "\n");
  write_file(text, strlen(text), 0600);
  assert_int_equal(keyring_read(&ring, path, error, sizeof error), -1);
  assert_non_null(strstr(error, ":17: more than 16 keys"));
  memset(text, '\n', sizeof text);
  write_file(text, sizeof text, 0600);
  assert_int_equal(keyring_read(&ring, path, error, sizeof error), -1);
  assert_non_null(strstr(error, "is too large"));
  write_file("a\0" KEY_A, 2 + strlen(KEY_A), 0600);
  assert_int_equal(keyring_read(&ring, path, error, sizeof error), -1);
  assert_int_equal(keyring_read(&ring, "/dev/null", error, sizeof error), -1);
  assert_string_equal(error, "/dev/null: is not a file");
  assert_int_equal(keyring_read(&ring, "/", error, sizeof error), -1);
  assert_string_equal(error, "/: Is a directory");
}

static int make_path(void **state)
{
  (void)state;
  int file = mkstemp(path);
  return file < 0 ? -1 : close(file);
}

static int remove_path(void **state)
{
  (void)state;
  return unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_file),
      cmocka_unit_test(bad_files_say_where_and_name_no_key),
      cmocka_unit_test(limits),
  };
  return cmocka_run_group_tests(tests, make_path, remove_path);
}
