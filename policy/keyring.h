/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of pseudonyms: a file with a line for each, "ID KEY", the one in force first. '#' begins a comment.
 *
 * What makes a new key a rotation: its name stands in each pseudonym, so that pseudonyms of two keys are never taken for
 * those of two people, and no key stands under two names. A former key may stay in the file as long as somebody who
 * knows an address has to be able to find its old pseudonyms; once it is gone, nobody can.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { KEYRING_KEYS_MAX = 16, KEYRING_ID_MAX = 16, KEYRING_KEY_MIN = 32, KEYRING_KEY_MAX = 128 };

struct keyring_key {
  char id[KEYRING_ID_MAX + 1]; /* small letters, digits, hyphens */
  uint8_t bytes[KEYRING_KEY_MAX]; /* as they stand in the file: printable ASCII */
  size_t length;
};

struct keyring {
  struct keyring_key keys[KEYRING_KEYS_MAX];
  size_t count; /* the first one is in force */
};

/* 0, or -1 with a printable message, which names no key, and an empty ring. Refuses a file that others than its owner
 * and group can read, or others than its owner can write. */
int keyring_read(struct keyring *ring, const char *path, char *error, size_t error_size);
void keyring_wipe(struct keyring *ring);
