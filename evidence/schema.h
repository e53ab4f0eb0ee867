/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of the database of evidence. doc/database.md explains them; the SQL is in schema.c.
 *
 * What the milter assessed (message, recipient, dane_host, spf, dkim, dmarc, event) and what an MTA's log proves
 * (accepted, delivery) are tables of their own, and are joined by delivery.message_id, delivery.recipient.
 */
#pragma once

#include "evidence/database.h"

enum { SCHEMA_VERSION = 2 };

/* Makes what is missing (DATABASE_WRITE), and checks the version. 0, or -1 with a message appended. */
int schema_prepare(struct database *database, enum database_mode mode, struct text *error);
