/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of a log file, plain or compressed (base/unpack.h), one at a time: memory does not grow with the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/text.h"

struct line {
  char *bytes;     /* without the newline and with a NUL behind; any bytes at all; may be changed until the next call */
  size_t length;   /* at most the length_max given */
  uint64_t number; /* from 1 */
  bool open;       /* what stands at the end of the file without a newline */
  bool cut;        /* longer than the maximum: this is its beginning */
};

struct lines;

/* A line longer than length_max is cut. NULL with a message appended to error. */
struct lines *lines_open(const char *path, size_t length_max, struct text *error);
void lines_close(struct lines *lines); /* takes NULL */
/* 1: a line. 0: the end. -1: the file cannot be read on; lines_error() says why. What could be read before has been
 * handed out by then, an open line among it. */
int lines_next(struct lines *lines, struct line *line);
/* The same, for a log that is still being written: what lacks its newline is no line yet, and is left out. */
int lines_next_whole(struct lines *lines, struct line *line);
const char *lines_error(const struct lines *lines);
uint64_t lines_bytes(const struct lines *lines);           /* of whole lines so far, newlines included, uncompressed */
uint64_t lines_count(const struct lines *lines);           /* of whole lines so far */
double lines_share(const struct lines *lines);             /* of the file read so far, 0 to 1 */
int64_t lines_changed(const struct lines *lines);          /* when the file was changed last, in ms */
const struct stat *lines_status(const struct lines *lines); /* of the file, as it was opened */
