/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The order of segments that the hashes prove.
 */
#pragma once

#include "trail/survey.h"

/* What the hashes say of one segment. Same index as in the survey. */
struct step {
  size_t before; /* the segment whose last line it holds the hash of; STEP_NONE */
  size_t after;  /* the one that goes on: of several the one that most lines hang on; STEP_NONE */
  bool astray;   /* `before` goes on with another one */
  bool copy;     /* the same lines stand in a segment before this one */
  uint64_t lines; /* that hang on it, its own included */
};

enum { STEP_NONE = SURVEY_SEGMENTS_MAX };

/* A step for each segment. Yours to free(). */
struct step *path_find(const struct survey *survey);
uint64_t path_lines(const struct segment *segment);
