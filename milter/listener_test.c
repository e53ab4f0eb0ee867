/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The listener is found among other descriptors, and what it accepts sends at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "milter/listener.h"

static int no_delay(int descriptor)
{
  int value = -1;
  socklen_t length = sizeof value;
  assert_int_equal(getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
  return value;
}

static void test_accepted_socket_sends_at_once(void **state)
{
  (void)state;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int other = socket(AF_INET, SOCK_STREAM, 0);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listener_send_at_once(), 0);
  assert_int_equal(listen(listener, 1), 0);
  assert_int_equal(listener_send_at_once(), 1);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  assert_int_equal(connect(other, (struct sockaddr *)&address, sizeof address), 0);
  int accepted = accept(listener, NULL, NULL);
  assert_true(accepted >= 0);
  assert_int_equal(no_delay(accepted), 1);
  assert_int_equal(no_delay(other), 0);
  close(accepted);
  close(listener);
  close(other);
}

static void test_unix_listener_is_left_alone(void **state)
{
  (void)state;
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sa_family_t family = AF_UNIX; /* the kernel finds a name */
  assert_int_equal(bind(listener, (struct sockaddr *)&family, sizeof family), 0);
  assert_int_equal(listen(listener, 1), 0);
  assert_int_equal(listener_send_at_once(), 0);
  close(listener);
}

static void test_listener_has_an_address(void **state)
{
  (void)state;
  struct sockaddr_storage found;
  socklen_t length = sizeof found;
  assert_int_equal(listener_address(&found, &length), -1);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
  sa_family_t family = AF_UNIX;
  assert_int_equal(bind(listener, (struct sockaddr *)&family, sizeof family), 0);
  assert_int_equal(listen(listener, 1), 0);
  assert_int_equal(listener_address(&found, &length), 0);
  assert_int_equal(connect(other, (struct sockaddr *)&found, length), 0);
  close(other);
  close(listener);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accepted_socket_sends_at_once),
      cmocka_unit_test(test_unix_listener_is_left_alone),
      cmocka_unit_test(test_listener_has_an_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
