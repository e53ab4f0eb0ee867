/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DKIM (RFC 6376, 8301, 8463, 8616): which domains signed this message?
 *
 * libopendkim verifies; a guard in front of it decides which fields it may see. Names carry the prefix
 * signatures_ because dkim_ is the library's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/facts.h"

struct arena;
struct lookups;
struct signatures;

/* Once in the process, before the first message and before threads. 0, or -1 where libopendkim cannot be set up. */
int signatures_set_up(void);
void signatures_shut_down(void);

/* One message's check; used by one thread at a time. now: seconds since 1970, for t= and x=. Never NULL. Free
 * with signatures_free(), which takes NULL. */
struct signatures *signatures_new(struct arena *arena, struct lookups *lookups, int64_t now);
void signatures_free(struct signatures *signatures);

/* Every header field in the order of the message. value is everything behind the colon, as received: with
 * its leading space, folds as CRLF or LF, without the final line end. */
void signatures_field(struct signatures *signatures, const char *name, const char *value, size_t length);
/* After the last field: lists the signatures and starts the key lookups. Never blocks. */
void signatures_end_fields(struct signatures *signatures);
/* Any pieces of the body. */
void signatures_body(struct signatures *signatures, const void *bytes, size_t length);
/* False once no signature needs more of the body. */
bool signatures_want_body(const struct signatures *signatures);
/* Waits for the keys and verifies. Once, after the body. */
struct signature_facts signatures_finish(struct signatures *signatures);
