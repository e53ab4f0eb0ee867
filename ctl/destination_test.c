/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What sluisctl dane tells people about a verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/destination.h"

static struct dane_host good = {"mx1.h.example", 10, "secure", "usable", "mx1.h.example"};
static struct dane_host plain = {"mx1.h.example", 10, "secure", "none", NULL};
static struct dane_host outlook = {"x-example.mail.protection.outlook.com", 0, "insecure", "not-asked", NULL};
static struct dane_host lookalike = {"mail.protection.outlook.com.x.example", 0, "insecure", "not-asked", NULL};
static struct dane_host microsoft = {"x-example.a-v1.mx.microsoft", 10, "secure", "none", NULL};
static struct dane_host alias = {"mx.x.example", 5, "secure", "usable", "real.h.example"};

static struct dane_fact make(enum dane_verdict verdict, enum dane_link link, const char *mx, struct dane_host *host,
                             const char *why)
{
  return (struct dane_fact){.verdict = verdict,
                            .link = link,
                            .domain = "x.example",
                            .mx = mx,
                            .mx_dnssec = DNSSEC_SECURE,
                            .hosts = host,
                            .host_count = host ? 1 : 0,
                            .ttl = 300,
                            .why = why};
}

static void people_are_told_the_chain(void **state)
{
  (void)state;
  struct text out = {0};
  struct dane_fact fact = make(DANE_FULL, DANE_LINK_NONE, "secure", &good, NULL);
  destination_tell(&out, &fact);
  assert_string_equal(out.bytes, "x.example: dane\n"
                                 "  MX       secure\n"
                                 "     10    mx1.h.example\n"
                                 "           address secure, TLSA usable at mx1.h.example\n"
                                 "  valid    for 300 seconds\n");
  text_clear(&out);
  fact = make(DANE_NONE, DANE_LINK_NO_TLSA, "secure", &plain, "mx1.h.example has no TLSA records");
  destination_tell(&out, &fact);
  assert_string_equal(out.bytes,
                      "x.example: none\n"
                      "  MX       secure\n"
                      "     10    mx1.h.example\n"
                      "           address secure, TLSA none\n"
                      "  missing  no-tlsa\n"
                      "  why      mx1.h.example has no TLSA records\n"
                      "  remedy   the operator of the MX host publishes TLSA records for its SMTP port"
                      " (_25._tcp): 3 1 1\n"
                      "           for the present key, and 3 1 1 for the next one or 2 1 1 for its authority\n"
                      "  valid    for 300 seconds\n");
  text_free(&out);
}

static void remedies(void **state)
{
  (void)state;
  static const struct {
    const char *label;
    enum dane_verdict verdict;
    enum dane_link link;
    const char *mx;
    struct dane_host *host;
    const char *has, *has_not;
  } rows[] = {
      {"nothing missing", DANE_FULL, DANE_LINK_NONE, "secure", &good, "dane", "remedy"},
      {"an alias's base", DANE_FULL, DANE_LINK_NONE, "secure", &alias, "usable at real.h.example", "remedy"},
      {"null MX", DANE_NULL_MX, DANE_LINK_NONE, "secure", NULL, "note", "remedy"},
      {"unsigned domain", DANE_INSECURE_MX, DANE_LINK_DOMAIN_UNSIGNED, "insecure", &good, "DS record", "  and "},
      {"alias", DANE_INSECURE_MX, DANE_LINK_MX_INSECURE, "insecure", &good, "own signed zone", "  and "},
      {"unsigned host", DANE_NONE, DANE_LINK_HOST_UNSIGNED, "secure", &lookalike, "mail provider", "Microsoft"},
      {"Microsoft's old hosts", DANE_NONE, DANE_LINK_HOST_UNSIGNED, "secure", &outlook, "enable inbound SMTP",
       "provider"},
      {"the same behind an unsigned domain", DANE_NONE, DANE_LINK_DOMAIN_UNSIGNED, "insecure", &outlook,
       "  and      Microsoft", "mail provider"},
      {"Microsoft's new hosts", DANE_NONE, DANE_LINK_NO_TLSA, "secure", &microsoft, "complete enabling", "3 1 1"},
      {"unusable", DANE_UNUSABLE, DANE_LINK_TLSA_UNUSABLE, "secure", &plain, "usage 3 or 2", "Microsoft"},
      {"bogus", DANE_BOGUS, DANE_LINK_BOGUS, "bogus", NULL, "mends its DNSSEC", "Microsoft"},
      {"failure", DANE_TEMPERROR, DANE_LINK_DNS_FAILURE, "temperror", &outlook, "try again later", "Microsoft"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text out = {0};
    struct dane_fact fact = make(rows[i].verdict, rows[i].link, rows[i].mx, rows[i].host, "because");
    destination_tell(&out, &fact);
    if (!strstr(out.bytes, rows[i].has) || strstr(out.bytes, rows[i].has_not))
      fail_msg("%s:\n%s", rows[i].label, out.bytes);
    text_free(&out);
  }
}

static void terminals_see_printable_text(void **state)
{
  (void)state;
  char name[3000], why[3000];
  memset(name, 'a', sizeof name - 1);
  memset(why, '\x1b', sizeof why - 1);
  memcpy(name, "\x1b[2J\r\n\"\\", 8);
  name[sizeof name - 1] = why[sizeof why - 1] = '\0';
  struct dane_host host = {name, 65535, "secure", "usable", name};
  struct dane_fact fact = make(DANE_PARTIAL, DANE_LINK_NO_TLSA, "secure", &host, why);
  fact.domain = name;
  struct text out = {0};
  destination_tell(&out, &fact);
  for (size_t i = 0; i < out.length; i++)
    assert_true(out.bytes[i] == '\n' || (out.bytes[i] >= ' ' && out.bytes[i] <= '~'));
  text_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(people_are_told_the_chain), cmocka_unit_test(remedies),
      cmocka_unit_test(terminals_see_printable_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
