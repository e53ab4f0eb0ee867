/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DKIM through libopendkim: DKIM-Signature fields, key records and the message below them. The input: the DNS
 * (oracle.h), an empty line, and a message with LF as line end.
 *
 * The message is verified twice, with its body in one piece and octet by octet: both must find the same.
 */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/dkim.h"
#include "fuzz/fuzz.h"
#include "fuzz/oracle.h"

enum { NOW = 1700000000 };

/* Hands over the fields. Returns the body, with CRLF, in the arena. */
static struct input give_fields(struct signatures *signatures, struct arena *arena, struct input message)
{
  struct text body = {0};
  while (input_length(&message) > 0 && *message.at != '\n') {
    struct input value = input_until(&message, '\n');
    while (input_length(&message) > 0 && (*message.at == ' ' || *message.at == '\t'))
      value.end = input_until(&message, '\n').end;
    struct input name = input_until(&value, ':');
    signatures_field(signatures, arena_copy(arena, name.at, input_length(&name)),
                     arena_copy(arena, value.at, input_length(&value)), input_length(&value));
  }
  input_until(&message, '\n');
  while (input_length(&message) > 0) {
    struct input line = input_until(&message, '\n');
    text_add_bytes(&body, line.at, input_length(&line));
    text_add(&body, "\r\n");
  }
  struct input given = {arena_copy(arena, body.bytes ? body.bytes : "", body.length), NULL};
  given.end = given.at + body.length;
  text_free(&body);
  return given;
}

static struct signature_facts verify(struct oracle *oracle, struct input message, size_t piece)
{
  struct signatures *signatures = signatures_new(oracle->arena, oracle->lookups, NOW);
  struct input body = give_fields(signatures, oracle->arena, message);
  signatures_end_fields(signatures);
  for (size_t left; (left = input_length(&body)) > 0; body.at += left < piece ? left : piece)
    if (signatures_want_body(signatures))
      signatures_body(signatures, body.at, left < piece ? left : piece);
  struct signature_facts facts = signatures_finish(signatures);
  signatures_free(signatures);
  return facts;
}

static void require_fact(const struct signature_fact *fact)
{
  fuzz_require(fact->result != AUTH_SOFTFAIL);
  fuzz_require(fuzz_is_domain(fact->domain) && fuzz_is_printable(fact->selector));
  fuzz_require(fuzz_is_printable(fact->algorithm) && fuzz_is_printable(fact->why));
  fuzz_require(strlen(fact->signature) <= 8 && fuzz_is_printable(fact->signature));
  if (fact->result == AUTH_PASS) {
    fuzz_require(*fact->domain && *fact->selector && fact->dnssec != DNSSEC_BOGUS);
    fuzz_require(fact->bits >= 1024 || fact->bits == 256); /* RFC 8301 3.2, RFC 8463 3 */
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static bool set_up;
  struct input input = input_of(bytes, size);
  struct oracle oracle;
  if (!set_up)
    fuzz_require(signatures_set_up() == 0);
  set_up = true;
  oracle_open(&oracle, &input);
  struct signature_facts whole = verify(&oracle, input, SIZE_MAX), split = verify(&oracle, input, 1);
  fuzz_require(whole.count <= SIGNATURES_MAX && whole.count == split.count);
  fuzz_require(whole.not_evaluated == split.not_evaluated);
  for (size_t i = 0; i < whole.count; i++) {
    require_fact(&whole.signatures[i]);
    fuzz_require(whole.signatures[i].result == split.signatures[i].result);
  }
  oracle_close(&oracle);
  return 0;
}
