/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of the audit log (CONTRACT 7) into the tables of what was assessed.
 */
#pragma once

#include <stdint.h>

#include "evidence/database.h"
#include "evidence/origin.h"

struct audit_reader;

/* NULL on error, which is database_error(). */
struct audit_reader *audit_reader_new(struct database *database);
void audit_reader_free(struct audit_reader *reader); /* takes NULL */
/* One line, which is changed. Fills in time and host of `origin`. */
enum origin_use audit_reader_take(struct audit_reader *reader, struct origin *origin, char *line, size_t length);
/* All rows are in the database. 0 or -1. */
int audit_reader_flush(struct audit_reader *reader);
