/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A message from a file, fed to a session the way an MTA feeds its milters.
 */
#pragma once

#include <stddef.h>

#include "session/session.h"

/* Feeds the header fields, the body and the end of a message to a session in which MAIL and RCPT have been. bytes: the message with
 * CRLF or LF line ends. As Postfix does: folds are kept, the header ends at an empty line or at a line that is no field,
 * a NUL cuts a field's value, the body's lines end in CRLF. An mbox "From " line at the top is left out. */
struct session_outcome replay_message(struct session *session, const char *bytes, size_t length, const char *queue_id);
