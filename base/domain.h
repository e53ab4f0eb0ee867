/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Domain names: lower-case A-labels without a final dot, from the moment they enter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* RFC 1035 2.3.4: 255 octets on the wire are 253 characters in text. */
enum { DOMAIN_MAX = 253, DOMAIN_SIZE = DOMAIN_MAX + 1 };

/* Writes the name in its one form: U-labels become A-labels (IDNA2008, UTS 46 non-transitional),
 * letters lower-case, one final dot dropped. A name of letters, digits, hyphens and underscores in labels of
 * 1 to 63 octets. Returns 0, or -1 with out = "" where that is impossible (an empty label, an illegal
 * character, too long, an address literal, not UTF-8). One label alone is accepted. */
int domain_normalize(char out[DOMAIN_SIZE], const char *name, size_t length);

/* All of these take normalized names. */
bool domain_is_under(const char *name, const char *parent); /* the same name, or below it */
unsigned domain_labels(const char *name);
/* The name without its leftmost label, a pointer into name; NULL for the last label. */
const char *domain_parent(const char *name);
/* The rightmost `labels` labels, a pointer into name; name itself where it has no more. */
const char *domain_suffix(const char *name, unsigned labels);
