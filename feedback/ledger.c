/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which reports were dealt with. See ledger.h.
 */
#include "feedback/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"

enum { DAY_LENGTH = 10, DAYS_KEPT = 400 };

struct ledger {
  char *path, *temporary;
  int lock;
  char **lines; /* sorted */
  size_t count, size;
};

static int compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void insert(struct ledger *ledger, const char *day, const char *domain)
{
  struct text line = {0};
  text_printf(&line, "%s %s", day, domain);
  size_t at = ledger->count;
  while (at > 0 && strcmp(ledger->lines[at - 1], line.bytes) > 0)
    at--;
  if (at > 0 && strcmp(ledger->lines[at - 1], line.bytes) == 0) {
    text_free(&line);
    return;
  }
  if (ledger->count == ledger->size) {
    ledger->size = ledger->size ? 2 * ledger->size : 64;
    ledger->lines = memory_resize(ledger->lines, ledger->size * sizeof *ledger->lines);
  }
  memmove(ledger->lines + at + 1, ledger->lines + at, (ledger->count - at) * sizeof *ledger->lines);
  ledger->lines[at] = line.bytes;
  ledger->count++;
}

static int read_lines(struct ledger *ledger, char *error, size_t error_size)
{
  char line[DOMAIN_SIZE + 40], day[DAY_LENGTH + 1], domain[DOMAIN_SIZE], rest;
  FILE *file = fopen(ledger->path, "re");
  if (!file && errno == ENOENT)
    return 0;
  for (unsigned number = 1; file && fgets(line, sizeof line, file); number++) {
    if (sscanf(line, "%10[0-9-] %253[^ \n]%*1[\n]%c", day, domain, &rest) != 2 || strlen(day) != DAY_LENGTH) {
      snprintf(error, error_size, "%s:%u: not a line of this file", ledger->path, number);
      fclose(file);
      return -1;
    }
    insert(ledger, day, domain);
  }
  if (!file || ferror(file)) {
    snprintf(error, error_size, "%s: %s", ledger->path, strerror(errno));
    if (file)
      fclose(file);
    return -1;
  }
  fclose(file);
  return 0;
}

struct ledger *ledger_open(const char *path, char *error, size_t error_size)
{
  struct ledger *ledger = memory_new(sizeof *ledger);
  struct text name = {0};
  ledger->path = memory_copy_string(path);
  text_printf(&name, "%s.lock", path);
  ledger->lock = open(name.bytes, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int status = ledger->lock < 0 || flock(ledger->lock, LOCK_EX | LOCK_NB) < 0 ? -1 : 0;
  if (status < 0)
    snprintf(error, error_size, "%s: %s", name.bytes,
             errno == EWOULDBLOCK ? "another run is at work" : strerror(errno));
  text_clear(&name);
  text_printf(&name, "%s.new", path);
  ledger->temporary = name.bytes;
  if (status == 0 && read_lines(ledger, error, error_size) == 0)
    return ledger;
  ledger_close(ledger);
  return NULL;
}

void ledger_close(struct ledger *ledger)
{
  if (!ledger)
    return;
  for (size_t i = 0; i < ledger->count; i++)
    free(ledger->lines[i]);
  free(ledger->lines);
  if (ledger->lock >= 0)
    close(ledger->lock);
  free(ledger->temporary);
  free(ledger->path);
  free(ledger);
}

static bool has_line(const struct ledger *ledger, const char *day, const char *domain)
{
  char line[DAY_LENGTH + DOMAIN_SIZE + 2], *key = line;
  snprintf(line, sizeof line, "%s %s", day, domain);
  return ledger->count > 0 && bsearch(&key, ledger->lines, ledger->count, sizeof *ledger->lines, compare) != NULL;
}

bool ledger_has(const struct ledger *ledger, const char *day, const char *domain)
{
  return has_line(ledger, day, "*") || has_line(ledger, day, domain);
}

const char *ledger_first(const struct ledger *ledger)
{
  return ledger->count > 0 ? ledger->lines[0] : NULL;
}

/* The new name must last as well as what it names. */
static int sync_folder(const char *path)
{
  char *name = memory_copy_string(path);
  int folder = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC), status = folder < 0 ? -1 : fsync(folder);
  if (folder >= 0)
    close(folder);
  free(name);
  return status;
}

static int save(const struct ledger *ledger, char *error, size_t error_size)
{
  int file = open(ledger->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  FILE *stream = file < 0 ? NULL : fdopen(file, "w");
  bool good = stream != NULL;
  for (size_t i = 0; good && i < ledger->count; i++)
    good = fprintf(stream, "%s\n", ledger->lines[i]) > 0;
  good = good && fflush(stream) == 0 && fsync(file) == 0;
  good = good && rename(ledger->temporary, ledger->path) == 0 && sync_folder(ledger->path) == 0;
  if (!good)
    snprintf(error, error_size, "%s: %s", ledger->path, strerror(errno));
  if (stream)
    fclose(stream);
  else if (file >= 0)
    close(file);
  return good ? 0 : -1;
}

int ledger_add(struct ledger *ledger, const char *day, const char *domain, char *error, size_t error_size)
{
  insert(ledger, day, domain);
  return save(ledger, error, error_size);
}

int ledger_finish(struct ledger *ledger, const char *day, char *error, size_t error_size)
{
  size_t kept = 0;
  for (size_t i = 0; i < ledger->count; i++) {
    if (strncmp(ledger->lines[i], day, DAY_LENGTH) == 0)
      free(ledger->lines[i]);
    else
      ledger->lines[kept++] = ledger->lines[i];
  }
  ledger->count = kept;
  size_t forgotten = ledger->count > DAYS_KEPT ? ledger->count - DAYS_KEPT : 0;
  /* Only whole days go: a day that is not done yet stays. */
  for (kept = 0; kept < forgotten && strcmp(ledger->lines[kept] + DAY_LENGTH, " *") == 0; kept++)
    free(ledger->lines[kept]);
  memmove(ledger->lines, ledger->lines + kept, (ledger->count - kept) * sizeof *ledger->lines);
  ledger->count -= kept;
  insert(ledger, day, "*");
  return save(ledger, error, error_size);
}
