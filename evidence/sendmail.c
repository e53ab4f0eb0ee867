/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of Sendmail. See sendmail.h and, for what each proves, doc/evidence.md.
 */
#include "evidence/sendmail.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_ID_MAX = 40 };

bool sendmail_is_program(const char *program)
{
  return strcmp(program, "sendmail") == 0 || strncmp(program, "sm-", 3) == 0;
}

/* What follows ", name=" at or behind rest; NULL where it is not told. */
static char *find_attribute(char *rest, const char *name)
{
  char key[32];
  snprintf(key, sizeof key, ", %s=", name);
  char *found = rest ? strstr(rest, key) : NULL;
  return found ? found + strlen(key) : NULL;
}

static char *cut(char *value)
{
  if (value)
    value[strcspn(value, ",")] = '\0';
  return value;
}

/* Names end in the dot of the DNS here. */
static void cut_dot(char *name)
{
  size_t length = strlen(name);
  if (length > 0 && name[length - 1] == '.')
    name[length - 1] = '\0';
  for (; *name; name++)
    *name = (char)tolower((unsigned char)*name);
}

/* "STARTTLS=client, relay=mx1.example.nl., version=TLSv1.3, verify=FAIL, cipher=..., bits=256/256" */
static void read_tls(struct mta_fact *fact, char *text)
{
  /* Operations guide of Sendmail, 5.2, ${verify}: TRUSTED is DANE, OK a certificate that chains to a known authority. */
  static const struct {
    const char *verify, *word;
  } words[] = {{"TRUSTED", "verified"}, {"OK", "trusted"},         {"FAIL", "untrusted"},
               {"NO", "anonymous"},     {"NOT", "anonymous"},      {"DANE_FAIL", "untrusted"},
               {"TEMP", "untrusted"},   {"DANE_TEMP", "untrusted"}};
  char *relay = find_attribute(text, "relay"), *version = find_attribute(text, "version");
  char *verify = find_attribute(version, "verify"), *cipher = find_attribute(verify, "cipher");
  char *bits = find_attribute(cipher, "bits");
  if (relay && strstr(text, "error")) {
    fact->kind = MTA_LOST;
    cut_dot(cut(relay));
    fact->relay = relay;
    return;
  }
  if (!version)
    return;
  fact->kind = MTA_DAMAGED;
  fact->why = "the line of a TLS connection, cut off or malformed";
  if (!relay || !bits)
    return;
  cut_dot(cut(relay));
  cut(verify);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i].verify, verify) == 0)
      fact->tls = words[i].word;
  if (!fact->tls)
    return;
  fact->kind = MTA_TLS;
  fact->relay = relay;
  fact->tls_feature = verify;
  fact->tls_version = cut(version);
  fact->tls_cipher = cut(cipher);
  fact->tls_bits = atoi(bits);
}

/* Past "<a@x>,<b@y>, [more]": the addresses are cut off. NULL where something else stands there. */
static char *cut_addresses(struct mta_fact *fact, char *text)
{
  for (;;) {
    bool bracket = *text == '<', quoted = false;
    char *start = text + bracket, *end = start;
    for (; *end && (quoted || (*end != (bracket ? '>' : ',') && (bracket || *end != ' '))); end++) {
      if (quoted && *end == '\\' && end[1])
        end++;
      else if (*end == '"')
        quoted = !quoted;
    }
    if (!*end || end == start)
      return NULL;
    char *next = end + bracket;
    if (*next != ',')
      return NULL;
    if (fact->address_count < MTA_ADDRESSES_MAX)
      fact->addresses[fact->address_count++] = start;
    bool is_last = next[1] == ' ';
    if (bracket || !is_last)
      *end = '\0';
    if (is_last)
      return next;
    text = next + 1;
  }
}

static const char *status_of(const char *dsn, const char *stat)
{
  if (strncmp(stat, "Sent", 4) == 0)
    return "sent";
  if (strncmp(stat, "queued", 6) == 0 || strncmp(stat, "quarantined", 11) == 0)
    return NULL;
  if (strncmp(stat, "Deferred", 8) == 0 || (dsn && *dsn == '4'))
    return "deferred";
  return "bounced";
}

/* "mx1.example.nl. [192.0.2.1]", "[192.0.2.1] [192.0.2.1]", or a name alone. */
static void read_relay(struct mta_fact *fact, char *relay)
{
  char *space = strchr(relay, ' '), *address = space ? space + 1 : NULL;
  if (space)
    *space = '\0';
  cut_dot(relay);
  fact->relay = fact->relay_name = relay;
  if (!address || *address != '[')
    return;
  address += strncmp(address, "[IPv6:", 6) == 0 ? 6 : 1;
  address[strcspn(address, "]")] = '\0';
  fact->relay_address = address;
}

/* logdelivery(): "to=<...>,<...>, ctladdr=..., delay=..., xdelay=..., mailer=..., pri=..., relay=..., dsn=..., stat=..."; a
 * line without mailer= tells of a recipient that was refused. */
static void read_delivery(struct mta_fact *fact, char *text)
{
  fact->kind = MTA_DAMAGED;
  fact->why = "the line of a delivery, cut off or malformed";
  char *rest = cut_addresses(fact, text + 3);
  char *delay = find_attribute(rest, "delay"), *stat = find_attribute(delay, "stat");
  if (!stat)
    return;
  fact->kind = MTA_NOTHING;
  char *mailer = find_attribute(delay, "mailer");
  if (!mailer || mailer > stat)
    return;
  char *relay = find_attribute(mailer, "relay"), *dsn = find_attribute(mailer, "dsn");
  dsn = dsn && dsn < stat ? dsn : NULL;
  relay = relay && relay < stat ? relay : NULL;
  if (rest)
    *rest = '\0'; /* of an address without brackets */
  fact->agent = cut(mailer);
  fact->dsn = cut(dsn);
  fact->status = status_of(fact->dsn, stat);
  if (!fact->status)
    return;
  fact->kind = MTA_DELIVERY;
  fact->keeps = true;
  fact->reply = stat;
  if (relay && *relay != ',')
    read_relay(fact, cut(relay));
}

void sendmail_read(struct mta_fact *fact, char *message)
{
  size_t length = 0;
  *fact = (struct mta_fact){.mta = "sendmail", .agent = "sendmail"};
  while (isalnum((unsigned char)message[length]))
    length++;
  char *text = message;
  if (length > 0 && length <= QUEUE_ID_MAX && strncmp(message + length, ": ", 2) == 0 && strncmp(message, "NOQUEUE:", 8) != 0) {
    message[length] = '\0';
    fact->queue_id = message;
    text = message + length + 2;
  }
  if (strncmp(text, "STARTTLS=client", 15) == 0) {
    read_tls(fact, text);
  } else if (fact->queue_id && strncmp(text, "from=", 5) == 0 && strstr(text, ", size=")) {
    fact->kind = MTA_OPENED;
    fact->source = strstr(text, ", proto=") ? "smtp" : "local";
  } else if (fact->queue_id && strncmp(text, "to=", 3) == 0) {
    read_delivery(fact, text);
  }
}
