/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The chain of an audit log: where a file leaves off.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CHAIN_DIGEST_SIZE = 65,   /* SHA-256 in hexadecimal, and NUL */
  CHAIN_LINE_MAX = 64 << 20 /* more than any line of ours; what is longer is no line of an audit log */
};

struct chain {
  bool any;                     /* there is a last line */
  bool open;                    /* which lacks its newline */
  uint64_t seq;                 /* of the last whole line; 0 for none */
  char last[CHAIN_DIGEST_SIZE]; /* digest of the last line, whole or not */
};

/* The digest of a line without its newline. */
void chain_digest(char out[CHAIN_DIGEST_SIZE], const void *line, size_t length);
/* The seq of a line as audit_log_write() makes them, or 0 for any other bytes, a torn line among them. */
uint64_t chain_seq(const char *line, size_t length);
/* Reads the end of an open file. 0, or -1 with errno. */
int chain_read(struct chain *chain, int file);
