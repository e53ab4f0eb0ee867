/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The privileged part of the start: the socket's owner and mode, and giving up root.
 */
#pragma once

#include <stddef.h>

struct config;

/* The path of "unix:PATH" or "local:PATH", else NULL. */
const char *privileges_socket_path(const char *listen);
/* 0 where nobody answers on a Unix socket at `listen` (or it is no Unix socket); -1 with a message where another
 * daemon does. */
int privileges_check_socket(const char *listen, char *error, size_t error_size);
/* Sets mode and group of a Unix socket that was just made. 0, or -1 with a message. */
int privileges_give_socket(const struct config *config, char *error, size_t error_size);
/* Where the process is root: becomes the configured user, with its groups, for good. 0, or -1 with a message. */
int privileges_drop(const struct config *config, char *error, size_t error_size);
