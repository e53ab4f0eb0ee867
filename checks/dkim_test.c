/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Signed messages, from the header fields to the facts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/rsa.h>

#include "base/memory.h"
#include "checks/dkim.h"
#include "checks/signer.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

enum { NOW = 1700000000, WHOLE = 1 << 30 };

static EVP_PKEY *rsa, *ed25519, *short_rsa;

/* A resolver with the keys of example.nl, and one message's things. */
struct bench {
  struct dns_source *source;
  struct resolver *resolver;
  struct lookups *lookups;
  struct arena *arena;
};

/* The source belongs to the resolver from bench_start() on. */
static void bench_open(struct bench *bench)
{
  struct text record = {0};
  *bench = (struct bench){.source = fake_new(), .arena = arena_new()};
  static const struct {
    const char *name, *front;
    EVP_PKEY **key;
    bool bare;
  } rows[] = {
      {"rsa._domainkey.example.nl", "v=DKIM1; p=", &rsa, false},
      {"bare._domainkey.example.nl", "v=DKIM1; k=rsa; p=", &rsa, true},
      {"ed._domainkey.example.nl", "v=DKIM1; k=ed25519; p=", &ed25519, false},
      {"short._domainkey.example.nl", "v=DKIM1; p=", &short_rsa, false},
      {"test._domainkey.example.nl", "v=DKIM1; t=y; p=", &rsa, false},
      {"strict._domainkey.example.nl", "v=DKIM1; t=s; p=", &rsa, false},
      {"wrong._domainkey.example.nl", "v=DKIM1; k=rsa; p=", &ed25519, false},
      {"xn--sl-bja._domainkey.xn--bcher-kva.example", "v=DKIM1; p=", &rsa, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    text_clear(&record);
    text_add(&record, rows[i].front);
    signer_public_key(&record, *rows[i].key, rows[i].bare);
    fake_add_txt(bench->source, rows[i].name, record.bytes, record.length);
  }
  text_free(&record);
}

static void bench_start(struct bench *bench)
{
  const struct resolver_config config = {.timeout_ms = 1000, .budget_ms = 1000, .cache_bytes = 1 << 20};
  bench->resolver = resolver_new(&config, bench->source);
  bench->lookups = lookups_new(bench->resolver, 100);
}

static void bench_close(struct bench *bench)
{
  lookups_free(bench->lookups);
  resolver_close(bench->resolver);
  arena_free(bench->arena);
}

/* Every field of a header, as an MTA hands it over. lf: folds as LF alone. */
static void give_fields(struct signatures *signatures, const char *header, bool lf)
{
  for (const char *p = header; *p;) {
    const char *colon = strchr(p, ':'), *end = strstr(p, "\r\n");
    while (end[2] == ' ' || end[2] == '\t')
      end = strstr(end + 2, "\r\n");
    char *name = strndup(p, (size_t)(colon - p));
    struct text value = {0};
    for (const char *c = colon + 1; c < end; c++)
      if (!lf || *c != '\r')
        text_add_char(&value, *c);
    signatures_field(signatures, name, value.bytes ? value.bytes : "", value.length);
    text_free(&value);
    free(name);
    p = end + 2;
  }
}

static struct signature_facts verify(struct bench *bench, const char *header, const char *body, size_t piece, bool lf)
{
  struct signatures *signatures = signatures_new(bench->arena, bench->lookups, NOW);
  give_fields(signatures, header, lf);
  signatures_end_fields(signatures);
  for (size_t at = 0, length = strlen(body); at < length; at += piece)
    signatures_body(signatures, body + at, length - at < piece ? length - at : piece);
  struct signature_facts facts = signatures_finish(signatures);
  signatures_free(signatures);
  return facts;
}

/* "DKIM-Signature: ..." in front of the header. */
static void add_signature(struct text *out, const struct signing *signing, EVP_PKEY *key, const char *header,
                          const char *body)
{
  signer_sign(out, signing, key, header, body);
  text_add(out, "\r\n");
}

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

#define SIGN(front, names) {.tags = front, .fields = names}

/* A message is signed, perhaps changed on its way, and verified. */
struct row {
  const char *label;
  struct signing signing;
  const char *header, *body;                   /* as signed; NULL: HEADER, BODY */
  const char *received_header, *received_body; /* NULL: the same */
  enum auth_result result;
  const char *why; /* a part of it; NULL: none */
  EVP_PKEY **key;  /* NULL: rsa */
  bool partial, testing;
  unsigned bits;   /* 0: not compared */
};

static const struct row message_rows[] = {
    {.label = "simple/simple", .signing = SIGN(RSA_SS, "from:to:subject"), .result = AUTH_PASS, .bits = 1024},
    {.label = "simple/relaxed", .signing = SIGN(RSA_SR, "from:to:subject"), .result = AUTH_PASS},
    {.label = "relaxed/simple", .signing = SIGN(RSA_RS, "from:to:subject"), .result = AUTH_PASS},
    {.label = "relaxed/relaxed", .signing = SIGN(RSA_RR, "From : To :\r\n\tSubject"), .result = AUTH_PASS},
    {.label = "ed25519, simple", .signing = SIGN(ED_SS, "from"), .key = &ed25519, .result = AUTH_PASS, .bits = 256},
    {.label = "ed25519, relaxed", .signing = SIGN(ED_RR, "from"), .key = &ed25519, .result = AUTH_PASS},
    {.label = "oversigned", .signing = SIGN(RSA_RR, "from:from:to:to:x-none"), .result = AUTH_PASS},
    {.label = "a bare RSAPublicKey", .result = AUTH_PASS, .bits = 1024,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=bare; ", "from")},
    {.label = "U-labels", .result = AUTH_PASS,
     .signing = SIGN(" v=1; a=rsa-sha256; d=b\xc3\xbc" "cher.example; s=s\xc3\xa9l; i=\xc3\xa9@b\xc3\xbc"
                     "cher.example; ", "from")},
    {.label = "white space behind the tag name b", .result = AUTH_PASS,
     .signing = {RSA_RR, "from:to", "bh = ", "b\r\n\t= "}},
    {.label = "the same, simple", .signing = {RSA_SS, "from:to", "bh= ", "b ="}, .result = AUTH_PASS},
    {.label = "signature tags of old are no trouble", .result = AUTH_PASS,
     .signing = SIGN(RSA_SS "t=1; x=1700000000; z=From:x|To:y; ", "from")},

    /* Bodies */
    {.label = "no body, simple", .signing = SIGN(RSA_SS, "from"), .body = "", .result = AUTH_PASS},
    {.label = "no body, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "", .result = AUTH_PASS},
    {.label = "one empty line, simple", .signing = SIGN(RSA_SS, "from"), .body = "\r\n", .result = AUTH_PASS},
    {.label = "one empty line, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "\r\n", .result = AUTH_PASS},
    {.label = "white space only, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "  \r\n\t\r\n",
     .result = AUTH_PASS},
    {.label = "no CRLF at the end, simple", .signing = SIGN(RSA_SS, "from"), .body = "abc", .result = AUTH_PASS},
    {.label = "no CRLF at the end, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "abc \r\ndef \t",
     .result = AUTH_PASS},
    {.label = "CR at the end, simple", .signing = SIGN(RSA_SS, "from"), .body = "abc\r", .result = AUTH_PASS},
    {.label = "empty lines at the end go", .signing = SIGN(RSA_SS, "from"), .received_body = BODY "\r\n\r\n",
     .result = AUTH_PASS},
    {.label = "bare CR, simple", .signing = SIGN(RSA_SS, "from"), .body = "a\rb\r\n", .result = AUTH_PASS},
    {.label = "bare LF, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "a\nb\r\n", .result = AUTH_PASS},
    {.label = "bare CR, relaxed: the library cannot tell", .signing = SIGN(RSA_RR, "from"), .body = "a\rb\r\n",
     .result = AUTH_NEUTRAL, .why = "bare"},
    {.label = "CR at the end, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "ab", .received_body = "ab\r",
     .result = AUTH_NEUTRAL, .why = "bare"},
    {.label = "CR slipped in", .signing = SIGN(RSA_RR, "from"), .body = "ab\r\n", .received_body = "a\rb\r\n",
     .result = AUTH_NEUTRAL, .why = "bare"},
    {.label = "bare LF, simple: the library cannot tell", .signing = SIGN(RSA_SS, "from"), .body = "a\nb\r\n",
     .result = AUTH_NEUTRAL, .why = "bare"},
    {.label = "LF slipped in", .signing = SIGN(RSA_SS, "from"), .body = "ab\r\n\r\nc\r\n",
     .received_body = "ab\r\n\n\r\nc\r\n", .result = AUTH_NEUTRAL, .why = "bare"},
    {.label = "bare LF, and a changed header", .signing = SIGN(RSA_SS, "from"), .body = "a\nb\r\n",
     .header = "From: a@example.nl\r\n", .received_header = "From: b@example.nl\r\n", .result = AUTH_FAIL,
     .why = "header"},
    {.label = "8-bit body", .signing = SIGN(RSA_SS, "from"), .body = "caf\xe9 \xff\x80\r\n", .result = AUTH_PASS},
    {.label = "changed body", .signing = SIGN(RSA_SS, "from"), .received_body = "Beste Piet,\r\n", .result = AUTH_FAIL,
     .why = "body"},
    {.label = "appended to", .signing = SIGN(RSA_RR, "from"), .received_body = BODY "x\r\n",
     .result = AUTH_FAIL, .why = "body"},
    {.label = "reflowed body, relaxed", .signing = SIGN(RSA_RR, "from"),
     .received_body = "Beste Piet,\r\n \r\ntot\tziens\r\n", .result = AUTH_PASS},
    {.label = "reflowed body, simple", .signing = SIGN(RSA_SS, "from"),
     .received_body = "Beste Piet,\r\n \r\ntot\tziens\r\n", .result = AUTH_FAIL, .why = "body"},

    /* l= (RFC 6376 3.5, 8.2) */
    {.label = "l= of the whole body", .signing = SIGN(RSA_SS "l=27; ", "from"), .result = AUTH_PASS,
     .body = "Beste  Piet,\r\n\r\ntot ziens\r\n"},
    {.label = "l= and empty lines behind", .signing = SIGN(RSA_SS "l=27; ", "from"), .result = AUTH_PASS,
     .body = "Beste  Piet,\r\n\r\ntot ziens\r\n\r\n\r\n"},
    {.label = "l= with more behind", .signing = SIGN(RSA_SS "l=7; ", "from"), .result = AUTH_PASS,
     .partial = true, .why = "l="},
    {.label = "l= with more behind, relaxed", .signing = SIGN(RSA_RR "l=6; ", "from"),
     .result = AUTH_PASS, .partial = true, .why = "l=", .received_body = "Beste   Klaas en niemand anders"},
    {.label = "l= zero", .signing = SIGN(RSA_SS "l=0; ", "from"), .received_body = "anything\r\n", .result = AUTH_PASS,
     .partial = true, .why = "l="},
    {.label = "l= zero, no body", .signing = SIGN(RSA_SS "l=0; ", "from"), .body = "", .result = AUTH_PASS},
    {.label = "l= zero, relaxed", .signing = SIGN(RSA_RR "l=0; ", "from"), .body = "",
     .received_body = "anything\r\n", .result = AUTH_PASS, .partial = true, .why = "l="},
    {.label = "l= larger than the body", .signing = SIGN(RSA_SS "l=1000; ", "from"), .result = AUTH_PERMERROR,
     .why = "l="},

    /* Headers */
    {.label = "changed subject", .signing = SIGN(RSA_RR, "from:subject"), .result = AUTH_FAIL, .why = "header",
     .header = "From: a@example.nl\r\nSubject: b\r\n", .received_header = "From: a@example.nl\r\nSubject: c\r\n"},
    {.label = "added to an oversigned header", .signing = SIGN(RSA_RR, "from:subject:subject"),
     .header = "From: a@example.nl\r\nSubject: b\r\n", .result = AUTH_FAIL, .why = "header",
     .received_header = "Subject: c\r\nFrom: a@example.nl\r\nSubject: b\r\n"},
    {.label = "refolded, relaxed", .signing = SIGN(RSA_RR, "from:subject"), .result = AUTH_PASS,
     .header = "From: a@example.nl\r\nSubject: b  c\r\n",
     .received_header = "FROM:a@example.nl\r\nSubject:b\r\n c \r\n"},
    {.label = "refolded, simple", .signing = SIGN(RSA_SS, "from:subject"), .result = AUTH_FAIL, .why = "header",
     .header = "From: a@example.nl\r\nSubject: b c\r\n",
     .received_header = "From: a@example.nl\r\nSubject: b\r\n c\r\n"},
    {.label = "From without a space", .signing = SIGN(RSA_SS, "from"), .header = "From:a@example.nl\r\n",
     .result = AUTH_PASS},
    {.label = "a space before the colon", .signing = SIGN(RSA_RR, "from"), .header = "From : a@example.nl\r\n",
     .result = AUTH_PASS},
    {.label = "8-bit header", .signing = SIGN(RSA_SS, "from:subject"), .result = AUTH_PASS,
     .header = "From: caf\xe9 <a@example.nl>\r\nSubject: \xff\xfe\r\n"},
    {.label = "UTF-8 addresses", .signing = SIGN(RSA_RR, "from"), .result = AUTH_PASS,
     .header = "From: \xe7\x94\xa8\xe6\x88\xb7 <\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.example>\r\n"},
    {.label = "empty field", .signing = SIGN(RSA_SS, "from:subject"), .result = AUTH_PASS,
     .header = "From: a@example.nl\r\nSubject:\r\n"},
    {.label = "two From fields, one signed", .signing = SIGN(RSA_SS, "from"), .result = AUTH_PERMERROR,
     .header = "From: a@example.nl\r\n", .received_header = "From: b@evil.example\r\nFrom: a@example.nl\r\n",
     .why = "several From"},
    {.label = "two From fields, both signed", .signing = SIGN(RSA_SS, "from:from"), .result = AUTH_PASS,
     .header = "From: b@example.nl\r\nFrom: a@example.nl\r\n"},
    {.label = "the second From oversigned away", .signing = SIGN(RSA_SS, "from:from"), .result = AUTH_FAIL,
     .header = "From: a@example.nl\r\n", .received_header = "From: b@evil.example\r\nFrom: a@example.nl\r\n",
     .why = "header"},
    {.label = "a second From in disguise", .signing = SIGN(RSA_SS, "from"), .result = AUTH_PERMERROR,
     .header = "From: a@example.nl\r\n", .received_header = "fROM : b@evil.example\r\nFrom: a@example.nl\r\n",
     .why = "several From"},
    {.label = "no From", .signing = SIGN(RSA_SS, "from:to"), .header = "To: a@example.nl\r\n", .result = AUTH_PERMERROR,
     .why = "no From"},
    {.label = "From without an address", .signing = SIGN(RSA_SS, "from"), .header = "From: <>\r\n",
     .result = AUTH_PERMERROR, .why = "From"},
    {.label = "From is not signed", .signing = SIGN(RSA_SS, "to:subject"), .result = AUTH_PERMERROR, .why = "From"},

    {.label = "h= names its own field", .signing = SIGN(RSA_SS, "from:dkim-signature"), .result = AUTH_NEUTRAL,
     .why = "below"},

    /* Tags */
    {.label = "expired", .signing = SIGN(RSA_SS "x=1699999999; ", "from"), .result = AUTH_PERMERROR, .why = "expired"},
    {.label = "made in the future", .signing = SIGN(RSA_SS "t=1700001000; ", "from"), .result = AUTH_PERMERROR,
     .why = "future"},
    {.label = "valid by our clock alone", .signing = SIGN(RSA_SS "t=1699999000; x=1700000600; ", "from"),
     .result = AUTH_PASS},
    {.label = "i= elsewhere", .signing = SIGN(RSA_SS "i=a@example.com; ", "from"), .result = AUTH_PERMERROR,
     .why = "i="},
    {.label = "i= below", .signing = SIGN(RSA_SS "i=a@b.example.nl; ", "from"), .result = AUTH_PASS},
    {.label = "repeated tag", .signing = SIGN(RSA_SS NL, "from"), .result = AUTH_PERMERROR, .why = "repeated"},
    {.label = "a tag named like b", .signing = SIGN(RSA_SS "xb=1; ", "from"), .result = AUTH_NEUTRAL, .why = "name"},

    /* Keys */
    {.label = "RSA key too short", .key = &short_rsa, .result = AUTH_POLICY, .why = "768", .bits = 768,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=short; ", "from")},
    {.label = "too short and wrong", .key = &rsa, .result = AUTH_POLICY, .why = "768", .bits = 768,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=short; ", "from")},
    {.label = "another key", .key = &short_rsa, .signing = SIGN(RSA_SS, "from"), .result = AUTH_FAIL, .why = "header"},
    {.label = "testing", .result = AUTH_PASS, .testing = true,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=test; ", "from")},
    {.label = "testing, failed", .result = AUTH_FAIL, .testing = true, .received_body = "x", .why = "body",
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=test; ", "from")},
    {.label = "t=s without i=", .result = AUTH_PASS,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=strict; ", "from")},
    {.label = "t=s with i= the same", .result = AUTH_PASS,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=strict; i=a@example.nl; ", "from")},
    {.label = "t=s with i= below", .result = AUTH_PERMERROR, .why = "subdomains",
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=strict; i=a@b.example.nl; ", "from")},
    {.label = "RSA signature, Ed25519 key", .result = AUTH_PERMERROR, .why = "type",
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=ed; ", "from")},
    {.label = "Ed25519 signature, RSA key", .result = AUTH_PERMERROR, .why = "type", .key = &ed25519,
     .signing = SIGN(" v=1; a=ed25519-sha256; d=example.nl; s=rsa; ", "from")},
    {.label = "Ed25519 octets under k=rsa", .result = AUTH_PERMERROR, .why = "decoded",
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=wrong; ", "from")},
};

static void compare(const struct row *row, const char *way, const struct signature_facts *facts)
{
  const struct signature_fact *fact = &facts->signatures[0];
  if (facts->count != 1 || fact->result != row->result || fact->partial != row->partial ||
      fact->testing != row->testing || (row->bits && fact->bits != row->bits) ||
      (fact->why != NULL) != (row->why != NULL) || (row->why && !strstr(fact->why, row->why)))
    fail_msg("%s (%s): %s, %s, %u bits%s%s", row->label, way, auth_result_name(fact->result),
             fact->why ? fact->why : "-", fact->bits, fact->partial ? ", partial" : "",
             fact->testing ? ", testing" : "");
}

static void messages_are_verified(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof message_rows / sizeof *message_rows; i++) {
    const struct row *row = &message_rows[i];
    const char *header = row->header ? row->header : HEADER, *body = row->body ? row->body : BODY;
    const char *received = row->received_body ? row->received_body : body;
    struct text message = {0};
    add_signature(&message, &row->signing, row->key ? *row->key : rsa, header, body);
    text_add(&message, row->received_header ? row->received_header : header);
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    struct signature_facts facts = verify(&bench, message.bytes, received, WHOLE, false);
    compare(row, "whole", &facts);
    facts = verify(&bench, message.bytes, received, 1, true);
    compare(row, "bytes, LF", &facts);
    facts = verify(&bench, message.bytes, received, 3, false);
    compare(row, "pieces", &facts);
    bench_close(&bench);
    text_free(&message);
  }
}

static void keys_are_judged(void **state)
{
  (void)state;
  static const struct {
    const char *label, *zone; /* %s: p= of the key */
    enum auth_result result;
    const char *why;
    enum dnssec dnssec;
  } rows[] = {
      {"plain", "TXT \"v=DKIM1; p=%s\"", AUTH_PASS, NULL, DNSSEC_SECURE},
      {"insecure", "TXT \"v=DKIM1; p=%s\" insecure", AUTH_PASS, NULL, DNSSEC_INSECURE},
      {"no v=", "TXT \"p=%s\"", AUTH_PASS, NULL, DNSSEC_SECURE},
      {"two strings", "TXT \"v=DKIM1; k=\" \"rsa; p=%s\"", AUTH_PASS, NULL, DNSSEC_SECURE},
      {"all the tags", "TXT \"v=DKIM1; h=sha1:sha256; k=rsa; n=a note; s=tlsrpt:email; t=x;\" \"p=%s;\"", AUTH_PASS,
       NULL, DNSSEC_SECURE},
      {"s=*", "TXT \"v=DKIM1; s=*; p=%s\"", AUTH_PASS, NULL, DNSSEC_SECURE},
      {"unknown tag", "TXT \"v=DKIM1; g=x; zz=1; p=%s\"", AUTH_PASS, NULL, DNSSEC_SECURE},
      {"v= not first", "TXT \"k=rsa; v=DKIM1; p=%s\"", AUTH_PERMERROR, "v=DKIM1", DNSSEC_SECURE},
      {"v= of another kind", "TXT \"v=DKIM2; p=%s\"", AUTH_PERMERROR, "v=DKIM1", DNSSEC_SECURE},
      {"v= in lower case", "TXT \"v=dkim1; p=%s\"", AUTH_PERMERROR, "v=DKIM1", DNSSEC_SECURE},
      {"repeated tag", "TXT \"v=DKIM1; p=%s; n=1; n=2\"", AUTH_PERMERROR, "repeated", DNSSEC_SECURE},
      {"h=sha1 only", "TXT \"v=DKIM1; h=sha1; p=%s\"", AUTH_PERMERROR, "SHA-256", DNSSEC_SECURE},
      {"not for mail", "TXT \"v=DKIM1; s=tlsrpt; p=%s\"", AUTH_PERMERROR, "mail", DNSSEC_SECURE},
      {"k= unknown", "TXT \"v=DKIM1; k=dsa; p=%s\"", AUTH_PERMERROR, "type", DNSSEC_SECURE},
      {"revoked", "TXT \"v=DKIM1; p=\"", AUTH_PERMERROR, "revoked", DNSSEC_SECURE},
      {"no p=", "TXT \"v=DKIM1; k=rsa\"", AUTH_PERMERROR, "p=", DNSSEC_SECURE},
      {"p= is not base64", "TXT \"v=DKIM1; p=A!\"", AUTH_PERMERROR, "base64", DNSSEC_SECURE},
      {"p= is no key", "TXT \"v=DKIM1; p=AAAA\"", AUTH_PERMERROR, "decoded", DNSSEC_SECURE},
      {"not a tag list", "TXT \"v=spf1 -all\"", AUTH_PERMERROR, "v=DKIM1", DNSSEC_SECURE},
      {"nor this", "TXT \"hello\"", AUTH_PERMERROR, "malformed", DNSSEC_SECURE},
      {"two records", "TXT \"v=DKIM1; p=%s\"\nkey._domainkey.example.org TXT \"v=DKIM1; p=\"", AUTH_PERMERROR,
       "several", DNSSEC_SECURE},
      {"no such name", NULL, AUTH_PERMERROR, "no key", DNSSEC_SECURE},
      {"no TXT", "A 192.0.2.1", AUTH_PERMERROR, "no key", DNSSEC_SECURE},
      {"SERVFAIL", "TXT servfail", AUTH_TEMPERROR, "looked up", DNSSEC_INDETERMINATE},
      {"timeout", "TXT timeout", AUTH_TEMPERROR, "looked up", DNSSEC_INDETERMINATE},
      {"bogus", "TXT bogus", AUTH_TEMPERROR, "looked up", DNSSEC_BOGUS},
  };
  const struct signing signing = {.tags = " v=1; a=rsa-sha256; d=example.org; s=key; ", .fields = "from"};
  struct text message = {0}, key = {0};
  add_signature(&message, &signing, rsa, HEADER, BODY);
  text_add(&message, HEADER);
  signer_public_key(&key, rsa, false);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bench bench;
    struct text zone = {0};
    char error[100] = "";
    bench_open(&bench);
    if (rows[i].zone) {
      const char *at = strstr(rows[i].zone, "%s");
      text_add(&zone, "key._domainkey.example.org ");
      text_add_bytes(&zone, rows[i].zone, at ? (size_t)(at - rows[i].zone) : strlen(rows[i].zone));
      if (at) {
        text_add(&zone, key.bytes);
        text_add(&zone, at + 2);
      }
    }
    if (fake_add(bench.source, zone.bytes ? zone.bytes : "", error, sizeof error) < 0)
      fail_msg("%s: %s", rows[i].label, error);
    bench_start(&bench);
    struct signature_facts facts = verify(&bench, message.bytes, BODY, WHOLE, false);
    const struct signature_fact *fact = &facts.signatures[0];
    if (facts.count != 1 || fact->result != rows[i].result || fact->dnssec != rows[i].dnssec ||
        (fact->why != NULL) != (rows[i].why != NULL) || (rows[i].why && !strstr(fact->why, rows[i].why)))
      fail_msg("%s: %s, %s, %s", rows[i].label, auth_result_name(fact->result), dnssec_name(fact->dnssec),
               fact->why ? fact->why : "-");
    bench_close(&bench);
    text_free(&zone);
  }
  text_free(&message);
  text_free(&key);
}

static void long_key_records_are_refused(void **state)
{
  (void)state;
  const struct signing signing = {.tags = " v=1; a=rsa-sha256; d=example.org; s=key; ", .fields = "from"};
  struct text message = {0};
  add_signature(&message, &signing, rsa, HEADER, BODY);
  text_add(&message, HEADER);
  for (size_t length = 1024; length <= 1025; length++) {
    struct text record = {0};
    struct bench bench;
    bench_open(&bench);
    text_add(&record, "v=DKIM1; p=");
    signer_public_key(&record, rsa, false);
    text_add(&record, "; n=");
    while (record.length < length)
      text_add_char(&record, 'x');
    fake_add_txt(bench.source, "key._domainkey.example.org", record.bytes, record.length);
    bench_start(&bench);
    struct signature_facts facts = verify(&bench, message.bytes, BODY, WHOLE, false);
    assert_int_equal(facts.signatures[0].result, length > 1024 ? AUTH_PERMERROR : AUTH_PASS);
    bench_close(&bench);
    text_free(&record);
  }
  text_free(&message);
}

/* Topmost first, refused ones in their place, one may sign the others. */
static void signatures_keep_their_order(void **state)
{
  (void)state;
  const struct signing inner = {.tags = RSA_RR, .fields = "from:to"}, other = {.tags = ED_SS, .fields = "from"};
  const struct signing outer = {.tags = RSA_SS, .fields = "dkim-signature:DKIM-Signature:dkim-signature:from"};
  struct text lower = {0}, upper = {0};
  struct bench bench;
  bench_open(&bench);
  bench_start(&bench);
  text_add(&lower, "DKIM-Signature: nonsense\r\n");
  text_add(&lower, "DKIM-Signature: v=1; a=rsa-sha1; d=Example.NL; s=RSA; h=from; bh=AAAA; b=BBBBBBBBCC\r\n");
  add_signature(&lower, &inner, rsa, HEADER, BODY);
  text_add(&lower, HEADER);
  add_signature(&upper, &other, ed25519, lower.bytes, BODY);
  add_signature(&upper, &outer, rsa, lower.bytes, BODY);
  text_add(&upper, lower.bytes);
  struct signature_facts facts = verify(&bench, upper.bytes, BODY, WHOLE, true);
  assert_int_equal(facts.count, 5);
  static const enum auth_result expected[] = {AUTH_PASS, AUTH_PASS, AUTH_PERMERROR, AUTH_POLICY, AUTH_PASS};
  for (size_t i = 0; i < 5; i++)
    if (facts.signatures[i].result != expected[i])
      fail_msg("signature %zu: %s, %s", i, auth_result_name(facts.signatures[i].result), facts.signatures[i].why);
  assert_string_equal(facts.signatures[0].algorithm, "ed25519-sha256");
  assert_string_equal(facts.signatures[2].domain, "");
  assert_string_equal(facts.signatures[3].domain, "example.nl");
  assert_string_equal(facts.signatures[3].selector, "rsa");
  assert_string_equal(facts.signatures[3].signature, "BBBBBBBB");
  assert_int_equal(strlen(facts.signatures[4].signature), 8);
  assert_int_equal(facts.signatures[2].dnssec, DNSSEC_INDETERMINATE);
  bench_close(&bench);
  text_free(&lower);
  text_free(&upper);
}

static void only_ten_are_evaluated(void **state)
{
  (void)state;
  struct text message = {0};
  struct bench bench;
  bench_open(&bench);
  bench_start(&bench);
  for (int i = 0; i < 14; i++) {
    char tags[100];
    snprintf(tags, sizeof tags, " v=1; a=rsa-sha256; d=example.nl; s=%s%d; ", i % 3 ? "none" : "rsa; t=", i);
    const struct signing signing = {.tags = tags, .fields = i % 5 == 4 ? "to" : "from"};
    add_signature(&message, &signing, rsa, HEADER, BODY);
  }
  text_add(&message, HEADER);
  struct signature_facts facts = verify(&bench, message.bytes, BODY, WHOLE, false);
  assert_int_equal(facts.count, SIGNATURES_MAX);
  assert_int_equal(facts.not_evaluated, 4);
  for (int i = 0; i < SIGNATURES_MAX; i++)
    assert_int_equal(facts.signatures[i].result, i % 3 || i % 5 == 4 ? AUTH_PERMERROR : AUTH_PASS);
  assert_int_equal(fake_asked(bench.source, NULL, DNS_TXT), 6); /* rsa, and none1, 2, 5, 7, 8 */
  bench_close(&bench);
  text_free(&message);
}

static void header_fields_are_limited(void **state)
{
  (void)state;
  const struct signing signing = {.tags = RSA_SS, .fields = "from:from:x"};
  for (int fields = 1000; fields <= 1001; fields++) {
    struct text message = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    struct text lower = {0};
    for (int i = 2; i < fields; i++)
      text_printf(&lower, "X%d: y\r\n", i);
    text_add(&lower, "From: a@example.nl\r\n");
    add_signature(&message, &signing, rsa, lower.bytes, BODY);
    text_add(&message, lower.bytes);
    struct signature_facts facts = verify(&bench, message.bytes, BODY, WHOLE, false);
    assert_int_equal(facts.count, 1);
    assert_int_equal(facts.signatures[0].result, fields > 1000 ? AUTH_PERMERROR : AUTH_PASS);
    assert_string_equal(facts.signatures[0].domain, "example.nl");
    bench_close(&bench);
    text_free(&lower);
    text_free(&message);
  }
}

/* h= names every field there is, and more. */
static void all_fields_can_be_signed(void **state)
{
  (void)state;
  static const char header[] = "From: a@example.nl\r\nTo: b@example.nl\r\nSubject: c\r\n";
  for (int surplus = 0; surplus < 60; surplus++) {
    struct text fields = {0}, message = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    text_add(&fields, surplus % 2 ? "from:to:subject:xguard" : "from:to:subject");
    for (int i = 0; i < surplus; i++)
      text_add(&fields, ":from");
    const struct signing signing = {.tags = RSA_SS, .fields = fields.bytes};
    add_signature(&message, &signing, rsa, header, BODY);
    text_add(&message, header);
    struct signature_facts facts = verify(&bench, message.bytes, BODY, WHOLE, false);
    assert_int_equal(facts.count, 1);
    assert_int_equal(facts.signatures[0].result, AUTH_PASS);
    bench_close(&bench);
    text_free(&fields);
    text_free(&message);
  }
}

static void odd_fields_do_no_harm(void **state)
{
  (void)state;
  const struct signing signing = {.tags = RSA_SS, .fields = "from"};
  static const struct {
    const char *label, *name, *value;
    size_t length;
    enum auth_result result;
    size_t count;
  } rows[] = {
      {"nothing odd", "X", " y", 2, AUTH_PASS, 1},
      {"NUL in a value", "X", " y\0z", 4, AUTH_PERMERROR, 1},
      {"no name", "", " y", 2, AUTH_PASS, 1},
      {"colon in a name", "X:y", " z", 2, AUTH_PASS, 1},
      {"colon after a name that counts", "DKIM-Signature:", " z", 2, AUTH_PASS, 1},
      {"space in a name", "x guard", "x", 1, AUTH_PASS, 1},
      {"semicolon in a name", "x;y", "x", 1, AUTH_PASS, 1},
      {"8-bit name", "\xff", "x", 1, AUTH_PASS, 1},
      {"no value", "X", "", 0, AUTH_PASS, 1},
      {"bare line ends", "X", "a\rb\nc\r\n", 7, AUTH_PASS, 1},
      {"empty signature", "DKIM-Signature", "", 0, AUTH_PASS, 2},
      {"signature with a space behind its name", "dkim-signature ", " x", 2, AUTH_PASS, 2},
      {"signature that is only a semicolon", "DKIM-Signature", ";", 1, AUTH_PASS, 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text header = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    add_signature(&header, &signing, rsa, HEADER, BODY);
    text_add(&header, HEADER);
    struct signatures *signatures = signatures_new(bench.arena, bench.lookups, NOW);
    give_fields(signatures, header.bytes, false);
    signatures_field(signatures, rows[i].name, rows[i].value, rows[i].length);
    signatures_end_fields(signatures);
    signatures_body(signatures, BODY, strlen(BODY));
    struct signature_facts facts = signatures_finish(signatures);
    if (facts.count != rows[i].count || facts.signatures[0].result != rows[i].result)
      fail_msg("%s: %zu, %s", rows[i].label, facts.count, auth_result_name(facts.signatures[0].result));
    if (facts.count == 2)
      assert_int_equal(facts.signatures[1].result, AUTH_PERMERROR);
    signatures_free(signatures);
    bench_close(&bench);
    text_free(&header);
  }
}

static void the_body_is_wanted_while_it_matters(void **state)
{
  (void)state;
  const struct signing whole = {.tags = RSA_SS, .fields = "from"}, part = {.tags = RSA_RR "l=5; ", .fields = "from"};
  struct bench bench;
  bench_open(&bench);
  bench_start(&bench);
  struct signatures *signatures = signatures_new(bench.arena, bench.lookups, NOW);
  give_fields(signatures, HEADER, false);
  signatures_end_fields(signatures);
  assert_false(signatures_want_body(signatures));
  struct signature_facts facts = signatures_finish(signatures);
  assert_int_equal(facts.count, 0);
  signatures_free(signatures);

  for (int both = 0; both < 2; both++) {
    struct text header = {0};
    add_signature(&header, &part, rsa, HEADER, "12345 and more\r\n");
    if (both)
      add_signature(&header, &whole, rsa, HEADER, "12345 x");
    text_add(&header, HEADER);
    signatures = signatures_new(bench.arena, bench.lookups, NOW);
    give_fields(signatures, header.bytes, false);
    signatures_end_fields(signatures);
    assert_true(signatures_want_body(signatures));
    signatures_body(signatures, "12345", 5);
    assert_true(signatures_want_body(signatures)); /* is there more? */
    signatures_body(signatures, " x", 2);
    assert_int_equal(signatures_want_body(signatures), both);
    facts = signatures_finish(signatures);
    assert_int_equal(facts.signatures[0].result, AUTH_PASS);
    assert_true(facts.signatures[0].partial);
    if (both)
      assert_int_equal(facts.signatures[1].result, AUTH_PASS);
    signatures_free(signatures);
    text_free(&header);
  }
  bench_close(&bench);
}

static void endless_lines_are_not_kept(void **state)
{
  (void)state;
  const struct signing simple = {.tags = RSA_SS, .fields = "from"}, relaxed = {.tags = RSA_RR, .fields = "from"};
  struct text body = {0};
  for (int i = 0; i < 2 * 1024 * 1024; i++)
    text_add_char(&body, 'x');
  text_add(&body, "\r\n");
  for (int r = 0; r < 2; r++) {
    struct text header = {0};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    add_signature(&header, r ? &relaxed : &simple, rsa, HEADER, body.bytes);
    text_add(&header, HEADER);
    struct signature_facts facts = verify(&bench, header.bytes, body.bytes, 65535, false);
    assert_int_equal(facts.signatures[0].result, r ? AUTH_NEUTRAL : AUTH_PASS);
    bench_close(&bench);
    text_free(&header);
  }
  text_free(&body);
}

/* RFC 6376 appendix A.2 and RFC 8463 appendix A.3, with their keys. */
static void examples_of_the_rfcs_pass(void **state)
{
  (void)state;
  static const char rfc6376[] =
      "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
      "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
      "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
      "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
      "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
      "        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
      "        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
      "        4bmp/YzhwvcubU4=;\r\n"
      "Received: from client1.football.example.com  [192.0.2.1]\r\n"
      "      by submitserver.example.com with SUBMISSION;\r\n"
      "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
      "From: Joe SixPack <joe@football.example.com>\r\n"
      "To: Suzie Q <suzie@shopping.example.net>\r\n"
      "Subject: Is dinner ready?\r\n"
      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
  static const char rfc8463[] =
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
      " d=football.example.com; i=@football.example.com;\r\n"
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
      " subject : date : message-id : from : subject : date;\r\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
      " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
      " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
      " d=football.example.com; i=@football.example.com;\r\n"
      " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
      " date : message-id : from : subject : date;\r\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
      " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
      " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
      " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
      "From: Joe SixPack <joe@football.example.com>\r\n"
      "To: Suzie Q <suzie@shopping.example.net>\r\n"
      "Subject: Is dinner ready?\r\n"
      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
  static const char zone[] =
      "brisbane._domainkey.example.com TXT \"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/"
      "DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq\" \"631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH"
      "4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB\"\n"
      "brisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR"
      "o=\"\n"
      "test._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzW"
      "RiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/b\" \"yYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM"
      "3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\"\n";
  static const struct {
    const char *header, *body;
    size_t count;
  } rows[] = {
      {rfc6376, "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n", 1},
      {rfc8463, "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n", 2},
  };
  for (size_t i = 0; i < 2; i++) {
    struct bench bench;
    char error[100];
    bench_open(&bench);
    assert_int_equal(fake_add(bench.source, zone, error, sizeof error), 0);
    bench_start(&bench);
    struct signature_facts facts = verify(&bench, rows[i].header, rows[i].body, WHOLE, false);
    assert_int_equal(facts.count, rows[i].count);
    for (size_t j = 0; j < facts.count; j++)
      if (facts.signatures[j].result != AUTH_PASS)
        fail_msg("example %zu, signature %zu: %s", i, j, facts.signatures[j].why);
    bench_close(&bench);
  }
}

static int make_keys(void **state)
{
  (void)state;
  rsa = EVP_RSA_gen(1024);
  short_rsa = EVP_RSA_gen(768);
  ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  return rsa && short_rsa && ed25519 ? signatures_set_up() : -1;
}

static int free_keys(void **state)
{
  (void)state;
  EVP_PKEY_free(rsa);
  EVP_PKEY_free(short_rsa);
  EVP_PKEY_free(ed25519);
  signatures_shut_down();
  signatures_free(NULL);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_are_verified),
      cmocka_unit_test(keys_are_judged),
      cmocka_unit_test(long_key_records_are_refused),
      cmocka_unit_test(signatures_keep_their_order),
      cmocka_unit_test(only_ten_are_evaluated),
      cmocka_unit_test(header_fields_are_limited),
      cmocka_unit_test(all_fields_can_be_signed),
      cmocka_unit_test(odd_fields_do_no_harm),
      cmocka_unit_test(the_body_is_wanted_while_it_matters),
      cmocka_unit_test(endless_lines_are_not_kept),
      cmocka_unit_test(examples_of_the_rfcs_pass),
  };
  return cmocka_run_group_tests(tests, make_keys, free_keys);
}
