/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of a log file, with zlib, which reads plain files as they are. See tape.h.
 */
#include "trail/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/memory.h"
#include "base/text.h"

enum { BLOCK = 256 * 1024 };

struct tape {
  gzFile file;
  uint64_t device, inode, number;
  char *block;
  size_t start, end;  /* what of the block was not handed out yet */
  bool finished;      /* nothing more will come */
  struct text joined; /* a line that goes on beyond the block */
};

static struct tape *fail(int file, const char *why, char *error, size_t error_size)
{
  snprintf(error, error_size, "%s", why);
  if (file >= 0)
    close(file);
  return NULL;
}

struct tape *tape_open(const char *path, char *error, size_t error_size)
{
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0 || fstat(file, &status) < 0)
    return fail(file, strerror(errno), error, error_size);
  if (!S_ISREG(status.st_mode))
    return fail(file, "not a regular file", error, error_size);
  gzFile opened = gzdopen(file, "rb");
  if (!opened)
    return fail(file, strerror(ENOMEM), error, error_size);
  gzbuffer(opened, BLOCK);
  struct tape *tape = memory_new(sizeof *tape);
  tape->file = opened;
  tape->device = status.st_dev;
  tape->inode = status.st_ino;
  tape->block = memory_new(BLOCK);
  return tape;
}

void tape_close(struct tape *tape)
{
  if (!tape)
    return;
  gzclose(tape->file);
  text_free(&tape->joined);
  free(tape->block);
  free(tape);
}

void tape_identity(const struct tape *tape, uint64_t *device, uint64_t *inode)
{
  *device = tape->device;
  *inode = tape->inode;
}

/* 1 where the block has bytes, 0 at the end, -1 on failure. */
static int fill(struct tape *tape, char *error, size_t error_size)
{
  if (tape->start < tape->end)
    return 1;
  int count = gzread(tape->file, tape->block, BLOCK);
  if (count > 0) {
    tape->start = 0;
    tape->end = (size_t)count;
    return 1;
  }
  /* A file that was cut short reads like one that ends. */
  int code;
  const char *why = gzerror(tape->file, &code);
  if (count == 0 && code != Z_BUF_ERROR)
    return 0;
  snprintf(error, error_size, "%s",
           code == Z_BUF_ERROR ? "the compressed file ends too early"
           : code == Z_ERRNO   ? strerror(errno)
           : *why              ? "the compressed file is damaged"
                               : "cannot be read");
  return -1;
}

static void hand_out(struct tape *tape, struct tape_line *line, const char *bytes, size_t length)
{
  line->bytes = bytes ? bytes : "";
  line->cut = length > TAPE_LINE_MAX;
  line->length = line->cut ? TAPE_LINE_MAX : length;
  line->number = ++tape->number;
}

int tape_next(struct tape *tape, struct tape_line *line, char *error, size_t error_size)
{
  *line = (struct tape_line){0};
  text_clear(&tape->joined);
  while (!tape->finished) {
    int status = fill(tape, error, error_size);
    if (status <= 0) {
      if (tape->joined.length == 0)
        return status;
      /* What there is comes first; the failure shows again at the next call. */
      tape->finished = status == 0;
      line->open = true;
      hand_out(tape, line, tape->joined.bytes, tape->joined.length);
      return 1;
    }
    const char *from = tape->block + tape->start;
    size_t left = tape->end - tape->start;
    const char *newline = memchr(from, '\n', left);
    size_t length = newline ? (size_t)(newline - from) : left;
    tape->start += length + (newline != NULL);
    if (newline && tape->joined.length == 0) {
      hand_out(tape, line, from, length);
      return 1;
    }
    if (tape->joined.length <= TAPE_LINE_MAX)
      text_add_bytes(&tape->joined, from, length);
    if (newline) {
      hand_out(tape, line, tape->joined.bytes, tape->joined.length);
      return 1;
    }
  }
  return 0;
}
