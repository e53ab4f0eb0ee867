/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The bytes of a log file, whatever it was rotated into: plain, or compressed with gzip, xz or zstd.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/text.h"

struct unpack;

/* A regular file; how it is compressed is seen by its first bytes, not by its name. NULL with a message appended to
 * error. */
struct unpack *unpack_open(const char *path, struct text *error);
void unpack_close(struct unpack *unpack); /* takes NULL */
/* How long the end of a name is that programs which compress add to it (".gz", ".xz", ".zst"); 0 for none. */
size_t unpack_suffix(const char *name);
/* How many bytes went to `buffer`, at most `size`; 0 at the end; -1 where the file cannot be read on: a bad disk, a
 * stream that is damaged, cut off, or asks for more memory than is given to it. What could be read before has been
 * handed out by then. */
ssize_t unpack_read(struct unpack *unpack, char *buffer, size_t size);
const char *unpack_error(const struct unpack *unpack);         /* behind -1 */
double unpack_share(const struct unpack *unpack);              /* of the file read so far, 0 to 1 */
const struct stat *unpack_status(const struct unpack *unpack); /* of the file, as it was opened */
