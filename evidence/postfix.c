/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of Postfix. See postfix.h; doc/evidence.md says which function of Postfix writes which line.
 *
 * Much in a line is chosen by strangers: recipients, host names, the reply of the other side. So a line is read from the
 * left, each part must look as Postfix writes it, and a quoted local part may hold anything.
 */
#include "evidence/postfix.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_ID_MAX = 40 };

static const char *const agents[] = {"smtp", "lmtp", "local", "virtual", "pipe",    "error",
                                     "retry", "discard", "qmgr", "cleanup", "bounce", NULL};
static const char *const services[] = {"smtpd", "pickup", "qmqpd", "tlsproxy", "postscreen", "anvil", "scache", "tlsmgr", NULL};

static const char *find_word(const char *const *words, const char *word)
{
  for (; *words; words++)
    if (strcmp(*words, word) == 0)
      return *words;
  return NULL;
}

const char *postfix_service(const char *program)
{
  const char *slash = strrchr(program, '/');
  if (!slash)
    return NULL;
  const char *service = find_word(agents, slash + 1);
  if (!service)
    service = find_word(services, slash + 1);
  if (service || strncmp(program, "postfix", 7) != 0)
    return service;
  return slash + 1;
}

/* What stands behind "QUEUEID: ", or NULL. "NOQUEUE" is no message. */
static char *behind_queue_id(char *message)
{
  size_t length = 0;
  while (isalnum((unsigned char)message[length]))
    length++;
  if (length == 0 || length > QUEUE_ID_MAX || strncmp(message + length, ": ", 2) != 0 ||
      strncmp(message, "NOQUEUE:", 8) == 0)
    return NULL;
  return message + length + 2;
}

/* "<...>" at the start; past it, or NULL. RFC 5321 4.1.2: in quotes anything may stand, after a backslash too. */
static char *cut_address(char **address, char *text)
{
  bool quoted = false;
  if (*text != '<')
    return NULL;
  *address = text + 1;
  for (text++; *text; text++) {
    if (quoted && *text == '\\' && text[1])
      text++;
    else if (*text == '"')
      quoted = !quoted;
    else if (*text == '>' && !quoted) {
      *text = '\0';
      return text + 1;
    }
  }
  return NULL;
}

/* ", name=VALUE" at *rest: the value, which is cut off at the next ", ". NULL where another attribute stands there. */
static char *cut_attribute(char **rest, const char *name)
{
  size_t length = strlen(name);
  char *text = *rest;
  if (strncmp(text, ", ", 2) != 0 || strncmp(text + 2, name, length) != 0 || text[2 + length] != '=')
    return NULL;
  char *value = text + 2 + length + 1, *end = strstr(value, ", ");
  if (!end)
    return NULL;
  *rest = end;
  return value;
}

/* "mx1.example.nl[192.0.2.1]:25"; "none", "local" and names of transports have no bracket. */
static void read_relay(struct mta_fact *fact, char *relay)
{
  char *open = strchr(relay, '['), *close = open ? strchr(open, ']') : NULL;
  if (!close)
    return;
  fact->relay_port = close[1] == ':' ? atoi(close + 2) : 0;
  *open = *close = '\0';
  fact->relay_name = relay;
  fact->relay_address = open + 1;
}

static const char *read_status(char *rest)
{
  static const char *const words[] = {"sent", "deferred", "bounced", NULL};
  rest[strcspn(rest, " ")] = '\0';
  return find_word(words, rest);
}

static bool is_status_of_probe(const char *status)
{
  return strncmp(status, "deliverable", 11) == 0 || strncmp(status, "undeliverable", 13) == 0;
}

/* log_adhoc(3): "to=<...>, orig_to=<...>, relay=..., conn_use=..., delay=..., delays=..., tls=..., dsn=..., status=WORD
 * (...)", in this order. */
static void read_delivery(struct mta_fact *fact, char *text, char *relay_copy, size_t room)
{
  char *ignored, *end, *value;
  fact->kind = MTA_DAMAGED;
  fact->why = "the line of a delivery, cut off or malformed";
  char *rest = cut_address(&fact->addresses[0], text + 3);
  if (rest && strncmp(rest, ", orig_to=", 10) == 0)
    rest = cut_address(&ignored, rest + 10);
  if (!rest)
    return;
  char *relay = cut_attribute(&rest, "relay");
  char *relay_end = rest;
  cut_attribute(&rest, "conn_use");
  bool timed = relay && cut_attribute(&rest, "delay") && cut_attribute(&rest, "delays");
  char *feature = cut_attribute(&rest, "tls"), *feature_end = rest;
  char *dsn = cut_attribute(&rest, "dsn"), *dsn_end = rest;
  if (!timed || !dsn || strncmp(rest, ", status=", 9) != 0)
    return;
  value = rest + 9;
  if (is_status_of_probe(value)) {
    fact->kind = MTA_NOTHING;
    return;
  }
  char *reply = strstr(value, " (");
  if (!reply || !(end = strrchr(reply, ')')) || end[1])
    return;
  *end = *relay_end = *dsn_end = '\0';
  if (feature)
    *feature_end = '\0';
  fact->reply = reply + 2;
  fact->status = read_status(value);
  if (!fact->status)
    return;
  fact->kind = MTA_DELIVERY;
  fact->address_count = 1;
  fact->dsn = dsn;
  fact->tls_feature = feature;
  snprintf(relay_copy, room, "%s", relay);
  fact->relay = relay_copy;
  read_relay(fact, relay);
}

/* tls_log_summary(): "Verified TLS connection established to HOST[ADDRESS]:PORT: TLSv1.3 with cipher NAME (256/256 bits)
 * ...". "from" is a client of ours. */
static bool read_summary(struct mta_fact *fact, char *text)
{
  static const struct {
    const char *start, *word;
  } words[] = {{"Anonymous", "anonymous"}, {"Untrusted", "untrusted"}, {"Trusted", "trusted"}, {"Verified", "verified"}};
  static const char reused[] = " TLS connection reused to ", fresh[] = " TLS connection established to ";
  const char *tls = NULL;
  char *rest = text;
  for (int i = 0; i < 4; i++)
    if (strncmp(text, words[i].start, strlen(words[i].start)) == 0) {
      tls = words[i].word;
      rest = text + strlen(words[i].start);
    }
  fact->is_reused = strncmp(rest, reused, sizeof reused - 1) == 0;
  if (!tls || (!fact->is_reused && strncmp(rest, fresh, sizeof fresh - 1) != 0))
    return false;
  fact->relay = rest + (fact->is_reused ? sizeof reused : sizeof fresh) - 1;
  fact->kind = MTA_DAMAGED;
  fact->why = "the line of a TLS connection, cut off or malformed";
  char *version = strstr(fact->relay, ": "), *cipher = version ? strstr(version, " with cipher ") : NULL;
  char *bits = cipher ? strstr(cipher + 13, " (") : NULL;
  if (!bits || !isdigit((unsigned char)bits[2]))
    return true;
  *version = *cipher = *bits = '\0';
  fact->kind = MTA_TLS;
  fact->tls = tls;
  fact->tls_version = version + 2;
  fact->tls_cipher = cipher + 13;
  fact->tls_bits = atoi(bits + 2);
  return true;
}

/* tls_dane_log(): "HOST[ADDRESS]:PORT: Matched DANE EE certificate at depth 0: 3 1 1 ...", and three others. */
static bool read_match(struct mta_fact *fact, char *text)
{
  char *matched = strstr(text, ": Matched ");
  if (!matched)
    return false;
  char *what = matched + 10;
  if (strncmp(what, "DANE ", 5) == 0) {
    char *usage = strrchr(what, ':');
    fact->tls_match = usage && strncmp(usage, ": 2 ", 4) == 0 ? "dane-ta" : "dane-ee";
  } else if (strncmp(what, "trust anchor", 12) == 0) {
    fact->tls_match = "trust-anchor";
  } else if (strncmp(what, "fingerprint", 11) == 0) {
    fact->tls_match = "fingerprint";
  } else {
    return false;
  }
  *matched = '\0';
  fact->kind = MTA_MATCH;
  fact->relay = text;
  return true;
}

static void read_message(struct mta_fact *fact, const char *service, char *text)
{
  static _Thread_local char relay[512];
  bool takes = strcmp(service, "smtpd") == 0 || strcmp(service, "qmqpd") == 0;
  if (strncmp(text, "to=<", 4) == 0 && find_word(agents, service)) {
    read_delivery(fact, text, relay, sizeof relay);
  } else if (takes && strncmp(text, "client=", 7) == 0) {
    fact->kind = MTA_OPENED;
    fact->source = "smtp";
  } else if (strcmp(service, "pickup") == 0 && strncmp(text, "uid=", 4) == 0) {
    fact->kind = MTA_OPENED;
    fact->source = "local";
  } else if (strcmp(service, "qmgr") == 0 && strncmp(text, "from=<", 6) == 0 && strstr(text, "(queue active)")) {
    fact->kind = MTA_TAKEN;
  } else if (strcmp(service, "cleanup") == 0 && strncmp(text, "milter-hold: END-OF-MESSAGE", 27) == 0) {
    fact->kind = MTA_TAKEN;
  }
}

void postfix_read(struct mta_fact *fact, const char *service, char *message)
{
  char *text = behind_queue_id(message);
  *fact = (struct mta_fact){.mta = "postfix", .agent = service};
  if (strcmp(service, "tlsproxy") == 0) {
    /* The process that delivers tells the summary itself; only the match is told here alone. */
    fact->is_proxy = read_match(fact, message);
    return;
  }
  if (strcmp(service, "smtp") == 0 || strcmp(service, "lmtp") == 0) {
    if (read_summary(fact, message) || (!text && read_match(fact, message)))
      return;
    if (text && strncmp(text, "to=<", 4) != 0) {
      /* Postfix may come to tell the queue id in these as well. */
      if (!read_summary(fact, text) && !read_match(fact, text))
        return;
    }
  }
  if (!text)
    return;
  text[-2] = '\0';
  fact->queue_id = message;
  if (fact->kind == MTA_NOTHING)
    read_message(fact, service, text);
}

bool postfix_read_feature(struct postfix_feature *feature, const char *attribute)
{
  *feature = (struct postfix_feature){0};
  if (!attribute)
    return false;
  feature->is_violated = *attribute == '!';
  attribute += feature->is_violated;
  size_t length = strcspn(attribute, ":?/");
  if (length == 0 || length >= sizeof feature->wanted)
    return false;
  memcpy(feature->wanted, attribute, length);
  memcpy(feature->got, attribute, length);
  attribute += length;
  if (*attribute == ':') {
    length = strcspn(attribute + 1, "?/");
    if (length == 0 || length >= sizeof feature->got)
      return false;
    memset(feature->got, 0, sizeof feature->got);
    memcpy(feature->got, attribute + 1, length);
    attribute += 1 + length;
  }
  feature->is_undecided = *attribute == '?';
  return true;
}
