/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of a log file, plain or compressed with gzip, one at a time: memory does not grow with the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A longer line is no log line: it is read over. An audit line with 10,000 recipients is shorter. */
enum { LINES_LENGTH_MAX = 16 << 20 };

struct lines;

/* NULL with a message appended to error. */
struct lines *lines_open(const char *path, struct text *error);
void lines_close(struct lines *lines); /* takes NULL */
/* 1: a line, without its newline and with a NUL behind it, which the caller may change until the next call; NULL and 0
 * for one that is too long. 0: the end. -1: the file cannot be read further; the reason is lines_error(). A piece
 * without a newline at the end is not a line yet. */
int lines_next(struct lines *lines, char **line, size_t *length);
const char *lines_error(struct lines *lines);
bool lines_left_a_piece(const struct lines *lines);  /* known at the end */
uint64_t lines_bytes(const struct lines *lines);     /* of whole lines so far, newlines included, uncompressed */
uint64_t lines_number(const struct lines *lines);    /* of the line at hand, from 1 */
double lines_share(struct lines *lines);             /* of the file read so far, 0 to 1 */
int64_t lines_changed(const struct lines *lines);    /* when the file was changed last, in ms */
