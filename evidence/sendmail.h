/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of Sendmail, 8.17 and 8.18.
 */
#pragma once

#include <stdbool.h>

#include "evidence/mta_fact.h"

/* "sendmail", and the names that distributions start it under. */
bool sendmail_is_program(const char *program);
/* The message is changed, and borrowed by fact. tls_feature is the word of verify= here. */
void sendmail_read(struct mta_fact *fact, char *message);
