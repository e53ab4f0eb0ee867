/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What becomes of libunbound's results: the source of unbound.c, with the library's two calls replaced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unbound.h>

#include "resolver/answer.h"
#include "resolver/source.h"
#include "resolver/unbound.h"

static struct ub_result *made; /* the next result; NULL: the library works for itself */

int __wrap_ub_resolve_async(struct ub_ctx *ctx, const char *name, int type, int class, void *data,
                            ub_callback_type callback, int *id);
void __wrap_ub_resolve_free(struct ub_result *result);
void __real_ub_resolve_free(struct ub_result *result);

int __wrap_ub_resolve_async(struct ub_ctx *ctx, const char *name, int type, int class, void *data,
                            ub_callback_type callback, int *id)
{
  (void)ctx, (void)name, (void)type, (void)class, (void)id;
  callback(data, 0, made);
  return 0;
}

void __wrap_ub_resolve_free(struct ub_result *result)
{
  if (!made)
    __real_ub_resolve_free(result);
}

static void take(void *ticket, struct dns_answer_owned *answer)
{
  *(struct dns_answer_owned **)ticket = answer;
}

/* RFC 2317: a piece of in-addr.arpa leads elsewhere by an alias with a slash in it. */
static void aliases_need_not_be_host_names(void **state)
{
  (void)state;
  static struct {
    unsigned type;
    char canonical[32];
    enum dns_status status;
    const char *alias;
  } rows[] = {
      {DNS_PTR, "5.0/25.2.0.192.in-addr.arpa", DNS_FOUND, NULL},
      {DNS_TXT, "s1.a+b.example", DNS_FOUND, NULL},
      {DNS_PTR, "Host.Example.", DNS_FOUND, "host.example"},
      /* Here it matters where the alias leads. */
      {DNS_A, "a+b.example", DNS_FAILURE, NULL},
      {DNS_AAAA, "a+b.example", DNS_FAILURE, NULL},
      {DNS_MX, "a+b.example", DNS_FAILURE, NULL},
      {DNS_A, "Host.Example.", DNS_FOUND, "host.example"},
  };
  char error[200] = "", name[] = "name.example", value[] = "\1x", *data[] = {value, NULL};
  int lengths[] = {2};
  struct dns_source *source =
      unbound_open((const char *const[]){"127.0.0.1"}, 1, "/usr/share/dns/root.key", error, sizeof error);
  if (!source)
    fail_msg("%s", error);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ub_result result = {.qname = name, .canonname = rows[i].canonical, .havedata = 1, .secure = 1,
                               .data = data, .len = lengths, .ttl = 60};
    struct dns_answer_owned *answer = NULL;
    made = &result;
    source->ask(source, name, rows[i].type, take, &answer);
    made = NULL;
    assert_int_equal(answer->answer.status, rows[i].status);
    assert_string_equal(answer->answer.canonical ? answer->answer.canonical : "", rows[i].alias ? rows[i].alias : "");
    answer_release(answer);
  }
  source->close(source);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(aliases_need_not_be_host_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
