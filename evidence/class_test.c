/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Classes, as doc/evidence.md has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/class.h"

#define POSTFIX .mta = "postfix", .agent = "smtp", .relay_name = "mx", .relay_address = "192.0.2.1", .status = "sent"
#define SENDMAIL .mta = "sendmail", .agent = "esmtp", .relay_name = "mx", .relay_address = "192.0.2.1", .status = "sent"
#define DEFERRED .mta = "postfix", .agent = "smtp", .status = "deferred", .dsn = "4.7.5"

static const struct {
  struct class_facts facts;
  const char *class;
} rows[] = {
    {{POSTFIX, .tls = "verified", .tls_match = "dane-ee"}, "dane-verified"},
    {{POSTFIX, .tls = "verified", .tls_match = "dane-ta"}, "dane-verified"},
    {{POSTFIX, .tls = "verified"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .verdict = "dane"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_level = "dane"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_level = "dane", .host_usable = true, .is_fresh = true}, "dane-verified"},
    {{POSTFIX, .tls = "verified", .tls_level = "dane-only", .host_usable = true, .is_fresh = true}, "dane-verified"},
    {{POSTFIX, .tls = "verified", .tls_level = "dane", .host_usable = true}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_level = "policy", .host_usable = true, .is_fresh = true}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_match = "trust-anchor", .tls_level = "dane", .host_usable = true, .is_fresh = true},
     "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_match = "fingerprint"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_level = "mta-sts", .verdict = "none"}, "mta-sts"},
    {{POSTFIX, .tls = "verified", .tls_level = "mta-sts", .verdict = "dane"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_level = "mta-sts"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_level = "mta-sts", .verdict = "none", .host_usable = true}, "verified-other"},
    {{POSTFIX, .tls = "trusted", .tls_match = "dane-ee"}, "half-dane"},
    {{POSTFIX, .tls = "trusted"}, "tls-trusted"},
    {{POSTFIX, .tls = "trusted", .verdict = "dane"}, "dane-available-not-used"},
    {{POSTFIX, .tls = "untrusted"}, "tls-only"},
    {{POSTFIX, .tls = "anonymous"}, "tls-only"},
    {{POSTFIX, .tls = "untrusted", .verdict = "partial"}, "tls-only"},
    {{POSTFIX, .tls = "none"}, "plaintext"},
    {{POSTFIX, .tls = "none", .verdict = "dane"}, "dane-available-not-used"},
    {{POSTFIX, .tls = "unknown"}, "unknown"},
    {{POSTFIX, .tls = "unknown", .verdict = "dane"}, "unknown"},
    {{POSTFIX, .tls = "unknown", .tls_feature = "dane"}, "dane-verified"},
    {{POSTFIX, .tls = "trusted", .tls_feature = "dane:halfdane", .tls_match = "dane-ee"}, "half-dane"},
    {{POSTFIX, .tls = "trusted", .tls_feature = "halfdane"}, "half-dane"},
    {{POSTFIX, .tls = "untrusted", .tls_feature = "dane:encrypt"}, "tls-only"},
    {{POSTFIX, .tls = "trusted", .tls_feature = "may"}, "tls-trusted"},
    {{POSTFIX, .tls = "unknown", .tls_feature = "may"}, "tls-only"},
    {{POSTFIX, .tls = "none", .tls_feature = "may:none"}, "plaintext"},
    {{POSTFIX, .tls = "none", .tls_feature = "none"}, "plaintext"},
    {{POSTFIX, .tls = "none", .tls_feature = "may:none", .verdict = "dane"}, "dane-available-not-used"},
    {{POSTFIX, .tls = "verified", .tls_feature = "secure"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_feature = "secure", .tls_level = "mta-sts"}, "mta-sts"},
    {{POSTFIX, .tls = "verified", .tls_feature = "fingerprint"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_feature = "something-new"}, "verified-other"},
    {{POSTFIX, .tls = "verified", .tls_feature = "dane?"}, "verified-other"},

    {{DEFERRED, .tls_feature = "!dane", .reply = "Server certificate not trusted"}, "dane-failed-deferred"},
    {{DEFERRED, .tls_feature = "!secure", .reply = "Server certificate not trusted"}, "not-sent"},
    {{DEFERRED, .reply = "TLSA lookup error for mx:25"}, "dane-failed-deferred"},
    {{DEFERRED, .reply = "non DNSSEC destination"}, "dane-failed-deferred"},
    {{DEFERRED, .reply = "no TLSA records found"}, "dane-failed-deferred"},
    {{DEFERRED, .reply = "host mx[192.0.2.1] said: 450 4.7.5 no TLSA records found"}, "not-sent"},
    {{DEFERRED, .reply = "Server certificate not trusted", .tls_level = "dane", .verdict = "dane"}, "dane-failed-deferred"},
    {{DEFERRED, .reply = "Server certificate not trusted", .tls_level = "dane", .verdict = "none"}, "not-sent"},
    {{DEFERRED, .reply = "Server certificate not trusted", .verdict = "dane"}, "not-sent"},
    {{.mta = "postfix", .agent = "smtp", .status = "deferred", .dsn = "4.7.4", .tls_level = "dane-only", .verdict = "dane",
      .reply = "TLS is required, but was not offered by host mx[192.0.2.1]"}, "dane-failed-deferred"},
    {{.mta = "postfix", .agent = "smtp", .status = "deferred", .dsn = "4.4.1", .reply = "connect to mx: refused"}, "not-sent"},
    {{.mta = "postfix", .agent = "error", .status = "bounced", .dsn = "5.1.2"}, "not-sent"},
    {{.mta = "postfix", .agent = "qmgr", .status = "deferred"}, "not-sent"},

    {{SENDMAIL, .tls = "verified", .tls_feature = "TRUSTED"}, "dane-verified"},
    {{SENDMAIL, .tls = "trusted", .tls_feature = "OK"}, "tls-trusted"},
    {{SENDMAIL, .tls = "untrusted", .tls_feature = "FAIL", .verdict = "dane"}, "dane-available-not-used"},
    {{SENDMAIL, .tls = "anonymous", .tls_feature = "NO"}, "tls-only"},
    {{SENDMAIL, .tls = "none"}, "plaintext"},
    {{.mta = "sendmail", .agent = "esmtp", .relay_name = "mx", .status = "deferred", .tls_feature = "DANE_FAIL"},
     "dane-failed-deferred"},
    {{.mta = "sendmail", .agent = "esmtp", .status = "bounced"}, "not-sent"},

    {{.mta = "postfix", .agent = "local", .status = "sent"}, "local"},
    {{.mta = "postfix", .agent = "virtual", .status = "bounced"}, "local"},
    {{.mta = "postfix", .agent = "lmtp", .relay_address = "private/dovecot-lmtp", .status = "sent"}, "local"},
    {{.mta = "postfix", .agent = "smtp", .relay_address = "127.0.0.1", .status = "sent", .tls = "none"}, "local"},
    {{.mta = "postfix", .agent = "smtp", .relay_address = "::1", .status = "sent", .tls = "none"}, "local"},
    {{.mta = "sendmail", .agent = "local", .status = "sent"}, "local"},
    {{.mta = "sendmail", .agent = "relay", .relay_address = "127.0.0.1", .status = "sent"}, "local"},
};

static void classes(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *why = NULL, *class = class_of(&rows[i].facts, &why);
    if (strcmp(class, rows[i].class) != 0 || !why || !*why)
      fail_msg("row %zu: %s (%s), not %s", i, class, why ? why : "", rows[i].class);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(classes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
