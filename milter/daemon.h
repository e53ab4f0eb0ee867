/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The daemon's life: start, serve, reload, stop.
 */
#pragma once

#include <stddef.h>

struct config;

/* Starts, calls `ready` (may be NULL) once mail can come, serves until SIGTERM or SIGINT, and stops. Takes config over.
 * Returns an exit status: 0, or 69 (EX_UNAVAILABLE) with a message in error where the socket, the trust anchor or the audit log is not
 * to be had. */
int daemon_serve(struct config *config, void (*ready)(void), char *error, size_t error_size);
