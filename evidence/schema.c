/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables. See schema.h and doc/database.md.
 */
#include "evidence/schema.h"

#include <stdlib.h>
#include <string.h>

/* What the two databases spell differently. */
static const struct {
  const char *mark, *sqlite, *postgres;
} dialects[] = {
    {"$ID", "INTEGER PRIMARY KEY", "BIGINT PRIMARY KEY"},
    {"$COMPACT", " WITHOUT ROWID", ""},
};

/* An answer in the words of policy/decision.h. */
#define DECISION "action TEXT, would TEXT, reply TEXT, rule TEXT, exception TEXT"

static const char *const tables[] = {
    "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",

    "CREATE TABLE IF NOT EXISTS host (id $ID, name TEXT NOT NULL UNIQUE)",

    /* A file is known by its first line: renamed, rotated or compressed it is still the same one. */
    "CREATE TABLE IF NOT EXISTS file (id $ID, path TEXT NOT NULL, kind TEXT NOT NULL, first_line TEXT NOT NULL UNIQUE,"
    " last_line TEXT NOT NULL, bytes BIGINT NOT NULL, lines BIGINT NOT NULL, used BIGINT NOT NULL,"
    " skipped BIGINT NOT NULL, repeated BIGINT NOT NULL, first_time BIGINT, last_time BIGINT, imported BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS problem (file_id BIGINT NOT NULL, line BIGINT NOT NULL, why TEXT NOT NULL,"
    " PRIMARY KEY (file_id, line))$COMPACT",
    /* From when to when a file speaks of a host: a second file with the same lines is found by it. */
    "CREATE TABLE IF NOT EXISTS span (file_id BIGINT NOT NULL, host_id BIGINT NOT NULL, kind TEXT NOT NULL,"
    " first_time BIGINT NOT NULL, last_time BIGINT NOT NULL, PRIMARY KEY (file_id, host_id, kind))$COMPACT",

    "CREATE TABLE IF NOT EXISTS message (id $ID, file_id BIGINT NOT NULL, line BIGINT NOT NULL, time BIGINT NOT NULL,"
    " host_id BIGINT NOT NULL, seq BIGINT NOT NULL, pid BIGINT, direction TEXT, queue_id TEXT, client_ip TEXT,"
    " client_name TEXT, helo TEXT, authenticated TEXT, tls_version TEXT, tls_cipher TEXT, tls_bits BIGINT,"
    " tls_grade TEXT, mail_from TEXT, mail_from_domain TEXT, author_domain TEXT, message_id TEXT, " DECISION ","
    " elapsed_ms BIGINT, dns_ms BIGINT, dns_queries BIGINT, removed_headers BIGINT)",
    "CREATE INDEX IF NOT EXISTS message_by_time ON message (time)",
    "CREATE INDEX IF NOT EXISTS message_by_queue_id ON message (queue_id) WHERE queue_id IS NOT NULL",

    "CREATE TABLE IF NOT EXISTS recipient (message_id BIGINT NOT NULL, number BIGINT NOT NULL, address TEXT, domain TEXT,"
    " next_hop TEXT, verdict TEXT, link TEXT, mx TEXT, ttl BIGINT, why TEXT, " DECISION ","
    " PRIMARY KEY (message_id, number))$COMPACT",
    "CREATE TABLE IF NOT EXISTS dane_host (message_id BIGINT NOT NULL, recipient BIGINT NOT NULL, number BIGINT NOT NULL,"
    " name TEXT, preference BIGINT, address TEXT, tlsa TEXT, base TEXT, PRIMARY KEY (message_id, recipient, number))$COMPACT",

    "CREATE TABLE IF NOT EXISTS spf (message_id BIGINT NOT NULL, identity TEXT NOT NULL, domain TEXT, result TEXT,"
    " dnssec TEXT, why TEXT, PRIMARY KEY (message_id, identity))$COMPACT",
    "CREATE TABLE IF NOT EXISTS dkim (message_id BIGINT NOT NULL, number BIGINT NOT NULL, domain TEXT, selector TEXT,"
    " algorithm TEXT, bits BIGINT, result TEXT, dnssec TEXT, why TEXT, PRIMARY KEY (message_id, number))$COMPACT",
    "CREATE TABLE IF NOT EXISTS dmarc (message_id $ID, result TEXT, policy TEXT, policy_domain TEXT,"
    " organizational_domain TEXT, aligned_spf BIGINT, aligned_dkim BIGINT, dnssec TEXT, override TEXT, why TEXT)",

    "CREATE TABLE IF NOT EXISTS event (id $ID, file_id BIGINT NOT NULL, line BIGINT NOT NULL, time BIGINT NOT NULL,"
    " host_id BIGINT NOT NULL, seq BIGINT NOT NULL, pid BIGINT, event TEXT NOT NULL, why TEXT, exception TEXT,"
    " version TEXT, servers TEXT, config TEXT)",
    "CREATE INDEX IF NOT EXISTS event_by_time ON event (time)",

    /* The MTA took a message in: what log completeness is measured against. */
    "CREATE TABLE IF NOT EXISTS accepted (id $ID, file_id BIGINT NOT NULL, line BIGINT NOT NULL, time BIGINT NOT NULL,"
    " host_id BIGINT NOT NULL, queue_id TEXT NOT NULL, source TEXT NOT NULL, message_id BIGINT)",
    "CREATE INDEX IF NOT EXISTS accepted_by_time ON accepted (time)",
    "CREATE INDEX IF NOT EXISTS accepted_by_queue_id ON accepted (queue_id)",

    "CREATE TABLE IF NOT EXISTS delivery (id $ID, file_id BIGINT NOT NULL, line BIGINT NOT NULL, time BIGINT NOT NULL,"
    " host_id BIGINT NOT NULL, queue_id TEXT NOT NULL, mta TEXT NOT NULL, agent TEXT, address TEXT, domain TEXT,"
    " mark BIGINT NOT NULL, relay_name TEXT, relay_address TEXT, relay_port BIGINT, status TEXT NOT NULL, dsn TEXT,"
    " reply TEXT, tls TEXT NOT NULL, tls_feature TEXT, tls_match TEXT, tls_version TEXT, tls_cipher TEXT,"
    " tls_bits BIGINT, tls_level TEXT,"
    " message_id BIGINT, recipient BIGINT, class TEXT NOT NULL, why TEXT, last BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS delivery_by_time ON delivery (time)",
    "CREATE INDEX IF NOT EXISTS delivery_by_queue_id ON delivery (queue_id)",
    "CREATE INDEX IF NOT EXISTS delivery_by_message ON delivery (message_id) WHERE message_id IS NOT NULL",

    /* Sums by day: see daily.h. Unknown is '' here, as it is part of a key. */
    "CREATE TABLE IF NOT EXISTS daily_inbound (day BIGINT NOT NULL, domain TEXT NOT NULL, spf TEXT NOT NULL,"
    " spf_own BIGINT NOT NULL, dkim TEXT NOT NULL, dmarc TEXT NOT NULL, policy TEXT NOT NULL, aligned TEXT NOT NULL,"
    " override TEXT NOT NULL, tls TEXT NOT NULL, action TEXT NOT NULL, messages BIGINT NOT NULL,"
    " PRIMARY KEY (day, domain, spf, spf_own, dkim, dmarc, policy, aligned, override, tls, action))$COMPACT",
    "CREATE TABLE IF NOT EXISTS daily_outbound (day BIGINT NOT NULL, domain TEXT NOT NULL, relay TEXT NOT NULL,"
    " verdict TEXT NOT NULL, link TEXT NOT NULL, hosts TEXT NOT NULL, action TEXT NOT NULL, recipients BIGINT NOT NULL, messages BIGINT NOT NULL,"
    " last_time BIGINT NOT NULL, last_message BIGINT NOT NULL, PRIMARY KEY (day, domain, relay,"
    " verdict, link, hosts, action))$COMPACT",
    "CREATE TABLE IF NOT EXISTS daily_proven (day BIGINT NOT NULL, domain TEXT NOT NULL, relay TEXT NOT NULL,"
    " class TEXT NOT NULL, verdict TEXT NOT NULL, recipients BIGINT NOT NULL,"
    " PRIMARY KEY (day, domain, relay, class, verdict))$COMPACT",
    "CREATE TABLE IF NOT EXISTS daily_message (day BIGINT NOT NULL, kind TEXT NOT NULL, word TEXT NOT NULL,"
    " messages BIGINT NOT NULL, PRIMARY KEY (day, kind, word))$COMPACT",
    "CREATE TABLE IF NOT EXISTS daily_total (day BIGINT PRIMARY KEY, inbound BIGINT NOT NULL, spf BIGINT NOT NULL,"
    " dkim BIGINT NOT NULL, dmarc BIGINT NOT NULL, strict BIGINT NOT NULL, tls BIGINT NOT NULL, adequate BIGINT NOT NULL,"
    " examined BIGINT NOT NULL, dane BIGINT NOT NULL, sent BIGINT NOT NULL, proven BIGINT NOT NULL,"
    " covered BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS daily_host (day BIGINT NOT NULL, host_id BIGINT NOT NULL, lines BIGINT NOT NULL,"
    " first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL, first_time BIGINT NOT NULL, last_time BIGINT NOT NULL,"
    " PRIMARY KEY (day, host_id))$COMPACT",

    /* A TLS connection whose deliveries were not read yet: the log may go on in the next file. */
    "CREATE TABLE IF NOT EXISTS open_session (host_id BIGINT NOT NULL, number BIGINT NOT NULL, pid BIGINT NOT NULL,"
    " time BIGINT NOT NULL, relay TEXT NOT NULL, queue_id TEXT, tls TEXT NOT NULL, tls_match TEXT, tls_version TEXT,"
    " tls_cipher TEXT, tls_bits BIGINT, PRIMARY KEY (host_id, number))$COMPACT",

    /* What is kept for longer because of an incident. A hold that has ended stays, as evidence. */
    "CREATE TABLE IF NOT EXISTS hold (name TEXT PRIMARY KEY, reason TEXT NOT NULL, domain TEXT, first_time BIGINT NOT NULL,"
    " last_time BIGINT NOT NULL, made BIGINT NOT NULL, ends BIGINT NOT NULL)",
    /* BIO2 5.33.01: what was removed, when and by which rule. */
    "CREATE TABLE IF NOT EXISTS pruned (id $ID, time BIGINT NOT NULL, class TEXT NOT NULL, first_time BIGINT NOT NULL,"
    " last_time BIGINT NOT NULL, days BIGINT NOT NULL, messages BIGINT NOT NULL, events BIGINT NOT NULL,"
    " accepted BIGINT NOT NULL, deliveries BIGINT NOT NULL, counts BIGINT NOT NULL, path TEXT, digest TEXT, first_seq BIGINT,"
    " last_seq BIGINT)",
    /* A message that began to come in and was not taken yet: the same. */
    "CREATE TABLE IF NOT EXISTS open_arrival (host_id BIGINT NOT NULL, queue_id TEXT NOT NULL, source TEXT NOT NULL,"
    " time BIGINT NOT NULL, file_id BIGINT NOT NULL, line BIGINT NOT NULL, PRIMARY KEY (host_id, queue_id))$COMPACT",
};

static int make(struct database *database, const char *table)
{
  struct text sql = {0};
  bool server = database_is_server(database);
  for (const char *rest = table; *rest;) {
    size_t plain = strcspn(rest, "$");
    text_add_bytes(&sql, rest, plain);
    rest += plain;
    for (size_t i = 0; *rest && i < sizeof dialects / sizeof *dialects; i++) {
      if (strncmp(rest, dialects[i].mark, strlen(dialects[i].mark)) != 0)
        continue;
      text_add(&sql, server ? dialects[i].postgres : dialects[i].sqlite);
      rest += strlen(dialects[i].mark);
      break;
    }
  }
  int status = database_run(database, sql.bytes);
  text_free(&sql);
  return status;
}

static int make_all(struct database *database)
{
  if (database_begin(database) < 0)
    return -1;
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (make(database, tables[i]) < 0)
      goto failed;
  struct statement *statement =
      database_prepare(database, "INSERT INTO setting (name, value) VALUES ('schema', $1) ON CONFLICT (name) DO NOTHING");
  if (statement)
    statement_bind_integer(statement, 1, SCHEMA_VERSION);
  int status = statement ? statement_run(statement) : -1;
  statement_free(statement);
  if (status == 0 && database_commit(database) == 0)
    return 0;
failed:
  database_rollback(database);
  return -1;
}

int schema_prepare(struct database *database, enum database_mode mode, struct text *error)
{
  struct statement *statement = NULL;
  int64_t version = 0;
  if (mode == DATABASE_WRITE && make_all(database) < 0)
    goto failed;
  statement = database_prepare(database, "SELECT value FROM setting WHERE name = 'schema'");
  int found = statement ? statement_step(statement) : -1;
  if (found < 0)
    goto failed;
  const char *value = found ? statement_text(statement, 0) : NULL;
  version = value ? strtoll(value, NULL, 10) : 0;
  statement_free(statement);
  if (version == SCHEMA_VERSION)
    return 0;
  text_printf(error, "the database has schema %lld, this program knows %d", (long long)version, SCHEMA_VERSION);
  return -1;
failed:
  text_add(error, database_error(database));
  statement_free(statement);
  return -1;
}
