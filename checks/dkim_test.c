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

#include "checks/dkim_bench.h"
#include "resolver/fake.h"

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
    {.label = "ed25519, simple", .signing = SIGN(ED_SS, "from"), .key = &bench_ed25519,
     .result = AUTH_PASS, .bits = 256},
    {.label = "ed25519, relaxed", .signing = SIGN(ED_RR, "from"), .key = &bench_ed25519, .result = AUTH_PASS},
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
    {.label = "bare CR, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "a\rb\r\n", .result = AUTH_PASS},
    {.label = "CR at the end, relaxed", .signing = SIGN(RSA_RR, "from"), .body = "ab", .received_body = "ab\r",
     .result = AUTH_FAIL, .why = "body"},
    {.label = "bare CR alone on a line, simple", .signing = SIGN(RSA_SS, "from"), .body = "ab\r\n\r\r\n",
     .result = AUTH_PASS},
    {.label = "CR slipped in", .signing = SIGN(RSA_RR, "from"), .body = "ab\r\n", .received_body = "a\rb\r\n",
     .result = AUTH_FAIL, .why = "body"},
    {.label = "bare LF, simple", .signing = SIGN(RSA_SS, "from"), .body = "a\nb\r\n", .result = AUTH_PASS},
    {.label = "LF slipped in", .signing = SIGN(RSA_SS, "from"), .body = "ab\r\n\r\nc\r\n",
     .received_body = "ab\r\n\n\r\nc\r\n", .result = AUTH_FAIL, .why = "body"},
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
    {.label = "form feed in a field, simple", .signing = SIGN(RSA_SS, "from:subject"), .result = AUTH_PASS,
     .header = "From: a@example.nl\r\nSubject: a\fb\r\n"},
    {.label = "form feed in a field, relaxed: the library cannot tell", .signing = SIGN(RSA_RR, "from:subject"),
     .header = "From: a@example.nl\r\nSubject: a\fb\r\n", .result = AUTH_NEUTRAL, .why = "form feeds"},
    {.label = "vertical tab in a field, relaxed: the library cannot tell", .signing = SIGN(RSA_RR, "from:subject"),
     .header = "From: a@example.nl\r\nSubject: a\vb\r\n", .result = AUTH_NEUTRAL, .why = "bare"},
    {.label = "form feed elsewhere, and a changed body", .signing = SIGN(RSA_RR, "from"), .body = "a\r\n",
     .header = "From: a@example.nl\r\nSubject: a\fb\r\n", .received_body = "b\r\n", .result = AUTH_FAIL,
     .why = "body"},
    {.label = "form feed in a field that is not signed", .signing = SIGN(RSA_RR, "from"), .result = AUTH_PASS,
     .header = "From: a@example.nl\r\nSubject: a\fb\r\n"},
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
    {.label = "RSA key too short", .key = &bench_short, .result = AUTH_POLICY, .why = "768", .bits = 768,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=short; ", "from")},
    {.label = "too short and wrong", .key = &bench_rsa, .result = AUTH_POLICY, .why = "768", .bits = 768,
     .signing = SIGN(" v=1; a=rsa-sha256; d=example.nl; s=short; ", "from")},
    {.label = "another key", .key = &bench_short, .signing = SIGN(RSA_SS, "from"), .result = AUTH_FAIL,
     .why = "header"},
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
    {.label = "Ed25519 signature, RSA key", .result = AUTH_PERMERROR, .why = "type", .key = &bench_ed25519,
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
    bench_sign(&message, &row->signing, row->key ? *row->key : bench_rsa, header, body);
    text_add(&message, row->received_header ? row->received_header : header);
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench);
    struct signature_facts facts = bench_verify(&bench, message.bytes, received, WHOLE, false);
    compare(row, "whole", &facts);
    facts = bench_verify(&bench, message.bytes, received, 1, true);
    compare(row, "bytes, LF", &facts);
    facts = bench_verify(&bench, message.bytes, received, 3, false);
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
  bench_sign(&message, &signing, bench_rsa, HEADER, BODY);
  text_add(&message, HEADER);
  signer_public_key(&key, bench_rsa, false);
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
    struct signature_facts facts = bench_verify(&bench, message.bytes, BODY, WHOLE, false);
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
    struct signature_facts facts = bench_verify(&bench, rows[i].header, rows[i].body, WHOLE, false);
    assert_int_equal(facts.count, rows[i].count);
    for (size_t j = 0; j < facts.count; j++)
      if (facts.signatures[j].result != AUTH_PASS)
        fail_msg("example %zu, signature %zu: %s", i, j, facts.signatures[j].why);
    bench_close(&bench);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_are_verified),
      cmocka_unit_test(keys_are_judged),
      cmocka_unit_test(examples_of_the_rfcs_pass),
  };
  return cmocka_run_group_tests(tests, bench_make_keys, bench_free_keys);
}
