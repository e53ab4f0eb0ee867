/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Contexts of libunbound. See context.h.
 */
#include "resolver/context.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <unbound.h>

#include "base/ip.h"
#include "resolver/dns.h"
#include "resolver/table.h"

int context_server(char out[CONTEXT_SERVER_SIZE], const char *server)
{
  char address[CONTEXT_SERVER_SIZE];
  struct ip ip;
  bool brackets = server[0] == '[';
  server += brackets;
  size_t length = strcspn(server, brackets ? "]" : "@");
  if (length >= sizeof address)
    return -1;
  memcpy(address, server, length);
  address[length] = '\0';
  server += length;
  if (brackets && *server++ != ']')
    return -1;
  if (ip_parse(&ip, address) != 0 || (brackets && ip.family != AF_INET6))
    return -1;
  char text[IP_TEXT_SIZE];
  unsigned port = 53;
  if (*server) {
    const char *digits = server + 1;
    if (*server != '@' || !*digits || strlen(digits) > 5 || strspn(digits, "0123456789") != strlen(digits))
      return -1;
    port = (unsigned)strtoul(digits, NULL, 10);
  }
  if (port == 0 || port > 65535)
    return -1;
  snprintf(out, CONTEXT_SERVER_SIZE, port == 53 ? "%s" : "%s@%u", ip_format(&ip, text), port);
  return 0;
}

/* Connecting a UDP socket sends nothing; it fails where there is no route. The address is of the root
 * server k. */
static bool has_ipv6_route(void)
{
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
  inet_pton(AF_INET6, "2001:7fd::1", &address.sin6_addr);
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool has = fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0;
  if (fd >= 0)
    close(fd);
  return has;
}

/* How many questions may be on the wire. The library's 16 lets a few dead servers starve all else; each one
 * takes a file descriptor. */
static unsigned outgoing_range(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 256;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 2 > 4096)
    return 4096;
  return limit.rlim_cur < 128 ? 64 : (unsigned)(limit.rlim_cur / 2);
}

static int set_options(struct ub_ctx *ctx, enum context_kind kind, enum context_size size, char *error,
                       size_t error_size)
{
  char range[16];
  bool large = size == CONTEXT_LARGE;
  snprintf(range, sizeof range, "%u", large ? outgoing_range() : 64);
  const struct {
    const char *name, *value;
  } options[] = {
      {"outgoing-range:", range},
      {"num-queries-per-thread:", large ? "4096" : "1024"},
      {"outgoing-num-tcp:", large ? "64" : "8"},
      {"msg-cache-size:", large ? "16m" : "2m"},
      {"rrset-cache-size:", large ? "32m" : "4m"},
      {"key-cache-size:", large ? "8m" : "1m"},
      {"neg-cache-size:", large ? "2m" : "512k"},
      {"prefetch-key:", "yes"},
      /* With it, a signed wildcard takes time that grows with the square of the names that were asked under it, once the cache
       * of the library has room for them: any owner of a domain could have us busy with a few ten thousand senders. */
      {"aggressive-nsec:", "no"},
      /* We read no additional data. Validating it all, a hundred MX hosts' addresses, makes the answer wait for seconds. */
      {"val-clean-additional:", "no"},
      {"do-ip6:", "no"},
  };
  size_t count = sizeof options / sizeof *options;
  if (kind != CONTEXT_RECURSIVE || has_ipv6_route())
    count--; /* without the last one */
  for (size_t i = 0; i < count; i++) {
    int status = ub_ctx_set_option(ctx, options[i].name, options[i].value);
    if (status != 0) {
      snprintf(error, error_size, "libunbound refuses %s %s: %s", options[i].name, options[i].value,
               ub_strerror(status));
      return -1;
    }
  }
  return 0;
}

static int set_servers(struct ub_ctx *ctx, const struct context_plan *plan, enum context_kind kind, char *error,
                       size_t error_size)
{
  int status = 0;
  if (kind == CONTEXT_SYSTEM)
    status = ub_ctx_resolvconf(ctx, NULL);
  for (size_t i = 0; status == 0 && kind == CONTEXT_FORWARD && i < plan->count; i++)
    status = ub_ctx_set_fwd(ctx, plan->servers[i]);
  if (status != 0)
    snprintf(error, error_size, "libunbound refuses the servers: %s", ub_strerror(status));
  return status == 0 ? 0 : -1;
}

/* libunbound looks at its settings and anchors at the first question only. "localhost" is answered from within. */
static int finish(struct ub_ctx *ctx, const char *trust_anchor, char *error, size_t error_size)
{
  struct ub_result *result = NULL;
  int status = ub_resolve(ctx, "localhost", DNS_A, 1, &result);
  if (status != 0)
    snprintf(error, error_size, "libunbound cannot start with the trust anchor %s: %s", trust_anchor,
             ub_strerror(status));
  ub_resolve_free(result);
  return status == 0 ? 0 : -1;
}

struct ub_ctx *context_open(const struct context_plan *plan, enum context_kind kind, enum context_size size, char *error,
                            size_t error_size)
{
  struct ub_ctx *ctx = ub_ctx_create();
  if (!ctx) {
    snprintf(error, error_size, "libunbound cannot make a context");
    return NULL;
  }
  ub_ctx_debugout(ctx, NULL); /* the library writes to nobody's standard error */
  if (set_options(ctx, kind, size, error, error_size) != 0 || set_servers(ctx, plan, kind, error, error_size) != 0)
    goto fail;
  if (ub_ctx_async(ctx, 1) != 0) {
    snprintf(error, error_size, "libunbound cannot use threads");
    goto fail;
  }
  int status = ub_ctx_add_ta_file(ctx, plan->trust_anchor);
  if (status != 0) {
    snprintf(error, error_size, "%s: %s", plan->trust_anchor, ub_strerror(status));
    goto fail;
  }
  if (finish(ctx, plan->trust_anchor, error, error_size) != 0)
    goto fail;
  return ctx;
fail:
  ub_ctx_delete(ctx);
  return NULL;
}

struct test {
  bool done;
  int status; /* 0: secure */
  char *why;
  size_t why_size;
};

static void take_root(void *argument, int error, struct ub_result *result)
{
  struct test *test = argument;
  test->done = true;
  test->status = -1;
  if (error != 0)
    snprintf(test->why, test->why_size, "libunbound: %s", ub_strerror(error));
  else if (result->bogus)
    snprintf(test->why, test->why_size, "DNSSEC validation of the root fails: %s",
             result->why_bogus ? result->why_bogus : "no reason given");
  else if (result->rcode != 0 || !result->havedata)
    snprintf(test->why, test->why_size, "the root's SOA cannot be found (RCODE %d)", result->rcode);
  else if (!result->secure)
    snprintf(test->why, test->why_size, "the root's SOA is not secure");
  else
    test->status = 0;
  ub_resolve_free(result);
}

int context_test(const struct context_plan *plan, enum context_kind kind, unsigned timeout_ms,
                 const atomic_bool *stop, char *why, size_t why_size)
{
  enum { SLICE_MS = 100 };
  struct test test = {.status = -1, .why = why, .why_size = why_size};
  struct ub_ctx *ctx = context_open(plan, kind, CONTEXT_LARGE, why, why_size);
  if (!ctx)
    return -1;
  uint64_t deadline = table_clock() + timeout_ms, now;
  int status = ub_resolve_async(ctx, ".", DNS_SOA, 1, &test, take_root, NULL);
  while (status == 0 && !test.done && !*stop && (now = table_clock()) < deadline) {
    struct pollfd fd = {.fd = ub_fd(ctx), .events = POLLIN};
    if (poll(&fd, 1, deadline - now < SLICE_MS ? (int)(deadline - now) : SLICE_MS) > 0)
      status = ub_process(ctx);
  }
  ub_ctx_delete(ctx); /* and no callback any more */
  if (status != 0 && !test.done)
    snprintf(why, why_size, "libunbound: %s", ub_strerror(status));
  else if (!test.done)
    snprintf(why, why_size, "no answer about the root within %u ms", timeout_ms);
  return test.status;
}
