/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The walk over the chain of an audit log. The input is a log, or two, with an octet 0x1e between them; each may be
 * compressed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "trail/verify.h"

enum { SEPARATOR = 0x1e, PATH_SIZE = 40 };

/* A file in memory; its path goes to `path`. */
static int make_file(char path[PATH_SIZE], struct input content)
{
  int file = memfd_create("fuzz", MFD_CLOEXEC);
  size_t length = input_length(&content);
  fuzz_require(file >= 0 && write(file, content.at, length) == (ssize_t)length);
  snprintf(path, PATH_SIZE, "/proc/self/fd/%d", file);
  return file;
}

static void require_verdict(const struct verdict *verdict)
{
  struct text told = {0}, written = {0};
  size_t breaks = 0;
  for (size_t i = 0; i < verdict->finding_count; i++) {
    const struct finding *finding = &verdict->findings[i];
    fuzz_require(finding->at.file < 2 && *finding->text && fuzz_is_printable(finding->text));
    breaks += finding_is_break(finding->kind);
  }
  fuzz_require(breaks == verdict->breaks && !verdict->unreadable);
  verdict_tell(&told, verdict);
  for (size_t i = 0; i < told.length; i++)
    fuzz_require((unsigned char)told.bytes[i] >= ' ' || told.bytes[i] == '\n');
  verdict_write(&written, verdict);
  struct input lines = {written.bytes, written.bytes + written.length};
  while (input_length(&lines) > 0) {
    struct input line = input_until(&lines, '\n');
    json_error_t error;
    json_t *object = json_loadb(line.at, input_length(&line), JSON_REJECT_DUPLICATES, &error);
    fuzz_require(json_is_object(object));
    json_decref(object);
  }
  text_free(&told);
  text_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input second = input_of(bytes, size), first = input_until(&second, SEPARATOR);
  char paths[2][PATH_SIZE];
  char *const given[] = {paths[0], paths[1]};
  struct verdict verdict;
  int files[] = {make_file(paths[0], first), make_file(paths[1], second)};
  verify_files(&verdict, given, input_length(&second) > 0 ? 2 : 1);
  require_verdict(&verdict);
  verdict_free(&verdict);
  close(files[0]);
  close(files[1]);
  return 0;
}
