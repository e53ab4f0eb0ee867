/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sums by day (UTC): tables daily_*, of which reports are made. They are small beside the facts that they count, so that
 * a report over millions of messages takes seconds, and they stay when old facts are pruned, so that a trend can go back
 * further than the log does. See doc/database.md.
 */
#pragma once

#include "evidence/database.h"

/* Counts what came since the last call: in a transaction of its own, which is made once or not at all. Deliveries of the
 * days before are counted anew, as a later attempt or a message that was found later changes what they mean. 0 or -1. */
int daily_settle(struct database *database);
