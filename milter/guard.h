/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The crash guard: a message that ended the daemon is known when it comes back, and is held instead of ending it
 * again.
 *
 * A message is known by its envelope sender and the fields of its header, read from the top, which stay what they are
 * when it is sent again. Trace fields count for themselves only, as another way adds others. Before a part of a
 * message is examined, the journal has a mark of all that came so far. So after a crash the journal has, of each
 * message in hand, the mark of how far it got:
 *
 *  - Whatever was in hand at a crash is suspect, innocent or not. It is examined when it comes back, but no two
 *    suspects at the same time: while one is in hand, another one is deferred. One that is examined to its end is no
 *    suspect any more.
 *  - So at a second crash there is one suspect in hand, which was there at both. It is not examined again: it is held.
 *
 * A suspect that does not come back is forgotten after a day.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/session.h"

struct guard;

/* One message, in a connection; all zero is none. */
struct guard_message {
  bool begun;
  unsigned slot;
  uint64_t so_far;     /* mark of the sender and the fields */
  bool own;            /* there was a field that no other message has */
  uint64_t matched[4]; /* the suspects that it may be */
  unsigned matches;
  unsigned crash; /* that one of them was in hand at last */
  uint64_t turn; /* it is the suspect whose turn it is */
  enum session_care care;
};

/* path: the journal. died_with: how many messages were in hand where the daemon before died. NULL with a message in
 * error. */
struct guard *guard_open(const char *path, unsigned *died_with, char *error, size_t error_size);
/* The end from here on is in good order, whatever is in hand still. Takes NULL. */
void guard_end(struct guard *guard);
void guard_close(struct guard *guard); /* takes NULL */

/* The course of a message, each called before its part is examined, and what is to be done about the message. With
 * guard NULL, nothing is noted and all is examined. */
enum session_care guard_mail(struct guard *guard, struct guard_message *message, const char *sender);
enum session_care guard_recipient(struct guard *guard, struct guard_message *message, const char *recipient);
enum session_care guard_field(struct guard *guard, struct guard_message *message, const char *name, const char *value);
/* It is out of our hands. finished: it was examined to its end. Nothing where there is none. */
void guard_done(struct guard *guard, struct guard_message *message, bool finished);
/* Forgets suspects that did not come back for a day: every minute or so. */
void guard_forget_old(struct guard *guard);
/* There are suspects: nothing should be asked in the name of a message before it is known which one it is. */
bool guard_is_watchful(const struct guard *guard);
