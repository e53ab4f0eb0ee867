/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the tests of DKIM stand on. See dkim_bench.h.
 */
#include "checks/dkim_bench.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "base/memory.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

EVP_PKEY *bench_rsa, *bench_ed25519, *bench_short;

void bench_open(struct bench *bench)
{
  struct text record = {0};
  *bench = (struct bench){.source = fake_new(), .arena = arena_new()};
  static const struct {
    const char *name, *front;
    EVP_PKEY **key;
    bool bare;
  } rows[] = {
      {"rsa._domainkey.example.nl", "v=DKIM1; p=", &bench_rsa, false},
      {"bare._domainkey.example.nl", "v=DKIM1; k=rsa; p=", &bench_rsa, true},
      {"ed._domainkey.example.nl", "v=DKIM1; k=ed25519; p=", &bench_ed25519, false},
      {"short._domainkey.example.nl", "v=DKIM1; p=", &bench_short, false},
      {"test._domainkey.example.nl", "v=DKIM1; t=y; p=", &bench_rsa, false},
      {"strict._domainkey.example.nl", "v=DKIM1; t=s; p=", &bench_rsa, false},
      {"wrong._domainkey.example.nl", "v=DKIM1; k=rsa; p=", &bench_ed25519, false},
      {"xn--sl-bja._domainkey.xn--bcher-kva.example", "v=DKIM1; p=", &bench_rsa, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    text_clear(&record);
    text_add(&record, rows[i].front);
    signer_public_key(&record, *rows[i].key, rows[i].bare);
    fake_add_txt(bench->source, rows[i].name, record.bytes, record.length);
  }
  text_free(&record);
}

void bench_start(struct bench *bench)
{
  const struct resolver_config config = {.timeout_ms = 1000, .budget_ms = 1000, .cache_bytes = 1 << 20};
  bench->resolver = resolver_new(&config, bench->source);
  bench->lookups = lookups_new(bench->resolver, 100);
}

void bench_close(struct bench *bench)
{
  lookups_free(bench->lookups);
  resolver_close(bench->resolver);
  arena_free(bench->arena);
}

void bench_give_fields(struct signatures *signatures, const char *header, bool lf)
{
  for (const char *p = header; *p;) {
    const char *colon = strchr(p, ':'), *end = strstr(p, "\r\n");
    while (end[2] == ' ' || end[2] == '\t')
      end = strstr(end + 2, "\r\n");
    char *name = strndup(p, (size_t)(colon - p));
    struct text value = {0};
    for (const char *c = colon + 1; c < end; c++)
      if (!lf || *c != '\r')
        text_add_char(&value, *c);
    signatures_field(signatures, name, value.bytes ? value.bytes : "", value.length);
    text_free(&value);
    free(name);
    p = end + 2;
  }
}

struct signature_facts bench_verify(struct bench *bench, const char *header, const char *body, size_t piece, bool lf)
{
  struct signatures *signatures = signatures_new(bench->arena, bench->lookups, NOW);
  bench_give_fields(signatures, header, lf);
  signatures_end_fields(signatures);
  for (size_t at = 0, length = strlen(body); at < length; at += piece)
    signatures_body(signatures, body + at, length - at < piece ? length - at : piece);
  struct signature_facts facts = signatures_finish(signatures);
  signatures_free(signatures);
  return facts;
}

void bench_sign(struct text *out, const struct signing *signing, EVP_PKEY *key, const char *header, const char *body)
{
  signer_sign(out, signing, key, header, body);
  text_add(out, "\r\n");
}

int bench_make_keys(void **state)
{
  (void)state;
  bench_rsa = EVP_RSA_gen(1024);
  bench_short = EVP_RSA_gen(768);
  bench_ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  return bench_rsa && bench_short && bench_ed25519 ? signatures_set_up() : -1;
}

int bench_free_keys(void **state)
{
  (void)state;
  EVP_PKEY_free(bench_rsa);
  EVP_PKEY_free(bench_short);
  EVP_PKEY_free(bench_ed25519);
  signatures_shut_down();
  signatures_free(NULL);
  return 0;
}
