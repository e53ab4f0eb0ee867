/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A TLS guideline as data: one table for each edition. Names are those of OpenSSL, which are what Postfix and
 * Sendmail put into {tls_version} and {cipher}; a cipher that OpenSSL has no name for stands under its IANA name.
 */
#pragma once

#include <stddef.h>

#include "checks/facts.h"

struct tls_guideline_row {
  const char *name;
  enum tls_grade grade;
};

/* What stands in no row is insufficient. */
struct tls_guideline {
  const char *edition;
  const struct tls_guideline_row *versions;
  size_t version_count;
  const struct tls_guideline_row *ciphers;
  size_t cipher_count;
};

extern const struct tls_guideline tls_ncsc_2025_05;
