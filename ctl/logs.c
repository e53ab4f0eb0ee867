/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which audit logs a command reads. See logs.h.
 */
#include "ctl/logs.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/unpack.h"
#include "ctl/command.h"
#include "ctl/setup.h"
#include "policy/config.h"

/* The number of a rotated file's name behind the log's own: ".12", ".12.gz"; a date is as good, and newer where it is
 * larger. -1 where the name is another one's. */
static long long rotation_of(const char *rest)
{
  char *end;
  if (*rest == '\0')
    return 0;
  if ((*rest != '.' && *rest != '-') || rest[1] < '0' || rest[1] > '9' || strlen(rest) > 20)
    return -1;
  long long number = strtoll(rest + 1, &end, 10);
  if (end[unpack_suffix(rest)] != '\0')
    return -1;
  return *rest == '.' ? number : 100000000000LL - number;
}

static int compare_age(const void *a, const void *b, void *context)
{
  size_t length = strlen(context);
  long long first = rotation_of(*(char *const *)a + length), second = rotation_of(*(char *const *)b + length);
  if (first != second)
    return first > second ? -1 : 1;
  return strcmp(*(char *const *)a, *(char *const *)b); /* plain before its compressed copy, which may not be whole yet */
}

/* The path, with what glob() takes for signs of its own escaped. */
static void add_escaped(struct text *pattern, const char *path)
{
  for (; *path; path++) {
    if (strchr("*?[]\\", *path))
      text_add_char(pattern, '\\');
    text_add_char(pattern, *path);
  }
}

static void find_rotated(struct log_list *logs, const char *path)
{
  struct text pattern = {0};
  glob_t found;
  add_escaped(&pattern, path);
  text_add_char(&pattern, '*');
  if (glob(pattern.bytes, GLOB_NOSORT, NULL, &found) == 0) {
    logs->paths = arena_alloc(logs->arena, (found.gl_pathc + 1) * sizeof *logs->paths);
    for (size_t i = 0; i < found.gl_pathc; i++)
      if (rotation_of(found.gl_pathv[i] + strlen(path)) >= 0)
        logs->paths[logs->count++] = arena_string(logs->arena, found.gl_pathv[i]);
    globfree(&found);
  }
  text_free(&pattern);
  char *base = arena_string(logs->arena, path);
  if (logs->count > 1)
    qsort_r(logs->paths, logs->count, sizeof *logs->paths, compare_age, base);
}

void logs_find_configured(struct log_list *logs, const struct config *config)
{
  *logs = (struct log_list){.arena = arena_new()};
  if (config->audit.log[0] == '/')
    find_rotated(logs, config->audit.log);
}

int logs_find(struct log_list *logs, const struct command_options *options, char **words, size_t count)
{
  *logs = (struct log_list){.paths = words, .count = count};
  if (count > 0)
    return EX_OK;
  struct config *config = setup_config(options);
  if (!config)
    return EX_CONFIG;
  int status = EX_OK;
  logs_find_configured(logs, config);
  if (logs->count == 0) {
    fprintf(stderr, "sluisctl: there is no audit log at %s; name its files\n", config->audit.log);
    status = EX_NOINPUT;
  }
  config_release(config);
  return status;
}

void logs_free(struct log_list *logs)
{
  arena_free(logs->arena);
}
