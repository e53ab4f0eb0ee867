/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Packets of the MTA on their way into libmilter. See packet.h.
 *
 * A packet of macros is a stage and pairs of name and value. libmilter looks for a name by steps of two and for the end
 * of the list at each step only, so behind a name without a value it reads on beyond the list, and ends the process. It
 * reads packets with a function that the dynamic linker lets a program replace: here each goes through that function
 * and is then looked at.
 */
#include "milter/packet.h"

#include <dlfcn.h>
#include <string.h>

enum { MACROS = 'D' };

typedef char *reader(int socket, struct timeval *timeout, char *command, size_t *length, char *name);

static reader *read_packet; /* libmilter's */

void packet_set_up(void)
{
  void *found = dlsym(RTLD_NEXT, "mi_rd_cmd");
  memcpy(&read_packet, &found, sizeof read_packet);
}

/* The length without a name that has no value. */
static size_t whole_pairs(const char *data, size_t length)
{
  size_t strings = 0, whole = 1;
  for (size_t i = 1; i < length; i++)
    if (data[i] == '\0' && ++strings % 2 == 0)
      whole = i + 1;
  return length < whole ? length : whole;
}

__attribute__((visibility("default"))) char *mi_rd_cmd(int socket, struct timeval *timeout, char *command,
                                                       size_t *length, char *name)
{
  char *data = read_packet(socket, timeout, command, length, name);
  if (data && *command == MACROS)
    *length = whole_pairs(data, *length);
  return data;
}
