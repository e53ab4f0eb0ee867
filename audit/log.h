/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The audit log: append-only, hash-chained, one write for each line, so that a crash loses no finished line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct audit_log;

/* where: a file, "syslog", or "-" for standard output. Opens the file for appending (mode 0640, created where it is
 * missing), takes a lock on it, and goes on with the chain that its last line ends: seq and prev come from there, or,
 * where the file is empty, from the newest rotated one beside it (FILE.1). A last line without a newline (a crash in
 * mid-write, a full disk) is ended with one before the next line and stays in the chain as the line it is.
 *
 * on_trouble is called, with no lock held, when writing begins to fail (true, with the reason) and when it works again
 * (false, NULL): for syslog. May be NULL. Returns NULL with a message in error. A process that limits the size of its
 * files ignores SIGXFSZ, and one that logs to a pipe SIGPIPE. */
struct audit_log *audit_log_open(const char *where, void (*on_trouble)(void *context, bool failing, const char *why),
                                 void *context, char *error, size_t error_size);
void audit_log_close(struct audit_log *log); /* takes NULL */

/* Writes one line: {"v":1,"seq":N,"time":"...","event":EVENT,"host":HOST,"pid":N MEMBERS,"prev":"..."}. From any
 * thread. The very first line of a chain has "seq":1 and "prev":null. host NULL or "" is written as null; members is
 * NULL or as record_message() makes them. Reopens the file first where it was moved away.
 *
 * Returns 0, or -1 where the line could not be written whole: then it is not in the chain (a torn piece is cut off
 * again where that can be done), its seq is used again, and the next write tries anew. */
int audit_log_write(struct audit_log *log, const char *event, const char *host, const struct text *members);
/* Opens the file anew where it was moved away, for a reload. 0 or -1. */
int audit_log_reopen(struct audit_log *log);
/* The last write worked (true before the first). */
bool audit_log_is_well(struct audit_log *log);
