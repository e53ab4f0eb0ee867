/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SPF checks from end to end: terms, identities, explanations, DNSSEC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "checks/spf.h"
#include "checks/spf_world.h"
#include "resolver/fake.h"

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
  {"v=spf1 exists:bogus.example.nl -all", "temperror", "bogus.example.nl A: bogus: DNSSEC validation", NULL, NULL},
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
      fact.why = arena_copy(world.arena, fact.why, strnlen(fact.why, strlen(row->why)));
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
    {"a@mixed.example.nl", "192.0.2.2", DNSSEC_INSECURE}, /* an insecure answer, then secure ones */
    /* started early, but not used */
    {"a@early.example.nl", NULL, DNSSEC_SECURE},
    {"a@early.example.nl", "192.0.2.2", DNSSEC_INSECURE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world;
    world_open(&world, "early.example.nl TXT \"v=spf1 a:mail.example.nl include:insecure.example.nl -all\"\n"
                       "mixed.example.nl TXT \"v=spf1 a:unsafe.example.nl a:mail.example.nl -all\"\n"
                       "unsafe.example.nl A 192.0.2.50 insecure\n");
    struct spf_query query = query_of(rows[i].client, "x", rows[i].sender);
    struct spf_fact fact = spf_check_mailfrom(world.arena, world.lookups, &query);
    same(rows[i].sender, "dnssec", dnssec_name(fact.dnssec), dnssec_name(rows[i].dnssec));
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
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
