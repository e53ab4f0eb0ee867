/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of plain and compressed files. See lines.h. zlib hands plain files through as they are.
 */
#include "evidence/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/memory.h"

enum { READ_AT_ONCE = 256 * 1024 };

struct lines {
  gzFile file;
  char *buffer;
  size_t size, start, end; /* of the buffer; what was read and not told yet */
  size_t searched;         /* behind start, without a newline */
  bool ended, skipping;
  uint64_t bytes, number, skipped;
  off_t length;
  int64_t changed;
};

struct lines *lines_open(const char *path, struct text *error)
{
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0 || fstat(file, &status) < 0) {
    text_add(error, strerror(errno));
    if (file >= 0)
      close(file);
    return NULL;
  }
  if (!S_ISREG(status.st_mode)) {
    text_add(error, "not a file");
    close(file);
    return NULL;
  }
  struct lines *lines = memory_new(sizeof *lines);
  lines->file = gzdopen(file, "rb");
  gzbuffer(lines->file, READ_AT_ONCE);
  lines->size = 2 * READ_AT_ONCE;
  lines->buffer = memory_new(lines->size);
  lines->length = status.st_size;
  lines->changed = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
  return lines;
}

void lines_close(struct lines *lines)
{
  if (!lines)
    return;
  gzclose(lines->file);
  free(lines->buffer);
  free(lines);
}

/* Makes room for one more read, and reads. 1, 0 at the end, -1. */
static int fill(struct lines *lines)
{
  if (lines->ended)
    return 0;
  if (lines->start > 0) {
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
  }
  if (lines->end > LINES_LENGTH_MAX) {
    lines->skipping = true;
    lines->skipped += lines->end;
    lines->end = lines->searched = 0;
  }
  if (lines->size - lines->end < READ_AT_ONCE) {
    lines->size *= 2;
    lines->buffer = memory_resize(lines->buffer, lines->size);
  }
  int count = gzread(lines->file, lines->buffer + lines->end, READ_AT_ONCE), number = Z_OK;
  if (count == 0)
    gzerror(lines->file, &number); /* zlib: a stream that is cut off ends like a whole one, but for this */
  if (count < 0 || number == Z_BUF_ERROR)
    return -1;
  lines->ended = count == 0;
  lines->end += (size_t)count;
  return count > 0;
}

int lines_next(struct lines *lines, char **line, size_t *length)
{
  for (;;) {
    char *from = lines->buffer + lines->start;
    size_t known = lines->end - lines->start;
    char *newline = known > lines->searched ? memchr(from + lines->searched, '\n', known - lines->searched) : NULL;
    if (newline) {
      size_t count = (size_t)(newline - from) + 1;
      *newline = '\0';
      *line = lines->skipping ? NULL : from;
      *length = lines->skipping ? 0 : count - 1;
      lines->bytes += count + lines->skipped;
      lines->number++;
      lines->start += count;
      lines->searched = lines->skipped = 0;
      lines->skipping = false;
      return 1;
    }
    lines->searched = known;
    int status = fill(lines);
    if (status <= 0)
      return status;
  }
}

const char *lines_error(struct lines *lines)
{
  int number;
  const char *why = gzerror(lines->file, &number);
  return number == Z_ERRNO ? strerror(errno) : number == Z_BUF_ERROR ? "the compressed file is cut off" : why;
}

bool lines_left_a_piece(const struct lines *lines)
{
  return lines->end > lines->start || lines->skipping;
}

uint64_t lines_bytes(const struct lines *lines)
{
  return lines->bytes;
}

uint64_t lines_number(const struct lines *lines)
{
  return lines->number;
}

double lines_share(struct lines *lines)
{
  off_t at = gzoffset(lines->file);
  return lines->length > 0 && at >= 0 ? (double)at / (double)lines->length : 0;
}

int64_t lines_changed(const struct lines *lines)
{
  return lines->changed;
}
