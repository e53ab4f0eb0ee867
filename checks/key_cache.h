/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Decoded public keys, kept by their bytes, because OpenSSL 3 needs far longer to decode an RSA key than to verify with it.
 *
 * libopendkim decodes the key anew for each signature, and has no way to be given one that is decoded. So key_cache.c defines
 * the one function of OpenSSL by which it does, d2i_PUBKEY_bio(): the dynamic linker prefers the program's definition to that of
 * a library. Ours gives out another reference to a key that it has seen before, and else lets OpenSSL decode as ever.
 *
 * Where the linker does not bind libopendkim to it (a static libopendkim, a program that does not export it), or while the cache
 * is closed, all is as without it, and slower. Any thread may decode; a key is shared by threads, which is what OpenSSL's
 * references and locks are for, as nobody changes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
  KEY_CACHE_KEYS = 1000,  /* the one used longest ago goes first */
  KEY_CACHE_LENGTH = 1024 /* bytes of a key that is kept, of DER; RSA with 4,096 bits has 550 */
};

struct key_cache_figures {
  unsigned long calls; /* by libopendkim or others */
  unsigned long found; /* without decoding */
  size_t keys;         /* kept now */
};

/* Before and after threads that decode. Both may be called again. */
void key_cache_open(void);
void key_cache_close(void);
/* Since the cache was opened. */
struct key_cache_figures key_cache_figures(void);

/* Verifies a message of our own with libopendkim, with a key that is new, with the same one again, and with a change to the message:
 * does it get right answers, with the cache as without? */
bool key_trial(void);
