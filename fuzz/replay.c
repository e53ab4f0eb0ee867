/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A fuzz target as an ordinary test: runs every file of its corpus, or the files named, in order, and a file of many
 * inputs (fuzz/keep) input by input. Prints TAP, a point for each file. What crashes a target or hangs it ends the
 * test before its plan is fulfilled; the last comment names the file, and the number of the input in it.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

enum { SECONDS_MAX = 20, LENGTH_SIZE = 4 };

/* 0, or -1. */
static int read_file(struct text *bytes, const char *path)
{
  char block[4096];
  size_t count;
  FILE *file = fopen(path, "re");
  if (!file)
    return -1;
  while ((count = fread(block, 1, sizeof block, file)) > 0)
    text_add_bytes(bytes, block, count);
  int status = ferror(file) ? -1 : 0;
  fclose(file);
  return status;
}

static void run_input(const char *bytes, size_t length)
{
  /* An exact copy, so that a sanitizer sees a read behind the last byte. */
  uint8_t *copy = memory_new(length);
  if (length > 0)
    memcpy(copy, bytes, length);
  alarm(SECONDS_MAX);
  LLVMFuzzerTestOneInput(copy, length);
  alarm(0);
  free(copy);
}

/* How many inputs, or -1 where the file is not of this form or empty, which would test nothing. */
static int run_many(const struct text *bytes)
{
  int inputs = 0;
  for (size_t at = 0; at < bytes->length; inputs++) {
    if (bytes->length - at < LENGTH_SIZE)
      return -1;
    const unsigned char *octets = (const unsigned char *)bytes->bytes + at;
    size_t length = (size_t)octets[0] << 24 | (size_t)octets[1] << 16 | (size_t)octets[2] << 8 | octets[3];
    at += LENGTH_SIZE;
    if (bytes->length - at < length)
      return -1;
    printf("# input %d\n", inputs + 1);
    fflush(stdout);
    run_input(bytes->bytes + at, length);
    at += length;
  }
  return inputs > 0 ? inputs : -1;
}

static bool is_many(const char *path)
{
  static const char ending[] = ".inputs";
  size_t length = strlen(path), size = sizeof ending - 1;
  return length > size && strcmp(path + length - size, ending) == 0;
}

/* How many inputs the file had, or -1. */
static int run(const char *path)
{
  struct text bytes = {0};
  int inputs = read_file(&bytes, path);
  if (inputs == 0 && is_many(path)) {
    inputs = run_many(&bytes);
  } else if (inputs == 0) {
    run_input(bytes.bytes, bytes.length);
    inputs = 1;
  }
  text_free(&bytes);
  return inputs;
}

static int run_files(char *const *paths, int count)
{
  int failed = 0;
  printf("1..%d\n", count);
  for (int i = 0; i < count; i++) {
    const char *name = strrchr(paths[i], '/');
    name = name ? name + 1 : paths[i];
    printf("# %s\n", name);
    fflush(stdout);
    int inputs = run(paths[i]);
    failed += inputs < 0;
    printf("%sok %d - %s, inputs: %d\n", inputs < 0 ? "not " : "", i + 1, name, inputs);
  }
  return failed;
}

static int is_file(const struct dirent *entry)
{
  return entry->d_name[0] != '.';
}

static int run_corpus(const char *folder)
{
  struct dirent **entries = NULL;
  int count = scandir(folder, &entries, is_file, alphasort);
  if (count <= 0) {
    printf("1..1\nnot ok 1 - %s has no inputs\n", folder);
    return 1;
  }
  char **paths = memory_new((size_t)count * sizeof *paths);
  for (int i = 0; i < count; i++) {
    struct text path = {0};
    text_printf(&path, "%s/%s", folder, entries[i]->d_name);
    paths[i] = path.bytes;
    free(entries[i]);
  }
  int failed = run_files(paths, count);
  for (int i = 0; i < count; i++)
    free(paths[i]);
  free(paths);
  free(entries);
  return failed > 0;
}

int main(int argc, char **argv)
{
  const char *top = getenv("top_srcdir"), *name = strrchr(argv[0], '/');
  struct text folder = {0};
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1)
    return run_files(argv + 1, argc - 1) > 0;
  name = name ? name + 1 : argv[0];
  text_printf(&folder, "%s/fuzz/corpus/%s", top ? top : ".", strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
  int status = run_corpus(folder.bytes);
  text_free(&folder);
  return status;
}
