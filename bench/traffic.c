/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What an MTA says for one mail. See traffic.h.
 */
#include "bench/traffic.h"

#include <arpa/inet.h>
#include <string.h>

#include <libmilter/mfdef.h>

enum { CHUNK = 65535 };

void tally_join(struct tally *tally, struct tally *from)
{
  samples_join(&tally->message, &from->message);
  samples_join(&tally->recipient, &from->recipient);
  tally->accepted += from->accepted;
  tally->rejected += from->rejected;
  tally->deferred += from->deferred;
  tally->lost += from->lost;
  tally->inserted += from->inserted;
  tally->changed += from->changed;
  tally->quarantined += from->quarantined;
}

/* Strings, each with its NUL, up to a NULL. */
static int command(struct mta *mta, char letter, const char *first, const char *second)
{
  char data[1024];
  size_t used = 0;
  const char *words[] = {first, second};
  for (size_t i = 0; i < 2; i++) {
    size_t length = words[i] ? strlen(words[i]) + 1 : 0;
    if (used + length > sizeof data)
      length = 0;
    memcpy(data + used, words[i] ? words[i] : "", length);
    used += length;
  }
  return mta_command(mta, letter, data, used);
}

static int say_connect(struct mta *mta, const struct corpus_mail *mail)
{
  char data[512];
  uint16_t port = htons(49152);
  size_t used = (size_t)snprintf(data, 256, "%s", mail->client_name) + 1;
  data[used++] = strchr(mail->client, ':') ? SMFIA_INET6 : SMFIA_INET;
  memcpy(data + used, &port, sizeof port);
  used += sizeof port;
  used += (size_t)snprintf(data + used, 128, "%s", mail->client) + 1;
  return mta_command(mta, SMFIC_CONNECT, data, used);
}

int traffic_open(struct traffic *traffic, const char *sockets, char *error, size_t error_size)
{
  traffic->count = 0;
  while (*sockets && traffic->count < FILTERS_MAX) {
    char where[200];
    size_t length = strcspn(sockets, ",");
    snprintf(where, sizeof where, "%.*s", (int)length, sockets);
    if (mta_open(&traffic->filters[traffic->count], where, error, error_size) < 0) {
      traffic_close(traffic, NULL);
      return -1;
    }
    traffic->count++;
    sockets += length + (sockets[length] == ',');
  }
  return 0;
}

void traffic_close(struct traffic *traffic, struct tally *tally)
{
  for (size_t i = 0; i < traffic->count; i++) {
    struct mta *mta = &traffic->filters[i];
    if (tally) {
      tally->inserted += mta->inserted;
      tally->changed += mta->changed;
      tally->quarantined += mta->quarantined;
    }
    mta_close(mta);
  }
  traffic->count = 0;
}

bool traffic_broken(const struct traffic *traffic)
{
  for (size_t i = 0; i < traffic->count; i++)
    if (traffic->filters[i].fd < 0)
      return true;
  return traffic->count == 0;
}

static void greet(struct mta *mta, const struct corpus_mail *mail)
{
  mta_macros(mta, SMFIC_CONNECT, "j", "mx1.receiver.example", "{daemon_name}", "mx1.receiver.example", "{daemon_addr}",
             "10.25.0.1", "v", "Postfix 3.7.11", NULL);
  say_connect(mta, mail);
  mta_macros(mta, SMFIC_HELO, "{tls_version}", "TLSv1.3", "{cipher}", "TLS_AES_256_GCM_SHA384", "{cipher_bits}", "256",
             NULL);
  command(mta, SMFIC_HELO, mail->helo, NULL);
}

void traffic_greet(struct traffic *traffic, const struct corpus_mail *mail)
{
  for (size_t i = 0; i < traffic->count; i++)
    greet(&traffic->filters[i], mail);
}

static void say_mail(struct traffic *traffic, const char *sender, const char *authenticated)
{
  char path[512];
  snprintf(path, sizeof path, "<%s>", strcmp(sender, "-") == 0 ? "" : sender);
  for (size_t i = 0; i < traffic->count; i++) {
    struct mta *mta = &traffic->filters[i];
    mta_macros(mta, SMFIC_MAIL, "{mail_addr}", sender, "{auth_type}", authenticated ? "PLAIN" : NULL, "{auth_authen}",
               authenticated, "{tls_version}", "TLSv1.3", "{cipher}", "TLS_AES_256_GCM_SHA384", "{cipher_bits}", "256",
               NULL);
    command(mta, SMFIC_MAIL, path, "SIZE=5000");
  }
}

static bool is_refusal(int reply)
{
  return reply == MTA_LOST || reply == SMFIR_TEMPFAIL || reply == SMFIR_REJECT || reply == SMFIR_REPLYCODE;
}

static void count_reply(const struct mta *mta, int reply, struct tally *tally)
{
  if (reply == MTA_LOST)
    tally->lost++;
  else if (reply == SMFIR_TEMPFAIL || (reply == SMFIR_REPLYCODE && mta->in[1] == '4'))
    tally->deferred++;
  else if (is_refusal(reply))
    tally->rejected++;
  else
    tally->accepted++;
}

/* The filter whose answer counts. */
static struct mta *say_rcpt(struct traffic *traffic, const char *recipient, const char *host, int *reply,
                            struct tally *tally)
{
  char path[512];
  struct mta *mta = NULL;
  snprintf(path, sizeof path, "<%s>", recipient);
  uint64_t asked = samples_clock();
  *reply = SMFIR_CONTINUE;
  for (size_t i = 0; i < traffic->count && !is_refusal(*reply); i++) {
    mta = &traffic->filters[i];
    mta_macros(mta, SMFIC_RCPT, "{rcpt_addr}", recipient, "{rcpt_mailer}", host ? "smtp" : "virtual", "{rcpt_host}",
               host ? host : "receiver.example", NULL);
    *reply = command(mta, SMFIC_RCPT, path, NULL);
  }
  samples_add(&tally->recipient, samples_clock() - asked);
  return mta;
}

static void say_fields(struct mta *mta, const struct traffic *before, size_t before_count,
                       const struct corpus_message *message)
{
  for (size_t f = before_count; f > 0; f--) {
    const struct mta *other = &before->filters[f - 1];
    for (size_t at = 0; at < other->added_used;) {
      size_t length = strlen(other->added + at) + 1;
      length += strlen(other->added + at + length) + 1;
      mta_command(mta, SMFIC_HEADER, other->added + at, length);
      at += length;
    }
  }
  for (size_t i = 0; i < message->field_count; i++)
    mta_command(mta, SMFIC_HEADER, message->fields[i].packet, message->fields[i].length);
}

static int say_message(struct traffic *traffic, size_t number, const struct corpus_message *message,
                       const char *queue_id)
{
  struct mta *mta = &traffic->filters[number];
  mta->added_used = 0;
  say_fields(mta, traffic, number, message);
  mta_macros(mta, SMFIC_EOH, "i", queue_id, NULL);
  mta_command(mta, SMFIC_EOH, NULL, 0);
  for (size_t sent = 0; sent < message->body_length;) {
    size_t length = message->body_length - sent < CHUNK ? message->body_length - sent : CHUNK;
    if (mta_command(mta, SMFIC_BODY, message->body + sent, length) == SMFIR_SKIP)
      break;
    sent += length;
  }
  mta_macros(mta, SMFIC_BODYEOB, "i", queue_id, NULL);
  return mta_command(mta, SMFIC_BODYEOB, NULL, 0);
}

void traffic_inbound(struct traffic *traffic, const struct corpus_mail *mail, uint64_t started, struct tally *tally)
{
  char queue_id[24];
  int reply = SMFIR_CONTINUE;
  struct mta *mta = NULL;
  snprintf(queue_id, sizeof queue_id, "4%011llX", (unsigned long long)(started & 0xFFFFFFFFFFF));
  say_mail(traffic, mail->sender, NULL);
  for (size_t i = 0; mail->recipients[i] && !is_refusal(reply); i++)
    mta = say_rcpt(traffic, mail->recipients[i], NULL, &reply, tally);
  for (size_t i = 0; i < traffic->count && !is_refusal(reply); i++) {
    mta_macros(&traffic->filters[i], SMFIC_DATA, "i", queue_id, NULL);
    reply = mta_command(mta = &traffic->filters[i], SMFIC_DATA, NULL, 0);
  }
  for (size_t i = 0; i < traffic->count && !is_refusal(reply); i++) {
    mta = &traffic->filters[i];
    reply = say_message(traffic, i, mail->message, queue_id);
  }
  samples_add(&tally->message, samples_clock() - started);
  count_reply(mta, reply, tally);
  for (size_t i = 0; i < traffic->count; i++)
    mta_command(&traffic->filters[i], SMFIC_ABORT, NULL, 0);
}

void traffic_outbound(struct traffic *traffic, const struct corpus *corpus, size_t first, size_t count,
                      struct tally *tally)
{
  uint64_t started = samples_clock();
  say_mail(traffic, "user@receiver.example", "user");
  for (size_t i = 0; i < count; i++) {
    const char *domain = corpus->domains[(first + i) % corpus->domain_count];
    char recipient[400];
    int reply;
    snprintf(recipient, sizeof recipient, "someone@%.300s", domain);
    const struct mta *mta = say_rcpt(traffic, recipient, domain, &reply, tally);
    count_reply(mta, reply, tally);
  }
  samples_add(&tally->message, samples_clock() - started);
  for (size_t i = 0; i < traffic->count; i++)
    mta_command(&traffic->filters[i], SMFIC_ABORT, NULL, 0);
}
