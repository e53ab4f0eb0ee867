/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking ahead: questions whose answers say what to ask next, so that a chain of lookups runs while the message still
 * comes in. Nobody waits for them: whoever needs an answer later asks for it as ever, and finds it there or in flight.
 *
 * An answer that the cache has is not followed: what it leads to is most likely there as well, and a warm message shall not
 * do the work twice.
 */
#pragma once

#include <stddef.h>

struct dns_answer;
struct lookups;
struct prefetch;

/* Called once with the answer to a question that was not in the cache, in whatever thread has it: reads, and calls
 * prefetch_ask(); never waits. name: as asked for, lower-case. */
typedef void prefetch_follow(struct prefetch *prefetch, const char *name, const struct dns_answer *answer);

/* On behalf of a message, whose figures count what is sent. max_queries bounds the whole chain. context: size
 * bytes are copied, for prefetch_context(). Yours to release; questions in flight hold it too. */
struct prefetch *prefetch_new(struct lookups *lookups, unsigned max_queries, const void *context, size_t size);
void prefetch_release(struct prefetch *prefetch);
const void *prefetch_context(const struct prefetch *prefetch);

/* follow may be NULL. A name that cannot be asked for, or one question too many, does nothing. */
void prefetch_ask(struct prefetch *prefetch, const char *name, unsigned type, prefetch_follow *follow);
