/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which figures there are, and the SQL that makes each: one row for a table of the report. See figures.h.
 */
#include "report/figures.h"

#define PERIOD "time >= $1 AND time < $2"
#define INBOUND \
  "inbound AS (SELECT id, coalesce(author_domain, mail_from_domain) AS domain, tls_version, tls_grade, action, rule" \
  " FROM message WHERE " PERIOD " AND direction = 'inbound')"
/* Shares of messages and of sender domains, of rows (result, domain) named r. */
#define BY_RESULT \
  " SELECT result, count(*), (SELECT count(*) FROM r), count(DISTINCT domain), (SELECT count(DISTINCT domain) FROM r)" \
  " FROM r GROUP BY result ORDER BY 2 DESC, 1"
#define RESULT_COLUMNS {{"result", FIGURES_TEXT}, {"messages", FIGURES_SHARE}, {"domains", FIGURES_SHARE}}

/* RFC 6376 6.1: one good signature is enough. One that could not be examined might have been good, so that temperror
 * comes next. No row at all: no signature, where DMARC asked for them. */
#define DKIM_RESULT \
  "CASE (SELECT max(CASE k.result WHEN 'pass' THEN 6 WHEN 'temperror' THEN 5 WHEN 'permerror' THEN 4 WHEN 'fail' THEN 3" \
  " WHEN 'policy' THEN 2 ELSE 1 END) FROM dkim k WHERE k.message_id = inbound.id) WHEN 6 THEN 'pass' WHEN 5 THEN" \
  " 'temperror' WHEN 4 THEN 'permerror' WHEN 3 THEN 'fail' WHEN 2 THEN 'policy' WHEN 1 THEN 'neutral' ELSE" \
  " CASE WHEN EXISTS (SELECT 1 FROM dmarc d WHERE d.message_id = inbound.id) THEN 'none' ELSE 'not-checked' END END"
#define SPF_RESULT \
  "coalesce((SELECT s.result FROM spf s WHERE s.message_id = inbound.id ORDER BY CASE s.identity WHEN 'mailfrom'" \
  " THEN 0 ELSE 1 END, s.identity LIMIT 1), 'not-checked')"

#define ASSESSED \
  "assessed AS (SELECT r.message_id, r.number, r.domain, coalesce(r.verdict, 'not-examined') AS verdict, r.link," \
  " coalesce(r.action, 'accept') AS action FROM message m JOIN recipient r ON r.message_id = m.id" \
  " WHERE m.time >= $1 AND m.time < $2 AND m.direction = 'outbound')"
#define PROVEN \
  "proven AS (SELECT host_id, queue_id, message_id, recipient, domain, class FROM delivery WHERE " PERIOD \
  " AND last = 1 AND class <> 'local')"
#define BY_CLASS(word, table, message) \
  " SELECT " word ", count(DISTINCT " message "), (SELECT count(DISTINCT " message ") FROM " table "), count(*)," \
  " (SELECT count(*) FROM " table "), count(DISTINCT domain), (SELECT count(DISTINCT domain) FROM " table ")" \
  " FROM " table " GROUP BY " word " ORDER BY 4 DESC, 1"
#define CLASS_COLUMNS(word) \
  {{word, FIGURES_TEXT}, {"messages", FIGURES_SHARE}, {"recipients", FIGURES_SHARE}, {"destinations", FIGURES_SHARE}}

/* Would a level of reject have refused (1) or deferred (2) it (CONTRACT 3)? Only what was let in counts. */
#define LET_IN "coalesce(inbound.action, 'accept') IN ('accept', 'quarantine')"
#define FAILURES \
  "failure AS (SELECT 'spf' AS standard, id, domain, CASE " SPF_RESULT " WHEN 'fail' THEN 1 WHEN 'temperror' THEN 2 END" \
  " AS kind FROM inbound WHERE " LET_IN \
  " UNION ALL SELECT 'dkim', id, domain, CASE " DKIM_RESULT " WHEN 'temperror' THEN 2 WHEN 'pass' THEN NULL WHEN 'none'" \
  " THEN NULL WHEN 'not-checked' THEN NULL ELSE 1 END FROM inbound WHERE " LET_IN \
  " UNION ALL SELECT 'dmarc', inbound.id, domain, CASE WHEN d.result = 'fail' AND d.policy = 'reject' THEN 1 WHEN" \
  " d.result = 'temperror' THEN 2 END FROM inbound JOIN dmarc d ON d.message_id = inbound.id WHERE " LET_IN \
  " UNION ALL SELECT 'tls', id, domain, CASE WHEN tls_grade = 'insufficient' OR (tls_version IS NULL AND tls_grade IS" \
  " NULL) THEN 1 END FROM inbound WHERE " LET_IN \
  " UNION ALL SELECT 'dane', message_id, domain, CASE WHEN verdict IN ('temperror', 'bogus') THEN 2 WHEN verdict NOT IN" \
  " ('dane', 'not-examined') THEN 1 END FROM assessed WHERE action IN ('accept', 'quarantine'))"

const struct figures_shape figures_shapes[] = {
    {"scope", "completeness",
     "SELECT 'messages-inbound', count(*) FROM message WHERE " PERIOD " AND direction = 'inbound' UNION ALL"
     " SELECT 'messages-outbound', count(*) FROM message WHERE " PERIOD " AND direction = 'outbound' UNION ALL"
     " SELECT 'accepted-by-mta', count(*) FROM accepted WHERE " PERIOD " UNION ALL"
     " SELECT 'accepted-without-audit-line', count(*) FROM accepted WHERE " PERIOD " AND message_id IS NULL UNION ALL"
     " SELECT 'deliveries', count(*) FROM delivery WHERE " PERIOD " AND last = 1 UNION ALL"
     " SELECT 'deliveries-without-audit-line', count(*) FROM delivery WHERE " PERIOD
     " AND last = 1 AND message_id IS NULL UNION ALL"
     " SELECT 'deliveries-local', count(*) FROM delivery WHERE " PERIOD " AND last = 1 AND class = 'local'",
     {{"fact", FIGURES_TEXT}, {"number", FIGURES_NUMBER}}, false, false},
    {"scope", "hosts",
     "SELECT h.name, count(*), max(l.seq) - min(l.seq) + 1 - count(DISTINCT l.seq), min(l.time), max(l.time) FROM"
     " (SELECT host_id, seq, time FROM message WHERE " PERIOD " UNION ALL SELECT host_id, seq, time FROM event WHERE "
     PERIOD ") l JOIN host h ON h.id = l.host_id GROUP BY h.name ORDER BY h.name",
     {{"host", FIGURES_TEXT}, {"lines", FIGURES_NUMBER}, {"missing-lines", FIGURES_NUMBER}, {"first", FIGURES_TIME},
      {"last", FIGURES_TIME}}, false, true},
    {"scope", "files",
     "SELECT path, kind, lines, used, skipped, first_time, last_time FROM file WHERE coalesce(last_time, $1) >= $1 AND"
     " coalesce(first_time, $1) < $2 ORDER BY kind, first_time, path",
     {{"file", FIGURES_TEXT}, {"kind", FIGURES_TEXT}, {"lines", FIGURES_NUMBER}, {"used", FIGURES_NUMBER},
      {"skipped", FIGURES_NUMBER}, {"first", FIGURES_TIME}, {"last", FIGURES_TIME}}, false, true},
    {"control", "design", NULL, {{"option", FIGURES_TEXT}, {"value", FIGURES_TEXT}}, false, false},
    {"control", "configurations",
     "SELECT config, version, servers, min(time), count(*) FROM event WHERE " PERIOD " AND config IS NOT NULL"
     " GROUP BY config, version, servers ORDER BY 4, 1",
     {{"configuration", FIGURES_TEXT}, {"version", FIGURES_TEXT}, {"resolver", FIGURES_TEXT}, {"first", FIGURES_TIME},
      {"times", FIGURES_NUMBER}}, false, true},
    {"control", "existence",
     "SELECT event, count(*), min(time), max(time) FROM event WHERE " PERIOD " GROUP BY event ORDER BY 1",
     {{"event", FIGURES_TEXT}, {"times", FIGURES_NUMBER}, {"first", FIGURES_TIME}, {"last", FIGURES_TIME}}, false, false},
    {"control", "operation",
     "SELECT direction, coalesce(action, 'unknown'), count(*), (SELECT count(*) FROM message WHERE " PERIOD ") FROM"
     " message WHERE " PERIOD " GROUP BY direction, coalesce(action, 'unknown') ORDER BY 1, 3 DESC, 2",
     {{"direction", FIGURES_TEXT}, {"action", FIGURES_TEXT}, {"messages", FIGURES_SHARE}}, false, false},
    {"inbound", "spf", "WITH " INBOUND ", r AS (SELECT " SPF_RESULT " AS result, domain FROM inbound)" BY_RESULT,
     RESULT_COLUMNS, false, false},
    {"inbound", "dkim", "WITH " INBOUND ", r AS (SELECT " DKIM_RESULT " AS result, domain FROM inbound)" BY_RESULT,
     RESULT_COLUMNS, false, false},
    {"inbound", "dmarc",
     "WITH " INBOUND ", r AS (SELECT coalesce((SELECT d.result FROM dmarc d WHERE d.message_id = inbound.id),"
     " 'not-checked') AS result, domain FROM inbound)" BY_RESULT, RESULT_COLUMNS, false, false},
    {"inbound", "dmarc-policies",
     "WITH " INBOUND ", r AS (SELECT d.policy AS result, domain FROM inbound JOIN dmarc d ON d.message_id = inbound.id"
     " WHERE d.policy IS NOT NULL)" BY_RESULT, RESULT_COLUMNS, false, false},
    {"inbound", "overrides",
     "WITH " INBOUND ", r AS (SELECT d.override AS result, domain FROM inbound JOIN dmarc d ON d.message_id = inbound.id"
     " WHERE d.override IS NOT NULL)" BY_RESULT, RESULT_COLUMNS, false, false},
    {"inbound", "tls",
     "WITH " INBOUND ", r AS (SELECT coalesce(tls_grade, CASE WHEN tls_version IS NULL THEN 'no-tls' ELSE 'not-graded'"
     " END) AS result, domain FROM inbound)" BY_RESULT, RESULT_COLUMNS, false, false},
    {"outbound", "assessed", "WITH " ASSESSED BY_CLASS("verdict", "assessed", "message_id"), CLASS_COLUMNS("verdict"),
     false, false},
    {"outbound", "proven", "WITH " PROVEN BY_CLASS("class", "proven", "host_id || ' ' || queue_id"),
     CLASS_COLUMNS("class"), false, false},
    /* A destination that is ready for DANE and is reached in another way, or the other way round. */
    {"outbound", "disagreements",
     "WITH " PROVEN " SELECT p.domain, r.verdict, p.class, count(*) FROM proven p JOIN recipient r ON r.message_id ="
     " p.message_id AND r.number = p.recipient WHERE (r.verdict = 'dane' AND p.class IN ('dane-available-not-used',"
     " 'dane-failed-deferred', 'half-dane', 'mta-sts', 'tls-trusted', 'tls-only', 'plaintext')) OR (r.verdict NOT IN"
     " ('dane', 'partial') AND p.class = 'dane-verified') GROUP BY p.domain, r.verdict, p.class ORDER BY 4 DESC, 1, 2, 3",
     {{"domain", FIGURES_TEXT}, {"verdict", FIGURES_TEXT}, {"class", FIGURES_TEXT}, {"recipients", FIGURES_NUMBER}},
     true, false},
    /* The newest verdict counts: who mended it meanwhile needs no advice. */
    {"outbound", "lacking-dane",
     "WITH " ASSESSED ", newest AS (SELECT domain, max(message_id) AS id, count(*) AS recipients FROM assessed WHERE"
     " verdict <> 'not-examined' GROUP BY domain) SELECT n.domain, min(a.verdict), min(a.link), n.recipients FROM newest n"
     " JOIN assessed a ON a.message_id = n.id AND a.domain = n.domain AND a.verdict IN ('none', 'partial', 'unusable',"
     " 'insecure-mx', 'bogus', 'temperror') GROUP BY n.domain, n.recipients ORDER BY 4 DESC, 1",
     {{"domain", FIGURES_TEXT}, {"verdict", FIGURES_TEXT}, {"link", FIGURES_TEXT}, {"recipients", FIGURES_NUMBER}},
     true, false},
    {"exceptions", "exceptions", NULL,
     {{"exception", FIGURES_TEXT}, {"state", FIGURES_TEXT}, {"reason", FIGURES_TEXT}, {"owner", FIGURES_TEXT},
      {"until", FIGURES_TEXT}, {"messages", FIGURES_NUMBER}}, false, true},
    {"enforcement", "enforcement",
     "WITH " INBOUND ", " ASSESSED ", " FAILURES " SELECT standard, count(DISTINCT CASE kind WHEN 1 THEN id END),"
     " count(DISTINCT CASE kind WHEN 1 THEN domain END), count(DISTINCT CASE kind WHEN 2 THEN id END) FROM failure"
     " GROUP BY standard ORDER BY 1",
     {{"standard", FIGURES_TEXT}, {"refused-messages", FIGURES_NUMBER}, {"refused-domains", FIGURES_NUMBER},
      {"deferred-messages", FIGURES_NUMBER}}, false, false},
    {"enforcement", "refused-domains",
     "WITH " INBOUND ", " ASSESSED ", " FAILURES " SELECT domain, standard, count(DISTINCT id) FROM failure WHERE kind = 1"
     " GROUP BY domain, standard ORDER BY 3 DESC, 1, 2",
     {{"domain", FIGURES_TEXT}, {"standard", FIGURES_TEXT}, {"messages", FIGURES_NUMBER}}, true, false},
};

const size_t figures_shape_count = sizeof figures_shapes / sizeof *figures_shapes;
