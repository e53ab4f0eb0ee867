/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libspf2, which evaluates records that it never sees: each record that reaches it is a short one that we wrote, in
 * which tokens stand for the terms, and each token that it asks for is answered from the DNS by our own rules.
 * What is left to the library is the order of terms, the qualifiers, include and redirect, and comparing
 * addresses by prefix.
 */
#pragma once

#include "checks/spf_run.h"

/* What decided a run that has not ended before its time. */
struct spf_decision {
  enum auth_result result;         /* pass, fail, softfail, neutral */
  const struct spf_policy *policy; /* whose record: not the first one after a redirect */
  const struct spf_term *term;     /* NULL where no term matched (RFC 7208 4.7) */
};

/* Evaluates the first record of a run. Where the run ends before its time, run->ended is set and the decision has no
 * meaning. */
struct spf_decision spf_engine_evaluate(struct spf_run *run, const struct spf_policy *policy);
