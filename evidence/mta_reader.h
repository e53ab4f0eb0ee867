/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of MTA logs into the tables of what is proven.
 */
#pragma once

#include <stdint.h>

#include "evidence/database.h"
#include "evidence/import.h"
#include "evidence/mta_log.h"
#include "evidence/origin.h"

struct mta_reader;

/* options is borrowed. NULL on error, which is database_error(). */
struct mta_reader *mta_reader_new(struct database *database, const struct import_options *options);
void mta_reader_free(struct mta_reader *reader); /* takes NULL */
/* Before the lines of a file, within its transaction. 0 or -1. */
int mta_reader_begin(struct mta_reader *reader);
/* One line. Fills in time and host of `origin`. */
enum origin_use mta_reader_take(struct mta_reader *reader, struct origin *origin, const struct mta_line *line);
/* All rows are in the database, and what the file left open too. 0 or -1. */
int mta_reader_flush(struct mta_reader *reader);
