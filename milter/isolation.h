/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Isolation: what this process gives up, for good, once it has opened what it needs.
 */
#pragma once

#include <stddef.h>

struct config;

/* How a fence came to stand. */
enum fence {
  FENCE_CLOSED,
  FENCE_ABSENT, /* the kernel has no such thing */
  FENCE_FAILED  /* it has, and refused */
};

/* Gives up privileges, capabilities, writing to files (writes.h) and most system calls (syscalls.h), as far as the
 * kernel knows how; what it does not know is reported. Before any thread is made: what a thread gives up, its
 * children give up, not its siblings. The audit log is open already. 0, or -1 with a message where the kernel
 * refused. */
int isolation_begin(const struct config *config, char *error, size_t error_size);
