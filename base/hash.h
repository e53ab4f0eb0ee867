/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A keyed hash for tables that strangers fill: without the key nobody can choose what falls into one list.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A key of this process, from the kernel; where that has none, from the clock and the address of `key`. */
void hash_make_key(uint64_t key[2]);
/* Of the bytes and one number more, the type of a question, say. */
uint64_t hash_bytes(const uint64_t key[2], uint64_t number, const void *bytes, size_t length);
