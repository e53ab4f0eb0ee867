/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Hands a mail to the machine's MTA through its sendmail command.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

/* Runs "PATH -i -t -f SENDER", the mail on its standard input; no shell. SIGINT and SIGTERM wait until it has ended, in
 * the caller too: see sendmail_hold(). 0 once the MTA has taken the mail, or -1 with a message in error. */
int sendmail_run(const char *path, const char *sender, const struct text *mail, char *error, size_t error_size);
/* Lets SIGINT and SIGTERM wait while a mail is sent and that is written down, and lets them through again. */
void sendmail_hold(void);
void sendmail_release(void);
