/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The floor: libmilter doing nothing, and libopendkim verifying with a key that it need not look up. What a filter on
 * these two libraries costs at least, to hold the others against.
 *
 *     floor SOCKET KEY-RECORD-FILE
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libmilter/mfapi.h>
#include <opendkim/dkim.h>

#include "base/memory.h"

static DKIM_LIB *library;
static char record[2048];

/* One connection: the message in hand, and the queue id that libopendkim keeps a pointer to. */
struct connection {
  DKIM *message;
  unsigned char id[2];
};

static struct connection *connection_of(SMFICTX *context)
{
  return smfi_getpriv(context);
}

static void forget(SMFICTX *context)
{
  struct connection *connection = connection_of(context);
  if (connection && connection->message) {
    dkim_free(connection->message);
    connection->message = NULL;
  }
}

static DKIM_CBSTAT find_key(DKIM *message, DKIM_SIGINFO *signature, u_char *buffer, size_t size)
{
  (void)message;
  (void)signature;
  snprintf((char *)buffer, size, "%s", record);
  return DKIM_CBSTAT_CONTINUE;
}

/* All that can be done without: no reply to anything before the end of the message. */
static sfsistat on_negotiate(SMFICTX *context, unsigned long offered_actions, unsigned long offered_steps,
                             unsigned long unused2, unsigned long unused3, unsigned long *actions,
                             unsigned long *steps, unsigned long *reserved2, unsigned long *reserved3)
{
  (void)unused2;
  (void)unused3;
  const unsigned long silent = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |
                               SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;
  *actions = offered_actions & SMFIF_ADDHDRS;
  *steps = offered_steps & (silent | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NORCPT |
                            SMFIP_HDR_LEADSPC);
  *reserved2 = *reserved3 = 0;
  smfi_setpriv(context, memory_new(sizeof(struct connection)));
  return SMFIS_CONTINUE;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
  (void)arguments;
  struct connection *connection = connection_of(context);
  DKIM_STAT status;
  forget(context);
  connection->id[0] = 'x';
  connection->message = dkim_verify(library, connection->id, NULL, &status);
  return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
  char *field = NULL;
  /* Folds are a bare LF from the MTA; the library wants CRLF. */
  size_t room = strlen(name) + 2 * strlen(value) + 3;
  field = memory_new(room);
  char *to = stpcpy(stpcpy(field, name), ":");
  for (const char *from = value; *from; from++) {
    if (*from == '\n')
      *to++ = '\r';
    *to++ = *from;
  }
  dkim_header(connection_of(context)->message, (u_char *)field, (size_t)(to - field));
  free(field);
  return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *context)
{
  dkim_eoh(connection_of(context)->message);
  return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t length)
{
  dkim_body(connection_of(context)->message, bytes, length);
  return SMFIS_NOREPLY;
}

static sfsistat on_eom(SMFICTX *context)
{
  bool test;
  char name[] = "Authentication-Results", text[60];
  DKIM_STAT status = dkim_eom(connection_of(context)->message, &test);
  snprintf(text, sizeof text, " floor; dkim=%s", status == DKIM_STAT_OK ? "pass" : "fail");
  smfi_insheader(context, 0, name, text);
  forget(context);
  return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *context)
{
  forget(context);
  return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
  forget(context);
  free(connection_of(context));
  smfi_setpriv(context, NULL);
  return SMFIS_CONTINUE;
}

static int prepare(char *socket)
{
  struct smfiDesc description = {
      .xxfi_name = (char[]){"floor"},
      .xxfi_version = SMFI_VERSION,
      .xxfi_flags = SMFIF_ADDHDRS,
      .xxfi_envfrom = on_mail,
      .xxfi_header = on_header,
      .xxfi_eoh = on_eoh,
      .xxfi_body = on_body,
      .xxfi_eom = on_eom,
      .xxfi_abort = on_abort,
      .xxfi_close = on_close,
      .xxfi_negotiate = on_negotiate,
  };
  unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC;
  library = dkim_init(NULL, NULL);
  if (!library || dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) != DKIM_STAT_OK ||
      dkim_set_key_lookup(library, find_key) != DKIM_STAT_OK)
    return -1;
  return smfi_register(description) == MI_SUCCESS && smfi_setconn(socket) == MI_SUCCESS &&
                 smfi_opensocket(true) == MI_SUCCESS
             ? 0
             : -1;
}

int main(int count, char **words)
{
  if (count != 3) {
    fputs("usage: floor SOCKET KEY-RECORD-FILE\n", stderr);
    return EX_USAGE;
  }
  FILE *file = fopen(words[2], "re");
  if (!file || !fgets(record, sizeof record, file)) {
    perror(words[2]);
    return EX_NOINPUT;
  }
  fclose(file);
  record[strcspn(record, "\n")] = '\0';
  if (prepare(words[1]) < 0) {
    fprintf(stderr, "floor: cannot listen on %s\n", words[1]);
    return EX_UNAVAILABLE;
  }
  return smfi_main() == MI_SUCCESS ? 0 : EX_SOFTWARE;
}
