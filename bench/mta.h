/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The MTA's side of one milter connection: what Postfix 3.7 offers and sends, written out packet by packet.
 *
 * Packets gather in a buffer and leave where an answer is due, as Postfix' streams do. Blocking; used by one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mta {
  int fd;
  uint32_t steps; /* what the filter chose: SMFIP_* */
  unsigned char *out, *in;
  size_t out_used, out_size, in_size;
  char *added; /* header fields that the filter put into the message in hand: name NUL value NUL, one after another */
  size_t added_used, added_size;
  /* Counted over all messages of the connection. */
  unsigned long inserted, changed, quarantined;
};

enum { MTA_LOST = -1, MTA_NOT_ASKED = 0 };

/* To "unix:PATH" or "inet:PORT@ADDRESS", with the negotiation. 0; or -1 with the reason in `error`. */
int mta_open(struct mta *mta, const char *where, char *error, size_t error_size);
/* QUIT, where the connection is still there, and all memory given back. */
void mta_close(struct mta *mta);

/* Macros for the command that follows: names and values in turn, ended by NULL; a value that is NULL is left out. */
void mta_macros(struct mta *mta, int command, ...);

/* A command. The filter's last word on it (an SMFIR_ letter); MTA_NOT_ASKED where it takes the command without an answer
 * or not at all; MTA_LOST where the connection broke. */
int mta_command(struct mta *mta, char command, const void *data, size_t length);
