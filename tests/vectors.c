/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tests/vectors [--tap | --print] DIRECTORY...: runs every vector of DIRECTORY/vectors.json through the session layer,
 * as the milter does, with a fake resolver and the vector's clock, and compares what comes out (the
 * Authentication-Results field, the reply, the audit line) with what the vector expects. Prints each miss and closes on
 * `N passed, N failed`; with --tap one TAP point for each vector. With --print nothing is compared: a JSON line for each
 * vector says what came out ("id", "field" as the MTA gets it, "action", "reply", "rcpt", "audit"), for tests that
 * compare in their own way.
 *
 * The format is the one of the shared vectors. Own suites may also have in a vector "message" (its text in place of a
 * file, lines or a string), "config" (sluis.conf text, lines or a string, that replaces the default), in its
 * envelope "outbound" (true: the client is one of ours, recipients go by SMTP), "tls" ([version, cipher]), and in its
 * "expect": "action", "would", "reply" (the beginning of it), "rcpt" (of each recipient's reply, "" where accepted),
 * "results" (pieces of the Authentication-Results or Sluis-DANE value; "!piece" must not be there), "audit"
 * ({"dotted.path": value}), "removed" (fields deleted).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "checks/dkim.h"
#include "tests/vector_compare.h"
#include "tests/vector_run.h"

enum output { OUTPUT_SUM, OUTPUT_TAP, OUTPUT_PRINT };

struct totals {
  unsigned passed, failed;
};

static void print(const struct vector_run *run, const struct vector_outcome *outcome)
{
  json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:O, s:O}", "id", vector_text(run->vector, "id"), "field",
                           outcome->field, "action", action_name(outcome->action), "reply", outcome->reply, "rcpt",
                           outcome->replies, "audit", outcome->audit);
  char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
  if (!text) { /* what is no UTF-8 must never come out */
    fprintf(stderr, "%s: the outcome is no JSON\n", vector_text(run->vector, "id"));
    exit(2);
  }
  puts(text);
  free(text);
  json_decref(line);
}

static void try_vector(struct vector_run *run, enum output output, struct totals *totals)
{
  struct vector_outcome outcome;
  vector_run(run, NULL, &outcome);
  if (output == OUTPUT_PRINT) {
    print(run, &outcome);
  } else {
    bool passed = vector_compare(run, &outcome, output == OUTPUT_TAP ? "# " : "") == 0;
    totals->passed += passed;
    totals->failed += !passed;
    if (output == OUTPUT_TAP)
      printf("%sok %u - %s\n", passed ? "" : "not ", totals->passed + totals->failed, vector_text(run->vector, "id"));
  }
  vector_outcome_free(&outcome);
}

/* 0, or 66 (EX_NOINPUT) where the directory has no readable suite. */
static int run_suite(const char *directory, enum output output, struct totals *totals)
{
  char path[1024];
  json_error_t error;
  snprintf(path, sizeof path, "%s/vectors.json", directory);
  json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error);
  if (!file) {
    fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
    return 66;
  }
  size_t index;
  const json_t *vector;
  json_array_foreach (json_object_get(file, "vectors"), index, vector) {
    struct vector_run run;
    if (output != OUTPUT_PRINT && json_is_true(json_object_get(vector, "contested")))
      continue; /* where the RFC is open, nothing is counted */
    vector_run_load(&run, directory, file, vector);
    try_vector(&run, output, totals);
    vector_run_free(&run);
  }
  json_decref(file);
  return 0;
}

int main(int count, char **words)
{
  struct totals totals = {0};
  enum output output = OUTPUT_SUM;
  int first = 1;
  if (count > 1 && strncmp(words[1], "--", 2) == 0)
    output = strcmp(words[first++], "--tap") == 0 ? OUTPUT_TAP : OUTPUT_PRINT;
  if (count <= first || (output == OUTPUT_PRINT && strcmp(words[1], "--print") != 0) || signatures_set_up() < 0) {
    fputs("usage: vectors [--tap | --print] DIRECTORY...\n", stderr);
    return 64;
  }
  for (int i = first; i < count; i++) {
    int status = run_suite(words[i], output, &totals);
    if (status != 0)
      return status;
  }
  signatures_shut_down();
  if (output == OUTPUT_TAP)
    printf("1..%u\n", totals.passed + totals.failed);
  else if (output == OUTPUT_SUM)
    printf("%u passed, %u failed\n", totals.passed, totals.failed);
  return totals.failed > 0;
}
