/* SPDX-License-Identifier: BSD-2-Clause
 *
 * TLS connections of an MTA. See tls_sessions.h.
 */
#include "evidence/tls_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* smtp_connection_reuse_time_limit of Postfix is 300 s; a message may take hours to send. */
enum { BUCKETS = 1024, COUNT_MAX = 8192, AGE_MAX_MS = 6 * 3600 * 1000, PROXY_AGE_MS = 600 * 1000, CLOCK_MS = 2000 };

struct entry {
  struct tls_session session;
  struct entry *next;
};

struct tls_sessions {
  struct entry *buckets[BUCKETS];
  size_t count;
  int64_t newest;
};

static const char *const words[] = {"anonymous", "untrusted", "trusted",      "verified",    "proxy",
                                    "dane-ee",   "dane-ta",   "trust-anchor", "fingerprint", ""};

static const char *constant(const char *word)
{
  for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i], word) == 0)
      return words[i];
  return NULL;
}

struct tls_sessions *tls_sessions_new(void)
{
  return memory_new(sizeof(struct tls_sessions));
}

static void clear(struct tls_sessions *sessions)
{
  for (int i = 0; i < BUCKETS; i++)
    for (struct entry *entry = sessions->buckets[i], *next; entry; entry = next) {
      next = entry->next;
      free(entry);
    }
  memset(sessions, 0, sizeof *sessions);
}

void tls_sessions_free(struct tls_sessions *sessions)
{
  if (!sessions)
    return;
  clear(sessions);
  free(sessions);
}

/* tlsproxy speaks for others: what it says is found by the relay. */
static struct entry **bucket_of(struct tls_sessions *sessions, const struct tls_session *session)
{
  uint64_t number = (uint64_t)session->pid;
  if (strcmp(session->tls, "proxy") == 0) {
    number = 5381;
    for (const char *c = session->relay; *c; c++)
      number = number * 33 + (unsigned char)*c;
  }
  return &sessions->buckets[(number + (uint64_t)session->host * 131) % BUCKETS];
}

static void remove_entry(struct tls_sessions *sessions, struct entry **at)
{
  struct entry *entry = *at;
  *at = entry->next;
  free(entry);
  sessions->count--;
}

static void forget_old(struct tls_sessions *sessions, int64_t age)
{
  for (int i = 0; i < BUCKETS; i++)
    for (struct entry **at = &sessions->buckets[i]; *at;) {
      if ((*at)->session.time < sessions->newest - age)
        remove_entry(sessions, at);
      else
        at = &(*at)->next;
    }
}

static struct tls_session *add(struct tls_sessions *sessions, const struct tls_session *like)
{
  if (like->time > sessions->newest)
    sessions->newest = like->time;
  for (int64_t age = AGE_MAX_MS; sessions->count >= COUNT_MAX; age = age > 1 ? age / 2 : -1)
    forget_old(sessions, age);
  struct entry **bucket = bucket_of(sessions, like), *entry = memory_new(sizeof *entry);
  entry->session = *like;
  entry->next = *bucket;
  *bucket = entry;
  sessions->count++;
  return &entry->session;
}

/* Printable ASCII, as all of these are where the log is sound. */
static void copy(char *to, size_t room, const char *from)
{
  text_ascii(to, room, from ? from : "", from ? strlen(from) : 0);
}

/* Takes the match that the same process told just before, or that tlsproxy told of this relay; the first one is used
 * up by it. */
static const char *take_match(struct tls_sessions *sessions, const struct tls_session *of, bool is_reused)
{
  for (struct entry **at = bucket_of(sessions, of); *at; at = &(*at)->next) {
    struct tls_session *session = &(*at)->session;
    if (session->host != of->host || session->pid != of->pid || *session->tls || strcmp(session->relay, of->relay) != 0)
      continue;
    const char *match = session->time > of->time - PROXY_AGE_MS ? session->match : NULL;
    remove_entry(sessions, at);
    if (match)
      return match;
    break;
  }
  struct tls_session proxy = *of;
  proxy.tls = "proxy";
  for (struct entry *entry = *bucket_of(sessions, &proxy); entry; entry = entry->next) {
    const struct tls_session *session = &entry->session;
    if (session->host == of->host && strcmp(session->tls, "proxy") == 0 && strcmp(session->relay, of->relay) == 0)
      return session->time >= of->time - (is_reused ? PROXY_AGE_MS : PROXY_AGE_MS / 10) ? session->match : NULL;
  }
  return NULL;
}

/* All that is known of this process and relay (NULL: of any relay), but what `keep` was used for. */
static void forget(struct tls_sessions *sessions, const struct tls_session *of, const char *relay, const char *keep)
{
  for (struct entry **at = bucket_of(sessions, of); *at;) {
    const struct tls_session *session = &(*at)->session;
    bool is_it = session->host == of->host && session->pid == of->pid && strcmp(session->tls, "proxy") != 0 &&
                 (!relay || strcmp(session->relay, relay) == 0);
    if (is_it && !(keep && (!*session->queue_id || strcmp(session->queue_id, keep) == 0)))
      remove_entry(sessions, at);
    else
      at = &(*at)->next;
  }
}

void tls_sessions_take(struct tls_sessions *sessions, int64_t host, long long pid, int64_t time, const struct mta_fact *fact)
{
  struct tls_session session = {.host = host, .pid = pid, .time = time, .tls = ""};
  copy(session.relay, sizeof session.relay, fact->relay);
  if (fact->kind == MTA_MATCH) {
    session.match = constant(fact->tls_match);
    session.tls = fact->is_proxy ? "proxy" : "";
    add(sessions, &session);
    return;
  }
  if (fact->kind == MTA_TLS)
    session.match = take_match(sessions, &session, fact->is_reused);
  forget(sessions, &session, session.relay, NULL);
  if (fact->kind != MTA_TLS)
    return;
  session.tls = constant(fact->tls);
  copy(session.queue_id, sizeof session.queue_id, fact->queue_id);
  copy(session.feature, sizeof session.feature, fact->tls_feature);
  copy(session.version, sizeof session.version, fact->tls_version);
  copy(session.cipher, sizeof session.cipher, fact->tls_cipher);
  session.bits = fact->tls_bits;
  add(sessions, &session);
}

const struct tls_session *tls_sessions_find(struct tls_sessions *sessions, int64_t host, long long pid, int64_t time,
                                            const struct mta_fact *fact)
{
  struct tls_session key = {.host = host, .pid = pid, .tls = ""};
  struct tls_session *found = NULL;
  if (!fact->keeps)
    forget(sessions, &key, NULL, fact->queue_id);
  for (struct entry *entry = *bucket_of(sessions, &key); entry; entry = entry->next) {
    struct tls_session *session = &entry->session;
    if (session->host != host || session->pid != pid || !*session->tls || strcmp(session->tls, "proxy") == 0)
      continue;
    if (!fact->keeps)
      copy(session->queue_id, sizeof session->queue_id, fact->queue_id);
    if (!found && fact->relay && strcmp(session->relay, fact->relay) == 0 && time >= session->time - CLOCK_MS &&
        time - session->time <= AGE_MAX_MS)
      found = session;
  }
  return found;
}

int tls_sessions_load(struct tls_sessions *sessions, struct database *database)
{
  clear(sessions);
  struct statement *statement = database_prepare(database, "SELECT host_id, pid, time, relay, queue_id, tls, tls_match,"
                                                           " tls_version, tls_cipher, tls_bits FROM open_session"
                                                           " ORDER BY number");
  int status = statement ? 0 : -1;
  while (status == 0 && (status = statement_step(statement)) == 1) {
    struct tls_session session = {.host = statement_integer(statement, 0), .pid = statement_integer(statement, 1),
                                  .time = statement_integer(statement, 2), .bits = (int)statement_integer(statement, 9)};
    copy(session.relay, sizeof session.relay, statement_text(statement, 3));
    copy(session.queue_id, sizeof session.queue_id, statement_text(statement, 4));
    const char *tls = statement_text(statement, 5);
    session.tls = constant(tls);
    if (!session.tls) { /* Sendmail's: "FAIL untrusted" */
      const char *space = strchr(tls, ' ');
      copy(session.feature, sizeof session.feature, tls);
      session.feature[strcspn(session.feature, " ")] = '\0';
      session.tls = space ? constant(space + 1) : NULL;
    }
    session.match = constant(statement_text(statement, 6));
    copy(session.version, sizeof session.version, statement_text(statement, 7));
    copy(session.cipher, sizeof session.cipher, statement_text(statement, 8));
    if (session.tls)
      add(sessions, &session);
    status = 0;
  }
  statement_free(statement);
  return status;
}

static int store_one(struct loader *loader, const struct tls_session *session, int number)
{
  char tls[40];
  snprintf(tls, sizeof tls, "%s%s%s", session->feature, *session->feature ? " " : "", session->tls);
  loader_integer(loader, session->host);
  loader_integer(loader, number);
  loader_integer(loader, session->pid);
  loader_integer(loader, session->time);
  loader_text(loader, session->relay);
  loader_text(loader, session->queue_id);
  loader_text(loader, tls);
  loader_text(loader, session->match);
  loader_text(loader, session->version);
  loader_text(loader, session->cipher);
  loader_integer(loader, session->bits);
  return loader_end_row(loader);
}

int tls_sessions_store(struct tls_sessions *sessions, struct database *database)
{
  if (database_run(database, "DELETE FROM open_session") < 0)
    return -1;
  struct loader *loader = loader_open(database, "open_session",
                                      "host_id, number, pid, time, relay, queue_id, tls, tls_match, tls_version,"
                                      " tls_cipher, tls_bits");
  int status = loader ? 0 : -1, number = 0;
  forget_old(sessions, AGE_MAX_MS);
  for (int i = 0; i < BUCKETS && status == 0; i++)
    for (struct entry *entry = sessions->buckets[i]; entry && status == 0; entry = entry->next)
      status = store_one(loader, &entry->session, ++number);
  if (status == 0)
    status = loader_flush(loader);
  loader_close(loader);
  return status;
}
