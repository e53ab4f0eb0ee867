/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SipHash with one round for each word and three at the end (Aumasson and Bernstein). See hash.h.
 */
#include "base/hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

void hash_make_key(uint64_t key[2])
{
  enum { SIZE = 2 * sizeof(uint64_t) };
  if (getrandom(key, SIZE, 0) == SIZE)
    return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  key[0] = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
  key[1] = (uintptr_t)key;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
  return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4])
{
  v[0] += v[1];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[0] = rotate(v[0], 32);
  v[2] += v[3];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[2] = rotate(v[2], 32);
}

static void take(uint64_t v[4], uint64_t word)
{
  v[3] ^= word;
  mix(v);
  v[0] ^= word;
}

uint64_t hash_bytes(const uint64_t key[2], uint64_t number, const void *bytes, size_t length)
{
  const char *at = bytes;
  size_t left = length;
  uint64_t word, v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                         key[1] ^ 0x7465646279746573};
  take(v, number);
  for (; left >= 8; at += 8, left -= 8) {
    memcpy(&word, at, 8);
    take(v, word);
  }
  word = 0;
  if (left > 0)
    memcpy(&word, at, left);
  take(v, word | (uint64_t)length << 56);
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++)
    mix(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
