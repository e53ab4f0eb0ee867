/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Signs messages for the tests: DKIM done once more, on whole buffers with OpenSSL alone, so that the verifier is
 * measured against something other than itself. It signs whatever it is told to, nonsense too.
 */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "base/text.h"

struct signing {
  const char *tags;   /* the front of the field's value, up to h=: " v=1; a=...; c=...; d=...; s=...; ". c= and
                         l= in it are followed */
  const char *fields; /* the value of h= */
  const char *hash;   /* the tag name with its sign, "bh=" where NULL */
  const char *value;  /* the same for "b=" */
};

/* Adds a DKIM-Signature field without its final CRLF. header: fields that end in CRLF. */
void signer_sign(struct text *out, const struct signing *signing, EVP_PKEY *key, const char *header, const char *body);
/* p= of a key record in base64. bare: RSAPublicKey instead of SubjectPublicKeyInfo. */
void signer_public_key(struct text *out, EVP_PKEY *key, bool bare);
