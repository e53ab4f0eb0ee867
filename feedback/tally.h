/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the audit log says for DMARC aggregate reports (RFC 9990): for each day and each domain at which a policy was
 * found, how many messages came from which address with which results.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct text;

enum { TALLY_DAYS_MAX = 8, TALLY_SIGNATURES_MAX = 20, TALLY_ROWS_MAX = 1000000 };

struct tally_signature {
  const char *domain, *selector, *result;
};

/* Equal messages. All words are those of the schema; domains are normalized, NULL where not known. */
struct tally_row {
  const char *key; /* all of the below in one string: what makes rows equal */
  const char *source_ip, *disposition;
  const char *reason, *comment; /* why the policy was not applied as published; NULL */
  bool aligned_dkim, aligned_spf;
  const char *header_from;
  const char *envelope_from; /* "" for the null sender */
  const char *spf_domain, *spf_result;
  struct tally_signature *signatures;
  size_t signature_count;
  uint64_t count;
  struct tally_row *next, *chained;
};

struct tally_report {
  const char *day; /* YYYY-MM-DD */
  int64_t begin;   /* its first second */
  const char *policy_domain;
  uint64_t messages;
  struct tally_row *first, *last;
  struct tally_report *next, *chained;
};

struct tally {
  struct arena *arena;
  struct tally_report *first, *last; /* in the order in which they were met */
  size_t report_count, row_count;
  uint64_t messages; /* counted */
  uint64_t damaged;  /* lines that are no lines of the log, or lack what a report must hold */
  uint64_t dropped;  /* messages of which no row could be made any more (TALLY_ROWS_MAX) */
  const char *days[TALLY_DAYS_MAX]; /* wanted */
  int64_t begins[TALLY_DAYS_MAX];
  size_t day_count;
  struct tally_row **rows; /* by hash */
  struct tally_report **reports;
  char (*seen)[65];        /* the first line of each file that was read */
  size_t seen_count;
};

/* Free with tally_free(). */
void tally_open(struct tally *tally);
void tally_free(struct tally *tally);
/* Wants one more day, given by any second of it. -1 where there are TALLY_DAYS_MAX already. */
int tally_want(struct tally *tally, int64_t second);
/* Reads one file. A file that begins with the same line as one before is its copy, and not counted twice. 0, or -1 with
 * a message appended to error; what could be read is counted all the same. */
int tally_read(struct tally *tally, const char *path, struct text *error);
