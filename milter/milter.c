/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libmilter's callbacks. See milter.h.
 *
 * Debian's libmilter moves a connection between threads, so all that belongs to one hangs at its context and nothing is
 * thread-local; it calls back for one connection from one thread at a time.
 */
#include "milter/milter.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <libmilter/mfapi.h>

#include "base/memory.h"
#include "milter/guard.h"
#include "milter/listener.h"
#include "milter/nudge.h"
#include "milter/packet.h"
#include "milter/report.h"
#include "session/service.h"
#include "session/session.h"

enum { REPLY_ROOM = 900, QUEUE_ID_ROOM = 64 };

/* One connection of the MTA. */
struct connection {
  struct session *session;
  char queue_id[QUEUE_ID_ROOM]; /* of the message in hand; "" while unknown */
  bool leading_space;           /* SMFIP_HDR_LEADSPC was granted */
  bool can_skip;                /* SMFIP_SKIP too */
  bool can_add, can_change, can_quarantine;
  bool in_hand;
  struct guard_message guarded; /* it, while it is in hand */
  unsigned long no_reply; /* the granted SMFIP_NR_* */
};

static struct service *service;
static struct guard *guard;
static pthread_t listener; /* who calls milter_open() and milter_run() */
static atomic_bool ended, stopping;
static atomic_uint in_hand;
static atomic_bool draining;
static atomic_bool told_of_missing_actions;

/* NULL where the peer did not negotiate, or behind a QUIT_NC, where it goes on to another client without negotiating anew:
 * nobody knows then what was granted. libmilter lets it; no MTA that we know does, and its mail is deferred. */
static struct connection *connection_of(SMFICTX *context)
{
  return smfi_getpriv(context);
}

static char *macro(SMFICTX *context, const char *name)
{
  /* libmilter takes a char * that it does not write to. */
  char copy[32];
  snprintf(copy, sizeof copy, "%s", name);
  return smfi_getsymval(context, copy);
}

static sfsistat go_on(const struct connection *connection, unsigned long no_reply)
{
  return connection->no_reply & no_reply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static void set_in_hand(struct connection *connection, bool value)
{
  if (connection->in_hand == value)
    return;
  connection->in_hand = value;
  if (value) {
    atomic_fetch_add(&in_hand, 1);
  } else {
    guard_done(guard, &connection->guarded, false);
    atomic_fetch_sub(&in_hand, 1);
  }
}

/* Gives the MTA the reply and returns the status that goes with its class. '%' is libmilter's, so it is doubled. */
static sfsistat give_reply(SMFICTX *context, const struct decision *decision)
{
  char text[REPLY_ROOM], code[8], enhanced[16];
  size_t used = 0;
  const char *from = decision->reply.text ? decision->reply.text : "";
  for (; *from && used + 3 < sizeof text; from++) {
    text[used++] = *from;
    if (*from == '%')
      text[used++] = '%';
  }
  text[used] = '\0';
  snprintf(code, sizeof code, "%s", decision->reply.code ? decision->reply.code : "451");
  snprintf(enhanced, sizeof enhanced, "%s", decision->reply.enhanced ? decision->reply.enhanced : "4.3.5");
  if (smfi_setreply(context, code, enhanced, text) != MI_SUCCESS)
    report(LOG_ERR, "libmilter refused the reply %s %s %s", code, enhanced, text);
  return decision->action == ACTION_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* What happens where Sluis or the MTA's side of it fails: the message comes again later. */
static sfsistat give_failure(SMFICTX *context, const struct connection *connection, const char *what)
{
  const struct decision decision = {
      .action = ACTION_DEFER,
      .reply = {.code = "451", .enhanced = "4.3.5", .text = "mail filter could not finish, try again later"}};
  report(LOG_ERR, "%s: %s, message deferred", *connection->queue_id ? connection->queue_id : "NOQUEUE", what);
  return give_reply(context, &decision);
}

/* The macros that we need, asked for so that the postmaster configures nothing. */
static const struct {
  int stage;
  const char *names;
} macros[] = {
    {SMFIM_CONNECT, "j {daemon_name}"},
    {SMFIM_HELO, "{tls_version} {cipher} {cipher_bits}"},
    {SMFIM_ENVFROM, "i {auth_authen} {tls_version} {cipher} {cipher_bits}"},
    {SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host}"},
    {SMFIM_EOM, "i"},
};

static sfsistat on_negotiate(SMFICTX *context, unsigned long offered_actions, unsigned long offered_steps,
                             unsigned long unused2, unsigned long unused3, unsigned long *actions,
                             unsigned long *steps, unsigned long *reserved2, unsigned long *reserved3)
{
  (void)unused2;
  (void)unused3;
  struct connection *connection = memory_new(sizeof *connection);
  const unsigned long no_reply = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NR_EOH;
  const unsigned long not_needed = SMFIP_NODATA | SMFIP_NOUNKNOWN;
  *actions = offered_actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
  *steps = offered_steps & (no_reply | not_needed | SMFIP_SKIP | SMFIP_HDR_LEADSPC);
  *reserved2 = *reserved3 = 0;
  connection->no_reply = *steps & no_reply;
  connection->leading_space = *steps & SMFIP_HDR_LEADSPC;
  connection->can_skip = *steps & SMFIP_SKIP;
  connection->can_add = *actions & SMFIF_ADDHDRS;
  connection->can_change = *actions & SMFIF_CHGHDRS;
  connection->can_quarantine = *actions & SMFIF_QUARANTINE;
  connection->session = session_new(service);
  if ((!connection->can_add || !connection->can_change) && !atomic_exchange(&told_of_missing_actions, true))
    report(LOG_WARNING, "the MTA does not let milters %s: checks and refusals work, header fields do not",
           connection->can_add ? "change header fields" : "add header fields");
  if (*actions & SMFIF_SETSYMLIST)
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
      char names[80];
      snprintf(names, sizeof names, "%s", macros[i].names);
      smfi_setsymlist(context, macros[i].stage, names);
    }
  if (smfi_setpriv(context, connection) != MI_SUCCESS) {
    session_free(connection->session);
    free(connection);
    return SMFIS_REJECT;
  }
  return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  struct session_client client = {.name = name,
                                  .mta = macro(context, "j"),
                                  .daemon_name = macro(context, "{daemon_name}"),
                                  .can_quarantine = connection->can_quarantine};
  ip_from_sockaddr(&client.ip, (const struct sockaddr *)address);
  session_connect(connection->session, &client);
  return go_on(connection, SMFIP_NR_CONN);
}

static struct session_tls tls_macros(SMFICTX *context)
{
  return (struct session_tls){.version = macro(context, "{tls_version}"),
                              .cipher = macro(context, "{cipher}"),
                              .bits = macro(context, "{cipher_bits}")};
}

static sfsistat on_helo(SMFICTX *context, char *helo)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  struct session_tls tls = tls_macros(context);
  set_in_hand(connection, false);
  session_helo(connection->session, helo, &tls);
  return go_on(connection, SMFIP_NR_HELO);
}

static void keep_queue_id(SMFICTX *context, struct connection *connection)
{
  const char *queue_id = macro(context, "i");
  if (queue_id && *queue_id)
    snprintf(connection->queue_id, sizeof connection->queue_id, "%s", queue_id);
}

static const char *queue_id_of(const struct connection *connection)
{
  return *connection->queue_id ? connection->queue_id : NULL;
}

static sfsistat give_stopping(SMFICTX *context, struct connection *connection, const struct session_mail *mail)
{
  const struct decision decision = decision_stopping();
  session_refuse(connection->session, mail, &decision, queue_id_of(connection));
  set_in_hand(connection, false);
  return give_reply(context, &decision);
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  if (session_in_transaction(connection->session))
    session_abort(connection->session, queue_id_of(connection));
  set_in_hand(connection, false);
  connection->queue_id[0] = '\0';
  keep_queue_id(context, connection);
  struct session_mail mail = {.sender = arguments[0],
                              .parameters = (const char *const *)(arguments + 1),
                              .authenticated = macro(context, "{auth_authen}"),
                              .tls = tls_macros(context)};
  /* In hand before the look at it: who stops the daemon looks the other way round. */
  set_in_hand(connection, true);
  if (atomic_load(&draining))
    return give_stopping(context, connection, &mail);
  mail.care = guard_mail(guard, &connection->guarded, arguments[0]);
  mail.patient = guard_is_watchful(guard);
  session_mail(connection->session, &mail);
  return SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  keep_queue_id(context, connection);
  struct session_recipient recipient = {.recipient = arguments[0],
                                        .mailer = macro(context, "{rcpt_mailer}"),
                                        .host = macro(context, "{rcpt_host}")};
  session_withhold(connection->session, guard_recipient(guard, &connection->guarded, arguments[0]));
  nudge_wait_begins();
  struct decision decision = session_rcpt(connection->session, &recipient);
  nudge_wait_ends();
  if (decision.action == ACTION_REJECT || decision.action == ACTION_DEFER)
    return give_reply(context, &decision);
  return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  session_withhold(connection->session, guard_field(guard, &connection->guarded, name, value));
  session_header(connection->session, name, value, connection->leading_space);
  return go_on(connection, SMFIP_NR_HDR);
}

static sfsistat on_eoh(SMFICTX *context)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  session_eoh(connection->session);
  return go_on(connection, SMFIP_NR_EOH);
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t length)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  session_body(connection->session, bytes, length);
  return connection->can_skip && !session_wants_body(connection->session) ? SMFIS_SKIP : SMFIS_CONTINUE;
}

/* A field's value as the MTA wants it: with its own leading space where it leaves spaces to us. */
static int insert_field(SMFICTX *context, const struct connection *connection, const struct session_edit *edit)
{
  struct text value = {0};
  char name[40];
  snprintf(name, sizeof name, "%s", edit->name);
  if (connection->leading_space)
    text_add_char(&value, ' ');
  text_add(&value, edit->value);
  int status = smfi_insheader(context, 0, name, value.bytes);
  text_free(&value);
  return status;
}

static int make_edit(SMFICTX *context, const struct connection *connection, const struct session_edit *edit)
{
  if (edit->value)
    return connection->can_add ? insert_field(context, connection, edit) : MI_SUCCESS;
  if (!connection->can_change)
    return MI_SUCCESS;
  char name[40];
  snprintf(name, sizeof name, "%s", edit->name);
  return smfi_chgheader(context, name, (int)edit->index, NULL);
}

static sfsistat finish(SMFICTX *context, const struct connection *connection, const struct session_outcome *outcome)
{
  const struct decision *decision = &outcome->decision;
  if (decision->action == ACTION_REJECT || decision->action == ACTION_DEFER)
    return give_reply(context, decision);
  for (size_t i = 0; i < outcome->edit_count; i++)
    if (make_edit(context, connection, &outcome->edits[i]) != MI_SUCCESS)
      /* A message whose forged fields stay in must not go on. */
      return give_failure(context, connection, "the MTA did not take a header edit");
  if (decision->action == ACTION_QUARANTINE) {
    char reason[REPLY_ROOM];
    snprintf(reason, sizeof reason, "%s", decision->reason ? decision->reason : "sluis");
    if (smfi_quarantine(context, reason) != MI_SUCCESS)
      return give_failure(context, connection, "the MTA did not quarantine");
  }
  return SMFIS_CONTINUE;
}

static sfsistat on_eom(SMFICTX *context)
{
  struct connection *connection = connection_of(context);
  if (!connection)
    return SMFIS_TEMPFAIL;
  if (!session_in_transaction(connection->session))
    return give_failure(context, connection, "a message ended that had not begun");
  keep_queue_id(context, connection);
  nudge_wait_begins();
  struct session_outcome outcome = session_eom(connection->session, queue_id_of(connection));
  nudge_wait_ends();
  sfsistat status = finish(context, connection, &outcome);
  guard_done(guard, &connection->guarded, true);
  set_in_hand(connection, false);
  return status;
}

static sfsistat on_abort(SMFICTX *context)
{
  struct connection *connection = connection_of(context);
  if (connection) {
    session_abort(connection->session, queue_id_of(connection));
    set_in_hand(connection, false);
  }
  return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
  struct connection *connection = connection_of(context);
  if (connection) {
    session_abort(connection->session, queue_id_of(connection));
    set_in_hand(connection, false);
    session_free(connection->session);
    free(connection);
    smfi_setpriv(context, NULL);
  }
  return SMFIS_CONTINUE;
}

static void do_nothing(int signal)
{
  (void)signal;
}

/* Somebody may call milter_stop() before milter_run() has begun. */
static void be_listener(void)
{
  /* Without SA_RESTART: its only purpose is to end a wait of this thread. */
  const struct sigaction wake = {.sa_handler = do_nothing};
  sigaction(SIGUSR2, &wake, NULL);
  listener = pthread_self();
}

int milter_open(struct service *serve, const char *listen, char *error, size_t error_size)
{
  struct smfiDesc description = {
      .xxfi_name = (char[]){"sluis"},
      .xxfi_version = SMFI_VERSION,
      .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
      .xxfi_connect = on_connect,
      .xxfi_helo = on_helo,
      .xxfi_envfrom = on_mail,
      .xxfi_envrcpt = on_rcpt,
      .xxfi_header = on_header,
      .xxfi_eoh = on_eoh,
      .xxfi_body = on_body,
      .xxfi_eom = on_eom,
      .xxfi_abort = on_abort,
      .xxfi_close = on_close,
      .xxfi_negotiate = on_negotiate,
  };
  service = serve;
  be_listener();
  packet_set_up();
  char *where = memory_copy_string(listen);
  int status = smfi_register(description) == MI_SUCCESS && smfi_setconn(where) == MI_SUCCESS &&
                       smfi_opensocket(true) == MI_SUCCESS
                   ? 0
                   : -1;
  if (status < 0)
    snprintf(error, error_size, "cannot listen on %s", listen);
  else if (strncasecmp(listen, "inet", 4) == 0 && listener_send_at_once() == 0)
    report(LOG_WARNING, "the listening socket was not found: every message waits 40 ms for the network");
  free(where);
  return status;
}

void milter_guard(struct guard *with)
{
  guard = with;
}

void milter_drain(void)
{
  atomic_store(&draining, true);
}

unsigned milter_in_hand(void)
{
  return atomic_load(&in_hand);
}

int milter_run(void)
{
  if (nudge_start() < 0)
    report(LOG_WARNING, "the listening socket was not found: a burst of messages may wait for one that waits for the DNS");
  int status = smfi_main() == MI_SUCCESS ? 0 : -1;
  if (atomic_load(&stopping))
    status = 0; /* smfi_stop() before smfi_main() closes the socket, which the second one then cannot open any more */
  atomic_store(&ended, true);
  nudge_stop();
  return status;
}

static void *interrupt_listener(void *unused)
{
  while (!atomic_load(&ended)) {
    const struct timespec moment = {.tv_nsec = 20000000};
    pthread_kill(listener, SIGUSR2);
    nanosleep(&moment, NULL);
  }
  return unused;
}

void milter_stop(void)
{
  /* libmilter waits five seconds at a time for connections, with a lock held that smfi_stop() wants as well: a thread of our
   * own ends that wait meanwhile. */
  pthread_t helper;
  bool helped = pthread_create(&helper, NULL, interrupt_listener, NULL) == 0;
  atomic_store(&stopping, true);
  smfi_stop();
  if (helped)
    pthread_join(helper, NULL);
  else
    interrupt_listener(NULL);
}

const char *milter_version(void)
{
  static char text[32];
  unsigned major, minor, patch;
  smfi_version(&major, &minor, &patch);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, patch);
  return text;
}
