/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What libunbound hands over, on its way to an answer of the resolver: the real source of resolver/unbound.c, with the
 * library's two calls replaced by a result made from the input, which need not make sense. The input: a line with the
 * name that is asked for, eight octets (what the result says), the canonical name on a line, and records, each an
 * octet for its length and its bytes.
 */
#include <stdlib.h>
#include <string.h>

#include <unbound.h>

#include "base/memory.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "resolver/answer.h"
#include "resolver/name.h"
#include "resolver/rdata.h"
#include "resolver/source.h"
#include "resolver/unbound.h"

enum { RECORDS_MAX = 50, SAYS = 8, NO_RESULT = 1, SECURE = 2, BOGUS = 4, HAVE_DATA = 8, CANONICAL = 16, OWN_NAME = 32 };

static struct input said;
static struct arena *arena; /* NULL while the library works for itself */
static unsigned answered;

static struct ub_result *make_result(struct input input, const char *name)
{
  struct ub_result *result = arena_alloc(arena, sizeof *result);
  const uint8_t *says = (const uint8_t *)input.at;
  size_t count = 0;
  result->qname = arena_string(arena, name);
  result->secure = (says[0] & SECURE) != 0;
  result->bogus = (says[0] & BOGUS) != 0;
  result->havedata = (says[0] & HAVE_DATA) != 0;
  result->why_bogus = result->bogus ? arena_string(arena, "because") : NULL;
  result->rcode = says[1];
  result->ttl = (int)((unsigned)says[2] << 24 | (unsigned)says[3] << 16 | (unsigned)says[4] << 8 | says[5]);
  input.at += SAYS;
  char *canonical = input_string(&input, arena);
  result->canonname = says[0] & CANONICAL ? canonical : says[0] & OWN_NAME ? result->qname : NULL;
  result->data = arena_alloc(arena, (RECORDS_MAX + 1) * sizeof *result->data);
  result->len = arena_alloc(arena, (RECORDS_MAX + 1) * sizeof *result->len);
  while (input_length(&input) > 0 && count < RECORDS_MAX) {
    size_t length = (uint8_t)*input.at++;
    length = length < input_length(&input) ? length : input_length(&input);
    result->data[count] = arena_copy(arena, input.at, length);
    result->len[count++] = (int)length;
    input.at += length;
  }
  return result;
}

int __wrap_ub_resolve_async(struct ub_ctx *ctx, const char *name, int type, int class, void *data,
                            ub_callback_type callback, int *id);
void __wrap_ub_resolve_free(struct ub_result *result);
void __real_ub_resolve_free(struct ub_result *result);

int __wrap_ub_resolve_async(struct ub_ctx *ctx, const char *name, int type, int class, void *data,
                            ub_callback_type callback, int *id)
{
  (void)ctx, (void)type, (void)class, (void)id;
  fuzz_require(strlen(name) < NAME_ESCAPED_SIZE && fuzz_is_printable(name));
  bool none = input_length(&said) < SAYS || *said.at & NO_RESULT;
  int error = input_length(&said) < SAYS ? UB_NOMEM : (int8_t)said.at[6];
  callback(data, error, none ? NULL : make_result(said, name));
  return 0;
}

void __wrap_ub_resolve_free(struct ub_result *result)
{
  if (!arena)
    __real_ub_resolve_free(result);
}

static void take(void *ticket, struct dns_answer_owned *owned)
{
  const struct dns_answer *answer = &owned->answer;
  char name[DOMAIN_SIZE];
  struct rdata_mx mx;
  (void)ticket;
  answered++;
  fuzz_require((answer->status == DNS_FOUND) == (answer->count > 0));
  fuzz_require(!answer->canonical || fuzz_is_domain(answer->canonical));
  fuzz_require(fuzz_is_printable(answer->why));
  fuzz_require(dns_status_name(answer->status) && dnssec_name(answer->dnssec));
  for (size_t i = 0; i < answer->count; i++) {
    rdata_read_name(name, &answer->records[i]);
    rdata_read_mx(&mx, &answer->records[i]);
  }
  answer_release(owned);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static struct dns_source *source;
  char folded[DOMAIN_SIZE], error[200];
  struct input input = input_of(bytes, size);
  if (!source)
    source = unbound_open((const char *const[]){"127.0.0.1"}, 1, "/usr/share/dns/root.key", error, sizeof error);
  fuzz_require(source);
  arena = arena_new();
  const char *name = input_string(&input, arena);
  if (name_fold(folded, name) >= 0) {
    unsigned before = answered;
    said = input;
    source->ask(source, folded, DNS_MX, take, NULL);
    fuzz_require(answered == before + 1);
  }
  arena_free(arena);
  arena = NULL;
  return 0;
}
