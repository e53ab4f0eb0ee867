/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The TLS of the session, graded by the NCSC-NL guideline.
 */
#pragma once

#include "checks/facts.h"

struct arena;

extern const char tls_guideline_edition[]; /* "NCSC-NL 2025-05" */

/* version, cipher, bits: the macros {tls_version}, {cipher}, {cipher_bits}; NULL or "" where the MTA has none. No
 * version and no cipher: no TLS. A version or cipher that the table does not have is insufficient. */
struct tls_fact tls_check(struct arena *arena, const char *version, const char *cipher, const char *bits);
