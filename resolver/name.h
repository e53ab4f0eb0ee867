/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names as they are asked for: text in which every byte but the dot stands for itself, escapes unknown.
 * SPF macros make names of any bytes; those are asked for as they are, where the DNS can carry them.
 */
#pragma once

#include <stddef.h>

#include "base/domain.h"

enum { NAME_ESCAPED_SIZE = 4 * DOMAIN_MAX + 1 };

/* The one form of a question's name: ASCII letters lower-case, no final dot; "." is the root. Returns its
 * length, or -1 for what no DNS message can carry: an empty label, a label over 63 octets, 255 octets in all. */
int name_fold(char out[DOMAIN_SIZE], const char *name);

/* A folded name in presentation format (RFC 4343 2.1): \DDD for every byte that could be misread. */
void name_escape(char out[NAME_ESCAPED_SIZE], const char *name);
