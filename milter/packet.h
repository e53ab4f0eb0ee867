/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Packets of the MTA on their way into libmilter.
 */
#pragma once

#include <stddef.h>

struct timeval;

/* Before libmilter's first thread. */
void packet_set_up(void);
/* In the place of libmilter's function of this name, which reads one packet: the data behind the command letter, the
 * caller's to free, and its length; NULL at the end, with the reason in *command. */
char *mi_rd_cmd(int socket, struct timeval *timeout, char *command, size_t *length, char *name);
