/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Signals: SIGTERM and SIGINT finish the messages in hand and stop, SIGUSR1 reloads.
 */
#pragma once

/* Blocks the signals in this thread and all that it will make. Before any thread. */
void signals_block(void);
/* Waits up to `seconds` for SIGTERM, SIGINT, SIGHUP or SIGUSR1 and returns it; 0 where none came. In one thread only. */
int signals_wait(unsigned seconds);
