/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `postconf -n` says of TLS when Postfix sends.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

struct postconf {
  /* smtp_tls_security_level, "none" where it is not set; "mta-sts" where a map of MTA-STS policies alone may change it;
   * "policy" where another map decides. */
  char level[24];
  bool logs_tls; /* smtp_tls_loglevel has a summary of each connection */
};

/* 0, or -1 with a message appended to error. */
int postconf_read(struct postconf *to, const char *path, struct text *error);
