/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A DMARC Policy Record (RFC 9989 4.7, 4.8): what its owner says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "checks/facts.h"

/* Is the record's domain a public suffix? */
enum dmarc_psd { PSD_UNSAID, PSD_YES, PSD_NO };

struct dmarc_record {
  /* False where p= is missing or wrong, or sp= or np= wrong, and no rua= makes up for it: then DMARC does not apply
   * (RFC 9989 4.10.1). With a rua= such a record acts as one of p=none alone. */
  bool usable;
  enum owner_policy p, sp, np; /* sp is p where there is no sp=; np is sp where there is no np= */
  bool has_sp, has_np;
  bool strict_dkim, strict_spf;
  bool testing; /* t=y */
  enum dmarc_psd psd;
};

/* 0, or -1 where the text is no DMARC record at all: its first tag is not v=DMARC1. Every byte is hostile. Unknown tags
 * are ignored; a known tag with a wrong value, or that stands there twice, has its default. */
int dmarc_record_read(struct dmarc_record *record, const char *text, size_t length);

/* The policy for subdomains that exist or do not, and the tag that gave it. */
enum owner_policy dmarc_record_policy(const struct dmarc_record *record, bool is_subdomain, bool exists,
                                      const char **tag);

/* False where libopendmarc, shown the record as we understood it, finds another policy or another alignment mode
 * in it. */
bool dmarc_record_is_confirmed(const struct dmarc_record *record);
