/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every byte of a log comes back, however it is compressed, and what is damaged is told of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/lines.h"
#include "base/text.h"

enum { PATH_SIZE = 300, LONGEST = 3000000, PACKED_SIZE = 100000 };

static char folder[PATH_SIZE / 2], path[PATH_SIZE];

static int set_up(void **state)
{
  (void)state;
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/sluis-lines-XXXXXX", parent ? parent : "/tmp");
  if (!mkdtemp(folder))
    return -1;
  snprintf(path, sizeof path, "%s/log", folder);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static struct lines *open_lines(const char *bytes, size_t length)
{
  struct text error = {0};
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, length, file), length);
  fclose(file);
  struct lines *lines = lines_open(path, LONGEST, &error);
  assert_non_null(lines);
  assert_null(error.bytes);
  return lines;
}

static void test_lines(void **state)
{
  (void)state;
  static const char bytes[] = "one\n\n\0two\xff\r\nopen";
  static const struct {
    const char *bytes;
    size_t length;
    bool open;
  } rows[] = {{"one", 3, false}, {"", 0, false}, {"\0two\xff\r", 6, false}, {"open", 4, true}};
  struct line line;
  struct lines *lines = open_lines(bytes, sizeof bytes - 1);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(lines_next(lines, &line), 1);
    assert_int_equal(line.length, rows[i].length);
    assert_memory_equal(line.bytes, rows[i].bytes, line.length + 1);
    assert_int_equal(line.number, i + 1);
    assert_int_equal(line.open, rows[i].open);
    assert_false(line.cut);
  }
  assert_int_equal(lines_next(lines, &line), 0);
  assert_int_equal(lines_next(lines, &line), 0);
  assert_int_equal(lines_count(lines), 3);
  assert_int_equal(lines_bytes(lines), sizeof bytes - 1 - 4);
  assert_true(lines_share(lines) == 1);
  lines_close(lines);
  lines = open_lines(bytes, sizeof bytes - 1);
  for (int i = 0; i < 3; i++)
    assert_int_equal(lines_next_whole(lines, &line), 1);
  assert_int_equal(lines_next_whole(lines, &line), 0);
  lines_close(lines);
  lines = open_lines("", 0);
  assert_int_equal(lines_next(lines, &line), 0);
  lines_close(lines);
  lines_close(NULL);
}

static void test_no_file(void **state)
{
  (void)state;
  struct text error = {0};
  assert_null(lines_open(folder, LONGEST, &error));
  assert_string_equal(error.bytes, "not a regular file");
  text_clear(&error);
  assert_null(lines_open("/nowhere/log", LONGEST, &error));
  assert_string_equal(error.bytes, "No such file or directory");
  text_free(&error);
}

/* Longer than what is read at once, and longer than any line may be: what follows is not lost by it. */
static void test_long_lines(void **state)
{
  (void)state;
  static const size_t lengths[] = {0, 262143, 262144, 1000000, LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST};
  char *bytes = malloc(2 * LONGEST + 10);
  struct line line;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    size_t length = lengths[i];
    memset(bytes, 'x', length);
    memcpy(bytes + length, "\nnext\n", 6);
    struct lines *lines = open_lines(bytes, length + 6);
    assert_int_equal(lines_next(lines, &line), 1);
    assert_int_equal(line.cut, length > LONGEST);
    assert_int_equal(line.length, length > LONGEST ? LONGEST : length);
    assert_int_equal(strspn(line.bytes, "x"), line.length);
    assert_int_equal(lines_bytes(lines), length + 1);
    assert_int_equal(lines_next(lines, &line), 1);
    assert_string_equal(line.bytes, "next");
    assert_int_equal(line.number, 2);
    assert_false(line.cut);
    assert_int_equal(lines_next(lines, &line), 0);
    assert_int_equal(lines_bytes(lines), length + 6);
    lines_close(lines);
  }
  free(bytes);
}

static size_t pack_gzip(char *out, const char *bytes, size_t length)
{
  z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes,
                     .avail_in = (uInt)length,
                     .next_out = (unsigned char *)out,
                     .avail_out = PACKED_SIZE};
  assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflateEnd(&stream);
  return PACKED_SIZE - stream.avail_out;
}

static size_t pack_xz(char *out, const char *bytes, size_t length)
{
  size_t count = 0;
  assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)bytes, length, (uint8_t *)out,
                                           &count, PACKED_SIZE), LZMA_OK);
  return count;
}

static size_t pack_zstd(char *out, const char *bytes, size_t length)
{
  ZSTD_CCtx *context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1); /* as zstd(1) writes it */
  size_t count = ZSTD_compress2(context, out, PACKED_SIZE, bytes, length);
  assert_false(ZSTD_isError(count));
  ZSTD_freeCCtx(context);
  return count;
}

static size_t pack_zstd_behind_skippable(char *out, const char *bytes, size_t length)
{
  static const char frame[] = "\x50\x2a\x4d\x18\4\0\0\0abcd";
  memcpy(out, frame, sizeof frame - 1);
  return sizeof frame - 1 + pack_zstd(out + sizeof frame - 1, bytes, length);
}

static size_t (*const packers[])(char *, const char *, size_t) = {pack_gzip, pack_xz, pack_zstd,
                                                                  pack_zstd_behind_skippable};

/* Reads to the end, and sees that what is read is the beginning of what was written. The last answer. */
static int read_all(const char *packed, size_t packed_length, const char *bytes, size_t length, size_t *read)
{
  struct line line;
  int status;
  size_t at = 0;
  struct lines *lines = open_lines(packed, packed_length);
  while ((status = lines_next(lines, &line)) == 1) {
    assert_true(at + line.length <= length);
    assert_memory_equal(line.bytes, bytes + at, line.length);
    at += line.length + !line.open;
  }
  assert_int_equal(lines_next(lines, &line), status);
  assert_true(status == 0 || *lines_error(lines));
  assert_true(lines_share(lines) <= 1);
  lines_close(lines);
  *read = at;
  return status;
}

/* Lines that do not compress to nothing, some of them long. */
static size_t make_log(char *bytes, size_t size)
{
  size_t length = 0;
  unsigned number = 1;
  while (length + 1200 < size) {
    number = number * 1103515245 + 12345;
    size_t count = number >> 16 & 1023;
    for (size_t i = 0; i < count; i++)
      bytes[length++] = (char)('a' + (number >> (i & 15)) % 20);
    bytes[length++] = '\n';
  }
  return length;
}

static void test_compressed(void **state)
{
  (void)state;
  static char bytes[2 * PACKED_SIZE], packed[2 * PACKED_SIZE];
  size_t length = make_log(bytes, PACKED_SIZE), read;
  memcpy(bytes + length, bytes, length);
  for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
    size_t count = packers[i](packed, bytes, length);
    assert_int_equal(read_all(packed, count, bytes, length, &read), 0);
    assert_int_equal(read, length);
    /* One stream behind another, as `gzip >>log` makes it. */
    memcpy(packed + count, packed, count);
    assert_int_equal(read_all(packed, 2 * count, bytes, 2 * length, &read), 0);
    assert_int_equal(read, 2 * length);
  }
}

/* A part of a compressed log gives what is in it, and never looks like a whole one. */
static void test_cut_off(void **state)
{
  (void)state;
  static char bytes[PACKED_SIZE], packed[PACKED_SIZE];
  size_t length = make_log(bytes, PACKED_SIZE), read;
  for (size_t i = 0; i < 3; i++) {
    size_t count = packers[i](packed, bytes, length);
    for (size_t part = 6; part < count; part += part < 40 || count - part < 40 ? 1 : 997) {
      assert_int_equal(read_all(packed, part, bytes, length, &read), -1);
      assert_true(part < count / 2 || read > 0 || i > 0); /* xz and zstd have blocks, which come whole or not */
    }
  }
}

static void test_damaged(void **state)
{
  (void)state;
  static char bytes[PACKED_SIZE], packed[PACKED_SIZE + 10];
  size_t length = make_log(bytes, PACKED_SIZE);
  struct line line;
  for (size_t i = 0; i < 3; i++) {
    size_t count = packers[i](packed, bytes, length);
    packed[count / 2] ^= 0x55;
    struct lines *lines = open_lines(packed, count);
    int status;
    while ((status = lines_next(lines, &line)) == 1)
      ;
    assert_int_equal(status, -1);
    assert_string_equal(lines_error(lines), "the compressed file is damaged");
    lines_close(lines);
    packed[count / 2] ^= 0x55;
    memcpy(packed + count, "more", 4);
    lines = open_lines(packed, count + 4);
    while ((status = lines_next(lines, &line)) == 1)
      ;
    assert_int_equal(status, -1);
    lines_close(lines);
  }
}

/* A stream says how much memory its reader is to have. */
static void test_greedy(void **state)
{
  (void)state;
  /* RFC 8878, 3.1.1.1: no single segment, and the largest window that a frame can ask for. */
  static const char zstd[] = "\x28\xb5\x2f\xfd\0\xff\1\0\0";
  static char packed[PACKED_SIZE];
  struct line line;
  struct lines *lines = open_lines(zstd, sizeof zstd - 1);
  assert_int_equal(lines_next(lines, &line), -1);
  assert_string_equal(lines_error(lines), "the compressed file needs too much memory");
  lines_close(lines);
  /* The .xz file format, 3.1 and 5.3.1: the block header is behind the stream's 12 bytes. In it, behind the id of LZMA2
   * and the length of its properties, is the size of the dictionary: 1 GiB now. */
  size_t count = pack_xz(packed, "log\n", 4), header = 4 * ((size_t)packed[12] + 1);
  char *filter = memmem(packed + 12, header, "\x21\1", 2);
  assert_non_null(filter);
  filter[2] = 36;
  uint32_t sum = lzma_crc32((const uint8_t *)packed + 12, header - 4, 0);
  for (size_t i = 0; i < 4; i++)
    packed[12 + header - 4 + i] = (char)(sum >> 8 * i);
  lines = open_lines(packed, count);
  assert_int_equal(lines_next(lines, &line), -1);
  assert_string_equal(lines_error(lines), "the compressed file needs too much memory");
  lines_close(lines);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_long_lines, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_compressed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_cut_off, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_greedy, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
