/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An aggregate report as XML (RFC 9990, Appendix A), and the mail that carries it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct destination;
struct tally_report;

/* Who reports. All are given. */
struct reporter {
  const char *organization; /* UTF-8 */
  const char *email;        /* local@domain */
  const char *submitter;    /* a domain */
  const char *generator;
};

/* "20261123.example.nl@mx1.example.nl": the same whenever the report of that day is made, so that a receiver knows a
 * second copy for what it is. */
void document_id(struct text *out, const struct reporter *reporter, const struct tally_report *report);
/* RFC 9990, "Email": receiver!policy-domain!begin!end.xml.gz, without ".xml.gz". */
void document_name(struct text *out, const struct reporter *reporter, const struct tally_report *report);
/* 0, or -1 where libxml2 fails. */
int document_write(struct text *out, const struct reporter *reporter, const struct tally_report *report,
                   const struct destination *destination);
/* The mail for all the destination's addresses, lines ended by LF. now: seconds since 1970. 0 or -1. */
int document_mail(struct text *out, const struct reporter *reporter, const struct tally_report *report,
                  const struct destination *destination, const struct text *xml, int64_t now);
