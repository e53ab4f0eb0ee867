/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One SMTP connection and the course of its transactions. What is found and said about a message lies in inbound.c and
 * outbound.c. See session.h.
 */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "checks/dkim.h"
#include "checks/tls.h"
#include "message/results.h"
#include "policy/rule.h"
#include "resolver/resolver.h"
#include "session/service.h"
#include "session/transaction.h"

enum {
  /* RFC 7208 4.6.4 lets one SPF check ask for some 110 names, twice; 10 keys; DMARC walks of 8 names for the author and
   * each passing name. A message from outside that wants more is not honest. */
  INBOUND_QUERIES_MAX = 400,
  /* Our own users choose the recipients: 50 MX hosts with 4 questions each, for as many destinations as 10,000
   * questions give. */
  OUTBOUND_QUERIES_MAX = 10000,
  RECIPIENTS_MAX = 10000, /* remembered for the audit line; Postfix' own limit is 1,000 */
  VALUE_MAX = 1000        /* of a name or an address kept */
};

struct session {
  struct service *service;
  struct arena *arena; /* of the connection */
  struct session_client client;
  struct arena *greeting; /* of what HELO said last */
  const char *helo;
  struct session_tls tls; /* as of HELO */
  struct transaction *transaction; /* in progress, or NULL */
  struct transaction *ended;       /* kept until the next one, for the outcome that was handed out */
  struct text record; /* of the transaction that ended last */
};

static uint64_t now_ms(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* A copy that cannot be longer than anybody needs. NULL and "" become NULL. */
static const char *keep(struct arena *arena, const char *value)
{
  return value && *value ? arena_copy(arena, value, strnlen(value, VALUE_MAX)) : NULL;
}

struct session *session_new(struct service *service)
{
  struct session *session = memory_new(sizeof *session);
  session->service = service;
  session->arena = arena_new();
  return session;
}

static void transaction_free(struct transaction *transaction)
{
  if (!transaction)
    return;
  signatures_free(transaction->signatures);
  lookups_free(transaction->lookups);
  config_release(transaction->config);
  free(transaction->results.marked);
  free(transaction->dane_fields.marked);
  free(transaction->visible);
  free(transaction->recipients);
  arena_free(transaction->arena);
  free(transaction);
}

void session_free(struct session *session)
{
  if (!session)
    return;
  session_abort(session, NULL);
  text_free(&session->record);
  arena_free(session->greeting);
  arena_free(session->arena);
  free(session);
}

bool session_in_transaction(const struct session *session)
{
  return session->transaction != NULL;
}

const struct audit_message *session_ended(const struct session *session)
{
  return session->ended ? &session->ended->told : NULL;
}

const struct text *session_record(const struct session *session)
{
  return &session->record;
}

/* What MTAs say where they know no name: Postfix the word, Sendmail (and Postfix to a milter) the address in brackets. */
static bool is_nameless(const char *name)
{
  return !name || *name == '[' || strcasecmp(name, "unknown") == 0;
}

void session_connect(struct session *session, const struct session_client *client)
{
  session->client = (struct session_client){.ip = client->ip,
                                            .name = is_nameless(client->name) ? NULL : keep(session->arena, client->name),
                                            .mta = keep(session->arena, client->mta),
                                            .daemon_name = keep(session->arena, client->daemon_name),
                                            .can_quarantine = client->can_quarantine};
}

void session_helo(struct session *session, const char *helo, const struct session_tls *tls)
{
  /* RFC 5321 4.1.4: EHLO resets, as RSET does. */
  session_abort(session, NULL);
  arena_free(session->greeting);
  struct arena *arena = session->greeting = arena_new();
  session->helo = keep(arena, helo);
  session->tls = (struct session_tls){
      .version = keep(arena, tls->version), .cipher = keep(arena, tls->cipher), .bits = keep(arena, tls->bits)};
}

/* CONTRACT 2. */
static bool is_outbound(const struct session *session, const struct config *config, const struct session_mail *mail)
{
  if (mail->authenticated && *mail->authenticated)
    return true;
  const struct ip *ip = &session->client.ip;
  if (network_contains(config->internal_networks.items, config->internal_networks.count, ip))
    return true;
  for (size_t i = 0; session->client.daemon_name && i < config->originating_daemons.count; i++)
    if (strcmp(session->client.daemon_name, config->originating_daemons.items[i]) == 0)
      return true;
  return false;
}

static void read_parameters(struct transaction *transaction, const char *const *parameters)
{
  for (; parameters && *parameters; parameters++) {
    if (strcasecmp(*parameters, "SMTPUTF8") == 0)
      transaction->utf8 = true;
    else if (strcasecmp(*parameters, "REQUIRETLS") == 0)
      transaction->requiretls = true;
  }
}

static void read_tls(struct session *session, struct transaction *transaction, const struct session_tls *tls)
{
  const struct session_tls *use = tls->version && *tls->version ? tls : &session->tls;
  transaction->facts.tls = tls_check(transaction->arena, use->version, use->cipher, use->bits);
  transaction->checked[STANDARD_TLS] = true;
}

void session_mail(struct session *session, const struct session_mail *mail)
{
  session_abort(session, NULL);
  struct transaction *transaction = memory_new(sizeof *transaction);
  struct arena *arena = transaction->arena = arena_new();
  struct config *config = transaction->config = service_config(session->service);
  session->transaction = transaction;
  transaction->now = service_now(session->service);
  transaction->started_ms = now_ms();
  transaction->outbound = is_outbound(session, config, mail);
  transaction->lookups =
      lookups_new(session->service->resolver, transaction->outbound ? OUTBOUND_QUERIES_MAX : INBOUND_QUERIES_MAX);
  transaction->authserv_id = *config->authserv_id   ? config->authserv_id
                             : session->client.mta ? session->client.mta
                                                    : "localhost";
  transaction->authenticated = keep(arena, mail->authenticated);
  transaction->care = mail->care;
  transaction->patient = mail->patient;
  read_tls(session, transaction, &mail->tls);
  if (mail->care != SESSION_EXAMINE)
    return;
  transaction->sender = path_parse(arena, mail->sender);
  read_parameters(transaction, mail->parameters);
  if (!transaction->outbound)
    inbound_begin(transaction, &session->client.ip, session->helo);
}

void session_withhold(struct session *session, enum session_care care)
{
  struct transaction *transaction = session->transaction;
  if (transaction && care > transaction->care)
    transaction->care = care;
}

static struct audit_recipient *add_recipient(struct transaction *transaction)
{
  if (transaction->recipient_count == transaction->recipient_size) {
    transaction->recipient_size = transaction->recipient_size ? 2 * transaction->recipient_size : 4;
    transaction->recipients =
        memory_resize(transaction->recipients, transaction->recipient_size * sizeof *transaction->recipients);
  }
  struct audit_recipient *recipient = &transaction->recipients[transaction->recipient_count++];
  *recipient = (struct audit_recipient){0};
  return recipient;
}

/* It counts, and who it is nobody reads. */
static struct decision unread_recipient(struct transaction *transaction, const struct session_recipient *given)
{
  struct audit_recipient *recipient = add_recipient(transaction);
  recipient->domain = "";
  if (transaction->care == SESSION_POSTPONE && given->mailer && *given->mailer)
    recipient->decision = decision_postponed(transaction->arena);
  return recipient->decision;
}

struct decision session_rcpt(struct session *session, const struct session_recipient *given)
{
  struct transaction *transaction = session->transaction;
  if (!transaction)
    return (struct decision){0};
  if (transaction->recipient_count >= RECIPIENTS_MAX) {
    struct decision decision = decision_failure(transaction->arena, "too many recipients in one transaction");
    decision.reply.code = "452";
    decision.reply.enhanced = "4.5.3";
    return decision;
  }
  if (transaction->care != SESSION_EXAMINE)
    return unread_recipient(transaction, given);
  struct path path = path_parse(transaction->arena, given->recipient);
  struct audit_recipient *recipient = add_recipient(transaction);
  recipient->address = keep(transaction->arena, path.address);
  recipient->domain = path.domain;
  if (!transaction->outbound)
    return recipient->decision;
  struct decision decision = outbound_recipient(transaction, given, recipient);
  recipient->decision = decision;
  if (!given->mailer || !*given->mailer) {
    transaction->postponed = true;
    return (struct decision){0};
  }
  return decision.action == ACTION_QUARANTINE ? (struct decision){0} : decision;
}

void marks_add(struct field_marks *marks, bool mark)
{
  marks->seen++;
  if (!mark)
    return;
  if (marks->count == marks->size) {
    marks->size = marks->size ? 2 * marks->size : 8;
    marks->marked = memory_resize(marks->marked, marks->size * sizeof *marks->marked);
  }
  marks->marked[marks->count++] = marks->seen;
}

static bool is_trusted_relay(const struct session *session)
{
  const struct network_list *relays = &session->transaction->config->trusted_relays;
  return network_contains(relays->items, relays->count, &session->client.ip);
}

/* RFC 5322 4.5: obsolete syntax lets white space stand between the name and the colon; readers take it, so it must not
 * hide a field from us. */
static bool is_named(const char *name, const char *wanted)
{
  size_t length = strlen(wanted);
  return strncasecmp(name, wanted, length) == 0 && name[length + strspn(name + length, " \t")] == '\0';
}

static void note_field(struct session *session, const char *name, const char *value, size_t length)
{
  struct transaction *transaction = session->transaction;
  if (is_named(name, "Authentication-Results")) {
    bool forged = results_origin(value, length, transaction->authserv_id) != RESULTS_FOREIGN;
    marks_add(&transaction->results, forged && !is_trusted_relay(session));
  } else if (transaction->outbound && is_named(name, "Sluis-DANE")) {
    marks_add(&transaction->dane_fields, true);
  } else if (is_named(name, "From")) {
    author_field(&transaction->author, transaction->arena, value, length);
  } else if (transaction->outbound && (is_named(name, "To") || is_named(name, "Cc"))) {
    outbound_visible(transaction, value);
  } else if (!transaction->message_id && is_named(name, "Message-ID")) {
    transaction->message_id = keep(transaction->arena, value + strspn(value, " \t\r\n"));
  }
}

/* What may be forged goes, by its name alone: nobody has looked at it. */
static void note_unread(struct session *session, const char *name)
{
  struct transaction *transaction = session->transaction;
  if (is_named(name, "Authentication-Results"))
    marks_add(&transaction->results, !is_trusted_relay(session));
  else if (transaction->outbound && is_named(name, "Sluis-DANE"))
    marks_add(&transaction->dane_fields, true);
}

void session_header(struct session *session, const char *name, const char *value, bool leading_space)
{
  struct transaction *transaction = session->transaction;
  if (!transaction)
    return;
  if (transaction->care != SESSION_EXAMINE) {
    note_unread(session, name);
    return;
  }
  size_t length = strlen(value);
  note_field(session, name, value, length);
  if (!transaction->signatures || transaction->fields_ended)
    return;
  if (leading_space) {
    signatures_field(transaction->signatures, name, value, length);
    return;
  }
  /* The MTA ate one space behind the colon, which nearly every field has: simple canonicalization needs it back. */
  struct text whole = {0};
  text_add_char(&whole, ' ');
  text_add_bytes(&whole, value, length);
  signatures_field(transaction->signatures, name, whole.bytes, whole.length);
  text_free(&whole);
}

void session_eoh(struct session *session)
{
  struct transaction *transaction = session->transaction;
  if (!transaction || transaction->fields_ended)
    return;
  transaction->fields_ended = true;
  if (transaction->care != SESSION_EXAMINE)
    return;
  transaction->facts.author = author_find(&transaction->author);
  if (!transaction->outbound)
    inbound_end_fields(transaction);
}

void session_body(struct session *session, const void *bytes, size_t length)
{
  struct transaction *transaction = session->transaction;
  session_eoh(session); /* where the MTA left it out */
  if (transaction && transaction->signatures && transaction->care == SESSION_EXAMINE)
    signatures_body(transaction->signatures, bytes, length);
}

bool session_wants_body(const struct session *session)
{
  const struct transaction *transaction = session->transaction;
  return transaction && transaction->signatures && transaction->care == SESSION_EXAMINE &&
         signatures_want_body(transaction->signatures);
}

static void fill_in(const struct session *session, const struct decision *decision, const char *queue_id)
{
  struct transaction *transaction = session->transaction;
  transaction->told = (struct audit_message){
      .outbound = transaction->outbound,
      .queue_id = keep(transaction->arena, queue_id),
      .client_ip = &session->client.ip,
      .client_name = session->client.name,
      .helo = session->helo,
      .authenticated = transaction->authenticated,
      .mail_from = transaction->sender.address,
      .message_id = transaction->message_id,
      .facts = &transaction->facts,
      .recipients = transaction->recipients,
      .recipient_count = transaction->recipient_count,
      .decision = *decision,
      .dmarc_override = transaction->dmarc_override,
      .elapsed_ms = (unsigned)(now_ms() - transaction->started_ms),
      .dns_ms = lookups_waited_ms(transaction->lookups),
      .dns_queries = lookups_sent(transaction->lookups),
      .removed_headers = (unsigned)(transaction->results.count + transaction->dane_fields.count),
  };
  memcpy(transaction->told.checked, transaction->checked, sizeof transaction->checked);
}

/* Writes the audit line. 0, or -1 where it could not be kept. */
static int tell(struct session *session, const struct decision *decision, const char *queue_id)
{
  struct transaction *transaction = session->transaction;
  struct audit_origin origin = record_origin(transaction->config, transaction->authserv_id);
  fill_in(session, decision, queue_id);
  text_clear(&session->record);
  record_message(&session->record, &origin, &transaction->told);
  if (!session->service->tell)
    return 0;
  return session->service->tell(session->service->context, "message", transaction->authserv_id, &session->record);
}

/* Deletions of one name, the highest number first. */
static size_t add_deletions(struct session_edit *edits, size_t count, const char *name, const struct field_marks *marks)
{
  for (size_t i = marks->count; i > 0; i--)
    edits[count++] = (struct session_edit){.name = name, .index = marks->marked[i - 1]};
  return count;
}

static void make_edits(const struct transaction *transaction, struct session_outcome *outcome)
{
  size_t most = transaction->results.count + transaction->dane_fields.count + 1;
  struct session_edit *edits = arena_alloc(transaction->arena, most * sizeof *edits);
  size_t count = add_deletions(edits, 0, "Authentication-Results", &transaction->results);
  count = add_deletions(edits, count, "Sluis-DANE", &transaction->dane_fields);
  const char *value = transaction->outbound ? outbound_verdicts(transaction) : inbound_results(transaction);
  if (value)
    edits[count++] = (struct session_edit){
        .name = transaction->outbound ? "Sluis-DANE" : "Authentication-Results", .value = value};
  outcome->edits = edits;
  outcome->edit_count = count;
}

static struct decision decide(const struct session *session)
{
  struct transaction *transaction = session->transaction;
  if (transaction->care == SESSION_POSTPONE)
    return decision_postponed(transaction->arena);
  if (transaction->care == SESSION_HOLD)
    return session->client.can_quarantine
               ? decision_unexamined(transaction->arena)
               : decision_failure(transaction->arena, "the message is to be held, and cannot be");
  return transaction->outbound ? outbound_decide(transaction)
                               : inbound_decide(transaction, &session->client.ip, session->helo);
}

struct session_outcome session_eom(struct session *session, const char *queue_id)
{
  struct transaction *transaction = session->transaction;
  session_eoh(session); /* where the MTA left it out */
  struct session_outcome outcome = {.decision = decide(session)};
  if (outcome.decision.action == ACTION_QUARANTINE && !session->client.can_quarantine)
    outcome.decision.action = ACTION_ACCEPT; /* `would` still says quarantine */
  if (outcome.decision.action <= ACTION_QUARANTINE)
    make_edits(transaction, &outcome);
  if (tell(session, &outcome.decision, queue_id) < 0 && transaction->config->audit.required)
    outcome = (struct session_outcome){
        .decision = decision_failure(transaction->arena, "the audit log cannot be written")};
  session->ended = transaction;
  session->transaction = NULL;
  return outcome;
}

/* How a transaction ended that never got to its message: where every recipient was refused, that is the reason. */
static struct decision aborted(const struct transaction *transaction)
{
  struct decision worst = {0};
  bool all_refused = transaction->recipient_count > 0 && !transaction->postponed;
  for (size_t i = 0; i < transaction->recipient_count; i++) {
    const struct decision *decision = &transaction->recipients[i].decision;
    if (decision->action != ACTION_REJECT && decision->action != ACTION_DEFER)
      all_refused = false;
    worst = decision_worse(worst, *decision);
  }
  if (!all_refused)
    worst = (struct decision){.action = ACTION_ABORT, .would = ACTION_ABORT};
  return worst;
}

static void forget(struct session *session)
{
  transaction_free(session->transaction);
  transaction_free(session->ended);
  session->transaction = session->ended = NULL;
}

void session_abort(struct session *session, const char *queue_id)
{
  struct transaction *transaction = session->transaction;
  if (transaction) {
    struct decision decision = aborted(transaction);
    tell(session, &decision, queue_id);
  }
  forget(session);
}

void session_refuse(struct session *session, const struct session_mail *mail, const struct decision *decision,
                    const char *queue_id)
{
  struct session_mail only = *mail;
  only.patient = true;
  session_mail(session, &only);
  tell(session, decision, queue_id);
  forget(session);
}
