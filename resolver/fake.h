/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A source that answers from zones written as text, for hermetic tests.
 *
 *   # comment; names without or with a final dot; a TTL is optional after the name
 *   default insecure                      the security of the lines that follow (secure at first)
 *   example.nl          MX 10 mail.example.nl
 *   mail.example.nl     60 A 192.0.2.1
 *   t.example.nl        TXT "one string" "and another; \010 and \" as in zone files"
 *   _25._tcp.mail.example.nl TLSA 3 1 1 abcdef...
 *   www.example.nl      CNAME other.example insecure      a last word overrides the security of this line
 *   lost.example        ANY servfail      for one type or ANY: servfail, timeout, bogus, nxdomain
 *   late.example        A 192.0.2.1 after 50               answered by another thread after 50 ms
 *   *.wild.example      A 192.0.2.2                         RFC 4592 wildcard
 *   empty.example       ANY exists                          a name without records
 *   a\032b.example      A 192.0.2.5                         escapes stand in names, too
 *
 * A name that is not there is NXDOMAIN, a name that is (or that has names below it) without the type is NODATA;
 * both as secure as the `default` at the end of the text. CNAMEs are followed, an insecure link makes the
 * answer insecure, a loop is DNS_FAILURE.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dns_source;

struct dns_source *fake_new(void);
/* Adds zone text. 0, or -1 with "line N: ..." in error. Not while lookups run. */
int fake_add(struct dns_source *source, const char *text, char *error, size_t error_size);
/* One record given as bytes (a TXT value that text cannot hold, say). security: "secure", "insecure", or NULL for the
 * default. */
void fake_add_record(struct dns_source *source, const char *name, unsigned type, const uint8_t *rdata, size_t length,
                     const char *security);
/* A TXT record from one value, split into character-strings at 255 octets. */
void fake_add_txt(struct dns_source *source, const char *name, const char *text, size_t length);
/* What is answered to a type (0: any) instead: "servfail", "timeout", "bogus", "nxdomain", or "exists" (a name
 * without records). */
void fake_add_fault(struct dns_source *source, const char *name, unsigned type, const char *fault);
/* How often a question was asked (type 0: any type; name NULL: any name). */
unsigned fake_asked(struct dns_source *source, const char *name, unsigned type);
