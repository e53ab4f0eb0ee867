/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The zones of a test vector, as JSON, put into a fake source.
 */
#pragma once

#include <jansson.h>

struct dns_source;

/* zones: {name: {TYPE: [values], "RCODE": word, "TYPE_RCODE": word}}. 0, or -1 with a message on standard error. */
int vector_zone_add(struct dns_source *source, const json_t *zones);
/* A JSON string whose U+0000..U+00FF stand for bytes. Yours to free(); NULL where a larger character occurs. */
char *vector_bytes(const json_t *string, size_t *length);
