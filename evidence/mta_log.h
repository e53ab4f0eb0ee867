/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The frame of a line in an MTA's log: when, where, which program, and what it said.
 *
 * Read are syslog files in the traditional form (RFC 3164 4.1: no year, local time), with RFC 3339 times, and as RFC 5424
 * has them; and the journal as `journalctl -o json`, `-o short` and `-o short-iso` print it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mta_log;

/* All borrowed until the next mta_log_read(), and free to be changed. */
struct mta_line {
  int64_t time;  /* milliseconds */
  char *host;    /* lower-case; "" where the line names none */
  char *program; /* "postfix/smtp", "sm-mta" */
  long long pid; /* 0: not told */
  char *message;
};

/* latest: when the file was changed last, for times that have no year. */
struct mta_log *mta_log_new(void);
void mta_log_free(struct mta_log *log); /* takes NULL */
/* Before the lines of a file; before: the moment of the line in front of them, or 0. */
void mta_log_begin(struct mta_log *log, int64_t before);
/* The line is NUL-terminated and will be changed. 1; 0 for a line without a program, such as a remark of journalctl;
 * -1 for what is no log line, with the reason, which is constant text. */
int mta_log_read(struct mta_log *log, struct mta_line *to, char *line, size_t length, int64_t latest, const char **why);
/* A line of journalctl -o json, which is JSON, as a line of an audit log is. */
bool mta_log_is_journal(const char *line, size_t length);
