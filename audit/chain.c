/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The chain of an audit log. See chain.h.
 */
#include "audit/chain.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/text.h"

enum {
  BLOCK = 65536,
  LINES_BACK = 1000 /* that many lines in a row are torn or foreign: then there is no seq to go on with */
};

void chain_digest(char out[CHAIN_DIGEST_SIZE], const void *line, size_t length)
{
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(line, length, digest);
  for (size_t i = 0; i < sizeof digest; i++) {
    out[2 * i] = digits[digest[i] >> 4];
    out[2 * i + 1] = digits[digest[i] & 15];
  }
  out[2 * sizeof digest] = '\0';
}

static bool ends_with(const char *line, size_t length, const char *tail)
{
  return length >= strlen(tail) && memcmp(line + length - strlen(tail), tail, strlen(tail)) == 0;
}

/* The end that every whole line has. */
static bool has_prev(const char *line, size_t length)
{
  static const char key[] = ",\"prev\":\"";
  const size_t tail = sizeof key - 1 + CHAIN_DIGEST_SIZE - 1 + 2;
  if (ends_with(line, length, ",\"prev\":null}"))
    return true;
  if (length < tail || !ends_with(line, length, "\"}"))
    return false;
  const char *p = line + length - tail;
  if (memcmp(p, key, sizeof key - 1) != 0)
    return false;
  p += sizeof key - 1;
  for (size_t i = 0; i < CHAIN_DIGEST_SIZE - 1; i++)
    if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
      return false;
  return true;
}

uint64_t chain_seq(const char *line, size_t length)
{
  static const char start[] = "{\"v\":1,\"seq\":";
  uint64_t seq = 0;
  if (length < sizeof start || memcmp(line, start, sizeof start - 1) != 0 || !has_prev(line, length))
    return 0;
  const char *p = line + sizeof start - 1;
  /* has_prev() has seen a brace at the end, where the digits stop at the latest. */
  for (int i = 0; i < 19 && *p >= '0' && *p <= '9'; i++, p++)
    seq = seq * 10 + (uint64_t)(*p - '0');
  return *p == ',' ? seq : 0;
}

static int read_at(int file, char *out, size_t length, off_t offset)
{
  while (length > 0) {
    ssize_t count = pread(file, out, length, offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0) {
      errno = count < 0 ? errno : EIO;
      return -1;
    }
    out += count;
    length -= (size_t)count;
    offset += count;
  }
  return 0;
}

/* Finds where the line that ends before `end` begins. -1 with errno. */
static off_t find_start(int file, off_t end)
{
  char block[BLOCK];
  for (off_t from = end; from > 0;) {
    size_t length = from < BLOCK ? (size_t)from : BLOCK;
    from -= (off_t)length;
    if (read_at(file, block, length, from) < 0)
      return -1;
    for (size_t i = length; i > 0; i--)
      if (block[i - 1] == '\n')
        return from + (off_t)i;
    if (end - from > CHAIN_LINE_MAX) {
      errno = EFBIG;
      return -1;
    }
  }
  return 0;
}

/* The line that ends before `end`, in line. Returns where it begins, or -1. */
static off_t read_line(int file, off_t end, struct text *line)
{
  char block[BLOCK];
  off_t start = find_start(file, end);
  text_clear(line);
  for (off_t at = start; start >= 0 && at < end;) {
    size_t length = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
    if (read_at(file, block, length, at) < 0)
      return -1;
    text_add_bytes(line, block, length);
    at += (off_t)length;
  }
  return start;
}

int chain_read(struct chain *chain, int file)
{
  struct stat status;
  struct text line = {0};
  char last;
  *chain = (struct chain){0};
  if (fstat(file, &status) < 0)
    return -1;
  if (!S_ISREG(status.st_mode) || status.st_size == 0)
    return 0;
  off_t end = status.st_size;
  if (read_at(file, &last, 1, end - 1) < 0)
    return -1;
  chain->any = true;
  chain->open = last != '\n';
  end -= !chain->open;
  for (int back = 0; back < LINES_BACK && end >= 0 && chain->seq == 0; back++) {
    off_t start = read_line(file, end, &line);
    if (start < 0) {
      text_free(&line);
      return -1;
    }
    if (back == 0)
      chain_digest(chain->last, line.bytes ? line.bytes : "", line.length);
    chain->seq = chain_seq(line.bytes ? line.bytes : "", line.length);
    end = start - 1;
  }
  text_free(&line);
  return 0;
}
