/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which recipient of its message each delivery is for, and its class.
 */
#pragma once

#include "evidence/database.h"

/* Reads the deliveries of the temporary table settling_message, writes the table settled. 0 or -1. */
int settle_recipients(struct database *database);
