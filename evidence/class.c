/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The class of a delivery. See class.h.
 *
 * The rule under all of them: a class that promises something needs a line that can stand for nothing else. Where two
 * explanations fit, the weaker class is told.
 */
#include "evidence/class.h"

#include <string.h>

#include "base/ip.h"
#include "evidence/postfix.h"

static bool is(const char *value, const char *word)
{
  return value && strcmp(value, word) == 0;
}

static bool is_any(const char *value, const char *const *words)
{
  for (; *words; words++)
    if (is(value, *words))
      return true;
  return false;
}

static bool begins(const char *value, const char *start)
{
  return value && strncmp(value, start, strlen(start)) == 0;
}

/* A socket in the file system, or an address of this host: what listens there is a filter or a mail store. */
static bool is_at_home(const char *address)
{
  struct ip ip;
  if (ip_parse(&ip, address) < 0)
    return address[0] == '/' || strncmp(address, "private/", 8) == 0 || strncmp(address, "public/", 7) == 0;
  return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_local(const struct class_facts *facts)
{
  static const char *const postfix[] = {"local", "virtual", "pipe", "lmtp", "discard", NULL};
  static const char *const sendmail[] = {"local",    "prog",     "*file*", "*include*", "procmail", "cyrus",
                                         "cyrusv2", "cyrusbb", "lmtp",   "maildrop",  "discard",  NULL};
  if (facts->relay_address && is_at_home(facts->relay_address))
    return true;
  return is_any(facts->agent, is(facts->mta, "sendmail") ? sendmail : postfix);
}

static bool asks_for_dane(const char *level)
{
  return is(level, "dane") || is(level, "dane-only");
}

/* What Postfix says itself begins at once; what the other side said follows "host ... said:". */
static bool failed_for_dane(const struct class_facts *facts, const char **why)
{
  static const char *const by_name[] = {"TLSA lookup error", "non DNSSEC destination", "no TLSA records found",
                                        "TLSA records unusable", NULL};
  static const char *const by_level[] = {"Server certificate not", "TLS is required, but was not offered",
                                         "TLS is required, but host", "Cannot start TLS", NULL};
  struct postfix_feature feature;
  bool is_postfix = is(facts->mta, "postfix");
  if (is_postfix && postfix_read_feature(&feature, facts->tls_feature) && feature.is_violated &&
      (asks_for_dane(feature.wanted) || is(feature.wanted, "halfdane"))) {
    *why = "tls=!dane: DANE was asked for and not met";
    return true;
  }
  if (!is_postfix) {
    *why = "verify=DANE_FAIL";
    return is(facts->tls_feature, "DANE_FAIL");
  }
  for (int i = 0; by_name[i]; i++)
    if (begins(facts->reply, by_name[i]) && begins(facts->dsn, "4.7.5")) {
      *why = "the reply of the MTA itself names DANE";
      return true;
    }
  for (int i = 0; by_level[i]; i++)
    if (begins(facts->reply, by_level[i]) && asks_for_dane(facts->tls_level) &&
        (is(facts->verdict, "dane") || is(facts->verdict, "partial"))) {
      *why = "TLS failed where the level is dane and the destination has TLSA records";
      return true;
    }
  return false;
}

/* Verified, and neither a match nor a feature says by what. Levels verify, secure and fingerprint
 * tell the same word. */
static const char *class_of_verified(const struct class_facts *facts, const char **why)
{
  if (facts->tls_match && !begins(facts->tls_match, "dane-")) {
    *why = "the certificate matched, but not by DANE";
    return "verified-other";
  }
  if (asks_for_dane(facts->tls_level) && facts->host_usable && facts->is_fresh) {
    *why = "Verified, the level is dane, and the milter saw usable TLSA records of this host";
    return "dane-verified";
  }
  if (is(facts->tls_level, "mta-sts") && facts->verdict && !is(facts->verdict, "dane") && !facts->host_usable) {
    *why = "Verified, policies come from MTA-STS alone, and the host has no TLSA records";
    return "mta-sts";
  }
  *why = "Verified, but the log does not say by what: see smtp_tls_loglevel";
  return "verified-other";
}

static const char *class_of_tls(const struct class_facts *facts, const char **why)
{
  bool matched = begins(facts->tls_match, "dane-");
  if (is(facts->tls, "verified") && is(facts->mta, "sendmail")) {
    *why = "verify=TRUSTED";
    return "dane-verified";
  }
  if (is(facts->tls, "verified") && matched) {
    *why = "Verified, and Matched DANE";
    return "dane-verified";
  }
  if (is(facts->tls, "verified"))
    return class_of_verified(facts, why);
  if (matched) {
    *why = "Matched DANE, but not Verified: the MX records are not secure";
    return "half-dane";
  }
  if (is(facts->tls, "trusted")) {
    *why = is(facts->mta, "sendmail") ? "verify=OK" : "Trusted TLS connection";
    return "tls-trusted";
  }
  if (is(facts->tls, "untrusted") || is(facts->tls, "anonymous")) {
    *why = "TLS without a trusted certificate";
    return "tls-only";
  }
  if (is(facts->tls, "none")) {
    *why = "no TLS, in a log that tells of TLS connections";
    return "plaintext";
  }
  *why = "no line tells whether there was TLS";
  return "unknown";
}

/* Postfix 3.11: the level that was met is told with the delivery. */
static const char *class_of_feature(const struct class_facts *facts, const struct postfix_feature *feature, const char **why)
{
  static const struct {
    const char *got, *class, *why;
  } rows[] = {
      {"dane", "dane-verified", "tls=dane"},
      {"dane-only", "dane-verified", "tls=dane-only"},
      {"halfdane", "half-dane", "tls=halfdane: the MX records are not secure"},
      {"none", "plaintext", "tls=none"},
      {"fingerprint", "verified-other", "tls=fingerprint"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (is(feature->got, rows[i].got)) {
      *why = rows[i].why;
      return rows[i].class;
    }
  if (is(feature->got, "verify") || is(feature->got, "secure")) {
    bool is_sts = is(facts->tls_level, "mta-sts");
    *why = is_sts ? "tls=secure, and policies come from MTA-STS alone" : "tls=secure or verify";
    return is_sts ? "mta-sts" : "verified-other";
  }
  if (is(feature->got, "may") || is(feature->got, "encrypt")) {
    *why = is(facts->tls, "trusted") ? "tls=may or encrypt, and Trusted" : "tls=may or encrypt";
    return is(facts->tls, "trusted") ? "tls-trusted" : "tls-only";
  }
  return class_of_tls(facts, why);
}

const char *class_of(const struct class_facts *facts, const char **why)
{
  static const char *const weak[] = {"tls-trusted", "tls-only", "plaintext", NULL};
  struct postfix_feature feature;
  *why = "it did not leave for another host by SMTP";
  if (is_local(facts))
    return "local";
  if (!is(facts->status, "sent")) {
    if (failed_for_dane(facts, why))
      return "dane-failed-deferred";
    *why = "deferred or bounced, and not for DANE";
    return "not-sent";
  }
  const char *class;
  if (is(facts->mta, "postfix") && postfix_read_feature(&feature, facts->tls_feature) && !feature.is_undecided &&
      !feature.is_violated)
    class = class_of_feature(facts, &feature, why);
  else
    class = class_of_tls(facts, why);
  if (is(facts->verdict, "dane") && is_any(class, weak)) {
    *why = is(class, "plaintext")     ? "the milter found dane, and there was no TLS"
           : is(class, "tls-trusted") ? "the milter found dane, and TLS was no more than Trusted"
                                      : "the milter found dane, and TLS was not authenticated";
    class = "dane-available-not-used";
  }
  return class;
}
