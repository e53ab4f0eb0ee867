/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the daemon itself has to say. See report.h.
 */
#include "milter/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/text.h"

static bool to_stderr;

void report_open(bool to_standard_error)
{
  to_stderr = to_standard_error;
  if (!to_stderr)
    openlog("sluisd", LOG_PID, LOG_MAIL);
}

void report(int priority, const char *format, ...)
{
  char line[2048], printable[2048];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0)
    return;
  text_printable(printable, sizeof printable, line, strlen(line));
  if (to_stderr)
    fprintf(stderr, "sluisd: %s\n", printable);
  else
    syslog(priority, "%s", printable);
}
