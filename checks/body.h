/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The hashes of a message's body that DKIM signatures ask for (RFC 6376 3.4.3, 3.4.4, 3.7): one pass over the body, however it
 * is cut, whatever is in it, in little memory. SHA-256 only, as RFC 8301 leaves nothing else.
 *
 * This does a job of libopendkim. The library's own way goes octet by octet (ten times the time for a relaxed body), keeps long
 * lines in memory, and hashes something else where CR or LF stand alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODY_HASHES_MAX = 10 };

struct body;

/* Never NULL. Free with body_free(), which takes NULL. */
struct body *body_new(void);
void body_free(struct body *body);

/* A hash that is wanted: of the relaxed or the simple canonical form, of all of it (`limit` UINT64_MAX) or of its first `limit`
 * octets (l=). Its number; equal ones share one. At most BODY_HASHES_MAX, before the first octet. */
size_t body_want(struct body *body, bool relaxed, uint64_t limit);

/* Any pieces of the body. */
void body_feed(struct body *body, const void *bytes, size_t length);
/* False once more of the body can change no hash, nor whether there is more of the body than its limit. */
bool body_wants_more(const struct body *body);
/* After the last piece, once. */
void body_end(struct body *body);

/* After body_end(): is it the hash that `base64` tells, 44 characters? */
bool body_hash_is(const struct body *body, size_t number, const char *base64);
/* After body_end(): is the canonical form shorter than the limit; and is there something behind the limit? */
bool body_falls_short(const struct body *body, size_t number);
bool body_goes_on(const struct body *body, size_t number);
