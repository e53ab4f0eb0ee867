/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a vector expects, held against what came out of its run.
 */
#pragma once

struct vector_outcome;
struct vector_run;

/* The number of expectations that were missed; each is told on standard output, behind line_prefix. Some
 * expectations need another run of the vector, under a configuration of their own. */
unsigned vector_compare(struct vector_run *run, const struct vector_outcome *outcome, const char *line_prefix);
