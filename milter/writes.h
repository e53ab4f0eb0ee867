/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where this process can write to the file system: Landlock.
 */
#pragma once

#include <stddef.h>

#include "milter/isolation.h"

/* From now on this thread, and those that it makes, can write to what is open, to /dev/null, and to the folder of the
 * audit log: there it can make and write regular files, as log rotation needs, but delete none. In the folder of the
 * socket it can delete, and make sockets, as libmilter does at the end. Nothing else can be made, written to, renamed or
 * removed, and no program run. Reading stays as it is. socket_path: NULL for none. log: as the option audit.log; open
 * already. */
enum fence writes_confine(const char *socket_path, const char *log, char *error, size_t error_size);
