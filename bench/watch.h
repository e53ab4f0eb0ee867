/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a process uses, read from /proc.
 */
#pragma once

#include <sys/types.h>

struct watch {
  double cpu_ms; /* user and system time */
  long rss_kb;
  long threads, files;
};

/* 0; or -1 where there is no such process (any more). `files` is -1 where they may not be counted. */
int watch_process(pid_t process, struct watch *watch);
