/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the chain is made of: the few facts of a line that link it with the one before and say where and when it was
 * written. Read from the fixed beginning and end that audit_log_write() gives every line, so that the rest may be
 * anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/chain.h"

enum { MARK_TIME_SIZE = 25, MARK_HOST_SIZE = 256, MARK_KEY_SIZE = 17 };

enum mark_event { MARK_OTHER, MARK_START, MARK_STOP, MARK_RELOAD };

struct mark {
  bool whole;    /* a line as the daemon makes them; else only digest and fragment mean something */
  bool fragment; /* the beginning of such a line, as a crash leaves it */
  bool root;     /* "prev":null, the first line of a chain */
  uint64_t seq;
  char time[MARK_TIME_SIZE]; /* "2026-11-23T10:11:12.123Z", or "" */
  enum mark_event event;
  char host[MARK_HOST_SIZE]; /* printable ASCII; "" for null */
  bool configured;           /* a start or a reload that took a configuration */
  char key[MARK_KEY_SIZE];   /* of its pseudonyms; "" for none */
  char prev[CHAIN_DIGEST_SIZE], digest[CHAIN_DIGEST_SIZE];
};

void mark_read(struct mark *mark, const char *line, size_t length);
