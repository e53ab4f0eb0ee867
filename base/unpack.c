/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The bytes of a log file, by zlib, liblzma and libzstd. See unpack.h.
 *
 * A file may be several streams one behind the other, as `gzip >>file` and pzstd make it.
 */
#include "base/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/memory.h"

/* A stream says how much memory its reader needs: 65 MiB for `xz -9`, 128 MiB for `zstd --ultra -22`. */
enum { BLOCK = 256 * 1024, XZ_MEMORY_MAX = 128 << 20, ZSTD_WINDOW_LOG_MAX = 27, MAGIC = 6 };

static const char too_short[] = "the compressed file is cut off", damaged[] = "the compressed file is damaged",
                  too_large[] = "the compressed file needs too much memory";

struct form {
  size_t magic_length;
  const char *magic;
  bool (*begin)(struct unpack *unpack);
  /* Moves bytes from the input to the output. 0, or -1 with the reason in `why`. */
  int (*step)(struct unpack *unpack, ZSTD_outBuffer *output);
  void (*end)(struct unpack *unpack);
};

struct unpack {
  int file;
  struct stat status;
  const struct form *form;
  ZSTD_inBuffer input; /* what was read of the file, and how much of it was taken */
  unsigned char *block;
  uint64_t read;
  bool finished; /* the file was read to its end */
  bool between;  /* at the end of a stream: no further one need follow */
  const char *why;
  union {
    z_stream gzip;
    lzma_stream xz;
    ZSTD_DStream *zstd;
  };
};

static int fail(struct unpack *unpack, const char *why)
{
  unpack->why = why;
  return -1;
}

static int step_plain(struct unpack *unpack, ZSTD_outBuffer *output)
{
  size_t left = unpack->input.size - unpack->input.pos, room = output->size - output->pos;
  size_t count = left < room ? left : room;
  memcpy((char *)output->dst + output->pos, unpack->block + unpack->input.pos, count);
  unpack->input.pos += count;
  output->pos += count;
  unpack->between = true;
  return 0;
}

static bool begin_gzip(struct unpack *unpack)
{
  return inflateInit2(&unpack->gzip, 16 + MAX_WBITS) == Z_OK; /* zlib.h: 16 more: gzip, and nothing else */
}

static int step_gzip(struct unpack *unpack, ZSTD_outBuffer *output)
{
  z_stream *stream = &unpack->gzip;
  size_t left = unpack->input.size - unpack->input.pos, room = output->size - output->pos;
  if (unpack->between && left > 0 && inflateReset(stream) != Z_OK)
    return fail(unpack, damaged);
  stream->next_in = unpack->block + unpack->input.pos;
  stream->avail_in = (uInt)left;
  stream->next_out = (unsigned char *)output->dst + output->pos;
  stream->avail_out = (uInt)room;
  int status = inflate(stream, Z_NO_FLUSH);
  unpack->input.pos += left - stream->avail_in;
  output->pos += room - stream->avail_out;
  unpack->between = status == Z_STREAM_END;
  return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? 0 : fail(unpack, damaged);
}

static void end_gzip(struct unpack *unpack)
{
  inflateEnd(&unpack->gzip);
}

static bool begin_xz(struct unpack *unpack)
{
  unpack->xz = (lzma_stream)LZMA_STREAM_INIT;
  return lzma_stream_decoder(&unpack->xz, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
}

static int step_xz(struct unpack *unpack, ZSTD_outBuffer *output)
{
  lzma_stream *stream = &unpack->xz;
  size_t left = unpack->input.size - unpack->input.pos, room = output->size - output->pos;
  stream->next_in = unpack->block + unpack->input.pos;
  stream->avail_in = left;
  stream->next_out = (unsigned char *)output->dst + output->pos;
  stream->avail_out = room;
  lzma_ret status = lzma_code(stream, unpack->finished ? LZMA_FINISH : LZMA_RUN);
  unpack->input.pos += left - stream->avail_in;
  output->pos += room - stream->avail_out;
  unpack->between = status == LZMA_STREAM_END;
  if (status == LZMA_MEMLIMIT_ERROR || status == LZMA_MEM_ERROR)
    return fail(unpack, too_large);
  return status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR ? 0 : fail(unpack, damaged);
}

static void end_xz(struct unpack *unpack)
{
  lzma_end(&unpack->xz);
}

static bool begin_zstd(struct unpack *unpack)
{
  unpack->zstd = ZSTD_createDStream();
  return unpack->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
}

static int step_zstd(struct unpack *unpack, ZSTD_outBuffer *output)
{
  size_t status = ZSTD_decompressStream(unpack->zstd, output, &unpack->input);
  unpack->between = status == 0;
  if (!ZSTD_isError(status))
    return 0;
  ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
  bool large = code == ZSTD_error_frameParameter_windowTooLarge || code == ZSTD_error_memory_allocation;
  return fail(unpack, large ? too_large : damaged);
}

static void end_zstd(struct unpack *unpack)
{
  ZSTD_freeDStream(unpack->zstd);
}

/* RFC 1952, section 2.3.1; the .xz file format, 2.1.1.1; RFC 8878, section 3.1.1 and, for a skippable frame, which pzstd
 * begins with, 3.1.2. */
static const struct form forms[] = {{2, "\x1f\x8b", begin_gzip, step_gzip, end_gzip},
                                    {6, "\xfd" "7zXZ\0", begin_xz, step_xz, end_xz},
                                    {4, "\x28\xb5\x2f\xfd", begin_zstd, step_zstd, end_zstd},
                                    {4, "\x50\x2a\x4d\x18", begin_zstd, step_zstd, end_zstd}};
static const struct form plain = {.step = step_plain};

static const struct form *find_form(int file)
{
  char magic[MAGIC];
  ssize_t length = pread(file, magic, sizeof magic, 0);
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    if (length >= (ssize_t)forms[i].magic_length && memcmp(magic, forms[i].magic, forms[i].magic_length) == 0)
      return &forms[i];
  return &plain;
}

static struct unpack *refuse(int file, const char *why, struct text *error)
{
  text_add(error, why);
  if (file >= 0)
    close(file);
  return NULL;
}

struct unpack *unpack_open(const char *path, struct text *error)
{
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0 || fstat(file, &status) < 0)
    return refuse(file, strerror(errno), error);
  if (!S_ISREG(status.st_mode))
    return refuse(file, "not a regular file", error);
  struct unpack *unpack = memory_new(sizeof *unpack);
  unpack->file = file;
  unpack->status = status;
  unpack->form = find_form(file);
  unpack->block = memory_new(BLOCK);
  unpack->input.src = unpack->block;
  if (unpack->form->begin && !unpack->form->begin(unpack)) {
    unpack_close(unpack);
    text_add(error, strerror(ENOMEM));
    return NULL;
  }
  return unpack;
}

void unpack_close(struct unpack *unpack)
{
  if (!unpack)
    return;
  if (unpack->form->end)
    unpack->form->end(unpack);
  close(unpack->file);
  free(unpack->block);
  free(unpack);
}

/* Where all of the block was taken. 0 or -1. */
static int read_block(struct unpack *unpack)
{
  if (unpack->input.pos < unpack->input.size || unpack->finished)
    return 0;
  ssize_t count;
  do
    count = read(unpack->file, unpack->block, BLOCK);
  while (count < 0 && errno == EINTR);
  if (count < 0)
    return fail(unpack, strerror(errno));
  unpack->finished = count == 0;
  unpack->input.pos = 0;
  unpack->input.size = (size_t)count;
  unpack->read += (uint64_t)count;
  return 0;
}

size_t unpack_suffix(const char *name)
{
  static const char *const suffixes[] = {".gz", ".xz", ".zst"};
  size_t length = strlen(name);
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
    if (length > strlen(suffixes[i]) && strcmp(name + length - strlen(suffixes[i]), suffixes[i]) == 0)
      return strlen(suffixes[i]);
  return 0;
}

ssize_t unpack_read(struct unpack *unpack, char *buffer, size_t size)
{
  ZSTD_outBuffer output = {.dst = buffer, .size = size};
  while (output.pos == 0) {
    if (unpack->why || read_block(unpack) < 0)
      return -1;
    bool no_input = unpack->input.pos == unpack->input.size;
    if (no_input && unpack->finished && unpack->between)
      return 0;
    if (unpack->form->step(unpack, &output) < 0)
      break;
    if (no_input && unpack->finished && output.pos == 0 && !unpack->between)
      fail(unpack, too_short);
  }
  return output.pos > 0 ? (ssize_t)output.pos : -1;
}

const char *unpack_error(const struct unpack *unpack)
{
  return unpack->why ? unpack->why : "";
}

double unpack_share(const struct unpack *unpack)
{
  return unpack->status.st_size > 0 ? (double)unpack->read / (double)unpack->status.st_size : 0;
}

const struct stat *unpack_status(const struct unpack *unpack)
{
  return &unpack->status;
}
