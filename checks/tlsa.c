/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which TLSA records can authenticate an SMTP server. See tlsa.h.
 *
 * It must agree with what a sending MTA makes of the record: a record that Sluis calls usable and the MTA does not
 * is mail that leaves unauthenticated with a "dane" on it. So certificates and keys are read by OpenSSL, which is what
 * Postfix and Sendmail read them with.
 */
#include "checks/tlsa.h"

#include <openssl/err.h>
#include <openssl/x509.h>

/* RFC 6698 7.2 to 7.4, RFC 7218 2: the registered numbers and their acronyms. */
enum { USAGE_DANE_TA = 2, USAGE_DANE_EE = 3 };
enum { SELECTOR_CERT = 0, SELECTOR_SPKI = 1 };
enum { MATCHING_FULL = 0, MATCHING_SHA2_256 = 1, MATCHING_SHA2_512 = 2 };

static bool is_certificate(const uint8_t *data, size_t length)
{
  const unsigned char *end = data;
  X509 *certificate = d2i_X509(NULL, &end, (long)length);
  /* A certificate whose key is of a kind that OpenSSL does not have can match nothing. */
  bool good = certificate && end == data + length && X509_get0_pubkey(certificate);
  X509_free(certificate);
  return good;
}

static bool is_public_key(const uint8_t *data, size_t length)
{
  const unsigned char *end = data;
  EVP_PKEY *key = d2i_PUBKEY(NULL, &end, (long)length);
  bool good = key && end == data + length;
  EVP_PKEY_free(key);
  return good;
}

bool tlsa_is_usable(const struct rdata_tlsa *tlsa)
{
  /* RFC 7672 3.1.3: SMTP has no use for PKIX-TA(0) and PKIX-EE(1); OpenSSL would take them. */
  if (tlsa->usage != USAGE_DANE_TA && tlsa->usage != USAGE_DANE_EE)
    return false;
  if (tlsa->selector != SELECTOR_CERT && tlsa->selector != SELECTOR_SPKI)
    return false;
  if (tlsa->matching_type == MATCHING_SHA2_256)
    return tlsa->length == 32;
  if (tlsa->matching_type == MATCHING_SHA2_512)
    return tlsa->length == 64;
  if (tlsa->matching_type != MATCHING_FULL || tlsa->length == 0)
    return false;
  ERR_set_mark(); /* what OpenSSL notes about a bad record must not be found by somebody else's error message */
  bool good = tlsa->selector == SELECTOR_CERT ? is_certificate(tlsa->data, tlsa->length)
                                              : is_public_key(tlsa->data, tlsa->length);
  ERR_pop_to_mark();
  return good;
}
