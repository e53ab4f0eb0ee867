/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The world of the SPF tests. See spf_world.h.
 */
#include "checks/spf_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"
#include "resolver/source.h"

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

void world_open(struct world *world, const char *more)
{
  static const struct resolver_config config = {.timeout_ms = 20, .budget_ms = 30000, .cache_bytes = 1 << 20};
  char error[200];
  world->source = fake_new();
  if (fake_add(world->source, zone, error, sizeof error) < 0 ||
      (more && fake_add(world->source, more, error, sizeof error) < 0))
    fail_msg("%s", error);
  world->resolver = resolver_new(&config, world->source);
  world->lookups = lookups_new(world->resolver, 150);
  world->arena = arena_new();
}

void world_close(struct world *world)
{
  arena_free(world->arena);
  lookups_free(world->lookups);
  resolver_close(world->resolver);
}

struct spf_query query_of(const char *client, const char *helo, const char *sender)
{
  struct spf_query query = {.helo = helo, .sender = sender, .receiver = "mx.example.org", .now = 1700000000};
  assert_int_equal(ip_parse(&query.client, client ? client : "192.0.2.1"), 0);
  return query;
}

void same(const char *row, const char *what, const char *got, const char *expected)
{
  if (strcmp(got ? got : "(null)", expected ? expected : "(null)") != 0)
    fail_msg("%s: %s is \"%s\", not \"%s\"", row, what, got ? got : "(null)", expected ? expected : "(null)");
}
