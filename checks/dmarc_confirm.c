/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A second opinion on a DMARC Policy Record, of libopendmarc. See dmarc_record.h.
 *
 * The library knows RFC 7489 and misreads much of what strangers publish, so it is shown the record rebuilt from
 * values that were checked. Its DNS, its alignment and its public suffix list stay out of it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <opendmarc/dmarc.h>

#include "checks/dmarc_record.h"

static bool is_same_policy(int theirs, enum owner_policy ours)
{
  static const int words[] = {[OWNER_POLICY_NONE] = DMARC_RECORD_P_NONE,
                              [OWNER_POLICY_QUARANTINE] = DMARC_RECORD_P_QUARANTINE,
                              [OWNER_POLICY_REJECT] = DMARC_RECORD_P_REJECT};
  return theirs == words[ours];
}

bool dmarc_record_is_confirmed(const struct dmarc_record *record)
{
  /* The library wants writable strings, and an address and a domain, which have no part in this. */
  char text[128], address[] = "192.0.2.1", domain[] = "policy.example";
  int p = 0, sp = 0, adkim = 0, aspf = 0;
  snprintf(text, sizeof text, "v=DMARC1; p=%s; sp=%s; adkim=%s; aspf=%s", owner_policy_name(record->p),
           owner_policy_name(record->sp), record->strict_dkim ? "s" : "r", record->strict_spf ? "s" : "r");
  DMARC_POLICY_T *context = opendmarc_policy_connect_init((u_char *)address, DMARC_POLICY_IP_TYPE_IPV4);
  if (!context)
    return false;
  bool confirmed = opendmarc_policy_store_dmarc(context, (u_char *)text, (u_char *)domain, NULL) == DMARC_PARSE_OKAY &&
                   opendmarc_policy_fetch_p(context, &p) == DMARC_PARSE_OKAY &&
                   opendmarc_policy_fetch_sp(context, &sp) == DMARC_PARSE_OKAY &&
                   opendmarc_policy_fetch_adkim(context, &adkim) == DMARC_PARSE_OKAY &&
                   opendmarc_policy_fetch_aspf(context, &aspf) == DMARC_PARSE_OKAY &&
                   is_same_policy(p, record->p) && is_same_policy(sp, record->sp) &&
                   adkim == (record->strict_dkim ? DMARC_RECORD_A_STRICT : DMARC_RECORD_A_RELAXED) &&
                   aspf == (record->strict_spf ? DMARC_RECORD_A_STRICT : DMARC_RECORD_A_RELAXED);
  opendmarc_policy_connect_shutdown(context);
  return confirmed;
}
