/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Days on the command line. See day.h.
 */
#include "ctl/day.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "evidence/moment.h"

int64_t day_read(const char *word)
{
  int64_t moment;
  char full[32];
  if (strlen(word) != strlen("YYYY-MM-DD"))
    return -1;
  snprintf(full, sizeof full, "%sT00:00:00Z", word);
  return moment_read(&moment, full) == strlen(full) && moment > 0 ? moment : -1;
}

const char *day_tell(int64_t moment)
{
  static char shown[40];
  time_t seconds = (time_t)(moment / 1000);
  struct tm parts;
  *shown = '\0';
  if (gmtime_r(&seconds, &parts))
    strftime(shown, sizeof shown, "%Y-%m-%d", &parts);
  return shown;
}
