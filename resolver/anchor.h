/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The trust anchor file. libunbound says nothing about a missing one until the first lookup, and takes an
 * empty one for "validate nothing", so it is read here first. Below resolver/ only.
 */
#pragma once

#include <stddef.h>

/* 0 where the file is readable and holds a DS or DNSKEY record of the root; else -1 with "FILE: ..." in error. */
int anchor_check(const char *path, char *error, size_t error_size);
/* The same for its text. Returns the number of such records. */
unsigned anchor_count(const char *text);
