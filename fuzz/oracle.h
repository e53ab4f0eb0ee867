/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A DNS whose answers stand in the input: the real resolver in front of a source that gives the first question for a
 * type the first answer of that type, whatever the name is, the second question the second, and so on. So a name that
 * was changed in a record does not cut off what lies behind it.
 *
 *   TXT+v=spf1 include:a.example -all     a secure answer with one record
 *   TXT,another string                    one more record of the answer before
 *   TXT-v=spf1 ?all                       an insecure answer
 *   A+192.0.2.1                           likewise AAAA, MX ("10 mail.example"), PTR, CNAME, NS, TLSA ("3 1 1 HEX"),
 *                                         SOA, DS; what cannot be read as such a value is the record's bytes
 *   A@other.example                       the answer before came by an alias of this name
 *   MX! MX? MX~ MX0 MXx                   bogus, SERVFAIL, timeout, no data, no such name
 *   repeat                                after the last answer of a type comes its first one again
 *
 * Other lines mean nothing. Where no answer is left, the name does not exist, insecurely.
 */
#pragma once

#include "fuzz/input.h"

struct lookups;
struct resolver;

struct oracle {
  struct arena *arena;
  struct resolver *resolver;
  struct lookups *lookups;
};

/* Takes the input's lines up to an empty one. */
void oracle_open(struct oracle *oracle, struct input *input);
void oracle_close(struct oracle *oracle);
