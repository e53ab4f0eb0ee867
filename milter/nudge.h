/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Makes libmilter look again for sessions that wait for a thread.
 */
#pragma once

/* Starts a thread that does so, once the socket is open. 0, or -1 where it cannot be done. */
int nudge_start(void);
/* Ends it; does nothing where it was not started. */
void nudge_stop(void);
/* Around what may wait for long, from any thread. */
void nudge_wait_begins(void);
void nudge_wait_ends(void);
