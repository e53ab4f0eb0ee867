/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The public key of a signature. See key.h.
 *
 * RFC 6376 6.1.2 in its order: no answer is temporary, no key, an unusable key or a revoked one is for good.
 */
#include "checks/key.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "checks/taglist.h"
#include "resolver/dns.h"
#include "resolver/rdata.h"

const char *key_name(struct arena *arena, const struct signature *signature)
{
  return arena_printf(arena, "%s._domainkey.%s", signature->selector, signature->domain);
}

static void refuse(struct key *key, enum auth_result result, const char *why)
{
  key->refused = result;
  key->why = why;
}

/* The one record of the answer, or NULL with the key refused. */
static const char *find_record(struct arena *arena, struct key *key, const struct dns_answer *answer, size_t *length)
{
  if (answer->status != DNS_FOUND) {
    if (dns_is_failure(answer))
      refuse(key, AUTH_TEMPERROR,
             arena_printf(arena, "the key could not be looked up: %s", dns_status_name(answer->status)));
    else
      refuse(key, AUTH_PERMERROR, arena_printf(arena, "no key: %s", dns_status_name(answer->status)));
    return NULL;
  }
  /* RFC 6376 3.6.2.2: TXT records must be unique for a selector; the results of more are undefined. */
  if (answer->count > 1) {
    refuse(key, AUTH_PERMERROR, "there are several key records");
    return NULL;
  }
  const char *record = rdata_read_txt(arena, answer->records, length);
  if (!record)
    refuse(key, AUTH_PERMERROR, "the key record is malformed");
  else if (*length > KEY_MAX_LENGTH)
    refuse(key, AUTH_PERMERROR, "the key record is too long");
  return key->refused == AUTH_NONE ? record : NULL;
}

/* RFC 6376 3.6.1, tag by tag. NULL, or why the key is not for this signature. */
static const char *check_tags(struct key *key, const struct taglist *tags, const struct signature *signature)
{
  const struct tag *tag = taglist_find(tags, "v");
  if (tag && (tag != tags->tags || tag->length != 5 || memcmp(tag->value, "DKIM1", 5) != 0))
    return "the key record does not begin with v=DKIM1";
  tag = taglist_find(tags, "t");
  key->testing = tag && taglist_has(tag, "y");
  /* t=s: the domain of i= must be that of d=, not below it. */
  if (tag && taglist_has(tag, "s") && signature->identity_below)
    return "the key is not for subdomains, as i= has one";
  tag = taglist_find(tags, "s");
  if (tag && !taglist_has(tag, "*") && !taglist_has(tag, "email"))
    return "the key is not for mail";
  tag = taglist_find(tags, "h");
  if (tag && !taglist_has(tag, "sha256"))
    return "the key does not allow SHA-256";
  tag = taglist_find(tags, "k");
  if (tag ? !taglist_is(tag, signature->ed25519 ? "ed25519" : "rsa") : signature->ed25519)
    return "the key is of another type than the signature";
  tag = taglist_find(tags, "p");
  if (!tag)
    return "the key record has no p=";
  if (tag->length == 0)
    return "the key is revoked";
  return taglist_is_base64(tag) ? NULL : "p= is not base64";
}

/* The size of the DER length field behind the tag at der, and that it spans exactly the rest; 0 where not. */
static size_t der_header(const unsigned char *der, size_t length)
{
  if (length < 4 || der[0] != 0x30)
    return 0;
  size_t digits = der[1] < 0x80 ? 0 : der[1] & 0x7fu;
  size_t content = der[1];
  if (digits == 1)
    content = der[2];
  else if (digits == 2)
    content = (size_t)der[2] << 8 | der[3];
  return digits <= 2 && content == length - 2 - digits ? 2 + digits : 0;
}

/* RFC 6376 3.6.1 says that p= holds an RSAPublicKey; its examples, and nearly everybody, put a SubjectPublicKeyInfo
 * there (erratum 3017). Both are taken: the bare form gets its wrapping. */
static const char *wrap_rsa(struct arena *arena, const char *value)
{
  static const unsigned char algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                            0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
  size_t length = strlen(value);
  unsigned char der[KEY_MAX_LENGTH], out[KEY_MAX_LENGTH];
  size_t padding = length >= 2 ? (size_t)(value[length - 1] == '=') + (value[length - 2] == '=') : 0;
  if (length % 4 != 0 || length > sizeof der || EVP_DecodeBlock(der, (const unsigned char *)value, (int)length) < 0)
    return value;
  size_t size = length / 4 * 3 - padding;
  size_t header = der_header(der, size);
  if (header == 0 || header >= size || der[header] != 0x02) /* an INTEGER comes first: bare */
    return value;
  size_t bits = size + 1, content = sizeof algorithm + 4 + bits, used = 0;
  if (4 + content > KEY_MAX_LENGTH / 4 * 3 - 3)
    return value;
  const unsigned char outer[] = {0x30, 0x82, (unsigned char)(content >> 8), (unsigned char)content};
  const unsigned char inner[] = {0x03, 0x82, (unsigned char)(bits >> 8), (unsigned char)bits, 0};
  memcpy(out, outer, sizeof outer);
  used += sizeof outer;
  memcpy(out + used, algorithm, sizeof algorithm);
  used += sizeof algorithm;
  memcpy(out + used, inner, sizeof inner);
  used += sizeof inner;
  memcpy(out + used, der, size);
  used += size;
  char *wrapped = arena_alloc(arena, (used + 2) / 3 * 4 + 1);
  EVP_EncodeBlock((unsigned char *)wrapped, out, (int)used);
  return wrapped;
}

void key_read(struct arena *arena, struct key *key, const struct dns_answer *answer,
              const struct signature *signature)
{
  *key = (struct key){0};
  size_t length = 0;
  const char *record = find_record(arena, key, answer, &length);
  if (!record)
    return;
  struct taglist tags;
  const char *why = NULL;
  if (taglist_read(&tags, record, length) < 0)
    why = arena_printf(arena, "key record: %s", tags.why);
  else
    why = check_tags(key, &tags, signature);
  if (why) {
    refuse(key, AUTH_PERMERROR, why);
    return;
  }
  key->value = taglist_compact(arena, taglist_find(&tags, "p"));
  if (!signature->ed25519)
    key->value = wrap_rsa(arena, key->value);
}
