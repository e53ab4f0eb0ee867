/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The public key of a signature: a TXT record at SELECTOR._domainkey.DOMAIN (RFC 6376 3.6, 6.1.2).
 */
#pragma once

#include "checks/signature.h"

struct arena;
struct dns_answer;

enum {
  KEY_MAX_LENGTH = 1024, /* of a record, as the library has it; RSA with 4,096 bits takes 750 */
  KEY_MIN_BITS = 1024    /* RFC 8301 3.2 */
};

struct key {
  enum auth_result refused; /* AUTH_NONE: usable; else the result, and why */
  const char *why;
  bool testing;       /* t=y */
  const char *value;  /* p= in base64: for RSA a SubjectPublicKeyInfo, for Ed25519 the 32 octets */
};

/* "selector._domainkey.domain" */
const char *key_name(struct arena *arena, const struct signature *signature);
/* Reads the answer to that name's TXT, for this signature (the key may allow other algorithms or other uses).
 * The strings lie in the arena or in the answer. */
void key_read(struct arena *arena, struct key *key, const struct dns_answer *answer,
              const struct signature *signature);
