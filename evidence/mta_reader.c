/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of MTA logs. See mta_reader.h.
 *
 * Rows go in as the log tells them: whose assessment they belong to and what class they are is decided in settle.c, when
 * the files are in.
 */
#include "evidence/mta_reader.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/domain.h"
#include "base/memory.h"
#include "evidence/arrivals.h"
#include "evidence/postfix.h"
#include "evidence/sendmail.h"
#include "evidence/tls_sessions.h"

enum { KEY_SIZE = 16, HOSTS_MAX = 256, MESSAGE_MAX = 16384, CLOCK_MS = 1500, LATELY_DAYS = 30 };
#define DAY_MS INT64_C(86400000)

/* Does this host's log tell of TLS connections? Only then is silence an answer. */
struct witness {
  int64_t host;
  int64_t last;         /* TLS connection that the log told of; 0: none */
  int64_t silent_first; /* number of the first delivery of this run that nothing was told of before; 0: none */
  bool told_now;        /* in this run */
};

struct mta_reader {
  struct database *database;
  const struct import_options *options;
  struct loader *accepted, *delivery;
  struct statement *find_accepted, *find_delivery, *find_told;
  struct tls_sessions *sessions;
  struct arrivals *arrivals;
  struct witness witnesses[HOSTS_MAX];
  size_t witness_count;
  unsigned char key[KEY_SIZE]; /* for marks */
  struct text address; /* of the row at hand */
  char domain[DOMAIN_SIZE];
  char message[MESSAGE_MAX];
};

struct mta_reader *mta_reader_new(struct database *database, const struct import_options *options)
{
  struct mta_reader *reader = memory_new(sizeof *reader);
  reader->database = database;
  reader->options = options;
  reader->sessions = tls_sessions_new();
  reader->arrivals = arrivals_new();
  reader->accepted = loader_open(database, "accepted", "id, file_id, line, time, host_id, queue_id, source");
  reader->delivery = loader_open(database, "delivery",
                                 "id, file_id, line, time, host_id, queue_id, mta, agent, address, domain, mark, relay_name,"
                                 " relay_address, relay_port, status, dsn, reply, tls, tls_feature, tls_match, tls_version,"
                                 " tls_cipher, tls_bits, tls_level, class, last");
  reader->find_accepted = database_prepare(database, "SELECT 1 FROM accepted WHERE queue_id = $1 AND host_id = $2 AND"
                                                     " time BETWEEN $3 AND $4 AND file_id <> $5");
  reader->find_delivery = database_prepare(database, "SELECT 1 FROM delivery WHERE queue_id = $1 AND host_id = $2 AND"
                                                     " time BETWEEN $3 AND $4 AND file_id <> $5 AND mark = $6 AND status = $7");
  reader->find_told = database_prepare(database, "SELECT time FROM delivery WHERE time BETWEEN $1 AND $2 AND host_id = $3 AND"
                                                 " tls_version IS NOT NULL ORDER BY time DESC LIMIT 1");
  if (reader->accepted && reader->delivery && reader->find_accepted && reader->find_delivery && reader->find_told)
    return reader;
  mta_reader_free(reader);
  return NULL;
}

void mta_reader_free(struct mta_reader *reader)
{
  if (!reader)
    return;
  loader_close(reader->accepted);
  loader_close(reader->delivery);
  statement_free(reader->find_accepted);
  statement_free(reader->find_delivery);
  statement_free(reader->find_told);
  tls_sessions_free(reader->sessions);
  arrivals_free(reader->arrivals);
  text_free(&reader->address);
  free(reader);
}

static int read_key(struct mta_reader *reader)
{
  struct statement *statement = database_prepare(reader->database, "SELECT value FROM setting WHERE name = 'mark-key'");
  int status = statement ? statement_step(statement) : -1;
  const char *value = status == 1 ? statement_text(statement, 0) : NULL;
  size_t length = 0;
  bool read = value && strlen(value) == 2 * KEY_SIZE && OPENSSL_hexstr2buf_ex(reader->key, KEY_SIZE, &length, value, '\0') == 1;
  statement_free(statement);
  if (status < 0 || read)
    return status < 0 ? -1 : 0;
  char digits[3 * KEY_SIZE];
  if (RAND_bytes(reader->key, KEY_SIZE) != 1)
    abort(); /* The kernel has random bytes. */
  OPENSSL_buf2hexstr_ex(digits, sizeof digits, &length, reader->key, KEY_SIZE, '\0');
  statement = database_prepare(reader->database, "INSERT INTO setting (name, value) VALUES ('mark-key', $1)"
                                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  if (statement)
    statement_bind(statement, 1, digits);
  status = statement ? statement_run(statement) : -1;
  statement_free(statement);
  return status;
}

int mta_reader_begin(struct mta_reader *reader)
{
  reader->witness_count = 0;
  if (tls_sessions_load(reader->sessions, reader->database) < 0 || arrivals_load(reader->arrivals, reader->database) < 0)
    return -1;
  return read_key(reader);
}

static struct witness *find_witness(struct mta_reader *reader, int64_t host)
{
  for (size_t i = 0; i < reader->witness_count; i++)
    if (reader->witnesses[i].host == host)
      return &reader->witnesses[i];
  if (reader->witness_count == HOSTS_MAX)
    return NULL;
  struct witness *witness = &reader->witnesses[reader->witness_count++];
  *witness = (struct witness){.host = host};
  return witness;
}

static void note_told(struct mta_reader *reader, const struct origin *origin)
{
  struct witness *witness = find_witness(reader, origin->host);
  if (!witness)
    return;
  witness->told_now = true;
  if (origin->time > witness->last)
    witness->last = origin->time;
}

/* "none", where the log would have told of a TLS connection, or "unknown". NULL where the database failed. */
static const char *judge_silence(struct mta_reader *reader, const struct origin *origin, int64_t delivery)
{
  struct witness *witness = find_witness(reader, origin->host);
  if (reader->options->postconf && reader->options->postconf->logs_tls)
    return "none";
  if (!witness)
    return "unknown";
  if (witness->last == 0 && witness->silent_first == 0) {
    statement_bind_integer(reader->find_told, 1, origin->time - LATELY_DAYS * DAY_MS);
    statement_bind_integer(reader->find_told, 2, origin->time);
    statement_bind_integer(reader->find_told, 3, origin->host);
    int status = statement_step(reader->find_told);
    witness->last = status == 1 ? statement_integer(reader->find_told, 0) : 0;
    statement_reset(reader->find_told);
    if (status < 0)
      return NULL;
  }
  if (witness->last != 0 && origin->time - witness->last < LATELY_DAYS * DAY_MS)
    return "none";
  if (witness->silent_first == 0)
    witness->silent_first = delivery;
  return "unknown";
}

/* Tells recipients of one message apart. The key and the queue id keep it from being a pseudonym that could be followed
 * from message to message. */
static int64_t mark_of(const struct mta_reader *reader, const char *queue_id, const char *address)
{
  struct text bytes = {0};
  unsigned char digest[EVP_MAX_MD_SIZE];
  text_add_bytes(&bytes, reader->key, KEY_SIZE);
  text_add(&bytes, queue_id);
  text_add_char(&bytes, '\n');
  for (; *address; address++)
    text_add_char(&bytes, (char)(*address >= 'A' && *address <= 'Z' ? *address - 'A' + 'a' : *address));
  unsigned size = 0;
  if (EVP_Digest(bytes.bytes, bytes.length, digest, &size, EVP_sha256(), NULL) != 1)
    abort(); /* SHA-256 is always there. */
  text_free(&bytes);
  return (int64_t)digest[0] << 32 | (int64_t)digest[1] << 24 | digest[2] << 16 | digest[3] << 8 | digest[4];
}

/* 1 where the database has it through another file, 0, -1. */
static int is_known(struct statement *statement, const struct origin *origin, const char *queue_id)
{
  statement_bind(statement, 1, queue_id);
  statement_bind_integer(statement, 2, origin->host);
  statement_bind_integer(statement, 3, origin->time - CLOCK_MS);
  statement_bind_integer(statement, 4, origin->time + CLOCK_MS);
  statement_bind_integer(statement, 5, origin->file);
  int status = statement_step(statement);
  statement_reset(statement);
  return status;
}

static enum origin_use put_accepted(struct mta_reader *reader, struct origin *origin, const char *queue_id)
{
  struct arrival arrival;
  struct loader *loader = reader->accepted;
  if (!arrivals_take(reader->arrivals, &arrival, origin->host, queue_id, origin->time))
    return ORIGIN_OTHER;
  if (origin->suspect) {
    struct origin opened = *origin;
    opened.time = arrival.time;
    opened.file = arrival.file;
    int known = is_known(reader->find_accepted, &opened, queue_id);
    if (known != 0)
      return known < 0 ? ORIGIN_FAILED : ORIGIN_REPEATED;
  }
  loader_integer(loader, registry_next(origin->registry, REGISTRY_ACCEPTED));
  loader_integer(loader, arrival.file);
  loader_integer(loader, arrival.line);
  loader_integer(loader, arrival.time);
  loader_integer(loader, arrival.host);
  loader_text(loader, arrival.queue_id);
  loader_text(loader, arrival.source);
  return loader_end_row(loader) < 0 ? ORIGIN_FAILED : ORIGIN_USED;
}

static void put_recipient(struct mta_reader *reader, const char *address, int64_t mark)
{
  char *domain = reader->domain;
  struct text *told = &reader->address;
  const char *at = strrchr(address, '@');
  *domain = '\0';
  if (at)
    domain_normalize(domain, at + 1, strlen(at + 1));
  text_clear(told);
  text_add(told, "");
  record_address(told, &reader->options->addresses, address);
  loader_text(reader->delivery, told->bytes);
  loader_text(reader->delivery, *domain ? domain : NULL);
  loader_integer(reader->delivery, mark);
}

static void put_number(struct loader *loader, int number)
{
  if (number > 0)
    loader_integer(loader, number);
  else
    loader_null(loader);
}

/* What the log says of the connection; NULL where the database failed. */
static const char *tls_of(struct mta_reader *reader, const struct origin *origin, const struct mta_fact *fact,
                          const struct tls_session *session, int64_t delivery)
{
  struct postfix_feature feature;
  if (session)
    return session->tls;
  if (strcmp(fact->status, "sent") != 0 || !fact->relay_address)
    return "unknown";
  if (fact->tls_feature && postfix_read_feature(&feature, fact->tls_feature))
    return strcmp(feature.got, "none") == 0 ? "none" : "unknown";
  if (strcmp(fact->mta, "postfix") == 0 && strcmp(fact->agent, "smtp") != 0)
    return "unknown";
  if (reader->options->postconf && strcmp(reader->options->postconf->level, "none") == 0)
    return "none";
  return judge_silence(reader, origin, delivery);
}

static int put_delivery(struct mta_reader *reader, const struct origin *origin, const struct mta_fact *fact,
                        const struct tls_session *session, const char *address, int64_t mark)
{
  struct loader *loader = reader->delivery;
  int64_t id = registry_next(origin->registry, REGISTRY_DELIVERY);
  const char *tls = tls_of(reader, origin, fact, session, id);
  bool is_postfix = strcmp(fact->mta, "postfix") == 0;
  if (!tls)
    return -1;
  loader_integer(loader, id);
  loader_integer(loader, origin->file);
  loader_integer(loader, origin->line);
  loader_integer(loader, origin->time);
  loader_integer(loader, origin->host);
  loader_text(loader, fact->queue_id);
  loader_text(loader, fact->mta);
  loader_text(loader, fact->agent);
  put_recipient(reader, address, mark);
  loader_text(loader, fact->relay_name);
  loader_text(loader, fact->relay_address);
  put_number(loader, fact->relay_port);
  loader_text(loader, fact->status);
  loader_text(loader, fact->dsn);
  loader_text(loader, fact->reply);
  loader_text(loader, tls);
  loader_text(loader, fact->tls_feature ? fact->tls_feature : session && *session->feature ? session->feature : NULL);
  loader_text(loader, session ? session->match : NULL);
  loader_text(loader, session ? session->version : NULL);
  loader_text(loader, session ? session->cipher : NULL);
  put_number(loader, session ? session->bits : 0);
  loader_text(loader, is_postfix && reader->options->postconf ? reader->options->postconf->level : NULL);
  loader_text(loader, "unknown");
  loader_integer(loader, 1);
  return loader_end_row(loader);
}

static enum origin_use put_deliveries(struct mta_reader *reader, const struct origin *origin, const struct mta_fact *fact)
{
  const struct tls_session *session =
      tls_sessions_find(reader->sessions, origin->host, fact->pid, origin->time, fact);
  enum origin_use use = ORIGIN_REPEATED;
  for (int i = 0; i < fact->address_count; i++) {
    int64_t mark = mark_of(reader, fact->queue_id, fact->addresses[i]);
    if (origin->suspect) {
      statement_bind_integer(reader->find_delivery, 6, mark);
      statement_bind(reader->find_delivery, 7, fact->status);
      int known = is_known(reader->find_delivery, origin, fact->queue_id);
      if (known < 0)
        return ORIGIN_FAILED;
      if (known > 0)
        continue;
    }
    use = ORIGIN_USED;
    if (put_delivery(reader, origin, fact, session, fact->addresses[i], mark) < 0)
      return ORIGIN_FAILED;
  }
  return use;
}

/* A message that came by way of this host itself is one that was counted before. */
static bool takes_in(const struct mta_fact *fact)
{
  if (fact->kind == MTA_TAKEN)
    return true;
  bool at_home = fact->relay_address && (strncmp(fact->relay_address, "127.", 4) == 0 || strcmp(fact->relay_address, "::1") == 0);
  return fact->kind == MTA_DELIVERY && strcmp(fact->mta, "sendmail") == 0 && !at_home;
}

static enum origin_use take_fact(struct mta_reader *reader, struct origin *origin, const struct mta_fact *fact)
{
  enum origin_use use = ORIGIN_OTHER;
  struct arrival arrival = {origin->host, origin->file, origin->line, origin->time, "", fact->source};
  if (takes_in(fact) && (use = put_accepted(reader, origin, fact->queue_id)) == ORIGIN_FAILED)
    return use;
  switch (fact->kind) {
  case MTA_OPENED:
    text_ascii(arrival.queue_id, sizeof arrival.queue_id, fact->queue_id, strlen(fact->queue_id));
    arrivals_add(reader->arrivals, &arrival);
    return ORIGIN_USED;
  case MTA_TLS:
    note_told(reader, origin);
    tls_sessions_take(reader->sessions, origin->host, fact->pid, origin->time, fact);
    return ORIGIN_USED;
  case MTA_MATCH:
  case MTA_LOST:
    tls_sessions_take(reader->sessions, origin->host, fact->pid, origin->time, fact);
    return ORIGIN_USED;
  case MTA_DELIVERY:
    return put_deliveries(reader, origin, fact);
  case MTA_DAMAGED:
    origin->why = fact->why;
    return ORIGIN_DAMAGED;
  case MTA_TAKEN:
  case MTA_NOTHING:
    break;
  }
  return use;
}

/* Valid UTF-8 on one line, so that whatever is cut out of it between ASCII characters is so too. */
static char *clean(struct mta_reader *reader, char *message)
{
  size_t length = 0;
  while (message[length] >= ' ' && message[length] <= '~')
    length++;
  if (!message[length])
    return message;
  return text_printable(reader->message, sizeof reader->message, message, strlen(message));
}

enum origin_use mta_reader_take(struct mta_reader *reader, struct origin *origin, const struct mta_line *line)
{
  const char *service = postfix_service(line->program);
  char host[256];
  struct mta_fact fact;
  if (!service && !sendmail_is_program(line->program))
    return ORIGIN_OTHER;
  const char *name = reader->options->host ? reader->options->host : line->host;
  if (!*name) {
    origin->why = "names no host: say which with --host";
    return ORIGIN_DAMAGED;
  }
  origin->time = line->time;
  origin->host = registry_host(origin->registry, text_printable(host, sizeof host, name, strlen(name)));
  if (origin->host == 0)
    return ORIGIN_FAILED;
  registry_visit(origin->registry, origin, origin->kind = "mta");
  char *message = clean(reader, line->message);
  if (service)
    postfix_read(&fact, service, message);
  else
    sendmail_read(&fact, message);
  fact.pid = line->pid;
  return take_fact(reader, origin, &fact);
}

/* What was not known when the line was read: this log does tell of TLS connections. */
static int judge_earlier(struct mta_reader *reader)
{
  struct statement *statement = database_prepare(
      reader->database, "UPDATE delivery SET tls = 'none' WHERE id >= $1 AND host_id = $2 AND tls = 'unknown' AND status ="
                        " 'sent' AND relay_address IS NOT NULL AND tls_feature IS NULL AND (mta = 'sendmail' OR agent = 'smtp')");
  int status = statement ? 0 : -1;
  for (size_t i = 0; i < reader->witness_count && status == 0; i++) {
    const struct witness *witness = &reader->witnesses[i];
    if (!witness->told_now || witness->silent_first == 0)
      continue;
    statement_bind_integer(statement, 1, witness->silent_first);
    statement_bind_integer(statement, 2, witness->host);
    status = statement_run(statement);
  }
  statement_free(statement);
  return status;
}

int mta_reader_flush(struct mta_reader *reader)
{
  if (loader_flush(reader->accepted) < 0 || loader_flush(reader->delivery) < 0 || judge_earlier(reader) < 0)
    return -1;
  if (tls_sessions_store(reader->sessions, reader->database) < 0)
    return -1;
  return arrivals_store(reader->arrivals, reader->database);
}
