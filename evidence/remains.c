/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The counts of a day. See remains.h. One row of `fact` is one thing to count: for a message, or for one of its recipients.
 */
#include "evidence/remains.h"

#include <stddef.h>

#define DOOMED(table, letter) " FROM " #table " " #letter " JOIN doomed_" #table " x ON x.id = " #letter ".id"

#define INBOUND \
  "inbound AS (SELECT m.id, m.time, m.host_id, coalesce(m.author_domain, m.mail_from_domain, '') AS domain," \
  " m.tls_version, m.tls_grade, coalesce(m.action, 'accept') AS action" DOOMED(message, m) " WHERE m.direction = 'inbound')"
#define ASSESSED \
  "assessed AS (SELECT m.id, m.time, m.host_id, coalesce(r.domain, '') AS domain, coalesce(r.verdict, 'not-examined') AS" \
  " verdict, r.link, coalesce(r.action, 'accept') AS action, r.exception" DOOMED(message, m) \
  " JOIN recipient r ON r.message_id = m.id WHERE m.direction = 'outbound')"
#define PROVEN \
  "proven AS (SELECT d.time, d.host_id, d.host_id || ' ' || d.queue_id AS message, coalesce(d.domain, '') AS domain," \
  " d.class, d.message_id, d.recipient" DOOMED(delivery, d) " WHERE d.last = 1)"

/* RFC 6376 6.1: one good signature is enough. One that could not be examined might have been good, so that temperror
 * comes next. No row at all: no signature, where DMARC asked for them. As the report counts. */
#define DKIM_RESULT \
  "CASE (SELECT max(CASE k.result WHEN 'pass' THEN 6 WHEN 'temperror' THEN 5 WHEN 'permerror' THEN 4 WHEN 'fail' THEN 3" \
  " WHEN 'policy' THEN 2 ELSE 1 END) FROM dkim k WHERE k.message_id = inbound.id) WHEN 6 THEN 'pass' WHEN 5 THEN" \
  " 'temperror' WHEN 4 THEN 'permerror' WHEN 3 THEN 'fail' WHEN 2 THEN 'policy' WHEN 1 THEN 'neutral' ELSE" \
  " CASE WHEN EXISTS (SELECT 1 FROM dmarc d WHERE d.message_id = inbound.id) THEN 'none' ELSE 'not-checked' END END"
#define SPF_RESULT \
  "coalesce((SELECT s.result FROM spf s WHERE s.message_id = inbound.id ORDER BY CASE s.identity WHEN 'mailfrom'" \
  " THEN 0 ELSE 1 END, s.identity LIMIT 1), 'not-checked')"

/* A message's columns of fact, and how many recipients it counts for. */
#define FACT(direction, subject, value) \
  " SELECT time, host_id, " direction " AS direction, " subject " AS subject, domain, " value " AS value, " \
  "CAST(id AS TEXT) AS message, "
#define OF_RECIPIENT(subject, value) FACT("'outbound'", "'" subject "'", value) "1 FROM assessed"
#define OF_DELIVERY(subject, value) \
  " SELECT time, host_id, 'outbound', '" subject "', domain, " value ", message, 1 FROM proven"

/* Would level reject have refused or deferred what was let in (CONTRACT 3)? */
#define LET_IN " action IN ('accept', 'quarantine')"
#define RESULTS \
  "results AS (SELECT id, time, host_id, domain, action, " SPF_RESULT " AS spf, " DKIM_RESULT " AS dkim, (SELECT d.result" \
  " FROM dmarc d WHERE d.message_id = inbound.id) AS dmarc, (SELECT d.policy FROM dmarc d WHERE d.message_id = inbound.id)" \
  " AS policy, (SELECT d.override FROM dmarc d WHERE d.message_id = inbound.id) AS override, coalesce(tls_grade, CASE WHEN" \
  " tls_version IS NULL THEN 'no-tls' ELSE 'not-graded' END) AS tls FROM inbound)"
#define OF_RESULT(subject, value, condition) \
  FACT("'inbound'", "'" subject "'", value) "0 FROM results WHERE " condition

#define FACTS \
  "WITH " INBOUND ", " ASSESSED ", " PROVEN ", " RESULTS ", fact AS (" \
  FACT("'inbound'", "'action'", "action") "0 AS recipients FROM inbound" \
  " UNION ALL SELECT m.time, m.host_id, 'outbound', 'action', NULL, coalesce(m.action, 'accept'), CAST(m.id AS TEXT), 0" \
  DOOMED(message, m) " WHERE m.direction <> 'inbound'" \
  " UNION ALL SELECT m.time, m.host_id, m.direction, 'would', NULL, m.would, CAST(m.id AS TEXT), 0" DOOMED(message, m) \
  " WHERE m.would IS NOT NULL" \
  " UNION ALL SELECT m.time, m.host_id, m.direction, 'exception', NULL, m.exception, CAST(m.id AS TEXT), 0" \
  DOOMED(message, m) " WHERE m.exception IS NOT NULL" \
  " UNION ALL" OF_RESULT("spf", "spf", "TRUE") \
  " UNION ALL" OF_RESULT("dkim", "dkim", "TRUE") \
  " UNION ALL" OF_RESULT("dmarc", "coalesce(dmarc, 'not-checked')", "TRUE") \
  " UNION ALL" OF_RESULT("dmarc-policy", "policy", "policy IS NOT NULL") \
  " UNION ALL" OF_RESULT("override", "override", "override IS NOT NULL") \
  " UNION ALL" OF_RESULT("tls", "tls", "TRUE") \
  " UNION ALL" OF_RESULT("refused", "'spf'", "spf = 'fail' AND" LET_IN) \
  " UNION ALL" OF_RESULT("deferred", "'spf'", "spf = 'temperror' AND" LET_IN) \
  " UNION ALL" OF_RESULT("refused", "'dkim'", "dkim NOT IN ('temperror', 'pass', 'none', 'not-checked') AND" LET_IN) \
  " UNION ALL" OF_RESULT("deferred", "'dkim'", "dkim = 'temperror' AND" LET_IN) \
  " UNION ALL" OF_RESULT("refused", "'dmarc'", "dmarc = 'fail' AND policy = 'reject' AND" LET_IN) \
  " UNION ALL" OF_RESULT("deferred", "'dmarc'", "dmarc = 'temperror' AND" LET_IN) \
  " UNION ALL" OF_RESULT("refused", "'tls'", "tls IN ('insufficient', 'no-tls') AND" LET_IN) \
  " UNION ALL" OF_RECIPIENT("verdict", "verdict") \
  " UNION ALL" OF_RECIPIENT("link", "link") " WHERE link IS NOT NULL" \
  " UNION ALL" OF_RECIPIENT("exception", "exception") " WHERE exception IS NOT NULL" \
  " UNION ALL" OF_RECIPIENT("refused", "'dane'") \
  " WHERE verdict NOT IN ('dane', 'not-examined', 'temperror', 'bogus') AND" LET_IN \
  " UNION ALL" OF_RECIPIENT("deferred", "'dane'") " WHERE verdict IN ('temperror', 'bogus') AND" LET_IN \
  " UNION ALL" OF_DELIVERY("class", "class") \
  " UNION ALL" OF_DELIVERY("without-audit-line", "class") " WHERE message_id IS NULL" \
  " UNION ALL SELECT p.time, p.host_id, 'outbound', 'verdict-and-class', p.domain, r.verdict || ' ' || p.class, p.message," \
  " 1 FROM proven p JOIN recipient r ON r.message_id = p.message_id AND r.number = p.recipient WHERE r.verdict IS NOT NULL" \
  " UNION ALL SELECT a.time, a.host_id, '', 'accepted', NULL, CASE WHEN a.message_id IS NULL THEN 'without-audit-line'" \
  " ELSE 'with-audit-line' END, CAST(a.id AS TEXT), 0" DOOMED(accepted, a) \
  " UNION ALL SELECT e.time, e.host_id, '', 'event', NULL, e.event, CAST(e.id AS TEXT), 0" DOOMED(event, e) ")"

#define DAY "time - time % 86400000"
#define COLUMNS "day, host_id, direction, subject, value, domain"
#define COUNTED ", count(DISTINCT message), sum(recipients) FROM fact"
#define ADD \
  " ON CONFLICT (" COLUMNS ") DO UPDATE SET messages = remains.messages + excluded.messages," \
  " recipients = remains.recipients + excluded.recipients"
#define INSERT "INSERT INTO remains (" COLUMNS ", messages, recipients) "

static const char *const statements[] = {
    FACTS INSERT "SELECT " DAY ", host_id, direction, subject, value, domain" COUNTED
    " WHERE domain IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6" ADD,
    /* A message to several domains stands in each of them, and once here. */
    FACTS INSERT "SELECT " DAY ", host_id, direction, subject, value, '*'" COUNTED
    " WHERE TRUE GROUP BY 1, 2, 3, 4, 5" ADD,
    "WITH line AS (SELECT m.time, m.host_id, m.seq" DOOMED(message, m)
    " UNION ALL SELECT e.time, e.host_id, e.seq" DOOMED(event, e) ")"
    " INSERT INTO remains_host (day, host_id, lines, first_seq, last_seq, first_time, last_time)"
    " SELECT " DAY ", host_id, count(*), min(seq), max(seq), min(time), max(time) FROM line WHERE TRUE GROUP BY 1, 2"
    " ON CONFLICT (day, host_id) DO UPDATE SET lines = remains_host.lines + excluded.lines,"
    " first_seq = CASE WHEN excluded.first_seq < remains_host.first_seq THEN excluded.first_seq ELSE remains_host.first_seq END,"
    " last_seq = CASE WHEN excluded.last_seq > remains_host.last_seq THEN excluded.last_seq ELSE remains_host.last_seq END,"
    " first_time = CASE WHEN excluded.first_time < remains_host.first_time THEN excluded.first_time ELSE"
    " remains_host.first_time END,"
    " last_time = CASE WHEN excluded.last_time > remains_host.last_time THEN excluded.last_time ELSE remains_host.last_time END",
};

int remains_keep(struct database *database)
{
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
    if (database_run(database, statements[i]) < 0)
      return -1;
  return 0;
}
