/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of a log file, plain or gzip, one after another. Memory does not grow with the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As sluisd itself takes it (audit/chain.c): what is longer is no line of an audit log. */
enum { TAPE_LINE_MAX = 64 << 20 };

struct tape_line {
  const char *bytes; /* without the newline; any bytes at all; borrowed until the next call */
  size_t length;     /* at most TAPE_LINE_MAX */
  uint64_t number;   /* from 1 */
  bool open;         /* the last line, and it lacks its newline */
  bool cut;          /* longer than the maximum: this is its beginning */
};

struct tape;

/* A regular file, gzip or not by its first bytes. NULL with a message in error. */
struct tape *tape_open(const char *path, char *error, size_t error_size);
void tape_close(struct tape *tape); /* takes NULL */
/* 1 with a line; 0 at the end; -1 with a message in error where the file cannot be read on: a bad disk, damaged or cut
 * gzip. What could be read before has been handed out by then, an open line among it. */
int tape_next(struct tape *tape, struct tape_line *line, char *error, size_t error_size);
/* What tells whether two paths lead to the same file. */
void tape_identity(const struct tape *tape, uint64_t *device, uint64_t *inode);
