/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Decoded public keys. See key_cache.h.
 *
 * One lock, held for a search only: never while a key is decoded or verified with. Two threads that miss the same key both decode
 * it, and the second one finds it there. Keys that cannot be decoded are not kept: a stranger could fill the cache with them,
 * and what OpenSSL says about each (its queue of errors) is then always its own.
 */
#include "checks/key_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/hash.h"
#include "base/memory.h"

enum { LISTS = 2048 };

struct kept {
  struct kept *next;          /* in its list */
  struct kept *newer, *older; /* by use */
  uint64_t hash;
  EVP_PKEY *key;
  size_t length;
  unsigned char der[];
};

static struct {
  pthread_mutex_t mutex;
  struct kept **lists; /* NULL: closed */
  struct kept *newest, *oldest;
  struct key_cache_figures figures;
  uint64_t secret[2];
} cache = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static struct kept **list_of(uint64_t hash)
{
  return &cache.lists[hash % LISTS];
}

static struct kept *find(uint64_t hash, const unsigned char *der, size_t length)
{
  struct kept *kept = *list_of(hash);
  while (kept && (kept->hash != hash || kept->length != length || memcmp(kept->der, der, length) != 0))
    kept = kept->next;
  return kept;
}

static void unlink_use(struct kept *kept)
{
  *(kept->newer ? &kept->newer->older : &cache.newest) = kept->older;
  *(kept->older ? &kept->older->newer : &cache.oldest) = kept->newer;
}

static void link_use(struct kept *kept)
{
  kept->newer = NULL;
  kept->older = cache.newest;
  *(cache.newest ? &cache.newest->newer : &cache.oldest) = kept;
  cache.newest = kept;
}

static void forget(struct kept *kept)
{
  struct kept **at = list_of(kept->hash);
  while (*at != kept)
    at = &(*at)->next;
  *at = kept->next;
  unlink_use(kept);
  cache.figures.keys--;
  EVP_PKEY_free(kept->key); /* whoever verifies with it has a reference of his own */
  free(kept);
}

void key_cache_open(void)
{
  key_cache_close();
  pthread_mutex_lock(&cache.mutex);
  cache.lists = memory_new(LISTS * sizeof *cache.lists);
  cache.figures = (struct key_cache_figures){0};
  hash_make_key(cache.secret);
  pthread_mutex_unlock(&cache.mutex);
}

void key_cache_close(void)
{
  pthread_mutex_lock(&cache.mutex);
  while (cache.oldest)
    forget(cache.oldest);
  free(cache.lists);
  cache.lists = NULL;
  pthread_mutex_unlock(&cache.mutex);
}

struct key_cache_figures key_cache_figures(void)
{
  pthread_mutex_lock(&cache.mutex);
  struct key_cache_figures figures = cache.figures;
  pthread_mutex_unlock(&cache.mutex);
  return figures;
}

/* A reference to the key with these bytes, or NULL. */
static EVP_PKEY *take(const unsigned char *der, size_t length)
{
  EVP_PKEY *key = NULL;
  pthread_mutex_lock(&cache.mutex);
  cache.figures.calls++;
  struct kept *kept = cache.lists ? find(hash_bytes(cache.secret, 0, der, length), der, length) : NULL;
  if (kept && EVP_PKEY_up_ref(kept->key) == 1) {
    key = kept->key;
    unlink_use(kept);
    link_use(kept);
    cache.figures.found++;
  }
  pthread_mutex_unlock(&cache.mutex);
  return key;
}

/* Keeps a reference of its own. */
static void keep(EVP_PKEY *key, const unsigned char *der, size_t length)
{
  pthread_mutex_lock(&cache.mutex);
  uint64_t hash = hash_bytes(cache.secret, 0, der, length);
  if (cache.lists && !find(hash, der, length) && EVP_PKEY_up_ref(key) == 1) {
    struct kept *kept = memory_new(sizeof *kept + length);
    kept->hash = hash;
    kept->key = key;
    kept->length = length;
    memcpy(kept->der, der, length);
    kept->next = *list_of(hash);
    *list_of(hash) = kept;
    link_use(kept);
    if (++cache.figures.keys > KEY_CACHE_KEYS)
      forget(cache.oldest);
  }
  pthread_mutex_unlock(&cache.mutex);
}

/* What OpenSSL's own d2i_PUBKEY_bio() does. */
static EVP_PKEY *decode(BIO *bio, EVP_PKEY **into)
{
  return ASN1_d2i_bio_of(EVP_PKEY, EVP_PKEY_new, d2i_PUBKEY, bio, into);
}

/* In place of OpenSSL's. Only bytes in memory that are all of the key and nothing else are looked up. */
EVP_PKEY *d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **into)
{
  unsigned char der[KEY_CACHE_LENGTH];
  char *bytes = NULL;
  long length = bio && !into && BIO_method_type(bio) == BIO_TYPE_MEM ? BIO_get_mem_data(bio, &bytes) : 0;
  if (length <= 0 || (size_t)length > sizeof der || BIO_pending(bio) != length)
    return decode(bio, into);
  memcpy(der, bytes, (size_t)length); /* decoding consumes them */
  EVP_PKEY *key = take(der, (size_t)length);
  if (key) {
    BIO_read(bio, der, (int)length); /* as decoding would have done */
    return key;
  }
  key = decode(bio, into);
  if (key && BIO_pending(bio) == 0)
    keep(key, der, (size_t)length);
  return key;
}
