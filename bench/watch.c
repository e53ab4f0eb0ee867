/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a process uses. See watch.h.
 */
#include "bench/watch.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static long count_files(pid_t process)
{
  char path[64];
  long count = -3; /* ".", ".." and what looks are not its own; the last is ours only where we look at ourselves */
  snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
  DIR *folder = opendir(path);
  if (!folder)
    return -1;
  while (readdir(folder))
    count++;
  closedir(folder);
  return process == getpid() ? count : count + 1;
}

int watch_process(pid_t process, struct watch *watch)
{
  char path[64], line[1024];
  unsigned long user, system;
  long pages;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  FILE *file = fopen(path, "re");
  if (!file)
    return -1;
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[length] = '\0';
  /* The name, in parentheses, may hold anything. */
  const char *rest = strrchr(line, ')');
  if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld %*d %*u %*u %ld",
                      &user, &system, &watch->threads, &pages) != 4)
    return -1;
  watch->cpu_ms = (double)(user + system) * 1000 / (double)sysconf(_SC_CLK_TCK);
  watch->rss_kb = pages * (sysconf(_SC_PAGESIZE) / 1024);
  watch->files = count_files(process);
  return 0;
}
