/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keys that are kept: the same results as without, for good keys and bad, for one thread and many; and that libopendkim takes part.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RSA_verify(), which is what libopendkim verifies with */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "checks/dkim_bench.h"
#include "checks/key_cache.h"

enum { ROOM = 2 * KEY_CACHE_LENGTH };

struct der {
  unsigned char bytes[ROOM];
  size_t length;
};

static struct der der_of(EVP_PKEY *key)
{
  struct der der = {0};
  unsigned char *at = der.bytes;
  assert_non_null(key);
  assert_in_range(i2d_PUBKEY(key, NULL), 1, sizeof der.bytes);
  der.length = (size_t)i2d_PUBKEY(key, &at);
  return der;
}

/* The outcome of decoding once, and what it left behind. */
struct outcome {
  EVP_PKEY *key;
  int left;
  unsigned long error;
};

static struct outcome decode(const struct der *der)
{
  struct outcome outcome;
  BIO *bio = BIO_new_mem_buf(der->bytes, (int)der->length);
  ERR_clear_error();
  outcome.key = d2i_PUBKEY_bio(bio, NULL);
  outcome.left = (int)BIO_pending(bio);
  outcome.error = ERR_peek_last_error();
  BIO_free(bio);
  return outcome;
}

static void libopendkim_decodes_with_it(void **state)
{
  (void)state;
  const struct signing signing = {.tags = RSA_RR, .fields = "from"};
  struct text message = {0};
  bench_sign(&message, &signing, bench_rsa, HEADER, BODY);
  text_add(&message, HEADER);
  key_cache_open();
  for (unsigned i = 0; i < 6; i++) {
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    const char *body = i % 2 ? BODY "x" : BODY;
    struct signature_facts facts = bench_verify(&bench, message.bytes, body, WHOLE, false);
    assert_int_equal(facts.signatures[0].result, i % 2 ? AUTH_FAIL : AUTH_PASS);
    assert_int_equal(facts.signatures[0].bits, 1024);
    bench_close(&bench);
    struct key_cache_figures figures = key_cache_figures();
    if (i == 3) {
      assert_int_equal(figures.calls, 4);
      assert_int_equal(figures.found, 3);
      assert_int_equal(figures.keys, 1);
      key_cache_close(); /* from now on without */
    }
  }
  assert_int_equal(key_cache_figures().calls, 6);
  assert_int_equal(key_cache_figures().found, 3);
  text_free(&message);
}

static void a_trial_tells(void **state)
{
  (void)state;
  assert_true(key_trial());
  key_cache_open();
  assert_true(key_trial());
  assert_int_equal(key_cache_figures().found, 3);
  key_cache_close();
}

static void keys_are_the_same_as_without(void **state)
{
  (void)state;
  EVP_PKEY *ec = EVP_EC_gen("P-256");
  const struct der rsa = der_of(bench_rsa), ed25519 = der_of(bench_ed25519), curve = der_of(ec);
  static const struct {
    const char *label;
    int which; /* 0 rsa, 1 ed25519, 2 a curve */
    int change;
    size_t at;
    unsigned char value;
    bool good;
  } rows[] = {
      {"RSA", 0, 0, 0, 0, true},
      {"Ed25519", 1, 0, 0, 0, true},
      {"a curve", 2, 0, 0, 0, true},
      {"more bytes than the key has", 0, 5, 0, 0, true},
      {"one byte less", 0, -1, 0, 0, false},
      {"an algorithm that nobody knows", 0, 0, 12, 0x7f, false},
      {"not a sequence", 0, 0, 0, 0x04, false},
      {"Ed25519, one byte less", 1, -1, 0, 0, false},
      {"no bytes at all", 0, -ROOM, 0, 0, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct der der = rows[i].which == 0 ? rsa : rows[i].which == 1 ? ed25519 : curve;
    der.length = rows[i].change < -(int)der.length ? 0 : (size_t)((int)der.length + rows[i].change);
    if (rows[i].value)
      der.bytes[rows[i].at] = rows[i].value;
    key_cache_close();
    const struct outcome expected = decode(&der);
    if (!expected.key == rows[i].good)
      fail_msg("%s: %s", rows[i].label, expected.key ? "decodes" : "does not decode");
    key_cache_open();
    for (int time = 0; time < 3; time++) {
      const struct outcome outcome = decode(&der);
      if (!outcome.key != !expected.key || outcome.left != expected.left || outcome.error != expected.error)
        fail_msg("%s, time %d: %d bytes left, error %lx", rows[i].label, time, outcome.left, outcome.error);
      if (outcome.key)
        assert_int_equal(EVP_PKEY_eq(outcome.key, expected.key), 1);
      EVP_PKEY_free(outcome.key);
    }
    /* Kept are good keys with nothing behind them. */
    assert_int_equal(key_cache_figures().keys, rows[i].good && rows[i].change == 0 ? 1 : 0);
    EVP_PKEY_free(expected.key);
  }
  key_cache_close();
  EVP_PKEY_free(ec);
}

static void other_uses_are_left_alone(void **state)
{
  (void)state;
  const struct der der = der_of(bench_rsa);
  key_cache_open();
  for (int time = 0; time < 2; time++) {
    EVP_PKEY *into = NULL;
    BIO *bio = BIO_new_mem_buf(der.bytes, (int)der.length);
    EVP_PKEY *key = d2i_PUBKEY_bio(bio, &into);
    assert_ptr_equal(key, into);
    assert_int_equal(EVP_PKEY_eq(key, bench_rsa), 1);
    EVP_PKEY_free(key);
    BIO_free(bio);
    /* The first byte is gone, so that it is another object, and a bad one. */
    bio = BIO_new_mem_buf(der.bytes, (int)der.length);
    unsigned char first;
    assert_int_equal(BIO_read(bio, &first, 1), 1);
    assert_null(d2i_PUBKEY_bio(bio, NULL));
    BIO_free(bio);
  }
  assert_null(d2i_PUBKEY_bio(NULL, NULL));
  assert_int_equal(key_cache_figures().keys, 0);
  key_cache_close();
}

/* RSA keys are told apart by any bit of the modulus, and nobody looks whether it is a product of primes. */
static struct der numbered(const struct der *rsa, unsigned number)
{
  struct der der = *rsa;
  for (int i = 0; i < 4; i++)
    der.bytes[60 + i] = (unsigned char)(number >> 8 * i);
  return der;
}

static bool is_found(const struct der *der)
{
  unsigned long before = key_cache_figures().found;
  struct outcome outcome = decode(der);
  assert_non_null(outcome.key);
  EVP_PKEY_free(outcome.key);
  return key_cache_figures().found > before;
}

static void the_least_used_goes_first(void **state)
{
  (void)state;
  const struct der rsa = der_of(bench_rsa);
  const struct der first = numbered(&rsa, 0), second = numbered(&rsa, 1), last = numbered(&rsa, KEY_CACHE_KEYS);
  key_cache_open();
  for (unsigned i = 0; i < KEY_CACHE_KEYS; i++) {
    struct der der = numbered(&rsa, i);
    assert_false(is_found(&der));
  }
  assert_int_equal(key_cache_figures().keys, KEY_CACHE_KEYS);
  assert_true(is_found(&first));
  assert_false(is_found(&last)); /* in place of the second, which is now the one used longest ago */
  assert_int_equal(key_cache_figures().keys, KEY_CACHE_KEYS);
  assert_true(is_found(&first));
  assert_true(is_found(&last));
  assert_false(is_found(&second));
  key_cache_close();
  assert_int_equal(key_cache_figures().keys, 0);
}

static struct {
  struct der keys[8], rsa;
  unsigned char signature[256];
  size_t length;
} shared;

struct worker {
  pthread_t thread;
  unsigned number;
  const char *trouble;
};

/* Verifies with the true key and others, while still others push them out. */
static void *verify_on(void *argument)
{
  struct worker *worker = argument;
  unsigned number = worker->number;
  for (unsigned i = 0; i < 3000; i++) {
    unsigned which = (i * 7 + number) % 8;
    struct der passing = numbered(&shared.rsa, 1000 + number * 3000 + i);
    struct outcome outcome = decode(&shared.keys[which]), other = decode(&passing);
    worker->trouble = outcome.key && other.key ? worker->trouble : "not decoded";
    RSA *rsa = EVP_PKEY_get1_RSA(outcome.key);
    unsigned char hash[32] = {1, 2, 3};
    bool good = RSA_verify(NID_sha256, hash, sizeof hash, shared.signature, (unsigned)shared.length, rsa) == 1;
    RSA_free(rsa);
    EVP_PKEY_free(outcome.key);
    EVP_PKEY_free(other.key);
    if (good != (which == 0))
      worker->trouble = "a wrong answer";
  }
  return NULL;
}

static void threads_share_keys(void **state)
{
  (void)state;
  enum { THREADS = 4 };
  unsigned char hash[32] = {1, 2, 3};
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(bench_rsa, NULL);
  shared.rsa = der_of(bench_rsa);
  shared.length = sizeof shared.signature;
  assert_int_equal(EVP_PKEY_sign_init(context), 1);
  EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
  assert_int_equal(EVP_PKEY_sign(context, shared.signature, &shared.length, hash, sizeof hash), 1);
  EVP_PKEY_CTX_free(context);
  for (unsigned i = 0; i < 8; i++)
    shared.keys[i] = i == 0 ? shared.rsa : numbered(&shared.rsa, i);
  key_cache_open();
  struct worker workers[THREADS] = {0};
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i].number = i;
    assert_int_equal(pthread_create(&workers[i].thread, NULL, verify_on, &workers[i]), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    if (workers[i].trouble)
      fail_msg("thread %u: %s", i, workers[i].trouble);
  }
  assert_int_equal(key_cache_figures().keys, KEY_CACHE_KEYS);
  assert_true(key_cache_figures().found > THREADS * 2000);
  key_cache_close();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(libopendkim_decodes_with_it),
      cmocka_unit_test(a_trial_tells),
      cmocka_unit_test(keys_are_the_same_as_without),
      cmocka_unit_test(other_uses_are_left_alone),
      cmocka_unit_test(the_least_used_goes_first),
      cmocka_unit_test(threads_share_keys),
  };
  return cmocka_run_group_tests(tests, bench_make_keys, bench_free_keys);
}
