/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One test vector, run through the session layer as the milter does, with a fake resolver, the vector's clock and its
 * configuration. tests/vectors.c says what may stand in a vector.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "policy/decision.h"

struct dns_source;

struct vector_run {
  const json_t *file, *vector;
  char *message;
  size_t message_length;
  char *config;
  int64_t now;
};

/* What came out of one run. */
struct vector_outcome {
  char *field;     /* the value of the field that was added, as the MTA gets it; "" where none was */
  char *results;   /* the same, unfolded */
  char *reply;     /* "550 5.7.1 text" or "" */
  json_t *replies; /* of the recipients */
  json_t *audit;   /* the line, parsed; NULL where it is no JSON */
  enum action action;
  json_t *walked;            /* names of the tree walk that were asked for */
  struct dns_source *source; /* of the run; alive while it runs */
};

/* A member that is a string, "" where it is not. */
const char *vector_text(const json_t *object, const char *key);

/* file and vector are borrowed. Exits where the message cannot be read. */
void vector_run_load(struct vector_run *run, const char *directory, const json_t *file, const json_t *vector);
void vector_run_free(struct vector_run *run);

/* config_text: in place of the vector's own; may be NULL. */
void vector_run(struct vector_run *run, const char *config_text, struct vector_outcome *outcome);
void vector_outcome_free(struct vector_outcome *outcome);
