/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl message FILE: what sluisd would do with a message, and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "audit/log.h"
#include "audit/record.h"
#include "base/memory.h"
#include "checks/dkim.h"
#include "ctl/command.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "resolver/resolver.h"
#include "session/replay.h"
#include "session/service.h"

enum { RECIPIENTS_MAX = 1000, MESSAGE_MAX = 256 << 20 };

struct envelope {
  const char *ip, *helo, *sender;
  const char *recipients[RECIPIENTS_MAX];
  size_t recipient_count;
  bool outbound;
  const char *file;
};

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] message [--json] [--ip ADDRESS] [--helo NAME] [--from MAILFROM]\n"
        "         [--rcpt RECIPIENT]... [--outbound] FILE\n"
        "  FILE may be - for standard input. Without --ip SPF cannot be checked; without --from it is the null sender.\n",
        stream);
}

static bool read_option(void *to, int option, char *value)
{
  struct envelope *envelope = to;
  if (option == 'i')
    envelope->ip = value;
  else if (option == 'e')
    envelope->helo = value;
  else if (option == 'f')
    envelope->sender = value;
  else if (option == 'r' && envelope->recipient_count < RECIPIENTS_MAX)
    envelope->recipients[envelope->recipient_count++] = value;
  else if (option == 'o')
    envelope->outbound = true;
  else
    return false;
  return true;
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct envelope *envelope, int count, char **words)
{
  static const struct option long_options[] = {
      WORDS_JSON,                             {"ip", required_argument, NULL, 'i'},   {"helo", required_argument, NULL, 'e'},
      {"from", required_argument, NULL, 'f'}, {"rcpt", required_argument, NULL, 'r'}, {"outbound", no_argument, NULL, 'o'},
      WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 1, 1};
  int status = words_read(&grammar, options, envelope, count, words);
  if (status >= 0)
    return status;
  envelope->file = words[optind];
  return -1;
}

/* The whole file; yours to free. NULL where it cannot be read. */
static char *read_file(const char *path, size_t *length)
{
  FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  char *bytes = NULL;
  size_t size = 65536, count = 1;
  *length = 0;
  while (stream && count > 0 && *length < MESSAGE_MAX) {
    size = *length > size / 2 ? 2 * size : size;
    bytes = memory_resize(bytes, size);
    count = fread(bytes + *length, 1, size - *length, stream);
    *length += count;
  }
  if (!stream || ferror(stream)) {
    perror(path);
    free(bytes);
    bytes = NULL;
  }
  if (stream && stream != stdin)
    fclose(stream);
  return bytes;
}

static void add_brackets(struct text *text, const char *path)
{
  text_clear(text);
  text_printf(text, *path == '<' ? "%s" : "<%s>", path);
}

static void feed_envelope(struct session *session, const struct envelope *envelope, const struct config *config)
{
  struct text path = {0};
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) < 0)
    host[0] = '\0';
  struct session_client client = {.mta = host, .can_quarantine = true};
  if (envelope->ip)
    ip_parse(&client.ip, envelope->ip);
  if (envelope->outbound && config->originating_daemons.count > 0)
    client.daemon_name = config->originating_daemons.items[0];
  session_connect(session, &client);
  session_helo(session, envelope->helo ? envelope->helo : "", &(struct session_tls){0});
  add_brackets(&path, envelope->sender ? envelope->sender : "");
  struct session_mail mail = {.sender = path.bytes};
  if (envelope->outbound && !client.daemon_name)
    mail.authenticated = "sluisctl";
  session_mail(session, &mail);
  const char *mailer = config->dane_mailers.count > 0 ? config->dane_mailers.items[0] : "smtp";
  for (size_t i = 0; i < envelope->recipient_count; i++) {
    add_brackets(&path, envelope->recipients[i]);
    session_rcpt(session, &(struct session_recipient){.recipient = path.bytes, .mailer = mailer});
  }
  text_free(&path);
}

/* Prints `value` as printable text behind a label, or nothing where there is none. */
static void line(const char *label, const char *value)
{
  char printable[TEXT_PRINTABLE_MAX + 1];
  if (value && *value)
    printf("%-14s%s\n", label, text_printable(printable, sizeof printable, value, strlen(value)));
}

static void tell_decision(const char *label, const struct decision *decision)
{
  struct text text = {0};
  text_add(&text, action_name(decision->action));
  if (decision->would != decision->action)
    text_printf(&text, " (mode enforce would %s)", action_name(decision->would));
  if (decision->rule)
    text_printf(&text, ", by %s", decision->rule);
  if (decision->exception)
    text_printf(&text, ", exception %s", decision->exception);
  line(label, text.bytes);
  if (decision->reply.code) {
    text_clear(&text);
    text_printf(&text, "%s %s %s", decision->reply.code, decision->reply.enhanced, decision->reply.text);
    line("  reply", text.bytes);
  }
  line("  reason", decision->reason);
  text_free(&text);
}

static void tell_result(const char *label, enum auth_result result, const char *domain, enum dnssec dnssec, const char *why)
{
  struct text text = {0};
  text_printf(&text, "%s%s%s, DNSSEC %s", auth_result_name(result), domain && *domain ? " for " : "",
              domain ? domain : "", dnssec_name(dnssec));
  if (why)
    text_printf(&text, ": %s", why);
  line(label, text.bytes);
  text_free(&text);
}

static void tell_facts(const struct audit_message *message)
{
  const struct facts *facts = message->facts;
  line("author", facts->author.status == AUTHOR_ONE ? facts->author.domain : facts->author.why);
  if (message->outbound)
    return;
  if (message->checked[STANDARD_SPF]) {
    tell_result("spf mailfrom", facts->spf_mailfrom.result, facts->spf_mailfrom.domain, facts->spf_mailfrom.dnssec,
                facts->spf_mailfrom.why);
    tell_result("spf helo", facts->spf_helo.result, facts->spf_helo.domain, facts->spf_helo.dnssec, facts->spf_helo.why);
  }
  if (message->checked[STANDARD_DKIM] && facts->dkim.count == 0)
    line("dkim", "none: no signature");
  for (size_t i = 0; message->checked[STANDARD_DKIM] && i < facts->dkim.count; i++) {
    const struct signature_fact *fact = &facts->dkim.signatures[i];
    tell_result("dkim", fact->result, fact->domain, fact->dnssec, fact->why);
  }
  if (message->checked[STANDARD_DMARC])
    tell_result("dmarc", facts->dmarc.result, facts->dmarc.policy_domain, facts->dmarc.dnssec, facts->dmarc.why);
}

static void tell_recipient(const struct audit_recipient *recipient)
{
  line("recipient", recipient->address);
  if (recipient->dane) {
    struct text text = {0};
    text_add(&text, dane_verdict_name(recipient->dane->verdict));
    if (recipient->dane->why)
      text_printf(&text, ": %s", recipient->dane->why);
    line("  dane", text.bytes);
    text_free(&text);
    tell_decision("  answer", &recipient->decision);
  }
}

static void tell_outcome(const struct session *session, const struct session_outcome *outcome)
{
  const struct audit_message *message = session_ended(session);
  line("direction", message->outbound ? "outbound" : "inbound");
  tell_facts(message);
  for (size_t i = 0; i < message->recipient_count; i++)
    tell_recipient(&message->recipients[i]);
  tell_decision("decision", &outcome->decision);
  for (size_t i = 0; i < outcome->edit_count; i++) {
    const struct session_edit *edit = &outcome->edits[i];
    if (edit->value)
      printf("adds          %s: %s\n", edit->name, edit->value);
    else
      printf("removes       %s number %u\n", edit->name, edit->index);
  }
}

/* Refusals of recipients count too: the worst that happens to this mail. */
static int exit_status(const struct session *session, const struct decision *decision)
{
  struct decision worst = *decision;
  const struct audit_message *message = session_ended(session);
  for (size_t i = 0; i < message->recipient_count; i++)
    worst = decision_worse(worst, message->recipients[i].decision);
  return worst.action == ACTION_ACCEPT ? 0 : worst.action == ACTION_DEFER ? 2 : 1;
}

static int tell_json(void *context, const char *event, const char *host, const struct text *members)
{
  return audit_log_write(context, event, host, members);
}

static int examine(const struct command_options *options, const struct envelope *envelope, struct config *config,
                   struct resolver *resolver, const char *bytes, size_t length)
{
  char error[256];
  struct audit_log *log = options->json ? audit_log_open("-", NULL, NULL, error, sizeof error) : NULL;
  struct service service;
  service_init(&service, config_hold(config), resolver, log ? tell_json : NULL, log);
  struct session *session = session_new(&service);
  feed_envelope(session, envelope, config);
  struct session_outcome outcome = replay_message(session, bytes, length, NULL);
  if (!options->json)
    tell_outcome(session, &outcome);
  int status = exit_status(session, &outcome.decision);
  session_free(session);
  service_end(&service);
  audit_log_close(log);
  return status;
}

int command_message(struct command_options *options, int count, char **words)
{
  struct envelope envelope = {0};
  int status = read_words(options, &envelope, count, words);
  if (status >= 0)
    return status;
  struct ip ip;
  if (envelope.ip && ip_parse(&ip, envelope.ip) < 0) {
    fprintf(stderr, "sluisctl message: --ip takes an IPv4 or IPv6 address\n");
    return EX_USAGE;
  }
  struct config *config = setup_config(options);
  if (!config)
    return EX_CONFIG;
  size_t length;
  char *bytes = read_file(envelope.file, &length);
  struct resolver *resolver = bytes ? setup_resolver(config) : NULL;
  status = !bytes ? EX_NOINPUT : EX_UNAVAILABLE;
  if (resolver && signatures_set_up() == 0) {
    status = examine(options, &envelope, config, resolver, bytes, length);
    signatures_shut_down();
  }
  resolver_close(resolver);
  config_release(config);
  free(bytes);
  return status;
}
