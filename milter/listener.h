/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket that libmilter listens on, of which it tells nobody the descriptor.
 */
#pragma once

/* Makes every TCP connection that will be accepted send at once: without, a message waits 40 ms at its end. How many
 * listening TCP sockets were found and changed; call it once, when the socket is open. */
unsigned listener_send_at_once(void);
