/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Makes and sends the aggregate reports of some days: each once, and none forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/document.h"

struct ledger;
struct resolver;
struct tally;

struct dispatch {
  struct resolver *resolver;
  struct reporter reporter;
  const char *sendmail; /* path of the command */
  struct ledger *ledger; /* NULL in a dry run */
  const char *folder;    /* dry run: the reports and mails are written here instead, as .xml and .eml; else NULL */
  int64_t now;
  void (*tell)(void *context, bool trouble, const char *text); /* a line for people, printable */
  void *context;
};

struct dispatched {
  size_t sent;    /* or written, in a dry run */
  size_t unasked; /* nobody asks for them, or may have them */
  size_t earlier; /* dealt with in an earlier run */
  size_t waiting; /* a lookup or the MTA failed: the next run tries again */
};

enum { DISPATCH_DAYS = 7 };
/* Wants the days that are over, not done, and not before the ledger's first one, the last DISPATCH_DAYS at most; where
 * there is no ledger, or an empty one, yesterday. */
void dispatch_want(struct tally *tally, const struct ledger *ledger, int64_t now);
/* -1 where a state or a report cannot be written: then nothing more was sent. */
int dispatch_run(const struct dispatch *dispatch, const struct tally *tally, struct dispatched *dispatched);
