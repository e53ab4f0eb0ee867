/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which figures there are, and the SQL that makes each: one row for a table of the report. See figures.h.
 */
#include "report/figures_make.h"
#include "report/sql.h"

/* Shares of messages and of sender domains by a word of each inbound message. */
#define RESULT_COLUMNS(word) {{word, FIGURES_WORD}, {"messages", FIGURES_SHARE}, {"domains", FIGURES_SHARE}}

/* Shares of messages, recipients and destinations; a message with several words counts at each. */
#define BY_CLASS(word, table, kind) \
  "WITH r AS (SELECT " word " AS result, nullif(" DESTINATION ", '') AS domain, sum(recipients) AS n FROM " table " WHERE" \
  " " DAYS \
  " GROUP BY 1, 2), m AS (SELECT kind, word, sum(messages) AS n FROM daily_message WHERE " DAYS " AND kind IN ('" kind \
  "', '" kind "-all') GROUP BY 1, 2) SELECT r.result, coalesce((SELECT m.n FROM m WHERE m.kind = '" kind "' AND" \
  " m.word =" \
  " r.result), 0), coalesce((SELECT m.n FROM m WHERE m.kind = '" kind "-all'), 0), sum(r.n), (SELECT sum(n) FROM r)," \
  " count(DISTINCT r.domain), (SELECT count(DISTINCT domain) FROM r) FROM r GROUP BY r.result ORDER BY 4 DESC, 1"
#define CLASS_COLUMNS(word) \
  {{word, FIGURES_WORD}, {"messages", FIGURES_SHARE}, {"recipients", FIGURES_SHARE}, {"destinations", FIGURES_SHARE}}

/* What lets mail be read or led elsewhere; `unknown` and `verified-other` are no findings. */
#define NOT_OVER_DANE \
  "'dane-available-not-used', 'dane-failed-deferred', 'half-dane', 'mta-sts', 'tls-trusted', 'tls-only', 'plaintext'"

/* First a host to which the first missing link belongs, last one that lacks nothing. */
#define RANK_OF_HOST \
  "CASE WHEN h.tlsa = 'usable' THEN '2' WHEN (f.link = 'host-unsigned' AND h.tlsa = 'not-asked' AND h.address = 'insecure') OR" \
  " (f.link = 'no-tlsa' AND h.tlsa IN ('none', 'insecure')) OR (f.link = 'tlsa-unusable' AND h.tlsa = 'unusable') THEN '0' ELSE '1' END"

/* By log, of which a host has one: the lines of one log bear two names where `authserv-id` is left to the MTA, that of the MTA
 * and, until it has said it, the host's own; their numbers go through both. Lines that are missing between this period and what
 * stands before or after it count, as nobody can tell on which side they were written. */
#define WITHIN(what) "CASE WHEN " DAYS " THEN " what " END"
#define LOGS \
  "(SELECT log, lines, first_time, last_time, CASE WHEN last_seq - first_seq + 1 > lines THEN last_seq - first_seq + 1 - lines" \
  " ELSE 0 END + CASE WHEN before < first_seq THEN first_seq - 1 - before ELSE 0 END + CASE WHEN after > last_seq THEN after - 1 -" \
  " last_seq ELSE 0 END AS missing FROM (SELECT log, sum(" WITHIN("lines") ") AS lines, min(" WITHIN("first_seq") ") AS" \
  " first_seq, max(" WITHIN("last_seq") ") AS last_seq, min(" WITHIN("first_time") ") AS first_time, max(" WITHIN("last_time") \
  ") AS last_time, max(CASE WHEN day < " FROM_DAY " THEN last_seq END) AS before, min(CASE WHEN day >= " TO_DAY " THEN first_seq END) AS" \
  " after FROM " DAYS_OF_LOGS " d GROUP BY log) g WHERE lines IS NOT NULL)"
#define DAYS_OF_LOGS \
  "(SELECT daily_host.*, coalesce((SELECT min(b.host_id) FROM span a JOIN span b ON b.file_id = a.file_id AND b.kind = 'audit'" \
  " WHERE a.host_id = daily_host.host_id AND a.kind = 'audit'), host_id) AS log FROM daily_host)"

const struct figures_shape figures_shapes[] = {
    {"scope", "method", NULL, figures_add_method, {{"item", FIGURES_WORD}, {"value", FIGURES_TEXT}}, 0},
    {"scope", "completeness",
     "SELECT 'messages-inbound', coalesce((SELECT sum(inbound) FROM daily_total WHERE " DAYS "), 0) UNION ALL"
     " SELECT 'messages-outbound', coalesce((SELECT sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'outbound-action'), 0) UNION ALL"
     " SELECT 'accepted-by-mta', coalesce((SELECT sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'accepted'), 0) UNION ALL"
     " SELECT 'accepted-without-audit-line', coalesce((SELECT sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'accepted' AND word = 'without-audit-line'), 0) UNION ALL"
     " SELECT 'deliveries', coalesce((SELECT sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'delivery'), 0) UNION ALL"
     " SELECT 'deliveries-without-audit-line', coalesce((SELECT sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'delivery' AND word = 'without-audit-line'), 0) UNION ALL"
     " SELECT 'deliveries-local', coalesce((SELECT sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'delivery' AND word = 'local'), 0) UNION ALL"
     " SELECT 'missing-lines', coalesce((SELECT sum(missing) FROM " LOGS " l), 0) UNION ALL"
     " SELECT 'skipped-lines', coalesce((SELECT sum(skipped) FROM file WHERE coalesce(last_time, $1) >= $1 AND"
     " coalesce(first_time, $1) < $2), 0)",
     NULL, {{"fact", FIGURES_WORD}, {"number", FIGURES_NUMBER}}, 0},
    {"scope", "hosts",
     "SELECT (SELECT h.name FROM " DAYS_OF_LOGS " x JOIN host h ON h.id = x.host_id WHERE x.log = l.log AND " DAYS
     " GROUP BY h.name ORDER BY sum(x.lines) DESC, h.name LIMIT 1), lines, missing, first_time, last_time FROM " LOGS " l ORDER BY 1",
     NULL, {{"host", FIGURES_TEXT}, {"lines", FIGURES_NUMBER}, {"missing-lines", FIGURES_NUMBER}, {"first", FIGURES_TIME},
      {"last", FIGURES_TIME}}, FIGURES_INTERNAL},
    {"scope", "files",
     "SELECT path, kind, lines, used, skipped, first_time, last_time FROM file WHERE coalesce(last_time, $1) >= $1 AND"
     " coalesce(first_time, $1) < $2 ORDER BY kind, first_time, path",
     NULL, {{"file", FIGURES_TEXT}, {"kind", FIGURES_WORD}, {"lines", FIGURES_NUMBER}, {"used", FIGURES_NUMBER},
      {"skipped", FIGURES_NUMBER}, {"first", FIGURES_TIME}, {"last", FIGURES_TIME}}, FIGURES_INTERNAL},
    {"control", "design", NULL, figures_add_design, {{"option", FIGURES_TEXT}, {"value", FIGURES_TEXT}}, 0},
    {"control", "configurations",
     "SELECT config, version, servers, min(time), count(*) FROM event WHERE time >= $1 AND time < $2 AND config IS NOT"
     " NULL GROUP BY config, version, servers ORDER BY 4, 1",
     NULL, {{"configuration", FIGURES_TEXT}, {"version", FIGURES_TEXT}, {"resolver", FIGURES_TEXT}, {"first", FIGURES_TIME},
      {"times", FIGURES_NUMBER}}, FIGURES_INTERNAL},
    {"control", "existence",
     "SELECT event, count(*), min(time), max(time) FROM event WHERE time >= $1 AND time < $2 GROUP BY event ORDER BY 1",
     NULL, {{"event", FIGURES_WORD}, {"times", FIGURES_NUMBER}, {"first", FIGURES_TIME}, {"last", FIGURES_TIME}}, 0},
    {"control", "mta-settings",
     "SELECT word, sum(messages) FROM daily_message WHERE " DAYS " AND kind = 'mta-setting' GROUP BY word ORDER BY 2"
     " DESC, 1",
     NULL, {{"mta-setting", FIGURES_TEXT}, {"deliveries", FIGURES_NUMBER}}, 0},
    {"control", "operation",
     "WITH o AS (SELECT 'inbound' AS direction, action, sum(messages) AS n FROM daily_inbound WHERE " DAYS
     " GROUP BY 2 UNION ALL SELECT 'outbound', word, sum(messages) FROM daily_message WHERE " DAYS
     " AND kind = 'outbound-action' GROUP BY 2) SELECT direction, action, n, (SELECT sum(a.n) FROM o a WHERE a.direction ="
     " o.direction) FROM o ORDER BY 1, 3 DESC, 2",
     NULL, {{"direction", FIGURES_WORD}, {"action", FIGURES_WORD}, {"messages", FIGURES_SHARE}}, 0},
    {"inbound", "spf", NULL, figures_add_senders, RESULT_COLUMNS("result"), FIGURES_PLOT},
    {"inbound", "dkim", NULL, figures_add_senders, RESULT_COLUMNS("result"), FIGURES_PLOT},
    {"inbound", "dmarc", NULL, figures_add_senders, RESULT_COLUMNS("result"), FIGURES_PLOT},
    {"inbound", "dmarc-policies", NULL, figures_add_senders, RESULT_COLUMNS("policy"), 0},
    {"inbound", "overrides", NULL, figures_add_senders, RESULT_COLUMNS("override"), 0},
    {"inbound", "tls", NULL, figures_add_senders, RESULT_COLUMNS("grade"), FIGURES_PLOT},
    {"outbound", "assessed", BY_CLASS("verdict", "daily_outbound", "assessed"), NULL, CLASS_COLUMNS("verdict"), FIGURES_PLOT},
    {"outbound", "proven", BY_CLASS("class", "daily_proven", "proven"), NULL, CLASS_COLUMNS("class"), FIGURES_PLOT},
    /* A destination that is ready for DANE and is reached in another way, or the other way round. */
    {"outbound", "disagreements",
     "SELECT nullif(" DESTINATION ", ''), verdict, class, sum(recipients) FROM daily_proven WHERE " DAYS " AND ((verdict ="
     " 'dane'"
     " AND class IN (" NOT_OVER_DANE ")) OR (verdict NOT IN ('', 'dane', 'partial') AND class = 'dane-verified'))"
     " GROUP BY 1, verdict, class ORDER BY 4 DESC, 1, 2, 3",
     NULL, {{"domain", FIGURES_TEXT}, {"verdict", FIGURES_WORD}, {"class", FIGURES_WORD}, {"recipients", FIGURES_NUMBER}},
     FIGURES_BY_DOMAIN},
    /* The newest verdict counts: who mended it meanwhile needs no advice. At Microsoft the remedy is known: only hosts
     * below mx.microsoft can have DANE. */
    {"outbound", "lacking-dane",
     "WITH sums AS (SELECT " DESTINATION " AS destination, daily_outbound.* FROM daily_outbound WHERE " DAYS
     " AND domain <> '' AND verdict <> 'not-examined'), newest AS (SELECT destination AS domain, max(last_time) AS moment,"
     " sum(recipients) AS n FROM sums GROUP BY destination), found AS (SELECT w.domain, w.n,"
     " min(o.verdict) AS"
     " verdict, min(nullif(o.link, '')) AS link, max(o.last_message) AS id FROM newest w JOIN sums o ON"
     " o.day ="
     " w.moment / 86400000 AND o.destination = w.domain AND o.last_time = w.moment WHERE o.verdict IN ('none', 'partial',"
     " 'unusable', 'insecure-mx', 'bogus', 'temperror') GROUP BY w.domain, w.n), hosted AS (SELECT f.domain, f.n,"
     " f.verdict, f.link, (SELECT substr(min(" RANK_OF_HOST " || h.name), 2) FROM recipient r JOIN dane_host h ON"
     " h.message_id = r.message_id AND h.recipient = r.number WHERE r.message_id = f.id AND (r.domain = f.domain OR r.next_hop = f.domain)) AS host"
     " FROM found f)"
     " SELECT domain, verdict, link, host, CASE WHEN link IN ('host-unsigned', 'no-tlsa') AND host LIKE"
     " '%.mail.protection.outlook.com' THEN 'microsoft' ELSE link END, n FROM hosted ORDER BY n DESC, domain",
     NULL, {{"domain", FIGURES_TEXT}, {"verdict", FIGURES_WORD}, {"link", FIGURES_WORD}, {"mail-host", FIGURES_TEXT},
      {"remedy", FIGURES_WORD}, {"recipients", FIGURES_NUMBER}}, FIGURES_BY_DOMAIN | FIGURES_PLOT},
    {"forum", "forum-own", NULL, figures_add_forum_own, {{"domain", FIGURES_TEXT}, FIGURES_FORUM_COLUMNS,
      {"messages", FIGURES_NUMBER}}, 0},
    {"forum", "forum-correspondents", NULL, figures_add_forum_correspondents,
     {{"standard", FIGURES_WORD}, {"domains", FIGURES_SHARE}, {"traffic", FIGURES_SHARE}, {"failed", FIGURES_NUMBER},
      {"not-measured", FIGURES_NUMBER}}, FIGURES_PLOT},
    {"trend", "shares-over-time",
     "WITH p AS (SELECT CAST($1 AS BIGINT) AS a, CAST($2 AS BIGINT) AS b, CAST($3 AS BIGINT) AS w), u AS (SELECT (day -"
     " p.a / 86400000) / p.w AS bucket, t.* FROM daily_total t, p WHERE day >= p.a / 86400000 AND day < (p.b + 86399999) /"
     " 86400000) SELECT min(p.a) + u.bucket * min(p.w) * 86400000, sum(u.dmarc), sum(u.inbound), sum(u.tls),"
     " sum(u.inbound), sum(u.dane), sum(u.examined), sum(u.proven), sum(u.sent) FROM u, p GROUP BY u.bucket ORDER BY"
     " u.bucket",
     NULL, {{"start", FIGURES_DAY}, {"dmarc-pass", FIGURES_SHARE}, {"tls-used", FIGURES_SHARE},
      {"dane-assessed", FIGURES_SHARE}, {"dane-proven", FIGURES_SHARE}}, FIGURES_PLOT},
    {"trend", "trend", NULL, figures_add_trend,
     {{"measure", FIGURES_WORD}, {"before", FIGURES_SHARE}, {"now", FIGURES_SHARE}, {"change", FIGURES_WORD}}, 0},
    {"trend", "half-years", NULL, figures_add_half_years, {{"half-year", FIGURES_TEXT}, FIGURES_MEASURE_COLUMNS}, 0},
    {"trend", "trend-standards", NULL, figures_add_trend_standards,
     {{"standard", FIGURES_WORD}, {"improvement", FIGURES_NUMBER}, {"regression", FIGURES_NUMBER}, {"neutral", FIGURES_NUMBER}},
     0},
    {"trend", "trend-domains", NULL, figures_add_trend_domains,
     {{"domain", FIGURES_TEXT}, {"standard", FIGURES_WORD}, {"before", FIGURES_WORD}, {"now", FIGURES_WORD},
      {"change", FIGURES_WORD}, {"traffic", FIGURES_NUMBER}}, FIGURES_BY_DOMAIN},
    {"exceptions", "exceptions", NULL, figures_add_exceptions,
     {{"exception", FIGURES_TEXT}, {"state", FIGURES_WORD}, {"domains", FIGURES_TEXT}, {"standards", FIGURES_TEXT},
      {"reason", FIGURES_TEXT}, {"owner", FIGURES_TEXT}, {"until", FIGURES_TEXT}, {"messages", FIGURES_NUMBER}},
     FIGURES_INTERNAL},
    {"enforcement", "enforcement", NULL, figures_add_enforcement,
     {{"standard", FIGURES_WORD}, {"refused-messages", FIGURES_NUMBER}, {"refused-domains", FIGURES_NUMBER},
      {"deferred-messages", FIGURES_NUMBER}}, 0},
    {"enforcement", "refused-domains", NULL, figures_add_refused_domains,
     {{"domain", FIGURES_TEXT}, {"standard", FIGURES_WORD}, {"messages", FIGURES_NUMBER}}, FIGURES_BY_DOMAIN},
    {"annex", "domains", NULL, figures_add_domains, {{"domain", FIGURES_TEXT}, FIGURES_FORUM_COLUMNS,
      {"traffic", FIGURES_NUMBER}}, FIGURES_BY_DOMAIN},
};

const size_t figures_shape_count = sizeof figures_shapes / sizeof *figures_shapes;
