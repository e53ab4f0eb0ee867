/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words for facts, the same everywhere: header, log, command. See facts.h.
 */
#include "checks/facts.h"

static const char *const auth_result_names[] = {
    [AUTH_NONE] = "none",         [AUTH_PASS] = "pass",         [AUTH_FAIL] = "fail",
    [AUTH_SOFTFAIL] = "softfail", [AUTH_NEUTRAL] = "neutral",   [AUTH_POLICY] = "policy",
    [AUTH_TEMPERROR] = "temperror", [AUTH_PERMERROR] = "permerror",
};

const char *auth_result_name(enum auth_result result)
{
  return auth_result_names[result];
}

const char *owner_policy_name(enum owner_policy policy)
{
  static const char *const names[] = {
      [OWNER_POLICY_NONE] = "none", [OWNER_POLICY_QUARANTINE] = "quarantine", [OWNER_POLICY_REJECT] = "reject"};
  return names[policy];
}

const char *tls_grade_name(enum tls_grade grade)
{
  static const char *const names[] = {[TLS_GRADE_GOOD] = "good",
                                      [TLS_GRADE_SUFFICIENT] = "sufficient",
                                      [TLS_GRADE_PHASE_OUT] = "phase-out",
                                      [TLS_GRADE_INSUFFICIENT] = "insufficient"};
  return names[grade];
}

const char *dane_verdict_name(enum dane_verdict verdict)
{
  static const char *const names[] = {[DANE_NOT_EXAMINED] = "not-examined",
                                      [DANE_FULL] = "dane",
                                      [DANE_PARTIAL] = "partial",
                                      [DANE_UNUSABLE] = "unusable",
                                      [DANE_INSECURE_MX] = "insecure-mx",
                                      [DANE_NONE] = "none",
                                      [DANE_TEMPERROR] = "temperror",
                                      [DANE_BOGUS] = "bogus",
                                      [DANE_NXDOMAIN] = "nxdomain",
                                      [DANE_NO_MAIL] = "no-mail",
                                      [DANE_NULL_MX] = "null-mx",
                                      [DANE_NOT_APPLICABLE] = "not-applicable"};
  return names[verdict];
}

const char *dane_link_name(enum dane_link link)
{
  static const char *const names[] = {[DANE_LINK_DOMAIN_UNSIGNED] = "domain-unsigned",
                                      [DANE_LINK_MX_INSECURE] = "mx-insecure",
                                      [DANE_LINK_HOST_UNSIGNED] = "host-unsigned",
                                      [DANE_LINK_NO_TLSA] = "no-tlsa",
                                      [DANE_LINK_TLSA_UNUSABLE] = "tlsa-unusable",
                                      [DANE_LINK_BOGUS] = "bogus",
                                      [DANE_LINK_DNS_FAILURE] = "dns-failure"};
  return names[link];
}
