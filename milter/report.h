/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the daemon itself has to say: to syslog, or with -f to standard error.
 */
#pragma once

#include <stdbool.h>

/* Once, before threads. */
void report_open(bool to_standard_error);
/* priority: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO of <syslog.h>. One line, made printable. From any thread. */
void report(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
