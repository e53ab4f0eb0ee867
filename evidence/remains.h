/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Daily counts: what is left of lines that are removed. A message is counted either in the tables of lines or here, so
 * that the sum of both is right at any time. doc/database.md says which counts there are.
 */
#pragma once

#include "evidence/database.h"

/* Adds the counts of the rows whose numbers stand in the temporary tables doomed_message, doomed_event, doomed_accepted
 * and doomed_delivery. 0 or -1. */
int remains_keep(struct database *database);
