/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which reports were dealt with: a small file, so that none is sent twice and none is forgotten.
 *
 * One line for each: "YYYY-MM-DD DOMAIN"; a day of which all reports are dealt with is one line "YYYY-MM-DD *", and a
 * day that was begun has "YYYY-MM-DD ?" until then. Always
 * written whole, under another name, and renamed, so that it is either the old or the new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ledger;

/* Takes a lock, so that two runs do not send the same reports. A missing file is an empty one. NULL with a message in
 * error. */
struct ledger *ledger_open(const char *path, char *error, size_t error_size);
void ledger_close(struct ledger *ledger); /* takes NULL */
bool ledger_has(const struct ledger *ledger, const char *day, const char *domain);
/* The first day in it, with more behind its ten characters, or NULL. */
const char *ledger_first(const struct ledger *ledger);
/* Writes the file anew with one more line. 0, or -1 with a message in error. */
int ledger_add(struct ledger *ledger, const char *day, const char *domain, char *error, size_t error_size);
/* Makes one line of the lines of a day, and forgets days long before it. */
int ledger_finish(struct ledger *ledger, const char *day, char *error, size_t error_size);
