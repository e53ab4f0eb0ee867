/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket that libmilter listens on, of which it tells nobody the descriptor.
 */
#pragma once

#include <sys/socket.h>

/* Makes every TCP connection that will be accepted send at once: without, a message waits 40 ms at its end. How many
 * listening TCP sockets were found and changed; call it once, when the socket is open. */
unsigned listener_send_at_once(void);
/* The address of the first socket that listens, Unix or TCP; as getsockname() has it. 0, or -1 where there is none. */
int listener_address(struct sockaddr_storage *address, socklen_t *length);
