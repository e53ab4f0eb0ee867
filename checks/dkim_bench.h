/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the tests of DKIM stand on: keys, a resolver that has them, and a message to verify.
 */
#pragma once

#include <stdbool.h>

#include "checks/dkim.h"
#include "checks/signer.h"

enum { NOW = 1700000000, WHOLE = 1 << 30 };

extern EVP_PKEY *bench_rsa, *bench_ed25519, *bench_short; /* 1,024 bits, and 768 */

/* A resolver and one message's things. */
struct bench {
  struct dns_source *source; /* belongs to the resolver from bench_start() on */
  struct resolver *resolver;
  struct lookups *lookups;
  struct arena *arena;
};

/* Group set-up and tear-down of cmocka. */
int bench_make_keys(void **state);
int bench_free_keys(void **state);

/* The source has the keys rsa, bare, ed, short, test (t=y), strict (t=s) and wrong of example.nl. */
void bench_open(struct bench *bench);
void bench_start(struct bench *bench);
void bench_close(struct bench *bench);

/* Hands over every field of a header, as an MTA does. lf: folds as LF alone. */
void bench_give_fields(struct signatures *signatures, const char *header, bool lf);
/* The whole way, the body in pieces. */
struct signature_facts bench_verify(struct bench *bench, const char *header, const char *body, size_t piece, bool lf);
/* Adds "DKIM-Signature: ..." for the header. */
void bench_sign(struct text *out, const struct signing *signing, EVP_PKEY *key, const char *header, const char *body);

#define HEADER \
  "Received: from a.example by b.example;\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n" \
  "From:  Jan  <jan@example.nl>\r\nTo: piet@example.org\r\nSubject: Hallo \r\n\t daar\r\n"
#define BODY "Beste  Piet,\r\n\r\ntot ziens \r\n"
#define NL "d=example.nl; s=rsa; "
#define RSA_SS " v=1; a=rsa-sha256; c=simple/simple; " NL
#define RSA_SR " v=1; a=rsa-sha256; c=simple/relaxed; " NL
#define RSA_RS " v=1; a=rsa-sha256; c=relaxed; " NL
#define RSA_RR " v=1; a=rsa-sha256; c=relaxed/relaxed; " NL
#define ED_SS " v=1; a=ed25519-sha256; d=example.nl; s=ed; "
#define ED_RR " v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.nl; s=ed; "
