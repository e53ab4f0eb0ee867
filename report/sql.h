/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pieces of SQL that the figures share. They read the sums by day (evidence/daily.h), in which unknown is ''.
 */
#pragma once

/* The period: from the day of $1 until that of $2, which is not in it. PostgreSQL is told of what type a parameter is where
 * it stands alone. */
#define FROM_DAY "CAST($1 AS BIGINT) / 86400000"
#define TO_DAY "(CAST($2 AS BIGINT) + 86399999) / 86400000"
#define DAYS "day >= " FROM_DAY " AND day < " TO_DAY

/* Where mail goes: what is found out about a relay is not about the domains behind it. */
#define DESTINATION "CASE WHEN relay <> '' THEN relay ELSE domain END"
