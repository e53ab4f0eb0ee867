/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a vector expects, held against what came. See vector_compare.h.
 */
#include "tests/vector_compare.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/vector_run.h"

/* What a receiver that acts on SPF, or on DMARC, would do. */
static const char spf_config[] = "mode = \"enforce\"\nauthserv-id = \"mx.sluis.example\"\ninternal-networks = {}\n"
                                 "inbound { spf = reject dkim = off dmarc = off tls = off author = off }\n";
static const char dmarc_config[] = "mode = \"enforce\"\nauthserv-id = \"mx.sluis.example\"\ninternal-networks = {}\n"
                                   "inbound { spf = observe dkim = observe dmarc = reject tls = off author = off }\n";

static unsigned misses;    /* of the vector in hand */
static const char *prefix; /* of each line that tells one */

/* One miss of the vector in hand: said at once, behind the prefix, and counted. */
static void miss(const struct vector_run *run, const char *what, const json_t *expected, const char *came)
{
  char *text = json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT);
  printf("%s%s: %s: expected %s, came %s (%s)\n", prefix, vector_text(run->vector, "id"), what, text,
         came ? came : "nothing", vector_text(run->vector, "why"));
  free(text);
  misses++;
}

/* expected: a value, or a list of which any will do. */
static bool fits(const json_t *expected, const json_t *came)
{
  size_t index;
  const json_t *any;
  if (json_is_array(expected)) {
    json_array_foreach (expected, index, any)
      if (fits(any, came))
        return true;
    return false;
  }
  if (json_is_null(expected))
    return !came || json_is_null(came);
  return came && json_equal(expected, came);
}

static json_t *look_up(json_t *value, const char *path)
{
  char step[100];
  while (value && *path) {
    size_t length = strcspn(path, ".");
    snprintf(step, sizeof step, "%.*s", (int)length, path);
    value = json_is_array(value) ? json_array_get(value, (size_t)atoi(step)) : json_object_get(value, step);
    path += length + (path[length] == '.');
  }
  return value;
}

static void compare(const struct vector_run *run, const char *what, const json_t *expected, json_t *came)
{
  if (fits(expected, came))
    return;
  char *text = came ? json_dumps(came, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
  miss(run, what, expected, text);
  free(text);
}

static void compare_text(const struct vector_run *run, const char *what, const json_t *expected, const char *came)
{
  json_t *value = json_string(came);
  compare(run, what, expected, value);
  json_decref(value);
}

/* The audit line and the header must tell the same: "METHOD=RESULT" in the field, in the order of the line. */
static void check_results_field(const struct vector_run *run, const struct vector_outcome *outcome)
{
  const char *at = outcome->results;
  size_t index;
  const json_t *signature;
  json_array_foreach (json_object_get(outcome->audit, "dkim"), index, signature) {
    char piece[40];
    snprintf(piece, sizeof piece, "dkim=%s", vector_text(signature, "result"));
    at = at ? strstr(at, piece) : NULL;
    if (at)
      at += strlen(piece);
  }
  if (!at) {
    json_t *dkim = json_object_get(outcome->audit, "dkim");
    miss(run, "Authentication-Results does not say what the audit line says", dkim, outcome->results);
  }
}

static bool names_fit(const json_t *expected, const char *tag, const json_t *came, const char *member)
{
  return !json_object_get(expected, tag) || strcasecmp(vector_text(expected, tag), vector_text(came, member)) == 0;
}

static bool signature_fits(const json_t *expected, const json_t *came)
{
  return fits(json_object_get(expected, "result"), json_object_get(came, "result")) &&
         names_fit(expected, "d", came, "domain") && names_fit(expected, "s", came, "selector");
}

static void expect_dkim(const struct vector_run *run, const json_t *expected, const struct vector_outcome *outcome)
{
  json_t *came = json_object_get(outcome->audit, "dkim");
  bool any_order = strcmp(vector_text(json_object_get(run->vector, "expect"), "dkim_order"), "any") == 0;
  size_t count = json_array_size(expected);
  bool good = json_array_size(came) == count;
  bool used[64] = {false};
  for (size_t i = 0; good && i < count; i++) {
    bool found = false;
    for (size_t j = 0; j < count && j < 64 && !found; j++)
      if ((any_order || i == j) && !used[j] && signature_fits(json_array_get(expected, i), json_array_get(came, j)))
        found = used[j] = true;
    good = found;
  }
  if (!good) {
    char *text = json_dumps(came, JSON_COMPACT);
    miss(run, "dkim", expected, text);
    free(text);
  }
}

static void expect_spf(const struct vector_run *run, const json_t *expected, const struct vector_outcome *outcome)
{
  const json_t *envelope = json_object_get(run->vector, "envelope");
  const char *identity = *vector_text(envelope, "mailfrom") ? "mailfrom" : "helo";
  size_t index;
  json_t *fact;
  json_array_foreach (json_object_get(outcome->audit, "spf"), index, fact)
    if (strcmp(vector_text(fact, "identity"), identity) == 0) {
      compare(run, "spf", expected, json_object_get(fact, "result"));
      return;
    }
  miss(run, "spf", expected, NULL);
}

/* The reply of a receiver that refuses an SPF fail quotes the explanation behind "explains: ". */
static void expect_explanation(struct vector_run *run, const json_t *expected)
{
  struct vector_outcome outcome;
  vector_run(run, spf_config, &outcome);
  const char *marker = strstr(outcome.reply, "explains: ");
  compare_text(run, "explanation", expected, marker ? marker + strlen("explains: ") : "DEFAULT");
  vector_outcome_free(&outcome);
}

static void expect_disposition(struct vector_run *run, const json_t *expected)
{
  struct vector_outcome outcome;
  vector_run(run, dmarc_config, &outcome);
  compare_text(run, "disposition", expected, outcome.action == ACTION_ACCEPT ? "none" : action_name(outcome.action));
  vector_outcome_free(&outcome);
}

static void expect_results(const struct vector_run *run, const json_t *pieces, const struct vector_outcome *outcome)
{
  size_t index;
  const json_t *piece;
  json_array_foreach (pieces, index, piece) {
    const char *text = json_string_value(piece);
    bool wanted = *text != '!';
    if ((strstr(outcome->results, wanted ? text : text + 1) != NULL) != wanted)
      miss(run, wanted ? "the field lacks" : "the field has", piece, outcome->results);
  }
}

static void expect_recipients(const struct vector_run *run, const json_t *expected,
                              const struct vector_outcome *outcome)
{
  for (size_t i = 0; i < json_array_size(expected); i++) {
    const char *want = json_string_value(json_array_get(expected, i));
    const char *came = json_string_value(json_array_get(outcome->replies, i));
    if (!came || strncmp(came, want, strlen(want)) != 0 || (!*want && *came))
      miss(run, "reply to a recipient", json_array_get(expected, i), came);
  }
}

static void expect_audit(const struct vector_run *run, const json_t *paths, const struct vector_outcome *outcome)
{
  const char *path;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)paths, path, value)
    compare(run, path, value, look_up(outcome->audit, path));
}

static void expect_walk(const struct vector_run *run, const json_t *allowed, const struct vector_outcome *outcome)
{
  size_t index;
  json_t *name;
  json_array_foreach (outcome->walked, index, name)
    if (!fits(allowed, name))
      miss(run, "tree walk asked for a name outside of", allowed, json_string_value(name));
}

/* Expectations that are one member of the audit line. */
static const struct {
  const char *key, *path;
} members[] = {{"dmarc", "dmarc.result"},
               {"policy", "dmarc.policy"},
               {"policy_domain", "dmarc.policy_domain"},
               {"org_domain", "dmarc.organizational_domain"},
               {"spf_aligned", "dmarc.aligned_spf"},
               {"dkim_aligned", "dmarc.aligned_dkim"},
               {"action", "action"},
               {"would", "would"}};

static void expect_one(struct vector_run *run, const char *key, const json_t *expected,
                       const struct vector_outcome *outcome)
{
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (strcmp(key, members[i].key) == 0) {
      compare(run, key, expected, look_up(outcome->audit, members[i].path));
      return;
    }
  if (strcmp(key, "spf") == 0)
    expect_spf(run, expected, outcome);
  else if (strcmp(key, "dkim") == 0)
    expect_dkim(run, expected, outcome);
  else if (strcmp(key, "explanation") == 0)
    expect_explanation(run, expected);
  else if (strcmp(key, "disposition") == 0)
    expect_disposition(run, expected);
  else if (strcmp(key, "results") == 0)
    expect_results(run, expected, outcome);
  else if (strcmp(key, "rcpt") == 0)
    expect_recipients(run, expected, outcome);
  else if (strcmp(key, "tree_walk_queries_at_most") == 0)
    expect_walk(run, expected, outcome);
  else if (strcmp(key, "audit") == 0)
    expect_audit(run, expected, outcome);
  else if (strcmp(key, "removed") == 0)
    compare(run, key, expected, json_object_get(outcome->audit, "removed_headers"));
  else if (strcmp(key, "reply") != 0)
    miss(run, key, expected, "an expectation that this runner does not know");
  else if (strncmp(outcome->reply, json_string_value(expected), json_string_length(expected)) != 0)
    miss(run, key, expected, outcome->reply);
}

unsigned vector_compare(struct vector_run *run, const struct vector_outcome *outcome, const char *line_prefix)
{
  const char *key;
  json_t *expected;
  misses = 0;
  prefix = line_prefix;
  if (*outcome->results)
    check_results_field(run, outcome);
  json_object_foreach (json_object_get(run->vector, "expect"), key, expected)
    expect_one(run, key, expected, outcome);
  if (misses > 0)
    printf("%s   %s\n", prefix, outcome->results);
  return misses;
}
