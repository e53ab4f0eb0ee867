/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The source on libunbound, in front of a small name server of this test's own on the loopback interface, which
 * signs nothing: so all that can come out here is failure, bogus data and silence, and what libunbound itself
 * knows.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "resolver/answer.h"
#include "resolver/context.h"
#include "resolver/resolver.h"
#include "resolver/source.h"
#include "resolver/unbound.h"

#define ANCHOR ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"

enum { REFUSE, SAY_NOTHING_IS_THERE, BE_SILENT };

static struct {
  int fd;
  pthread_t thread;
  atomic_int manner;
  atomic_uint queries;
  pthread_mutex_t mutex;
  uint8_t txt_name[256]; /* of the last question for TXT, with its length */
  size_t txt_length;
  char address[40], anchor[40];
} server = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Turns a query into its answer, without records. Returns the length. */
static size_t answer_query(uint8_t *packet, size_t length)
{
  size_t at = 12;
  while (at < length && packet[at] != 0)
    at += packet[at] + 1U;
  if (at + 5 > length)
    return 0;
  if (packet[at + 2] == DNS_TXT) {
    pthread_mutex_lock(&server.mutex);
    server.txt_length = at + 1 - 12;
    memcpy(server.txt_name, packet + 12, server.txt_length);
    pthread_mutex_unlock(&server.mutex);
  }
  packet[2] |= 0x80;                                                   /* QR */
  packet[3] = server.manner == REFUSE ? 0x85 : 0x80;                   /* RA, RCODE */
  memset(packet + 6, 0, 6);                                            /* no records, no OPT */
  return at + 5;
}

static void *serve(void *argument)
{
  uint8_t packet[4096];
  struct sockaddr_in peer;
  (void)argument;
  for (;;) {
    socklen_t size = sizeof peer;
    ssize_t length = recvfrom(server.fd, packet, sizeof packet, 0, (struct sockaddr *)(void *)&peer, &size);
    if (length <= 1)
      return NULL; /* one octet: the end of the test */
    server.queries++;
    if (server.manner == BE_SILENT)
      continue;
    size_t answer = answer_query(packet, (size_t)length);
    if (answer > 0)
      sendto(server.fd, packet, answer, 0, (struct sockaddr *)(void *)&peer, size);
  }
}

static int start_server(void **state)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  (void)state;
  server.fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(server.fd, (struct sockaddr *)(void *)&address, size) != 0 ||
      getsockname(server.fd, (struct sockaddr *)(void *)&address, &size) != 0)
    return -1;
  snprintf(server.address, sizeof server.address, "127.0.0.1@%u", ntohs(address.sin_port));
  snprintf(server.anchor, sizeof server.anchor, "/tmp/sluis-anchor-XXXXXX");
  int fd = mkstemp(server.anchor);
  if (fd < 0 || write(fd, ANCHOR, sizeof ANCHOR - 1) != sizeof ANCHOR - 1 || close(fd) != 0)
    return -1;
  return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  (void)state;
  unlink(server.anchor);
  getsockname(server.fd, (struct sockaddr *)(void *)&address, &size);
  sendto(server.fd, "", 1, 0, (struct sockaddr *)(void *)&address, size);
  pthread_join(server.thread, NULL);
  return close(server.fd);
}

static void servers_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"127.0.0.1", "127.0.0.1"},
      {"127.0.0.1@5300", "127.0.0.1@5300"},
      {"127.0.0.1@53", "127.0.0.1"},
      {"::1", "::1"},
      {"2001:DB8::1@5300", "2001:db8::1@5300"},
      {"[2001:db8::1]@5300", "2001:db8::1@5300"},
      {"[::1]", "::1"},
      {"", NULL},
      {"@53", NULL},
      {"127.0.0.1@", NULL},
      {"127.0.0.1@0", NULL},
      {"127.0.0.1@65536", NULL},
      {"127.0.0.1@+53", NULL},
      {"127.0.0.1:53", NULL},
      {"127.0.0.1@53@53", NULL},
      {"[127.0.0.1]", NULL},
      {"[::1", NULL},
      {"[::1]53", NULL},
      {"recursive", NULL},
      {"dns.example", NULL},
      {"1111111111111111111111111111111111111111111111111111111111111111111111111", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[CONTEXT_SERVER_SIZE];
    assert_int_equal(context_server(out, rows[i].in), rows[i].out ? 0 : -1);
    if (rows[i].out)
      assert_string_equal(out, rows[i].out);
  }
}

static void bad_configurations_are_refused(void **state)
{
  (void)state;
  static const struct {
    const char *server, *anchor, *error;
  } rows[] = {
      {"127.0.0.1", "/nonexistent", "/nonexistent: No such file or directory"},
      {"127.0.0.1", "/dev/null", "/dev/null: no DS or DNSKEY record of the root"},
      {"127.0.0.1@x", NULL, "\"127.0.0.1@x\" is no server: ADDRESS, ADDRESS@PORT or, alone, \"recursive\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char error[200] = "";
    assert_null(resolver_open(
        &(struct resolver_config){.servers = &rows[i].server,
                                  .server_count = 1,
                                  .trust_anchor = rows[i].anchor ? rows[i].anchor : server.anchor},
        error, sizeof error));
    assert_string_equal(error, rows[i].error);
  }
}

static struct resolver *open_resolver(unsigned timeout_ms)
{
  char error[200] = "";
  const char *servers[] = {server.address};
  struct resolver *resolver = resolver_open(&(struct resolver_config){.servers = servers,
                                                                      .server_count = 1,
                                                                      .trust_anchor = server.anchor,
                                                                      .timeout_ms = timeout_ms,
                                                                      .budget_ms = 600000},
                                            error, sizeof error);
  assert_string_equal(error, "");
  assert_non_null(resolver);
  return resolver;
}

static void unsigned_data_is_bogus(void **state)
{
  (void)state;
  server.manner = SAY_NOTHING_IS_THERE;
  struct resolver *resolver = open_resolver(60000);
  struct lookups *lookups = lookups_new(resolver, 10);
  assert_false(resolver_is_healthy(resolver));
  assert_string_equal(resolver_servers(resolver), server.address);
  const struct dns_answer *answer = lookups_get(lookups, "example.nl", DNS_MX);
  assert_int_equal(answer->status, DNS_BOGUS);
  assert_int_equal(answer->dnssec, DNSSEC_BOGUS);
  assert_int_equal(answer->count, 0);
  assert_true(answer->ttl <= 60);
  assert_non_null(answer->why);

  /* RFC 6761 6.3 and 6.4: what every resolver knows by itself. */
  answer = lookups_get(lookups, "localhost", DNS_A);
  assert_int_equal(answer->status, DNS_FOUND);
  assert_int_equal(answer->dnssec, DNSSEC_INSECURE);
  assert_int_equal(answer->count, 1);
  assert_memory_equal(answer->records[0].data, "\177\0\0\1", 4);
  assert_null(answer->canonical);
  assert_int_equal(lookups_get(lookups, "a.invalid", DNS_A)->status, DNS_NXDOMAIN);
  lookups_free(lookups);
  resolver_close(resolver);
}

static void odd_names_are_asked_as_they_are(void **state)
{
  (void)state;
  static const struct {
    const char *name, *wire; /* the final NUL of wire is the root label */
  } rows[] = {
      {"Plain.example.", "\5plain\7example"},     {"a\\.example", "\2a\\\7example"},
      {"a\\046b.example", "\6a\\046b\7example"},  {"a b\"c.example", "\5a b\"c\7example"},
      {"\x01\x7f\xff@;().example", "\7\x01\x7f\xff@;()\7example"}, {"x\r\n.example", "\3x\r\n\7example"},
  };
  server.manner = REFUSE;
  struct resolver *resolver = open_resolver(60000);
  struct lookups *lookups = lookups_new(resolver, 10);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct dns_answer *answer = lookups_get(lookups, rows[i].name, DNS_TXT);
    assert_int_equal(answer->status, DNS_FAILURE);
    assert_int_equal(answer->dnssec, DNSSEC_INDETERMINATE);
    pthread_mutex_lock(&server.mutex);
    assert_int_equal(server.txt_length, strlen(rows[i].wire) + 1);
    assert_memory_equal(server.txt_name, rows[i].wire, server.txt_length);
    pthread_mutex_unlock(&server.mutex);
  }
  lookups_free(lookups);
  resolver_close(resolver);
}

static void count_failure(void *ticket, struct dns_answer_owned *answer)
{
  unsigned *failures = ticket;
  if (answer->answer.status == DNS_FAILURE)
    ++*failures;
  answer_release(answer);
}

static void take_status(void *ticket, struct dns_answer_owned *answer)
{
  atomic_int *status = ticket;
  *status = (int)answer->answer.status;
  answer_release(answer);
}

/* The status, and how many queries it took. */
static int ask_and_wait(struct dns_source *source, unsigned turn, unsigned *queries)
{
  atomic_int status = -1;
  unsigned before = server.queries;
  source->ask_anew(source, "again.example", DNS_A, turn, take_status, &status);
  while (status < 0)
    poll(NULL, 0, 1);
  *queries = server.queries - before;
  return status;
}

static void a_second_memory_is_asked_anew(void **state)
{
  (void)state;
  char error[200] = "";
  const char *servers[] = {server.address};
  unsigned queries;
  server.manner = SAY_NOTHING_IS_THERE;
  struct dns_source *source = unbound_open(servers, 1, server.anchor, error, sizeof error);
  assert_string_equal(error, "");
  assert_int_equal(ask_and_wait(source, 0, &queries), DNS_BOGUS);
  assert_true(queries > 0);
  assert_int_equal(ask_and_wait(source, 0, &queries), DNS_BOGUS);
  assert_int_equal(queries, 0); /* the first one remembers */
  assert_int_equal(ask_and_wait(source, 1, &queries), DNS_BOGUS);
  assert_true(queries > 0);
  assert_int_equal(ask_and_wait(source, 1, &queries), DNS_BOGUS);
  assert_int_equal(queries, 0);
  source->close(source);
}

static void silence_ends_with_the_source(void **state)
{
  (void)state;
  unsigned failures = 0, before = server.queries;
  char error[200] = "", why[200] = "";
  const char *servers[] = {server.address};
  atomic_bool stop = false;
  server.manner = BE_SILENT;
  struct dns_source *source = unbound_open(servers, 1, server.anchor, error, sizeof error);
  assert_string_equal(error, "");
  assert_int_equal(source->test(source, 1, &stop, why, sizeof why), -1);
  assert_string_equal(strchr(why, ' '), " no answer about the root within 1 ms");
  source->ask(source, "one.example", DNS_A, count_failure, &failures);
  source->ask(source, "two.example", DNS_A, count_failure, &failures);
  while (server.queries == before)
    poll(NULL, 0, 1);
  source->ask_anew(source, "one.example", DNS_A, 1, count_failure, &failures); /* its memory may be open by then, or not */
  source->close(source);
  assert_int_equal(failures, 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(servers_are_read),
      cmocka_unit_test(bad_configurations_are_refused),
      cmocka_unit_test(unsigned_data_is_bogus),
      cmocka_unit_test(odd_names_are_asked_as_they_are),
      cmocka_unit_test(a_second_memory_is_asked_anew),
      cmocka_unit_test(silence_ends_with_the_source),
  };
  return cmocka_run_group_tests(tests, start_server, stop_server);
}
