/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Joins what is proven with what was assessed, and decides the classes (class.h).
 *
 * What was settled before is looked at again only where new lines belong to it, in whatever order the logs come in: an
 * audit log after the MTA's, an older file after a newer one.
 */
#pragma once

#include "evidence/database.h"

/* One transaction. 0 or -1. */
int settle_all(struct database *database);
