/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The milter protocol: libmilter's callbacks, turned into calls of session/, and its outcomes into libmilter's actions.
 * The one file that calls smfi_*.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct guard;
struct service;

/* Tells libmilter who we are and opens the listening socket ("unix:PATH", "inet:PORT@HOST", ...). A stale Unix socket is
 * removed. service is borrowed until the end. 0, or -1 with a message. */
int milter_open(struct service *service, const char *listen, char *error, size_t error_size);
/* Notes messages with this guard (NULL: with none), which is borrowed until the end. Before milter_run(). */
void milter_guard(struct guard *guard);
/* Serves in this thread until milter_stop(). 0, or -1 where libmilter failed. */
int milter_run(void);
/* From another thread: new messages are deferred from now on (451 4.3.2), those in hand go on. */
void milter_drain(void);
/* Messages between MAIL and their end. */
unsigned milter_in_hand(void);
/* From another thread: ends milter_run(), and returns when it has ended. */
void milter_stop(void);
const char *milter_version(void);
