/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which system calls this process can make: seccomp.
 */
#pragma once

#include <stddef.h>

#include "milter/isolation.h"

/* From now on all threads can make the calls that serving mail needs (syscalls.c lists them), and no other. What no
 * library makes by itself, such as running a program, ends the process at once; any other call fails with ENOSYS or
 * EPERM. The process has given up new privileges already. */
enum fence syscalls_confine(char *error, size_t error_size);
/* The same filter as text for people, of an architecture that libseccomp knows ("x86_64", "aarch64"), which need not
 * be ours. 0, or -1 with a message. */
int syscalls_print(int file, const char *architecture, char *error, size_t error_size);
