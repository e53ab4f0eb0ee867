/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of plain and compressed files. See lines.h.
 */
#include "base/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unpack.h"

enum { READ_AT_ONCE = 256 * 1024 };

struct lines {
  struct unpack *file;
  size_t length_max;
  char *buffer;
  size_t size, start, end; /* of the buffer, but for a NUL; what was read and not told yet */
  size_t searched;         /* behind start, without a newline */
  bool open;               /* what is left was told as the open line */
  uint64_t bytes, count;
  uint64_t dropped; /* of a line that is being cut */
};

struct lines *lines_open(const char *path, size_t length_max, struct text *error)
{
  struct unpack *file = unpack_open(path, error);
  if (!file)
    return NULL;
  struct lines *lines = memory_new(sizeof *lines);
  lines->file = file;
  lines->length_max = length_max;
  lines->size = 2 * READ_AT_ONCE;
  lines->buffer = memory_new(lines->size + 1);
  return lines;
}

void lines_close(struct lines *lines)
{
  if (!lines)
    return;
  unpack_close(lines->file);
  free(lines->buffer);
  free(lines);
}

/* Makes room for one more read, and reads. 1, 0 at the end, -1. */
static int fill(struct lines *lines)
{
  if (lines->start > 0) {
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
  }
  if (lines->end > lines->length_max) {
    lines->dropped += lines->end - lines->length_max;
    lines->end = lines->searched = lines->length_max;
  }
  if (lines->size - lines->end < READ_AT_ONCE) {
    lines->size *= 2;
    lines->buffer = memory_resize(lines->buffer, lines->size + 1);
  }
  ssize_t count = unpack_read(lines->file, lines->buffer + lines->end, READ_AT_ONCE);
  if (count > 0)
    lines->end += (size_t)count;
  return count > 0 ? 1 : (int)count;
}

static void hand_out(struct lines *lines, struct line *line, size_t length)
{
  line->bytes = lines->buffer + lines->start;
  line->cut = length > lines->length_max || lines->dropped > 0;
  line->length = length > lines->length_max ? lines->length_max : length;
  line->bytes[line->length] = '\0';
  line->number = lines->count + 1;
  line->open = lines->open;
}

int lines_next(struct lines *lines, struct line *line)
{
  for (;;) {
    const char *from = lines->buffer + lines->start;
    size_t known = lines->end - lines->start;
    const char *newline = known > lines->searched ? memchr(from + lines->searched, '\n', known - lines->searched) : NULL;
    if (newline) {
      size_t length = (size_t)(newline - from);
      hand_out(lines, line, length);
      lines->bytes += length + 1 + lines->dropped;
      lines->count++;
      lines->start += length + 1;
      lines->searched = lines->dropped = 0;
      return 1;
    }
    lines->searched = known;
    int status = fill(lines);
    if (status > 0)
      continue;
    if (lines->end == lines->start || lines->open)
      return status;
    lines->open = true;
    hand_out(lines, line, lines->end - lines->start);
    return 1;
  }
}

int lines_next_whole(struct lines *lines, struct line *line)
{
  int status = lines_next(lines, line);
  return status == 1 && line->open ? lines_next(lines, line) : status;
}

const char *lines_error(const struct lines *lines)
{
  return unpack_error(lines->file);
}

uint64_t lines_bytes(const struct lines *lines)
{
  return lines->bytes;
}

uint64_t lines_count(const struct lines *lines)
{
  return lines->count;
}

double lines_share(const struct lines *lines)
{
  return unpack_share(lines->file);
}

int64_t lines_changed(const struct lines *lines)
{
  const struct timespec *changed = &unpack_status(lines->file)->st_mtim;
  return (int64_t)changed->tv_sec * 1000 + changed->tv_nsec / 1000000;
}

const struct stat *lines_status(const struct lines *lines)
{
  return unpack_status(lines->file);
}
