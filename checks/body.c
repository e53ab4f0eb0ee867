/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Hashes of a body. See body.h.
 *
 * Each of the two canonical forms is one state machine that writes into a buffer; a full buffer goes to all hashes of the form.
 */
#include "checks/body.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/memory.h"

enum { BUFFER = 4096, HASH_SIZE = 32, BASE64_SIZE = 44 };

/* Either canonical form of the body. */
struct form {
  bool wanted;
  bool relaxed;
  bool text;       /* something other than empty lines came */
  bool line;       /* the line in hand has something in it */
  bool space;      /* white space that counts once something follows in the line (relaxed) */
  bool cr;         /* a CR that may be half of a line end */
  uint64_t empty;  /* line ends that count once something follows */
  uint64_t length; /* octets of the canonical form so far */
  size_t used;
  unsigned char buffer[BUFFER];
};

struct hash {
  EVP_MD_CTX *context;
  struct form *form;
  uint64_t limit, left;
  unsigned char value[HASH_SIZE];
};

struct body {
  struct form forms[2]; /* simple, relaxed */
  struct hash hashes[BODY_HASHES_MAX];
  size_t count;
};

struct body *body_new(void)
{
  struct body *body = memory_new(sizeof *body);
  body->forms[1].relaxed = true;
  return body;
}

void body_free(struct body *body)
{
  if (!body)
    return;
  for (size_t i = 0; i < body->count; i++)
    EVP_MD_CTX_free(body->hashes[i].context);
  free(body);
}

/* OpenSSL fails here for want of memory only. */
static void must(bool good)
{
  if (!good)
    abort();
}

size_t body_want(struct body *body, bool relaxed, uint64_t limit)
{
  struct form *form = &body->forms[relaxed];
  for (size_t i = 0; i < body->count; i++)
    if (body->hashes[i].form == form && body->hashes[i].limit == limit)
      return i;
  struct hash *hash = &body->hashes[body->count];
  *hash = (struct hash){.context = EVP_MD_CTX_new(), .form = form, .limit = limit, .left = limit};
  must(hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) == 1);
  form->wanted = true;
  return body->count++;
}

static void flush(struct body *body, struct form *form)
{
  for (size_t i = 0; i < body->count; i++) {
    struct hash *hash = &body->hashes[i];
    size_t length = form->used < hash->left ? form->used : (size_t)hash->left;
    if (hash->form != form || length == 0)
      continue;
    must(EVP_DigestUpdate(hash->context, form->buffer, length) == 1);
    hash->left -= length;
  }
  form->used = 0;
}

static void put(struct body *body, struct form *form, const char *bytes, size_t length)
{
  form->length += length;
  while (length > 0) {
    size_t part = length < BUFFER - form->used ? length : BUFFER - form->used;
    memcpy(form->buffer + form->used, bytes, part);
    form->used += part;
    bytes += part;
    length -= part;
    if (form->used == BUFFER)
      flush(body, form);
  }
}

/* What waited for something to follow in the line, or below it. */
static void put_pending(struct body *body, struct form *form)
{
  for (; form->empty > 0; form->empty--)
    put(body, form, "\r\n", 2);
  /* RFC 6376 3.4.4: a sequence of white space within a line becomes one space. */
  if (form->space)
    put(body, form, " ", 1);
  form->space = false;
  form->text = form->line = true;
}

static void put_text(struct body *body, struct form *form, const char *bytes, size_t length)
{
  if (form->empty > 0 || form->space || !form->line)
    put_pending(body, form);
  put(body, form, bytes, length);
}

/* RFC 6376 3.4.3: empty lines at the end do not count; 3.4.4: nor does white space at the end of a line. */
static void end_line(struct form *form)
{
  form->empty++;
  form->line = form->space = false;
}

/* Octets that a relaxed form may have to change, or that may end a line. */
static bool is_special(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

/* How many octets from here are text that stays as it is: in a relaxed form with the single spaces between words, so that this
 * is mostly a whole line. */
static size_t plain_length(const struct form *form, const char *bytes, size_t length)
{
  if (!form->relaxed) {
    const char *cr = memchr(bytes, '\r', length);
    return cr ? (size_t)(cr - bytes) : length;
  }
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)bytes[i] > ' ' || !is_special(bytes[i]))
      continue;
    bool between = bytes[i] == ' ' && i > 0 && i + 1 < length && !is_special(bytes[i + 1]);
    if (!between)
      return i;
  }
  return length;
}

static void feed_form(struct body *body, struct form *form, const char *bytes, size_t length)
{
  const char *end = bytes + length;
  while (bytes < end) {
    if (form->cr) {
      form->cr = false;
      if (*bytes == '\n') {
        end_line(form);
        bytes++;
        continue;
      }
      put_text(body, form, "\r", 1); /* a CR that stands alone is text like any other */
    }
    size_t plain = plain_length(form, bytes, (size_t)(end - bytes));
    if (plain > 0)
      put_text(body, form, bytes, plain);
    bytes += plain;
    if (bytes == end)
      return;
    if (*bytes == '\r')
      form->cr = true;
    else
      form->space = true;
    bytes++;
  }
}

void body_feed(struct body *body, const void *bytes, size_t length)
{
  for (size_t i = 0; i < 2; i++)
    if (body->forms[i].wanted)
      feed_form(body, &body->forms[i], bytes, length);
}

bool body_wants_more(const struct body *body)
{
  for (size_t i = 0; i < body->count; i++)
    if (body->hashes[i].form->length <= body->hashes[i].limit)
      return true;
  return false;
}

static void end_form(struct body *body, struct form *form)
{
  if (form->cr)
    put_text(body, form, "\r", 1);
  /* RFC 6376 3.4.3: an empty simple body is one CRLF; 3.4.4: an empty relaxed one is nothing. A missing CRLF is added. */
  if (form->text || !form->relaxed)
    put(body, form, "\r\n", 2);
  flush(body, form);
}

void body_end(struct body *body)
{
  for (size_t i = 0; i < 2; i++)
    if (body->forms[i].wanted)
      end_form(body, &body->forms[i]);
  for (size_t i = 0; i < body->count; i++)
    must(EVP_DigestFinal_ex(body->hashes[i].context, body->hashes[i].value, NULL) == 1);
}

bool body_hash_is(const struct body *body, size_t number, const char *base64)
{
  unsigned char value[HASH_SIZE + 1]; /* what fills up the last three octets is decoded as well */
  return strlen(base64) == BASE64_SIZE &&
         EVP_DecodeBlock(value, (const unsigned char *)base64, BASE64_SIZE) == sizeof value &&
         memcmp(value, body->hashes[number].value, HASH_SIZE) == 0;
}

bool body_falls_short(const struct body *body, size_t number)
{
  return body->hashes[number].limit != UINT64_MAX && body->hashes[number].form->length < body->hashes[number].limit;
}

bool body_goes_on(const struct body *body, size_t number)
{
  const struct hash *hash = &body->hashes[number];
  return hash->form->text && hash->form->length > hash->limit; /* the CRLF that an empty body gets is nothing */
}
