/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the audit log says for aggregate reports. See tally.h.
 */
#include "feedback/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/chain.h"
#include "audit/value.h"
#include "base/domain.h"
#include "base/ip.h"
#include "base/lines.h"
#include "base/memory.h"
#include "base/text.h"

enum { BUCKETS = 1 << 16, DAY_LENGTH = 10, DAY_SECONDS = 86400 };

void tally_open(struct tally *tally)
{
  *tally = (struct tally){.arena = arena_new()};
  tally->rows = memory_new(BUCKETS * sizeof *tally->rows);
  tally->reports = memory_new(BUCKETS * sizeof *tally->reports);
}

void tally_free(struct tally *tally)
{
  free(tally->rows);
  free(tally->reports);
  free(tally->seen);
  arena_free(tally->arena);
}

int tally_want(struct tally *tally, int64_t second)
{
  if (tally->day_count == TALLY_DAYS_MAX)
    return -1;
  char text[32];
  struct tm utc;
  time_t begin = (time_t)(second - second % DAY_SECONDS);
  gmtime_r(&begin, &utc);
  strftime(text, sizeof text, "%Y-%m-%d", &utc);
  tally->days[tally->day_count] = arena_string(tally->arena, text);
  tally->begins[tally->day_count++] = begin;
  return 0;
}

/* One of the words, which is then the one that the schema knows; or NULL. */
static const char *word_of(const char *const *words, const char *value)
{
  for (; value && *words; words++)
    if (strcmp(*words, value) == 0)
      return *words;
  return NULL;
}

static const char *normal(struct arena *arena, const char *domain)
{
  char out[DOMAIN_SIZE];
  return domain && domain_normalize(out, domain, strlen(domain)) == 0 ? arena_string(arena, out) : NULL;
}

/* RFC 9990, "identifiers": the domain of MAIL FROM, "" for the null reverse-path. The log has it with or without a
 * local part. */
static const char *envelope_domain(struct arena *arena, const char *mail_from)
{
  if (!mail_from || !*mail_from)
    return mail_from;
  const char *at = strrchr(mail_from, '@');
  return normal(arena, at ? at + 1 : mail_from);
}

static void read_signatures(struct arena *arena, struct tally_row *row, const struct value *line)
{
  static const char *const results[] = {"none", "pass", "fail", "policy", "neutral", "temperror", "permerror", NULL};
  row->signatures = arena_alloc(arena, TALLY_SIGNATURES_MAX * sizeof *row->signatures);
  for (const struct value *one = value_members(line, "dkim"); one && row->signature_count < TALLY_SIGNATURES_MAX;
       one = one->next) {
    const char *selector = value_string(one, "selector");
    struct tally_signature signature = {normal(arena, value_string(one, "domain")), normal(arena, selector),
                                        word_of(results, value_string(one, "result"))};
    if (signature.domain && signature.selector && signature.result)
      row->signatures[row->signature_count++] = signature;
  }
}

/* RFC 9990, "spf": only the MAIL FROM identity. For a null sender its domain is the HELO name (RFC 7208 2.4). */
static void read_spf(struct arena *arena, struct tally_row *row, const struct value *line)
{
  static const char *const results[] = {"none",   "pass",    "fail",      "softfail",
                                        "policy", "neutral", "temperror", "permerror", NULL};
  for (const struct value *one = value_members(line, "spf"); one; one = one->next) {
    const char *identity = value_string(one, "identity");
    if (!identity || strcmp(identity, "mailfrom") != 0)
      continue;
    row->spf_domain = normal(arena, value_string(one, "domain"));
    row->spf_result = word_of(results, value_string(one, "result"));
  }
}

enum { RANK_NONE, RANK_QUARANTINE, RANK_REJECT };

static const char *const ranks[] = {"none", "quarantine", "reject", NULL};

static int rank_of(const char *word)
{
  int rank = RANK_NONE;
  for (int i = 0; word && ranks[i]; i++)
    if (strcmp(ranks[i], word) == 0)
      rank = i;
  return rank;
}

/* RFC 9990, "policy_evaluated": what was done because of DMARC, and the reason where it is not what was asked for.
 * Under p=none DMARC asks for nothing, so what another check refused there is not told. */
static void judge(struct tally_row *row, const struct value *line, const struct value *dmarc)
{
  static const char *const reasons[] = {"local_policy", "mailing_list",      "other",
                                        "policy_test_mode", "trusted_forwarder", NULL};
  int asked = rank_of(value_string(dmarc, "policy")), done = rank_of(value_string(line, "action"));
  const char *result = value_string(dmarc, "result");
  row->aligned_spf = value_is_true(dmarc, "aligned_spf");
  row->aligned_dkim = value_is_true(dmarc, "aligned_dkim");
  if (result && strcmp(result, "pass") == 0) {
    row->disposition = asked == RANK_NONE ? "none" : "pass";
    return;
  }
  row->disposition = ranks[asked == RANK_NONE ? RANK_NONE : done];
  row->reason = word_of(reasons, value_string(dmarc, "override"));
  if (!row->reason && asked != RANK_NONE && done != asked)
    row->reason = "local_policy";
  if (result && strcmp(result, "fail") != 0) {
    row->reason = "other";
    row->comment = "not evaluated to an end, because of an error";
  }
}

static void add_to_key(struct text *key, const char *value)
{
  text_add(key, value ? value : "\n"); /* no value has a line end */
  text_add_char(key, '\t');
}

static const char *key_of(struct arena *arena, const struct tally_row *row, const struct tally_report *report)
{
  struct text key = {0};
  text_printf(&key, "%p%d%d\t", (const void *)report, row->aligned_dkim, row->aligned_spf);
  const char *const values[] = {row->source_ip,     row->disposition, row->reason,    row->comment, row->header_from,
                                row->envelope_from, row->spf_domain,  row->spf_result};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    add_to_key(&key, values[i]);
  for (size_t i = 0; i < row->signature_count; i++) {
    add_to_key(&key, row->signatures[i].domain);
    add_to_key(&key, row->signatures[i].selector);
    add_to_key(&key, row->signatures[i].result);
  }
  const char *kept = arena_copy(arena, key.bytes, key.length);
  text_free(&key);
  return kept;
}

static size_t bucket_of(const char *key)
{
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (; *key; key++)
    hash = (hash ^ (unsigned char)*key) * 1099511628211u;
  return (hash ^ (hash >> 32)) % BUCKETS;
}

static const char *copy(struct arena *arena, const char *string)
{
  return arena_string(arena, string);
}

/* The row lies in the line's arena so far. */
static struct tally_row *keep_row(struct tally *tally, const struct tally_row *row)
{
  struct arena *arena = tally->arena;
  struct tally_row *kept = arena_alloc(arena, sizeof *kept);
  *kept = *row;
  kept->key = copy(arena, row->key);
  kept->source_ip = copy(arena, row->source_ip);
  kept->header_from = copy(arena, row->header_from);
  kept->envelope_from = copy(arena, row->envelope_from);
  kept->spf_domain = copy(arena, row->spf_domain);
  kept->signatures = arena_alloc(arena, (row->signature_count + 1) * sizeof *kept->signatures);
  for (size_t i = 0; i < row->signature_count; i++)
    kept->signatures[i] = (struct tally_signature){copy(arena, row->signatures[i].domain),
                                                   copy(arena, row->signatures[i].selector),
                                                   row->signatures[i].result};
  return kept;
}

static void count_row(struct tally *tally, struct tally_report *report, const struct tally_row *row)
{
  struct tally_row **bucket = &tally->rows[bucket_of(row->key)], *found = *bucket;
  while (found && strcmp(found->key, row->key) != 0)
    found = found->chained;
  if (!found && tally->row_count == TALLY_ROWS_MAX) {
    tally->dropped++;
    return;
  }
  if (!found) {
    found = keep_row(tally, row);
    found->chained = *bucket;
    *bucket = found;
    *(report->last ? &report->last->next : &report->first) = found;
    report->last = found;
    tally->row_count++;
  }
  found->count++;
  report->messages++;
  tally->messages++;
}

static struct tally_report *report_of(struct tally *tally, size_t day, const char *policy_domain)
{
  struct tally_report **bucket = &tally->reports[bucket_of(policy_domain)], *report = *bucket;
  while (report && (report->day != tally->days[day] || strcmp(report->policy_domain, policy_domain) != 0))
    report = report->chained;
  if (report)
    return report;
  report = arena_alloc(tally->arena, sizeof *report);
  report->day = tally->days[day];
  report->begin = tally->begins[day];
  report->policy_domain = copy(tally->arena, policy_domain);
  report->chained = *bucket;
  *bucket = report;
  *(tally->last ? &tally->last->next : &tally->first) = report;
  tally->last = report;
  tally->report_count++;
  return report;
}

/* Whose message it was, and what came of it; false where nothing is to be reported. A deferred message comes again, and
 * is told of then. */
static bool is_reported(const struct value *line)
{
  const char *event = value_string(line, "event"), *direction = value_string(line, "direction");
  const char *action = value_string(line, "action");
  return event && strcmp(event, "message") == 0 && direction && strcmp(direction, "inbound") == 0 && action &&
         strcmp(action, "abort") != 0 && strcmp(action, "defer") != 0 &&
         value_string(value_get(line, "dmarc"), "policy_domain") != NULL;
}

static void count_line(struct tally *tally, struct arena *arena, size_t day, const struct value *line)
{
  const struct value *dmarc = value_get(line, "dmarc");
  const char *policy_domain = normal(arena, value_string(dmarc, "policy_domain"));
  const char *address = value_string(value_get(line, "client"), "ip");
  struct tally_row row = {.header_from = normal(arena, value_string(line, "author_domain")),
                          .envelope_from = envelope_domain(arena, value_string(line, "mail_from"))};
  struct ip ip;
  char text[IP_TEXT_SIZE];
  if (!policy_domain || !row.header_from || !address || ip_parse(&ip, address) < 0) {
    tally->damaged++;
    return;
  }
  row.source_ip = arena_string(arena, ip_format(&ip, text));
  judge(&row, line, dmarc);
  read_signatures(arena, &row, line);
  read_spf(arena, &row, line);
  struct tally_report *report = report_of(tally, day, policy_domain);
  row.key = key_of(arena, &row, report);
  count_row(tally, report, &row);
}

/* The wanted day of a line, by its fixed beginning: most lines are of other days, and not worth reading. */
static bool find_day(const struct tally *tally, const struct line *line, size_t *day)
{
  static const char key[] = ",\"time\":\"";
  const char *time = memmem(line->bytes, line->length < 60 ? line->length : 60, key, sizeof key - 1);
  if (!time || line->length - (size_t)(time - line->bytes) < sizeof key - 1 + DAY_LENGTH)
    return false;
  for (*day = 0; *day < tally->day_count; ++*day)
    if (memcmp(time + sizeof key - 1, tally->days[*day], DAY_LENGTH) == 0)
      return true;
  return false;
}

static void take_line(struct tally *tally, const struct line *line)
{
  size_t day;
  if (line->cut || (line->length > 0 && line->bytes[0] != '{')) {
    tally->damaged++;
    return;
  }
  if (!find_day(tally, line, &day))
    return;
  struct arena *arena = arena_new();
  const struct value *value = value_read(arena, line->bytes, line->length);
  if (!value)
    tally->damaged++;
  else if (is_reported(value))
    count_line(tally, arena, day, value);
  arena_free(arena);
}

/* Each line of a log is unlike any other, for the hash in it. */
static bool is_copy(struct tally *tally, const struct line *line)
{
  char digest[CHAIN_DIGEST_SIZE];
  chain_digest(digest, line->bytes, line->length);
  for (size_t i = 0; i < tally->seen_count; i++)
    if (strcmp(tally->seen[i], digest) == 0)
      return true;
  tally->seen = memory_resize(tally->seen, (tally->seen_count + 1) * sizeof *tally->seen);
  strcpy(tally->seen[tally->seen_count++], digest);
  return false;
}

int tally_read(struct tally *tally, const char *path, struct text *error)
{
  struct line line;
  struct lines *lines = lines_open(path, CHAIN_LINE_MAX, error);
  if (!lines)
    return -1;
  int status;
  while ((status = lines_next(lines, &line)) > 0) {
    if (line.number == 1 && is_copy(tally, &line))
      break;
    take_line(tally, &line);
  }
  if (status < 0)
    text_add(error, lines_error(lines));
  lines_close(lines);
  return status < 0 ? -1 : 0;
}
