/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The TLS of the session, graded by the NCSC-NL guideline.
 */
#pragma once

#include "checks/facts.h"

struct arena;

/* The edition that tls_check() grades by: "NCSC-NL 2025-05". */
const char *tls_guideline_edition(void);

/* version, cipher, bits: the macros {tls_version}, {cipher}, {cipher_bits}; NULL or "" where the MTA has none. No
 * version and no cipher: no TLS. The grade is the worse one of version and cipher; where the MTA names only one of the
 * two, that one alone is graded. A version or cipher that the guideline does not have is insufficient. The words
 * are kept as printable ASCII of at most 100 bytes. */
struct tls_fact tls_check(struct arena *arena, const char *version, const char *cipher, const char *bits);
