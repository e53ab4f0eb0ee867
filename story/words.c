/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Plain language. See words.h.
 */
#include "story/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { ROWS_MAX = 14 };

static const struct {
  const char *word, *text;
} tables[WORDS_COUNT][ROWS_MAX] = {
    [WORDS_SPF] = {{"pass", "the domain says that this client may send for it"},
                   {"fail", "the domain says that this client may not send for it"},
                   {"softfail", "the domain says that this client probably may not send for it"},
                   {"neutral", "the domain says nothing about this client"},
                   {"none", "the domain has no SPF record"},
                   {"permerror", "the domain's SPF record cannot be understood"},
                   {"temperror", "DNS gave no answer, so it could not be found out"}},
    [WORDS_DKIM] = {{"pass", "the signature is good"},
                    {"fail", "the signature does not fit the message"},
                    {"policy", "the signature is good, but not good enough to count"},
                    {"neutral", "the signature could not be examined"},
                    {"permerror", "the signature or its key cannot be used"},
                    {"temperror", "DNS gave no key, so it could not be found out"}},
    [WORDS_DMARC] = {{"pass", "SPF or DKIM passes for a domain that aligns with the author's"},
                     {"fail", "neither SPF nor DKIM passes for a domain that aligns with the author's"},
                     {"none", "the author's domain publishes no DMARC policy"},
                     {"permerror", "there is no single author's domain, or its policy cannot be understood"},
                     {"temperror", "DNS gave no answer, so it could not be found out"}},
    [WORDS_DNSSEC] = {{"secure", "by DNS data that DNSSEC secures"},
                      {"insecure", "by DNS data that is not signed"},
                      {"bogus", "DNSSEC validation failed"},
                      {"indeterminate", "whether DNSSEC secures the DNS data is not known"}},
    [WORDS_VERDICT] = {{"dane", "it can be reached over DANE"},
                       {"partial", "only some of its mail hosts can be reached over DANE"},
                       {"unusable", "it has TLSA records, but none that can be used"},
                       {"insecure-mx", "its mail hosts have TLSA records, but its MX records are not secure"},
                       {"none", "it cannot be reached over DANE"},
                       {"temperror", "DNS gave no answer, so it could not be found out"},
                       {"bogus", "DNSSEC validation failed, so nothing in its DNS data can be believed"},
                       {"nxdomain", "there is no such domain"},
                       {"no-mail", "it has no mail host"},
                       {"null-mx", "it says that it takes no mail"},
                       {"not-applicable", "DANE is not for a destination like this"},
                       {"not-examined", "it was not examined"}},
    [WORDS_LINK] = {{"domain-unsigned", "the domain is not signed with DNSSEC"},
                    {"mx-insecure", "the MX records are not secure"},
                    {"host-unsigned", "the mail host is in a zone that is not signed"},
                    {"no-tlsa", "the mail host has no TLSA records"},
                    {"tlsa-unusable", "the mail host's TLSA records cannot be used"},
                    {"bogus", "DNSSEC validation fails"},
                    {"dns-failure", "DNS gives no answer"}},
    [WORDS_MX] = {{"secure", "secure"},
                  {"insecure", "not secure"},
                  {"implicit", "none, so that the domain is its own mail host"},
                  {"none", "no such domain"},
                  {"bogus", "DNSSEC validation failed"},
                  {"temperror", "no answer"},
                  {"not-asked", "not asked for, as the next hop is a host"}},
    [WORDS_CLASS] = {{"dane-verified", "over TLS with a server that DANE authenticated"},
                     {"half-dane", "the certificate fits the TLSA records, but the MX records are not secure"},
                     {"dane-available-not-used", "the destination is ready for DANE, and was reached in another way"},
                     {"dane-failed-deferred", "DANE was asked for and failed, so that the message did not leave"},
                     {"mta-sts", "over TLS, verified under an MTA-STS policy"},
                     {"verified-other", "over TLS with a verified server; that DANE is the reason is not proven"},
                     {"tls-trusted", "over TLS with a certificate that is trusted, whatever the name in it"},
                     {"tls-only", "over TLS with whoever answered"},
                     {"plaintext", "without TLS"},
                     {"local", "it did not leave for another host by SMTP"},
                     {"not-sent", "it did not leave"},
                     {"unknown", "the log does not say how it left"}},
    [WORDS_ACTION] = {{"accept", "accepted"},
                      {"quarantine", "held in quarantine"},
                      {"reject", "refused"},
                      {"defer", "deferred: the client was told to try again later"},
                      {"abort", "not ended: the client gave it up, or the connection was lost"}},
    [WORDS_WOULD] = {{"accept", "accepted it"},
                     {"quarantine", "held it in quarantine"},
                     {"reject", "refused it"},
                     {"defer", "deferred it"},
                     {"abort", "come to no end either"}},
};

const char *words_explain(enum words table, const char *word)
{
  for (size_t i = 0; word && i < ROWS_MAX && tables[table][i].word; i++)
    if (strcmp(tables[table][i].word, word) == 0)
      return tables[table][i].text;
  return NULL;
}

static bool is_one_of(const char *word, const char *const *list)
{
  for (; *list; list++)
    if (strcmp(*list, word) == 0)
      return true;
  return false;
}

enum words_agreement words_agree(const char *verdict, const char *class)
{
  /* As the report's table of disagreements counts. */
  static const char *const other_ways[] = {"dane-available-not-used", "dane-failed-deferred", "half-dane", "mta-sts",
                                           "tls-trusted", "tls-only", "plaintext", NULL};
  static const char *const no_evidence[] = {"unknown", "not-sent", "local", "verified-other", NULL};
  static const char *const no_verdict[] = {"not-examined", "temperror", "partial", NULL};
  if (!verdict || !class || is_one_of(class, no_evidence) || is_one_of(verdict, no_verdict))
    return WORDS_UNDECIDED;
  if (strcmp(verdict, "dane") == 0)
    return is_one_of(class, other_ways) ? WORDS_DISAGREE : WORDS_AGREE;
  return strcmp(class, "dane-verified") == 0 ? WORDS_DISAGREE : WORDS_AGREE;
}
