/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF checks from end to end, with a resolver made of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/spf.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"
#include "resolver/source.h"

/* The clock of the lookups, which the time limit is read from (linked with --wrap). */
static unsigned clock_step, clock_now;
unsigned __wrap_lookups_waited_ms(const struct lookups *lookups);
unsigned __wrap_lookups_waited_ms(const struct lookups *lookups)
{
  (void)lookups;
  return clock_now += clock_step;
}

struct world {
  struct dns_source *source;
  struct resolver *resolver;
  struct lookups *lookups;
  struct arena *arena;
};

static const char zone[] =
  "mail.example.nl    A 192.0.2.1\n"
  "mail.example.nl    AAAA 2001:db8::1\n"
  "v4.example.nl      A 192.0.2.7\n"
  "v6.example.nl      AAAA 2001:db8::7\n"
  "two.example.nl     MX 10 v4.example.nl\n"
  "two.example.nl     MX 20 v6.example.nl\n"
  "dead.example.nl    MX 10 gone1.example.nl\n"
  "dead.example.nl    MX 20 gone2.example.nl\n"
  "dead.example.nl    MX 30 gone3.example.nl\n"
  "v4only.example.nl  MX 10 v4.example.nl\n"
  "v4only.example.nl  MX 20 v4.example.nl\n"
  "v4only.example.nl  MX 30 mail4.example.nl\n"
  "v4only.example.nl  MX 40 mail5.example.nl\n"
  "mail4.example.nl   A 192.0.2.4\n"
  "mail5.example.nl   A 192.0.2.5\n"
  "null.example.nl    MX 0 .\n"
  "pass.example.nl    TXT \"v=spf1 +all\"\n"
  "fail.example.nl    TXT \"v=spf1 -all\"\n"
  "soft.example.nl    TXT \"v=spf1 ~all exp=why.example.nl\"\n"
  "neutral.example.nl TXT \"v=spf1 ?all\"\n"
  "client.example.nl  TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all\"\n"
  "text.example.nl    TXT \"nothing to see\"\n"
  "dup.example.nl     TXT \"v=spf1 -all\"\n"
  "dup.example.nl     TXT \"v=spf1 +all\"\n"
  "bad.example.nl     TXT \"v=spf1 foo -all\"\n"
  "serv.example.nl    ANY servfail\n"
  "slow.example.nl    ANY timeout\n"
  "bogus.example.nl   ANY bogus\n"
  "plain.example.nl   TXT \"v=spf1 include:insecure.example.nl -all\"\n"
  "insecure.example.nl TXT \"v=spf1 ip4:192.0.2.0/24\" insecure\n"
  "loop1.example.nl   TXT \"v=spf1 include:loop2.example.nl -all\"\n"
  "loop2.example.nl   TXT \"v=spf1 include:loop1.example.nl -all\"\n"
  "self.example.nl    TXT \"v=spf1 redirect=self.example.nl\"\n"
  "inner.example.nl   TXT \"v=spf1 -ip4:192.0.2.1 exp=inner-why.example.nl\"\n"
  "inner-why.example.nl TXT \"inner text of %{d}\"\n"
  "why.example.nl     TXT \"not  from\" \" %{i}, %{s}\"\n"
  "long-why.example.nl TXT \"%{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s} %{s}\"\n"
  "two-why.example.nl TXT \"one\"\n"
  "two-why.example.nl TXT \"two\"\n"
  "bad-why.example.nl TXT \"100% wrong\"\n"
  "utf8-why.example.nl TXT \"b\\195\\188cher\"\n"
  "lf-why.example.nl  TXT \"one\\010two\"\n"
  "nul-why.example.nl TXT \"one\\000two\"\n"
  "blank-why.example.nl TXT \"  \"\n"
  "empty-why.example.nl TXT \"\"\n"
  "macro-why.example.nl TXT \"%{c} %{r} %{t} %{h} %{p} %{L}\"\n"
  "1.2.0.192.in-addr.arpa PTR other.example.org\n"
  "1.2.0.192.in-addr.arpa PTR mail.example.nl\n"
  "1.2.0.192.in-addr.arpa PTR serv.example.nl\n"
  "other.example.org  A 192.0.2.99\n"
  "9.2.0.192.in-addr.arpa ANY servfail\n"
  "xn--bcher-kva.example.nl TXT \"v=spf1 exists:%{o}.ok.example.nl -all\"\n"
  "xn--bcher-kva.example.nl.ok.example.nl A 127.0.0.2\n"
  "example.nl.two.example.nl A 127.0.0.2\n"
  "foo:bar/baz.example.nl A 192.0.2.1\n"
  "odd.example.nl     MX 5 foo:bar/baz.example.nl\n";

static void world_open(struct world *world, const char *more)
{
  static const struct resolver_config config = {.timeout_ms = 20, .budget_ms = 30000, .cache_bytes = 1 << 20};
  char error[200];
  clock_step = clock_now = 0;
  world->source = fake_new();
  if (fake_add(world->source, zone, error, sizeof error) < 0 ||
      (more && fake_add(world->source, more, error, sizeof error) < 0))
    fail_msg("%s", error);
  world->resolver = resolver_new(&config, world->source);
  world->lookups = lookups_new(world->resolver, 150);
  world->arena = arena_new();
}

static void world_close(struct world *world)
{
  arena_free(world->arena);
  lookups_free(world->lookups);
  resolver_close(world->resolver);
}

static struct spf_query query_of(const char *client, const char *helo, const char *sender)
{
  struct spf_query query = {.helo = helo, .sender = sender, .receiver = "mx.example.org", .now = 1700000000};
  assert_int_equal(ip_parse(&query.client, client ? client : "192.0.2.1"), 0);
  return query;
}

/* Fails with the row's name and both values. */
static void same(const char *row, const char *what, const char *got, const char *expected)
{
  if (strcmp(got ? got : "(null)", expected ? expected : "(null)") != 0)
    fail_msg("%s: %s is \"%s\", not \"%s\"", row, what, got ? got : "(null)", expected ? expected : "(null)");
}

/* One record at example.nl, evaluated for 192.0.2.1 and a@example.nl unless said. */
static const struct evaluation {
  const char *record, *result, *why;
  const char *client, *sender;
} evaluations[] = {
  /* the terms */
  {"v=spf1", "neutral", "no term matches", NULL, NULL},
  {"v=spf1 -all", "fail", "-all", NULL, NULL},
  {"V=SPF1 IP4:192.0.2.0/24 -ALL", "pass", "IP4:192.0.2.0/24", NULL, NULL},
  {"v=spf1 A:MAIL.EXAMPLE.NL -ALL", "pass", "A:MAIL.EXAMPLE.NL", NULL, NULL},
  {"v=spf1 ip4:192.0.2.2 ~all", "softfail", "~all", NULL, NULL},
  {"v=spf1 ?ip4:192.0.2.1 -all", "neutral", "?ip4:192.0.2.1", NULL, NULL},
  {"v=spf1 ip4:192.0.2.1 -all", "pass", "ip4:192.0.2.1", "::ffff:192.0.2.1", NULL},
  {"v=spf1 ip6:::ffff:192.0.2.1 -all", "fail", "-all", "::ffff:192.0.2.1", NULL},
  {"v=spf1 ip6:2001:db8::/32 -all", "pass", "ip6:2001:db8::/32", "2001:db8::1", NULL},
  {"v=spf1 ip6:2001:db8::/127 -all", "pass", "ip6:2001:db8::/127", "2001:db8::1", NULL},
  {"v=spf1 ip6:2001:db8::/128 -all", "fail", "-all", "2001:db8::1", NULL},
  {"v=spf1 ip4:0.0.0.0/0 -all", "fail", "-all", "2001:db8::1", NULL},
  {"v=spf1 ip6:::/0 -all", "fail", "-all", NULL, NULL},
  {"v=spf1 -all ip4:192.0.2.1", "fail", "-all", NULL, NULL},
  {"v=spf1 a:mail.example.nl -all", "pass", "a:mail.example.nl", "2001:db8::1", NULL},
  {"v=spf1 a:v4.example.nl/29 -all", "pass", "a:v4.example.nl/29", NULL, NULL},
  {"v=spf1 a:v4.example.nl/30 -all", "fail", "-all", NULL, NULL},
  {"v=spf1 a:v6.example.nl/0//125 -all", "pass", "a:v6.example.nl/0//125", "2001:db8::1", NULL},
  {"v=spf1 a:v6.example.nl/0//126 -all", "fail", "-all", "2001:db8::1", NULL},
  {"v=spf1 -mx:two.example.nl/29 +all", "fail", "-mx:two.example.nl/29", NULL, NULL},
  {"v=spf1 mx:two.example.nl//64 -all", "pass", "mx:two.example.nl//64", "2001:db8::99", NULL},
  {"v=spf1 mx:null.example.nl -all", "fail", "-all", NULL, NULL},
  {"v=spf1 mx:odd.example.nl -all", "pass", "mx:odd.example.nl", NULL, NULL},
  {"v=spf1 a:foo:bar/baz.example.nl -all", "pass", "a:foo:bar/baz.example.nl", NULL, NULL},
  {"v=spf1 exists:mail.example.nl -all", "pass", "exists:mail.example.nl", "2001:db8::5", NULL},
  {"v=spf1 exists:v6.example.nl -all", "fail", "-all", "2001:db8::7", NULL},
  {"v=spf1 ?exists:gone.example.nl -all", "fail", "-all", NULL, NULL},
  /* a prefix of 0 matches where there is any address */
  {"v=spf1 ip4:203.0.113.1/0 -all", "pass", "ip4:203.0.113.1/0", NULL, NULL},
  {"v=spf1 ip6:2001:db8::1/0 -all", "pass", "ip6:2001:db8::1/0", "fe80::1", NULL},
  {"v=spf1 a:v4.example.nl/0 -all", "pass", "a:v4.example.nl/0", "203.0.113.9", NULL},
  {"v=spf1 a:v6.example.nl//0 -all", "pass", "a:v6.example.nl//0", "fe80::1", NULL},
  {"v=spf1 a:v6.example.nl/0 -all", "fail", "-all", NULL, NULL},
  {"v=spf1 a:gone.example.nl/0 -all", "fail", "-all", NULL, NULL},
  {"v=spf1 mx:two.example.nl/0 -all", "pass", "mx:two.example.nl/0", "203.0.113.9", NULL},
  {"v=spf1 mx:two.example.nl//0 -all", "pass", "mx:two.example.nl//0", "fe80::1", NULL},
  /* ptr and the p macro */
  {"v=spf1 ptr -all", "pass", "ptr", NULL, NULL},
  {"v=spf1 ptr:EXAMPLE.nl -all", "pass", "ptr:EXAMPLE.nl", NULL, NULL},
  {"v=spf1 ptr:le.nl -all", "fail", "-all", NULL, NULL},
  {"v=spf1 ptr:example.org -all", "fail", "-all", NULL, NULL},
  {"v=spf1 ptr -all", "fail", "-all", "192.0.2.9", NULL},
  {"v=spf1 ptr -all", "fail", "-all", "192.0.2.10", NULL},
  {"v=spf1 a:%{p} -all", "pass", "a:%{p}", NULL, NULL},
  {"v=spf1 a:%{p}.example.nl -all", "fail", "-all", "192.0.2.9", NULL},
  /* include and redirect */
  {"v=spf1 include:pass.example.nl -all", "pass", "include:pass.example.nl", NULL, NULL},
  {"v=spf1 -include:client.example.nl +all", "fail", "-include:client.example.nl", NULL, NULL},
  {"v=spf1 include:fail.example.nl include:soft.example.nl include:neutral.example.nl ~all", "softfail", "~all", NULL,
   NULL},
  {"v=spf1 include:pass.example.nl include:serv.example.nl -all", "pass", "include:pass.example.nl", NULL, NULL},
  {"v=spf1 include:text.example.nl -all", "permerror", "text.example.nl has no SPF record", NULL, NULL},
  {"v=spf1 include:gone.example.nl -all", "permerror", "gone.example.nl does not exist", NULL, NULL},
  {"v=spf1 include:dup.example.nl -all", "permerror", "several SPF records of dup.example.nl", NULL, NULL},
  {"v=spf1 include:bad.example.nl -all", "permerror",
   "syntax error in the SPF record at \"foo\" of bad.example.nl", NULL, NULL},
  {"v=spf1 include:%{l}.nl -all", "permerror", "\"a..nl\" is no domain name", NULL, "a.@example.nl"},
  {"v=spf1 include:%{l} -all", "permerror", "\"single\" is no domain name", NULL, "single@example.nl"},
  {"v=spf1 redirect=client.example.nl", "pass", "ip4:192.0.2.1 in the record of client.example.nl", NULL, NULL},
  {"v=spf1 redirect=fail.example.nl ip4:192.0.2.1", "pass", "ip4:192.0.2.1", NULL, NULL},
  {"v=spf1 redirect=fail.example.nl ip4:192.0.2.2", "fail", "-all in the record of fail.example.nl", NULL, NULL},
  {"v=spf1 redirect=pass.example.nl ~all", "softfail", "~all", NULL, NULL},
  {"v=spf1 ~all redirect=pass.example.nl", "softfail", "~all", NULL, NULL},
  {"v=spf1 redirect=gone.example.nl", "permerror", "gone.example.nl does not exist", NULL, NULL},
  {"v=spf1 redirect=text.example.nl", "permerror", "text.example.nl has no SPF record", NULL, NULL},
  {"v=spf1 redirect=inner.example.nl", "neutral", "no term matches in the record of inner.example.nl", "192.0.2.2",
   NULL},
  {"v=spf1 include:insecure.example.nl redirect=fail.example.nl", "pass", "include:insecure.example.nl", NULL, NULL},
  {"v=spf1 include:neutral.example.nl redirect=fail.example.nl", "fail", "-all in the record of fail.example.nl", NULL,
   NULL},
  {"v=spf1 include:loop1.example.nl -all", "permerror", "more than 10 terms need DNS lookups", NULL, NULL},
  {"v=spf1 redirect=self.example.nl", "permerror", "more than 10 terms need DNS lookups", NULL, NULL},
  /* what could not be found out */
  {"v=spf1 a:serv.example.nl -all", "temperror", "serv.example.nl A: ", NULL, NULL},
  {"v=spf1 mx:slow.example.nl -all", "temperror", "slow.example.nl MX: ", NULL, NULL},
  {"v=spf1 exists:bogus.example.nl -all", "temperror", "bogus.example.nl A: bogus: DNSSEC validation failed", NULL, NULL},
  {"v=spf1 include:serv.example.nl -all", "temperror", "serv.example.nl TXT: ", NULL, NULL},
  {"v=spf1 include:bogus.example.nl -all", "temperror", "bogus.example.nl TXT: bogus: DNSSEC", NULL, NULL},
  {"v=spf1 redirect=slow.example.nl", "temperror", "slow.example.nl TXT: ", NULL, NULL},
  {"v=spf1 ip4:192.0.2.1 a:serv.example.nl -all", "pass", "ip4:192.0.2.1", NULL, NULL},
  {"v=spf1 ptr:serv.example.nl -all", "fail", "-all", NULL, NULL},
  /* limits */
  {"v=spf1 a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl"
   " a:v4.example.nl a:v4.example.nl a:v4.example.nl a:mail.example.nl -all", "pass", "a:mail.example.nl", NULL, NULL},
  {"v=spf1 a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl"
   " a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl ip4:192.0.2.1 -all", "pass", "ip4:192.0.2.1", NULL,
   NULL},
  {"v=spf1 a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl"
   " a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:mail.example.nl -all", "permerror",
   "more than 10 terms need DNS lookups", NULL, NULL},
  {"v=spf1 a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl"
   " a:v4.example.nl a:v4.example.nl a:v4.example.nl a:v4.example.nl redirect=pass.example.nl", "permerror",
   "more than 10 terms need DNS lookups", NULL, NULL},
  {"v=spf1 a:g1.example.nl a:g2.example.nl ip4:192.0.2.1", "pass", "ip4:192.0.2.1", NULL, NULL},
  {"v=spf1 a:g1.example.nl mx:text.example.nl exists:g2.example.nl ip4:192.0.2.1", "permerror",
   "more than 2 lookups find nothing, the last one g2.example.nl A", NULL, NULL},
  {"v=spf1 include:void.example.nl a:g3.example.nl ip4:192.0.2.1", "permerror",
   "more than 2 lookups find nothing, the last one g3.example.nl A", NULL, NULL},
  {"v=spf1 a:g3.example.nl redirect=void.example.nl", "permerror", "more than 2 lookups find nothing", NULL, NULL},
  {"v=spf1 mx:dead.example.nl ip4:192.0.2.1", "permerror", "more than 2 lookups find nothing", NULL, NULL},
  {"v=spf1 ptr ptr ip4:192.0.2.10", "pass", "ip4:192.0.2.10", "192.0.2.10", NULL},
  {"v=spf1 ptr a:g1.example.nl ptr ip4:192.0.2.10", "permerror",
   "more than 2 lookups find nothing, the last one 10.2.0.192.in-addr.arpa PTR", "192.0.2.10", NULL},
  {"v=spf1 ptr ptr ptr ip4:192.0.2.9", "pass", "ip4:192.0.2.9", "192.0.2.9", NULL}, /* failures are not void */
  {"v=spf1 mx:v4only.example.nl ip6:2001:db8::1 -all", "pass", "ip6:2001:db8::1", "2001:db8::1", NULL},
  /* macros that reach the DNS */
  {"v=spf1 exists:%{d2}.two.example.nl -all", "pass", "exists:%{d2}.two.example.nl", NULL, NULL},
  {"v=spf1 a:%{l1-}.example.nl -all", "pass", "a:%{l1-}.example.nl", NULL, "mail@example.nl"},
  {"v=spf1 a:%{l1-}.example.nl -all", "pass", "a:%{l1-}.example.nl", NULL, "x-mail@example.nl"},
  {"v=spf1 exists:%{l}.example.nl -all", "fail", "-all", NULL, "b\xc3\xbc\x63her@example.nl"},
  {"v=spf1 include:%{l}.example.nl -all", "fail", "-all", NULL, "b\xc3\xbc\x63her@example.nl"},
  {"v=spf1 redirect=%{l}.example.nl", "neutral", "no term matches", NULL, "b\xc3\xbc\x63her@example.nl"},
  {"v=spf1 exists:%{s}.example.nl exists:%{s}.a.nl exists:%{S}.b.nl ip4:192.0.2.1 -all", "pass", "ip4:192.0.2.1", NULL,
   "\xff\x01\r\n\"@\"@example.nl"},
  {"v=spf1 exists:%{l}.a.nl exists:%{l}.b.nl exists:%{l}.c.nl ip4:192.0.2.1", "pass", "ip4:192.0.2.1", NULL,
   "a..b@example.nl"},
  /* syntax, wherever it is */
  {"v=spf1 +all foo", "permerror", "syntax error in the SPF record at \"foo\"", NULL, NULL},
  {"v=spf1 unknown=%{x} +all", "permerror", "syntax error in the SPF record at \"unknown=%{x}\"", NULL, NULL},
  {"v=spf1 unknown=value other.one=%{d}x ip4:192.0.2.1", "pass", "ip4:192.0.2.1", NULL, NULL},
  {"v=spf1 exp=why.example.nl exp=why.example.nl +all", "permerror", "syntax error in", NULL, NULL},
  {"v=spf1 exp=missing-dot +all", "permerror", "syntax error in", NULL, NULL},
  {"v=spf1 ip4:192.0.2.1\t-all", "permerror", "byte 0x09 in the SPF record", NULL, NULL},
  {"v=spf1 +all \xe2\x80\xae", "permerror", "byte 0xe2 in the SPF record", NULL, NULL},
};

static const char void_zone[] = "void.example.nl TXT \"v=spf1 a:g1.example.nl a:g2.example.nl\"\n";

static void records_are_evaluated(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof evaluations / sizeof *evaluations; i++) {
    const struct evaluation *row = &evaluations[i];
    struct world world;
    world_open(&world, void_zone);
    fake_add_txt(world.source, "example.nl", row->record, strlen(row->record));
    struct spf_query query = query_of(row->client, "mail.example.nl", row->sender ? row->sender : "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(row->record, "result", auth_result_name(fact.result), row->result);
    /* Reasons for failures go on with what the resolver says. */
    if (fact.result == AUTH_TEMPERROR || fact.result == AUTH_PERMERROR)
      assert_true(strncmp(fact.why, row->why, strlen(row->why)) == 0 || (same(row->record, "why", fact.why, row->why), 0));
    else
      same(row->record, "why", fact.why, row->why);
    same(row->record, "domain", fact.domain, "example.nl");
    same(row->record, "explanation", fact.explanation, NULL);
    world_close(&world);
  }
}

/* Who is checked, and how it comes out. */
static const struct {
  const char *label, *client, *helo, *sender;
  const char *helo_result, *helo_domain, *result, *domain, *why;
} identities[] = {
  {"both", NULL, "pass.example.nl", "a@fail.example.nl", "pass", "pass.example.nl", "fail", "fail.example.nl", "-all"},
  {"case and final dot", NULL, "Pass.Example.NL.", "a@Fail.Example.NL.", "pass", "pass.example.nl", "fail",
   "fail.example.nl", "-all"},
  {"null sender", NULL, "fail.example.nl", "", "fail", "fail.example.nl", "fail", "fail.example.nl", "-all"},
  {"null sender, literal", NULL, "[192.0.2.1]", "", "none", "", "none", "", "not a fully qualified domain name"},
  {"IPv6 literal", NULL, "[IPv6:2001:db8::1]", "a@fail.example.nl", "none", "", "fail", "fail.example.nl", "-all"},
  {"bare address", NULL, "192.0.2.1", "a@192.0.2.1", "none", "", "none", "", "not a fully qualified domain name"},
  {"single label", NULL, "localhost", "a@localhost", "none", "", "none", "", "not a fully qualified domain name"},
  {"empty", NULL, "", "a@", "none", "", "none", "", "not a fully qualified domain name"},
  {"empty label", NULL, "a..nl", "a@fail..example.nl", "none", "", "none", "", "not a fully qualified domain name"},
  {"hostile bytes", NULL, "a\r\nb.nl", "a@b\xff\x01.example.nl", "none", "", "none", "",
   "not a fully qualified domain name"},
  {"no local part", NULL, "x", "@fail.example.nl", "none", "", "fail", "fail.example.nl", "-all"},
  {"no at sign", NULL, "x", "fail.example.nl", "none", "", "fail", "fail.example.nl", "-all"},
  {"quoted at sign", NULL, "x", "\"a@pass.example.nl\"@fail.example.nl", "none", "", "fail", "fail.example.nl", "-all"},
  {"no record", NULL, "x", "a@text.example.nl", "none", "", "none", "text.example.nl",
   "text.example.nl has no SPF record"},
  {"no domain", NULL, "x", "a@gone.example.nl", "none", "", "none", "gone.example.nl",
   "gone.example.nl does not exist"},
  {"two records", NULL, "x", "a@dup.example.nl", "none", "", "permerror", "dup.example.nl",
   "several SPF records of dup.example.nl"},
  {"U-labels", NULL, "b\xc3\xbc\x63her.example.nl", "a@B\xc3\xbc\x63her.example.nl", "pass", "xn--bcher-kva.example.nl",
   "pass", "xn--bcher-kva.example.nl", "exists:%{o}.ok.example.nl"},
  {"loopback is no exception", "127.0.0.1", "x", "a@fail.example.nl", "none", "", "fail", "fail.example.nl", "-all"},
  {"loopback is no exception", "::1", "x", "a@fail.example.nl", "none", "", "fail", "fail.example.nl", "-all"},
};

static void identities_are_told_apart(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof identities / sizeof *identities; i++) {
    struct world world;
    world_open(&world, NULL);
    struct spf_query query = query_of(identities[i].client, identities[i].helo, identities[i].sender);
    spf_start(world.lookups, &query);
    struct spf_fact helo = spf_check_helo(world.arena, world.lookups, &query);
    struct spf_fact sender = spf_check_mailfrom(world.arena, world.lookups, &query);
    const char *label = identities[i].label;
    same(label, "helo result", auth_result_name(helo.result), identities[i].helo_result);
    same(label, "helo domain", helo.domain, identities[i].helo_domain);
    same(label, "result", auth_result_name(sender.result), identities[i].result);
    same(label, "domain", sender.domain, identities[i].domain);
    same(label, "why", sender.why, identities[i].why);
    world_close(&world);
  }
}

static void no_address_is_none(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, NULL);
  struct spf_query query = {.sender = "a@fail.example.nl"}; /* a Unix socket, and no HELO yet */
  spf_start(world.lookups, &query);
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_NONE);
  assert_string_equal(fact.domain, "fail.example.nl");
  assert_int_equal(spf_check_helo(world.arena, world.lookups, &query).result, AUTH_NONE);
  assert_int_equal(fake_asked(world.source, NULL, 0), 0);
  world_close(&world);
}

static const struct {
  const char *record, *explanation, *sender;
} explanations[] = {
  {"v=spf1 -all", NULL, NULL},
  {"v=spf1 -all exp=why.example.nl", "not  from 192.0.2.1, a@example.nl", NULL},
  {"v=spf1 exp=why.%{d} -all", "not  from 192.0.2.1, a@example.nl", NULL},
  {"v=spf1 -all exp=why.example.nl", "not  from 192.0.2.1, b?cher??@example.nl", "b\xc3\xbc\x63her\r\n@example.nl"},
  {"v=spf1 -all exp=gone.example.nl", NULL, NULL},
  {"v=spf1 -all exp=serv.example.nl", NULL, NULL},
  {"v=spf1 -all exp=bogus.example.nl", NULL, NULL},
  {"v=spf1 -all exp=two-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=bad-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=utf8-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=lf-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=nul-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=blank-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=empty-why.example.nl", NULL, NULL},
  {"v=spf1 -all exp=macro-why.example.nl", "192.0.2.1 mx.example.org 1700000000 helo.example.nl mail.example.nl x%2By",
   "x+y@example.nl"},
  {"v=spf1 redirect=inner.example.nl exp=why.example.nl", "inner text of inner.example.nl", NULL},
  {"v=spf1 include:inner.example.nl -all exp=why.example.nl", "not  from 192.0.2.1, a@example.nl", NULL},
  {"v=spf1 include:inner.example.nl -all", NULL, NULL},
  {"v=spf1 redirect=fail.example.nl exp=why.example.nl", NULL, NULL},
};

static void failures_are_explained_safely(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof explanations / sizeof *explanations; i++) {
    struct world world;
    world_open(&world, NULL);
    fake_add_txt(world.source, "example.nl", explanations[i].record, strlen(explanations[i].record));
    struct spf_query query =
      query_of(NULL, "helo.example.nl", explanations[i].sender ? explanations[i].sender : "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(explanations[i].record, "result", auth_result_name(fact.result), "fail");
    same(explanations[i].record, "explanation", fact.explanation, explanations[i].explanation);
    assert_int_equal(fact.dnssec, DNSSEC_SECURE); /* whatever befell the explanation */
    world_close(&world);
  }
}

static void explanations_are_for_failures_and_short(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "long.example.nl TXT \"v=spf1 -all exp=long-why.example.nl\"\n");
  struct spf_query query = query_of(NULL, "x", "a@soft.example.nl");
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_SOFTFAIL);
  assert_null(fact.explanation);
  assert_int_equal(fake_asked(world.source, "why.example.nl", 0), 0);
  query.sender = "a-rather-long-local-part@long.example.nl";
  fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(strlen(fact.explanation), 250);
  world_close(&world);
}

static void dnssec_is_the_worst_used(void **state)
{
  (void)state;
  static const struct {
    const char *sender, *client;
    enum dnssec dnssec;
  } rows[] = {
    {"a@fail.example.nl", NULL, DNSSEC_SECURE},
    {"a@insecure.example.nl", NULL, DNSSEC_INSECURE},
    {"a@plain.example.nl", NULL, DNSSEC_INSECURE},
    {"a@bogus.example.nl", NULL, DNSSEC_BOGUS},
    {"a@serv.example.nl", NULL, DNSSEC_INDETERMINATE},
    {"a@text.example.nl", NULL, DNSSEC_SECURE},
    {"a@gone.example.nl", NULL, DNSSEC_SECURE},
    {"a@localhost", NULL, DNSSEC_INDETERMINATE},
    /* started early, but not used */
    {"a@early.example.nl", NULL, DNSSEC_SECURE},
    {"a@early.example.nl", "192.0.2.2", DNSSEC_INSECURE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    world_open(&world, "early.example.nl TXT \"v=spf1 a:mail.example.nl include:insecure.example.nl -all\"\n");
    struct spf_query query = query_of(rows[i].client, "x", rows[i].sender);
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(rows[i].sender, "dnssec", dnssec_name(fact.dnssec), dnssec_name(rows[i].dnssec));
    world_close(&world);
  }
}

/* Records over the library's 511 bytes and 255 terms, in several character-strings. */
static void long_records_are_read_to_the_end(void **state)
{
  (void)state;
  static const struct {
    unsigned terms;
    const char *tail, *client, *result, *why;
  } rows[] = {
    {70, " -all", "10.0.69.5", "pass", "ip4:10.0.69.0/24"},
    {70, " -all", "10.0.70.5", "fail", "-all"},
    {70, " ~a:mail.example.nl", "192.0.2.1", "softfail", "~a:mail.example.nl"},
    {70, " redirect=fail.example.nl", "192.0.2.1", "fail", "-all in the record of fail.example.nl"},
    {230, " -all", "10.0.229.5", "pass", "ip4:10.0.229.0/24"}, /* 4 KB */
    {230, " -all", "10.0.230.5", "fail", "-all"},
    {256, " -all", "192.0.2.1", "fail", "-all"},
    {3000, " -all", "10.11.183.5", "pass", "ip4:10.11.183.0/24"},
    {3000, " -all", "192.0.2.1", "fail", "-all"},
    {3000, " foo", "10.0.0.1", "permerror", "syntax error in the SPF record at \"foo\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    struct text text = {0};
    world_open(&world, NULL);
    text_add(&text, "v=spf1");
    for (unsigned n = 0; n < rows[i].terms; n++)
      text_printf(&text, " ip4:10.%u.%u.0/24", n / 256, n % 256);
    text_add(&text, rows[i].tail);
    fake_add_txt(world.source, "example.nl", text.bytes, text.length);
    struct spf_query query = query_of(rows[i].client, "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(rows[i].client, "result", auth_result_name(fact.result), rows[i].result);
    same(rows[i].client, "why", fact.why, rows[i].why);
    text_free(&text);
    world_close(&world);
  }
}

/* Ten includes of ten includes: the eleventh term ends it, and few questions have been asked by then. */
static void include_trees_are_cut_off(void **state)
{
  (void)state;
  struct world world;
  struct text text = {0};
  text_add(&text, "example.nl TXT \"v=spf1");
  for (unsigned i = 0; i < 10; i++)
    text_printf(&text, " include:i%u.example.nl", i);
  text_add(&text, " +all\"\n");
  for (unsigned i = 0; i < 10; i++) {
    text_printf(&text, "i%u.example.nl TXT \"v=spf1", i);
    for (unsigned j = 0; j < 10; j++) {
      text_printf(&text, " include:i%u-%u.example.nl", i, j);
    }
    text_add(&text, " -all\"\n");
    for (unsigned j = 0; j < 10; j++)
      text_printf(&text, "i%u-%u.example.nl TXT \"v=spf1 -all\"\n", i, j);
  }
  world_open(&world, text.bytes);
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PERMERROR);
  assert_string_equal(fact.why, "more than 10 terms need DNS lookups");
  /* The record, 10 that were started early, 9 in the first include. */
  assert_in_range(fake_asked(world.source, NULL, 0), 11, 21);
  text_free(&text);
  world_close(&world);
}

static void mx_names_are_limited(void **state)
{
  (void)state;
  static const struct {
    unsigned count;
    const char *result;
  } rows[] = {{10, "pass"}, {11, "permerror"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    struct text text = {0};
    text_add(&text, "example.nl TXT \"v=spf1 mx -all\"\n");
    for (unsigned n = 0; n < rows[i].count; n++)
      text_printf(&text, "example.nl MX %u m%u.example.nl\nm%u.example.nl A 192.0.2.%u\n", n, n, n, 100 + n);
    world_open(&world, text.bytes);
    struct spf_query query = query_of(rows[i].count == 10 ? "192.0.2.109" : "192.0.2.100", "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same("mx", "result", auth_result_name(fact.result), rows[i].result);
    if (rows[i].count == 11)
      assert_int_equal(fake_asked(world.source, NULL, DNS_A), 0);
    text_free(&text);
    world_close(&world);
  }
}

/* Names beyond the tenth are not looked at; they are no error. */
static void ptr_names_are_limited(void **state)
{
  (void)state;
  for (unsigned count = 10; count <= 30; count += 20) {
    struct world world;
    struct text text = {0};
    text_add(&text, "example.nl TXT \"v=spf1 ptr:nowhere.example exists:%{p}.nowhere.example ptr ~all\"\n");
    for (unsigned n = 0; n < count; n++)
      text_printf(&text, "50.2.0.192.in-addr.arpa PTR p%u.example.org\np%u.example.org A 192.0.2.50\n", n, n);
    world_open(&world, text.bytes);
    struct spf_query query = query_of("192.0.2.50", "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    assert_int_equal(fact.result, AUTH_SOFTFAIL);
    assert_int_equal(fake_asked(world.source, NULL, DNS_A), 11); /* the ten, and exists */
    assert_int_equal(fake_asked(world.source, NULL, DNS_PTR), 1);
    text_free(&text);
    world_close(&world);
  }
}

static void what_follows_is_asked_early(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "example.nl TXT \"v=spf1 ip4:192.0.2.1 a:v4.example.nl mx:two.example.nl exists:%{l}.x.example"
                     " include:pass.example.nl -all redirect=fail.example.nl\"\n");
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  spf_start(world.lookups, &query);
  assert_int_equal(fake_asked(world.source, "example.nl", DNS_TXT), 1);
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PASS);
  assert_int_equal(fake_asked(world.source, "example.nl", DNS_TXT), 1);
  /* Nothing where the answer is known without. */
  assert_int_equal(fake_asked(world.source, NULL, 0), 1);
  query = query_of("203.0.113.1", "x", "a@example.nl");
  fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_PASS);
  assert_int_equal(fake_asked(world.source, "pass.example.nl", DNS_TXT), 1);
  assert_int_equal(fake_asked(world.source, "fail.example.nl", DNS_TXT), 0);
  world_close(&world);
}

static void time_is_limited(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "example.nl TXT \"v=spf1 a:v4.example.nl a:mail.example.nl -all\"\n");
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  clock_step = 6000; /* begin, TXT, A, A: the last is asked after 18 s */
  assert_int_equal(spf_check_mailfrom(world.arena, world.lookups, &query).result, AUTH_PASS);
  clock_step = 7000;
  struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
  assert_int_equal(fact.result, AUTH_TEMPERROR);
  assert_string_equal(fact.why, "the lookups take longer than 20 seconds");
  world_close(&world);
}

/* A small allowance ends in temperror, not in a wrong answer. */
static void allowance_is_respected(void **state)
{
  (void)state;
  struct world world;
  world_open(&world, "example.nl TXT \"v=spf1 a:v4.example.nl a:mail.example.nl -all\"\n");
  lookups_free(world.lookups);
  world.lookups = lookups_new(world.resolver, 2);
  struct spf_query query = query_of(NULL, "x", "a@example.nl");
  assert_int_equal(spf_check_mailfrom(world.arena, world.lookups, &query).result, AUTH_TEMPERROR);
  world_close(&world);
}

static void bytes_of_all_kinds_are_survived(void **state)
{
  (void)state;
  static const struct {
    const char *bytes;
    size_t length;
    const char *result;
  } rows[] = {
    {"v=spf1 a:\0x.example -all", 24, "permerror"},
    {"v=spf1\0-all", 11, "none"},
    {"v=spf1 -all\0", 12, "permerror"},
    {"v=spf1 -all\n", 12, "permerror"},
    {"v=spf1 \x80", 8, "permerror"},
    {"\0v=spf1 -all", 12, "none"},
    {"", 0, "none"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    world_open(&world, NULL);
    fake_add_txt(world.source, "example.nl", rows[i].bytes, rows[i].length);
    struct spf_query query = query_of(NULL, "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(rows[i].bytes, "result", auth_result_name(fact.result), rows[i].result);
    world_close(&world);
  }
}

/* Texts far beyond the library's buffers, in every place that takes a macro string. */
static void heavy_macros_are_survived(void **state)
{
  (void)state;
  static const char *const places[] = {"a:", "mx:", "ptr:", "exists:", "include:", "redirect=", "exp=", "other="};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct world world;
    struct text text = {0};
    world_open(&world, NULL);
    text_printf(&text, "v=spf1 %s", places[i]);
    for (unsigned n = 0; n < 200; n++)
      text_add(&text, "%{d}%{S}");
    for (unsigned n = 0; n < 5000; n++)
      text_add(&text, "x");
    text_add(&text, ".example -ip4:192.0.2.1");
    fake_add_txt(world.source, "example.nl", text.bytes, text.length);
    struct spf_query query = query_of(NULL, "x", "a@example.nl");
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    /* No name of at most 253 characters is left, or only what stands behind the last dot. */
    same(places[i], "result", auth_result_name(fact.result), strcmp(places[i], "include:") == 0 ? "permerror" : "fail");
    text_free(&text);
    world_close(&world);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(records_are_evaluated),
    cmocka_unit_test(identities_are_told_apart),
    cmocka_unit_test(no_address_is_none),
    cmocka_unit_test(failures_are_explained_safely),
    cmocka_unit_test(explanations_are_for_failures_and_short),
    cmocka_unit_test(dnssec_is_the_worst_used),
    cmocka_unit_test(long_records_are_read_to_the_end),
    cmocka_unit_test(include_trees_are_cut_off),
    cmocka_unit_test(mx_names_are_limited),
    cmocka_unit_test(ptr_names_are_limited),
    cmocka_unit_test(what_follows_is_asked_early),
    cmocka_unit_test(time_is_limited),
    cmocka_unit_test(allowance_is_respected),
    cmocka_unit_test(bytes_of_all_kinds_are_survived),
    cmocka_unit_test(heavy_macros_are_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
