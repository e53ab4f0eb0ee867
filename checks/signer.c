/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Signs messages for the tests. See signer.h.
 */
#include "checks/signer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509.h>

static void encode(struct text *out, const unsigned char *bytes, size_t length)
{
  char *base64 = malloc((length + 2) / 3 * 4 + 1);
  EVP_EncodeBlock((unsigned char *)base64, bytes, (int)length);
  text_add(out, base64);
  free(base64);
}

/* Runs of white space become one space, those before "\r\n" vanish (RFC 6376 3.4.4 a, 3.4.2). */
static void squeeze(struct text *out, const char *text, size_t length)
{
  bool space = false;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == ' ' || text[i] == '\t') {
      space = true;
      continue;
    }
    if (space && text[i] != '\r')
      text_add_char(out, ' ');
    space = false;
    text_add_char(out, text[i]);
  }
}

static void canonical_body(struct text *out, const char *body, bool relaxed)
{
  if (relaxed)
    squeeze(out, body, strlen(body));
  else
    text_add(out, body);
  text_add(out, "");
  if (out->length > 0 && (out->length < 2 || strcmp(out->bytes + out->length - 2, "\r\n") != 0))
    text_add(out, "\r\n");
  while (out->length >= 4 && strcmp(out->bytes + out->length - 4, "\r\n\r\n") == 0)
    out->bytes[out->length -= 2] = '\0';
  if (strcmp(out->bytes, "\r\n") == 0)
    text_clear(out);
  if (out->length == 0 && !relaxed)
    text_add(out, "\r\n");
}

/* One field, "Name: value" with folds, without the final CRLF. */
static void canonical_field(struct text *out, const char *field, size_t length, bool relaxed)
{
  if (!relaxed) {
    text_add_bytes(out, field, length);
    return;
  }
  size_t colon = (size_t)((const char *)memchr(field, ':', length) - field), name = colon;
  while (name > 0 && field[name - 1] == ' ')
    name--;
  for (size_t i = 0; i < name; i++)
    text_add_char(out, (char)tolower((unsigned char)field[i]));
  text_add_char(out, ':');
  struct text unfolded = {0}, squeezed = {0};
  for (size_t i = colon + 1; i < length; i++)
    if (field[i] != '\r' && field[i] != '\n')
      text_add_char(&unfolded, field[i]);
  text_add(&unfolded, "\r\n");
  squeeze(&squeezed, unfolded.bytes, unfolded.length);
  const char *start = squeezed.bytes + (squeezed.bytes[0] == ' ');
  text_add_bytes(out, start, strlen(start) - 2);
  text_free(&unfolded);
  text_free(&squeezed);
}

/* The last instance of a field that was not yet taken (RFC 6376 5.4.2); its length, or 0. */
static size_t take_field(const char *header, const char *name, size_t name_length, const char **taken, size_t *count,
                         const char **found)
{
  size_t length = 0;
  for (const char *p = header; *p;) {
    const char *end = strstr(p, "\r\n");
    while (end[2] == ' ' || end[2] == '\t')
      end = strstr(end + 2, "\r\n");
    bool used = false;
    for (size_t i = 0; i < *count; i++)
      used = used || taken[i] == p;
    const char *after = p + name_length;
    if (!used && strncasecmp(p, name, name_length) == 0 && after[strspn(after, " ")] == ':') {
      *found = p;
      length = (size_t)(end - p);
    }
    p = end + 2;
  }
  if (length)
    taken[(*count)++] = *found;
  return length;
}

static void signed_header(struct text *out, const struct signing *signing, bool relaxed, const char *header)
{
  const char *taken[100];
  size_t count = 0;
  for (const char *p = signing->fields; *p;) {
    size_t length = strcspn(p, ": \r\n\t");
    const char *field = NULL;
    size_t field_length = length ? take_field(header, p, length, taken, &count, &field) : 0;
    if (field_length) {
      canonical_field(out, field, field_length, relaxed);
      text_add(out, "\r\n");
    }
    p += length;
    p += strspn(p, ": \r\n\t");
  }
}

static void sign_bytes(struct text *out, EVP_PKEY *key, const struct text *input)
{
  unsigned char hash[EVP_MAX_MD_SIZE], signature[1024];
  unsigned hash_length = 0;
  size_t length = sizeof signature;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) {
    /* RFC 8463 3: PureEdDSA over the SHA-256 hash. */
    EVP_Digest(input->bytes, input->length, hash, &hash_length, EVP_sha256(), NULL);
    EVP_DigestSignInit(context, NULL, NULL, NULL, key);
    EVP_DigestSign(context, signature, &length, hash, hash_length);
  } else {
    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key);
    EVP_DigestSign(context, signature, &length, (const unsigned char *)input->bytes, input->length);
  }
  EVP_MD_CTX_free(context);
  encode(out, signature, length);
}

/* RFC 6376 3.7: the signed fields, then this one with an empty b= and without its CRLF. */
void signer_sign(struct text *out, const struct signing *signing, EVP_PKEY *key, const char *header, const char *body)
{
  struct text canonical = {0}, input = {0}, field = {0};
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  bool relaxed = strstr(signing->tags, " c=relaxed");
  const char *limited = strstr(signing->tags, " l=");
  canonical_body(&canonical, body, strstr(signing->tags, "/relaxed;"));
  size_t limit = limited ? strtoul(limited + 3, NULL, 10) : canonical.length;
  EVP_Digest(canonical.bytes, limit < canonical.length ? limit : canonical.length, hash, &length, EVP_sha256(), NULL);
  text_printf(&field, "DKIM-Signature:%sh=%s;\r\n\t%s", signing->tags, signing->fields,
              signing->hash ? signing->hash : "bh=");
  encode(&field, hash, length);
  text_printf(&field, "; %s", signing->value ? signing->value : "b=");
  signed_header(&input, signing, relaxed, header);
  canonical_field(&input, field.bytes, field.length, relaxed);
  text_add(out, field.bytes);
  sign_bytes(out, key, &input);
  text_free(&canonical);
  text_free(&input);
  text_free(&field);
}

void signer_public_key(struct text *out, EVP_PKEY *key, bool bare)
{
  unsigned char raw[32], *der = NULL;
  size_t size = sizeof raw;
  if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) {
    EVP_PKEY_get_raw_public_key(key, raw, &size);
    encode(out, raw, size);
    return;
  }
  int length = bare ? i2d_PublicKey(key, &der) : i2d_PUBKEY(key, &der);
  encode(out, der, (size_t)length);
  OPENSSL_free(der);
}
