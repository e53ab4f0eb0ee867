/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finds libmilter's listening socket. See listener.h.
 *
 * At the end of a message a filter sends an inserted header field and then its answer, in two writes. Nagle's algorithm
 * holds the second one back until the MTA has acknowledged the first, and the MTA delays that for 40 ms (RFC 9293
 * 3.7.4 and 3.8.6.3). libmilter has no option for this and shows no descriptor, neither the listener's nor the
 * connection's. But on Linux an accepted socket inherits TCP_NODELAY, and the listener is easily known: it is the one
 * TCP socket of this process that listens.
 */
#include "milter/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* The kernel gives the lowest free number, and the socket is opened before there is much else. */
enum { DESCRIPTORS = 1024 };

static int option_of(int descriptor, int option)
{
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

unsigned listener_send_at_once(void)
{
  unsigned changed = 0;
  const int on = 1;
  for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) {
    if (option_of(descriptor, SO_ACCEPTCONN) != 1)
      continue;
    int domain = option_of(descriptor, SO_DOMAIN);
    if ((domain == AF_INET || domain == AF_INET6) &&
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
      changed++;
  }
  return changed;
}

int listener_address(struct sockaddr_storage *address, socklen_t *length)
{
  for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++)
    if (option_of(descriptor, SO_ACCEPTCONN) == 1)
      return getsockname(descriptor, (struct sockaddr *)address, length);
  return -1;
}
