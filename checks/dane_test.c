/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DANE verdicts: zones as text, and all that is told about them.
 *
 * The destination is x.example unless a row says otherwise. `told` is the whole fact but for why and ttl:
 * "verdict link mx", then for each host "preference name address tlsa base".
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
#include "checks/dane.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

#define D32 "abababababababababababababababababababababababababababababababab"
#define TLSA(host) "_25._tcp." host " TLSA 3 1 1 " D32 "\n"
#define BAD_TLSA(host) "_25._tcp." host " TLSA 0 1 1 " D32 "\n"
#define MX1 "x.example MX 10 mx1.h.example\n"
#define MX2 MX1 "x.example MX 20 mx2.h.example\n"
#define ADDRESS(host) host " A 192.0.2.1\n"
#define GOOD(host) ADDRESS(host) TLSA(host)
#define DEFAULT_INSECURE "default insecure\n"

struct row {
  const char *label, *zone, *told;
  const char *why;       /* a part of it; NULL: no why */
  const char *asked;     /* "NAME TYPE" that must have been asked, or NULL */
  const char *not_asked; /* and must not */
  const char *next_hop;
};

static unsigned type_of(const char *word)
{
  static const struct {
    const char *word;
    unsigned type;
  } types[] = {{"A", DNS_A},   {"AAAA", DNS_AAAA}, {"CNAME", DNS_CNAME}, {"TLSA", DNS_TLSA},
               {"MX", DNS_MX}, {"ANY", 0},         {"SOA", DNS_SOA}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(types[i].word, word) == 0)
      return types[i].type;
  fail_msg("no type %s", word);
  return 0;
}

static unsigned times_asked(struct dns_source *source, const char *question)
{
  char name[300], type[10];
  assert_int_equal(sscanf(question, "%299s %9s", name, type), 2);
  return fake_asked(source, name, type_of(type));
}

static void tell(struct text *out, const struct dane_fact *fact)
{
  const char *link = dane_link_name(fact->link);
  text_printf(out, "%s %s %s%s", dane_verdict_name(fact->verdict), link ? link : "-", fact->mx,
              fact->skipped ? " skipped" : "");
  for (size_t i = 0; i < fact->host_count; i++) {
    const struct dane_host *host = &fact->hosts[i];
    text_printf(out, " | %u %s %s %s %s", host->preference, host->name, host->address, host->tlsa,
                host->base ? host->base : "-");
  }
}

/* A resolver over one zone, the lookups of one message, and an arena. */
struct world {
  struct dns_source *source;
  struct resolver *resolver;
  struct lookups *lookups;
  struct arena *arena;
};

/* A question whose answer never comes costs a test this long. */
enum { SHORT_MS = 100, LONG_MS = 5000 };

static struct world world_new(const char *label, const char *zone, unsigned max_queries, unsigned timeout_ms)
{
  struct world world = {.source = fake_new(), .arena = arena_new()};
  char error[200];
  if (fake_add(world.source, zone, error, sizeof error) < 0)
    fail_msg("%s: %s", label, error);
  struct resolver_config config = {.timeout_ms = timeout_ms, .budget_ms = 4 * timeout_ms, .cache_bytes = 1 << 20};
  world.resolver = resolver_new(&config, world.source);
  world.lookups = lookups_new(world.resolver, max_queries);
  return world;
}

static void world_free(struct world *world)
{
  lookups_free(world->lookups);
  resolver_close(world->resolver);
  arena_free(world->arena);
}

static void run(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const struct row *row = &rows[i];
    const char *next_hop = row->next_hop ? row->next_hop : "x.example";
    struct world world = world_new(row->label, row->zone, 1000, SHORT_MS);
    dane_start(world.lookups, next_hop);
    struct dane_fact fact = dane_check(world.arena, world.lookups, next_hop);
    struct text told = {0};
    tell(&told, &fact);
    if (strcmp(told.bytes, row->told) != 0)
      fail_msg("%s:\n     %s\nnot  %s", row->label, told.bytes, row->told);
    if (row->why ? !fact.why || !strstr(fact.why, row->why) : fact.why != NULL)
      fail_msg("%s: why is \"%s\"", row->label, fact.why ? fact.why : "(null)");
    if (row->asked && times_asked(world.source, row->asked) == 0)
      fail_msg("%s: %s was not asked", row->label, row->asked);
    if (row->not_asked && times_asked(world.source, row->not_asked) != 0)
      fail_msg("%s: %s was asked", row->label, row->not_asked);
    text_free(&told);
    world_free(&world);
  }
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

static void mail_hosts(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"all good", MX1 GOOD("mx1.h.example"), .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"two, told by preference",
       "x.example MX 20 mx1.h.example\nx.example MX 10 mx2.h.example\n" GOOD("mx1.h.example") GOOD("mx2.h.example"),
       .told = "dane - secure | 10 mx2.h.example secure usable mx2.h.example"
       " | 20 mx1.h.example secure usable mx1.h.example"},
      {"the same host twice counts once", MX1 "x.example MX 30 mx1.h.example\n" GOOD("mx1.h.example"),
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"NXDOMAIN", "other.example A 192.0.2.1\n", "nxdomain - none", .why = "does not exist"},
      {"insecure NXDOMAIN", "other.example A 192.0.2.1\n" DEFAULT_INSECURE, "nxdomain - none",
       .why = "does not exist"},
      /* RFC 7505 */
      {"null MX", "x.example MX 0 .\n", "null-mx - secure", .why = "null MX", .not_asked = "x.example A"},
      {"insecure null MX", DEFAULT_INSECURE "x.example MX 0 .\n", "null-mx - insecure", .why = "null MX"},
      {"null MX of another preference", "x.example MX 10 .\n", "null-mx - secure", .why = "null MX"},
      {"null MX beside a host", MX1 "x.example MX 0 .\n" GOOD("mx1.h.example"),
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      /* RFC 5321 5.1: no MX */
      {"implicit", GOOD("x.example"), .told = "dane - implicit | 0 x.example secure usable x.example"},
      {"implicit, no TLSA", ADDRESS("x.example"), "none no-tlsa implicit | 0 x.example secure none -",
       .why = "x.example has no TLSA records"},
      {"implicit, no address", "x.example TXT \"v=spf1 -all\"\n", "no-mail - implicit | 0 x.example none not-asked -",
       .why = "no mail server", .not_asked = "_25._tcp.x.example TLSA"},
      {"implicit, unsigned", DEFAULT_INSECURE ADDRESS("x.example"),
       "none domain-unsigned implicit | 0 x.example insecure not-asked -",
       .why = "x.example is not signed with DNSSEC",
       .not_asked = "_25._tcp.x.example TLSA"},
      {"implicit, the absence of MX is not proven", GOOD("x.example") DEFAULT_INSECURE,
       "insecure-mx mx-insecure implicit | 0 x.example secure usable x.example", .why = "does not prove"},
      /* a host that is not there */
      {"one dead MX host does not count", MX2 GOOD("mx1.h.example"),
       "dane - secure | 10 mx1.h.example secure usable mx1.h.example | 20 mx2.h.example none not-asked -",
       .not_asked = "_25._tcp.mx2.h.example TLSA"},
      {"a host without an address", MX2 GOOD("mx1.h.example") "mx2.h.example TXT x\n" TLSA("mx2.h.example"),
       "dane - secure | 10 mx1.h.example secure usable mx1.h.example | 20 mx2.h.example none not-asked -",
       .not_asked = "_25._tcp.mx2.h.example TLSA"},
      {"all dead", MX2, "no-mail - secure | 10 mx1.h.example none not-asked - | 20 mx2.h.example none not-asked -",
       .why = "mx1.h.example has no address, and so for 1 more"},
      {"all dead, insecure", DEFAULT_INSECURE MX1, "no-mail - insecure | 10 mx1.h.example none not-asked -",
       .why = "mx1.h.example has no address"},
      /* RFC 7672 2.2 */
      {"an address for a host", MX1 "x.example MX 20 192.0.2.9\n" GOOD("mx1.h.example"),
       "partial host-unsigned secure | 10 mx1.h.example secure usable mx1.h.example"
       " | 20 192.0.2.9 insecure not-asked -",
       .why = "only 1 of 2 MX hosts has DANE: 192.0.2.9 is an IP address", .not_asked = "192.0.2.9 ANY"},
      {"a wildcard", "*.x.example MX 10 mx1.h.example\n" GOOD("mx1.h.example"),
       "dane - secure | 10 mx1.h.example secure usable mx1.h.example", .next_hop = "a.b.x.example"},
  };
  RUN(rows);
}

static void insecure_mx(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"good hosts of an unsigned domain", "x.example MX 10 mx1.h.example insecure\n" GOOD("mx1.h.example"),
       "insecure-mx domain-unsigned insecure | 10 mx1.h.example secure usable mx1.h.example",
       .why = "x.example is not signed with DNSSEC", .asked = "_25._tcp.mx1.h.example TLSA",
       .not_asked = "x.example CNAME"},
      {"some good hosts", "default insecure\n" MX2 "default secure\n" GOOD("mx1.h.example") ADDRESS("mx2.h.example"),
       "insecure-mx domain-unsigned insecure | 10 mx1.h.example secure usable mx1.h.example"
       " | 20 mx2.h.example secure none -",
       .why = "not signed with DNSSEC, and only 1 of 2 MX hosts has DANE: mx2.h.example has no TLSA records"},
      {"unusable records", "x.example MX 10 mx1.h.example insecure\n" ADDRESS("mx1.h.example")
       BAD_TLSA("mx1.h.example"),
       "insecure-mx domain-unsigned insecure | 10 mx1.h.example secure unusable mx1.h.example", .why = "not signed"},
      {"nothing anywhere", DEFAULT_INSECURE MX1 ADDRESS("mx1.h.example"),
       "none domain-unsigned insecure | 10 mx1.h.example insecure not-asked -",
       .why = "x.example is not signed with DNSSEC, and mx1.h.example is not signed",
       .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"no TLSA", "x.example MX 10 mx1.h.example insecure\n" ADDRESS("mx1.h.example"),
       "none domain-unsigned insecure | 10 mx1.h.example secure none -", .why = "and mx1.h.example has no TLSA"},
      /* RFC 7672 2.1.3: aliases of the domain */
      {"a secure alias", "x.example CNAME y.example\ny.example MX 10 mx1.h.example\n" GOOD("mx1.h.example"),
       "dane - secure | 10 mx1.h.example secure usable mx1.h.example", .not_asked = "x.example CNAME"},
      {"a signed alias to an unsigned domain",
       "x.example CNAME y.example\ny.example MX 10 mx1.h.example insecure\n" GOOD("mx1.h.example"),
       "insecure-mx mx-insecure insecure | 10 mx1.h.example secure usable mx1.h.example",
       .why = "x.example is an alias that leads to MX records", .asked = "x.example CNAME"},
      {"an unsigned alias to a signed domain",
       "x.example CNAME y.example insecure\ny.example MX 10 mx1.h.example\n" GOOD("mx1.h.example"),
       "insecure-mx domain-unsigned insecure | 10 mx1.h.example secure usable mx1.h.example",
       .why = "x.example is not signed with DNSSEC", .asked = "x.example CNAME"},
      {"a signed alias to nowhere", "x.example CNAME y.example\n" DEFAULT_INSECURE, "nxdomain - none",
       .why = "does not exist"},
  };
  RUN(rows);
}

static void addresses(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"IPv6 only", MX1 "mx1.h.example AAAA 2001:db8::1\n" TLSA("mx1.h.example"),
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"A, and AAAA fails", MX1 GOOD("mx1.h.example") "mx1.h.example AAAA servfail\n",
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"AAAA, and A is bogus", MX1 "mx1.h.example AAAA 2001:db8::1\nmx1.h.example A bogus\n" TLSA("mx1.h.example"),
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"A, and AAAA times out", MX1 GOOD("mx1.h.example") "mx1.h.example AAAA timeout\n",
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"no A, and AAAA fails", MX1 "mx1.h.example AAAA servfail\n" TLSA("mx1.h.example"),
       "temperror dns-failure secure | 10 mx1.h.example temperror not-asked -",
       .why = "temporary DNS failure looking up the address of mx1.h.example",
       .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"both fail", MX1 "mx1.h.example A servfail\nmx1.h.example AAAA servfail\n" TLSA("mx1.h.example"),
       "temperror dns-failure secure | 10 mx1.h.example temperror not-asked -", .why = "address of mx1.h.example"},
      {"both bogus", MX1 "mx1.h.example ANY bogus\n" TLSA("mx1.h.example"),
       "bogus bogus secure | 10 mx1.h.example bogus not-asked -",
       .why = "DNSSEC validation failed for the address of mx1.h.example",
       .not_asked = "_25._tcp.mx1.h.example TLSA"},
      /* RFC 7672 2.2.2: the address comes first, and unsigned zones are left alone */
      {"an unsigned host", MX1 "mx1.h.example A 192.0.2.1 insecure\n" TLSA("mx1.h.example"),
       "none host-unsigned secure | 10 mx1.h.example insecure not-asked -",
       .why = "mx1.h.example is not signed with DNSSEC", .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"an unsigned host whose server fails TLSA",
       MX1 "mx1.h.example A 192.0.2.1 insecure\n_25._tcp.mx1.h.example TLSA servfail\n",
       "none host-unsigned secure | 10 mx1.h.example insecure not-asked -", .why = "not signed",
       .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"an unsigned host is no alias", MX1 "mx1.h.example A 192.0.2.1 insecure\n",
       "none host-unsigned secure | 10 mx1.h.example insecure not-asked -", .why = "not signed",
       .not_asked = "mx1.h.example CNAME"},
  };
  RUN(rows);
}

/* RFC 7672 2.1.3, 2.2.2; RFC 7671 7 */
static void host_aliases(void **state)
{
  (void)state;
#define ALIAS MX1 "mx1.h.example CNAME real.h.example\n"
  static const struct row rows[] = {
      {"secure: the name at the end", ALIAS GOOD("real.h.example"),
       "dane - secure | 10 mx1.h.example secure usable real.h.example", .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"secure: both, the end comes first", ALIAS GOOD("real.h.example") BAD_TLSA("mx1.h.example"),
       .told = "dane - secure | 10 mx1.h.example secure usable real.h.example"},
      {"secure: the original name", ALIAS ADDRESS("real.h.example") TLSA("mx1.h.example"),
       "dane - secure | 10 mx1.h.example secure usable mx1.h.example", .asked = "_25._tcp.real.h.example TLSA"},
      {"secure: neither", ALIAS ADDRESS("real.h.example"), "none no-tlsa secure | 10 mx1.h.example secure none -",
       .why = "mx1.h.example has no TLSA records", .asked = "_25._tcp.mx1.h.example TLSA"},
      {"secure: unusable at the end is an end", ALIAS ADDRESS("real.h.example") BAD_TLSA("real.h.example")
       TLSA("mx1.h.example"),
       "unusable tlsa-unusable secure | 10 mx1.h.example secure unusable real.h.example",
       .why = "the TLSA records of mx1.h.example are not usable", .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"secure: a failure at the end is an end",
       ALIAS ADDRESS("real.h.example") "_25._tcp.real.h.example TLSA servfail\n" TLSA("mx1.h.example"),
       "temperror dns-failure secure | 10 mx1.h.example secure temperror -", .why = "TLSA records of real.h.example",
       .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"secure: insecure absence at the end is none", ALIAS ADDRESS("real.h.example") TLSA("mx1.h.example")
       DEFAULT_INSECURE,
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"signed alias to an unsigned host: the original name", ALIAS "real.h.example A 192.0.2.1 insecure\n"
       TLSA("mx1.h.example"),
       "dane - secure | 10 mx1.h.example insecure usable mx1.h.example", .asked = "mx1.h.example CNAME",
       .not_asked = "_25._tcp.real.h.example TLSA"},
      {"signed alias to an unsigned host: without TLSA", ALIAS "real.h.example A 192.0.2.1 insecure\n",
       "none no-tlsa secure | 10 mx1.h.example insecure none -", .why = "mx1.h.example has no TLSA records"},
      {"unsigned alias", MX1 "mx1.h.example CNAME real.h.example insecure\n" GOOD("real.h.example")
       TLSA("mx1.h.example"),
       "none host-unsigned secure | 10 mx1.h.example insecure not-asked -", .why = "not signed",
       .asked = "mx1.h.example CNAME",
       .not_asked = "_25._tcp.mx1.h.example TLSA"},
      {"two links, the second unsigned",
       MX1 "mx1.h.example CNAME b.h.example\nb.h.example CNAME c.h.example insecure\n" GOOD("c.h.example")
       TLSA("mx1.h.example"),
       "dane - secure | 10 mx1.h.example insecure usable mx1.h.example", .not_asked = "_25._tcp.c.h.example TLSA"},
      {"a loop", MX1 "mx1.h.example CNAME b.h.example\nb.h.example CNAME mx1.h.example\n",
       "temperror dns-failure secure | 10 mx1.h.example temperror not-asked -", .why = "address of mx1.h.example"},
      {"to nowhere", ALIAS, "no-mail - secure | 10 mx1.h.example none not-asked -",
       .why = "mx1.h.example has no address"},
  };
  RUN(rows);
}

static void tlsa_records(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"none", MX1 ADDRESS("mx1.h.example"), "none no-tlsa secure | 10 mx1.h.example secure none -",
       .why = "mx1.h.example has no TLSA records"},
      {"none, not proven (RFC 7672 2.1.1: no failure)", MX1 ADDRESS("mx1.h.example") DEFAULT_INSECURE,
       "none no-tlsa secure | 10 mx1.h.example secure none -", .why = "mx1.h.example has no TLSA records"},
      {"insecure", MX1 ADDRESS("mx1.h.example") "_25._tcp.mx1.h.example TLSA 3 1 1 " D32 " insecure\n",
       "none no-tlsa secure | 10 mx1.h.example secure insecure -",
       .why = "TLSA records of mx1.h.example are not signed"},
      {"an alias into an unsigned zone",
       MX1 ADDRESS("mx1.h.example") "_25._tcp.mx1.h.example CNAME t.u.example\nt.u.example TLSA 3 1 1 "
       D32 " insecure\n",
       "none no-tlsa secure | 10 mx1.h.example secure insecure -", .why = "not signed"},
      {"an alias leaves the base as it is",
       MX1 ADDRESS("mx1.h.example") "_25._tcp.mx1.h.example CNAME t.u.example\nt.u.example TLSA 3 1 1 " D32 "\n",
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"unusable", MX1 ADDRESS("mx1.h.example") BAD_TLSA("mx1.h.example"),
       "unusable tlsa-unusable secure | 10 mx1.h.example secure unusable mx1.h.example", .why = "are not usable"},
      {"one usable of two", MX1 GOOD("mx1.h.example") BAD_TLSA("mx1.h.example"),
       .told = "dane - secure | 10 mx1.h.example secure usable mx1.h.example"},
      {"a digest of a wrong length", MX1 ADDRESS("mx1.h.example") "_25._tcp.mx1.h.example TLSA 3 1 1 abab\n",
       "unusable tlsa-unusable secure | 10 mx1.h.example secure unusable mx1.h.example", .why = "are not usable"},
      {"SERVFAIL", MX1 GOOD("mx1.h.example") "_25._tcp.mx1.h.example TLSA servfail\n",
       "temperror dns-failure secure | 10 mx1.h.example secure temperror -",
       .why = "temporary DNS failure looking up the TLSA records of mx1.h.example"},
      {"no answer", MX1 GOOD("mx1.h.example") "_25._tcp.mx1.h.example TLSA timeout\n",
       "temperror dns-failure secure | 10 mx1.h.example secure temperror -", .why = "TLSA records of mx1.h.example"},
      {"bogus", MX1 GOOD("mx1.h.example") "_25._tcp.mx1.h.example TLSA bogus\n",
       "bogus bogus secure | 10 mx1.h.example secure bogus -",
       .why = "DNSSEC validation failed for the TLSA records of mx1.h.example"},
      {"another port", MX1 ADDRESS("mx1.h.example") "_587._tcp.mx1.h.example TLSA 3 1 1 " D32 "\n",
       "dane - secure | 10 mx1.h.example secure usable mx1.h.example", .not_asked = "_25._tcp.mx1.h.example TLSA",
       .next_hop = "x.example:587"},
  };
  RUN(rows);
}

static void failures(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"MX SERVFAIL", MX1 GOOD("mx1.h.example") "x.example MX servfail\n", "temperror dns-failure temperror",
       .why = "temporary DNS failure looking up the MX records of x.example", .not_asked = "x.example A"},
      {"MX without an answer", MX1 GOOD("mx1.h.example") "x.example MX timeout\n", "temperror dns-failure temperror",
       .why = "MX records of x.example"},
      {"MX bogus", MX1 GOOD("mx1.h.example") "x.example MX bogus\n", "bogus bogus bogus",
       .why = "DNSSEC validation failed for the MX records of x.example"},
      {"an alias loop", "x.example CNAME y.example\ny.example CNAME x.example\n", "temperror dns-failure temperror",
       .why = "MX records of x.example"},
      /* RFC 7672 2.1.2: a host that fails is skipped, the verdict comes from the rest */
      {"one host of two", MX2 GOOD("mx1.h.example") ADDRESS("mx2.h.example") "_25._tcp.mx2.h.example TLSA servfail\n",
       "dane - secure skipped | 10 mx1.h.example secure usable mx1.h.example | 20 mx2.h.example secure temperror -",
       .why = "left out: temporary DNS failure looking up the TLSA records of mx2.h.example"},
      {"one of two, the other without TLSA", MX2 ADDRESS("mx1.h.example") "mx2.h.example ANY bogus\n",
       "none no-tlsa secure skipped | 10 mx1.h.example secure none - | 20 mx2.h.example bogus not-asked -",
       .why = "mx1.h.example has no TLSA records; left out: DNSSEC validation failed"},
      {"one fails, the other is dead", MX2 "mx1.h.example ANY servfail\n",
       "temperror dns-failure secure | 10 mx1.h.example temperror not-asked - | 20 mx2.h.example none not-asked -",
       .why = "address of mx1.h.example"},
      {"all bogus", MX2 "mx1.h.example ANY bogus\nmx2.h.example ANY bogus\n",
       "bogus bogus secure | 10 mx1.h.example bogus not-asked - | 20 mx2.h.example bogus not-asked -",
       .why = "address of mx1.h.example (validation failure: made by the fake), and so for 1 more"},
      {"one bogus, one fails", MX2 "mx1.h.example ANY bogus\nmx2.h.example ANY servfail\n",
       "temperror dns-failure secure | 10 mx1.h.example bogus not-asked - | 20 mx2.h.example temperror not-asked -",
       .why = "temporary DNS failure looking up the address of mx2.h.example"},
      {"all fail behind an insecure MX", DEFAULT_INSECURE MX1 "mx1.h.example ANY servfail\n",
       "temperror dns-failure insecure | 10 mx1.h.example temperror not-asked -", .why = "address of mx1.h.example"},
      {"the alias question fails",
       MX1 "mx1.h.example CNAME r.h.example\nr.h.example A 192.0.2.1 insecure\nmx1.h.example CNAME servfail\n",
       "temperror dns-failure secure | 10 mx1.h.example temperror not-asked -", .why = "CNAME of mx1.h.example"},
  };
  RUN(rows);
}

static void several_hosts(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"one without TLSA", MX2 GOOD("mx1.h.example") ADDRESS("mx2.h.example"),
       "partial no-tlsa secure | 10 mx1.h.example secure usable mx1.h.example | 20 mx2.h.example secure none -",
       .why = "only 1 of 2 MX hosts has DANE: mx2.h.example has no TLSA records"},
      {"the best one without TLSA", MX2 GOOD("mx2.h.example") ADDRESS("mx1.h.example"),
       "partial no-tlsa secure | 10 mx1.h.example secure none - | 20 mx2.h.example secure usable mx2.h.example",
       .why = "only 1 of 2 MX hosts has DANE: mx1.h.example has no TLSA records"},
      {"one unusable", MX2 GOOD("mx1.h.example") ADDRESS("mx2.h.example") BAD_TLSA("mx2.h.example"),
       "partial tlsa-unusable secure | 10 mx1.h.example secure usable mx1.h.example"
       " | 20 mx2.h.example secure unusable mx2.h.example",
       .why = "only 1 of 2"},
      {"one unusable, one none", MX2 ADDRESS("mx1.h.example") ADDRESS("mx2.h.example") BAD_TLSA("mx1.h.example"),
       "unusable no-tlsa secure | 10 mx1.h.example secure unusable mx1.h.example | 20 mx2.h.example secure none -",
       .why = "mx2.h.example has no TLSA records"},
      {"the first missing link is the earliest in the chain, not in the list",
       MX2 ADDRESS("mx1.h.example") "mx2.h.example A 192.0.2.2 insecure\n",
       "none host-unsigned secure | 10 mx1.h.example secure none - | 20 mx2.h.example insecure not-asked -",
       .why = "mx2.h.example is not signed"},
      {"two of three", MX2 "x.example MX 30 mx3.h.example\n" GOOD("mx1.h.example") GOOD("mx2.h.example")
       ADDRESS("mx3.h.example"),
       "partial no-tlsa secure | 10 mx1.h.example secure usable mx1.h.example"
       " | 20 mx2.h.example secure usable mx2.h.example | 30 mx3.h.example secure none -",
       .why = "only 2 of 3 MX hosts have DANE: mx3.h.example has no TLSA records"},
      {"none of two", MX2 ADDRESS("mx1.h.example") ADDRESS("mx2.h.example"),
       "none no-tlsa secure | 10 mx1.h.example secure none - | 20 mx2.h.example secure none -",
       .why = "mx1.h.example has no TLSA records, and so for 1 more"},
  };
  RUN(rows);
}

static void next_hops(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {"a host", GOOD("mx1.h.example"), "dane - not-asked | 0 mx1.h.example secure usable mx1.h.example",
       .not_asked = "mx1.h.example MX", .next_hop = "[mx1.h.example]"},
      {"a host and a port", ADDRESS("mx1.h.example") "_26._tcp.mx1.h.example TLSA 3 1 1 " D32 "\n",
       "dane - not-asked | 0 mx1.h.example secure usable mx1.h.example", .next_hop = "[mx1.h.example]:26"},
      {"a host that is not there", GOOD("mx1.h.example"), "no-mail - not-asked | 0 mx2.h.example none not-asked -",
       .why = "mx2.h.example has no address", .next_hop = "[mx2.h.example]"},
      {"an unsigned host", DEFAULT_INSECURE ADDRESS("mx1.h.example"),
       "none host-unsigned not-asked | 0 mx1.h.example insecure not-asked -", .why = "not signed",
       .next_hop = "[mx1.h.example]"},
      {"a literal", MX1, "not-applicable - not-asked", .why = "cannot be protected by DANE",
       .next_hop = "[192.0.2.1]"},
      {"a literal of IPv6", MX1, "not-applicable - not-asked", .why = "cannot be protected by DANE",
       .next_hop = "[IPv6:2001:db8::1]"},
      {"a bare address", MX1, "not-applicable - not-asked", .why = "cannot be protected by DANE",
       .not_asked = "192.0.2.1 ANY",
       .next_hop = "192.0.2.1"},
      {"a list", MX1 GOOD("mx1.h.example"), "dane - secure | 10 mx1.h.example secure usable mx1.h.example",
       .why = "only the first of several next hops", .not_asked = "y.example MX", .next_hop = "x.example, y.example"},
      {"no name", MX1, "not-applicable - not-asked", .why = "not a domain name", .next_hop = "x..example"},
      {"nothing", MX1, "not-applicable - not-asked", .why = "not a domain name", .next_hop = ""},
      {"no port", MX1, "not-applicable - not-asked", .why = "not a port", .not_asked = "x.example MX",
       .next_hop = "x.example:nntp"},
      {"upper case", MX1 GOOD("mx1.h.example"), "dane - secure | 10 mx1.h.example secure usable mx1.h.example",
       .next_hop = "X.EXAMPLE."},
  };
  RUN(rows);
}

static void smallest_ttl_counts(void **state)
{
  (void)state;
  static const struct {
    const char *label, *zone;
    uint32_t at_most;
  } rows[] = {
      {"MX",
       "x.example 60 MX 10 mx1.h.example\nmx1.h.example 300 A 192.0.2.1\n"
       "_25._tcp.mx1.h.example 300 TLSA 3 1 1 " D32, 60},
      {"address",
       "x.example 300 MX 10 mx1.h.example\nmx1.h.example 61 A 192.0.2.1\n_25._tcp.mx1.h.example 300 TLSA 3 1 1 "
       D32, 61},
      {"TLSA",
       "x.example 300 MX 10 mx1.h.example\nmx1.h.example 300 A 192.0.2.1\n_25._tcp.mx1.h.example 62 TLSA 3 1 1 "
       D32, 62},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world = world_new(rows[i].label, rows[i].zone, 100, SHORT_MS);
    struct dane_fact fact = dane_check(world.arena, world.lookups, "x.example");
    assert_int_equal(fact.verdict, DANE_FULL);
    if (fact.ttl > rows[i].at_most || fact.ttl == 0)
      fail_msg("%s: ttl %u", rows[i].label, fact.ttl);
    world_free(&world);
  }
  struct world world = world_new("none", MX1, 100, SHORT_MS);
  assert_int_equal(dane_check(world.arena, world.lookups, "[192.0.2.1]").ttl, 0);
  world_free(&world);
}

static void security_of_mx(void **state)
{
  (void)state;
  static const struct {
    const char *zone, *next_hop;
    enum dnssec dnssec;
  } rows[] = {
      {MX1 GOOD("mx1.h.example"), "x.example", DNSSEC_SECURE},
      {DEFAULT_INSECURE MX1, "x.example", DNSSEC_INSECURE},
      {"x.example MX bogus\n", "x.example", DNSSEC_BOGUS},
      {"x.example MX servfail\n", "x.example", DNSSEC_INDETERMINATE},
      {GOOD("x.example"), "x.example", DNSSEC_SECURE},
      {GOOD("x.example"), "[x.example]", DNSSEC_SECURE},
      {GOOD("x.example"), "[192.0.2.1]", DNSSEC_INDETERMINATE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world = world_new("mx", rows[i].zone, 100, SHORT_MS);
    assert_int_equal(dane_check(world.arena, world.lookups, rows[i].next_hop).mx_dnssec, rows[i].dnssec);
    world_free(&world);
  }
}

/* All hosts are asked about before the first answer is waited for. */
static void hosts_are_looked_up_together(void **state)
{
  (void)state;
  struct text zone = {0};
  for (int i = 0; i < 20; i++)
    text_printf(&zone,
                "x.example MX 10 h%d.example\nh%d.example A 192.0.2.1 after 50\n"
                "_25._tcp.h%d.example TLSA 3 1 1 " D32 " after 50\n",
                i, i, i);
  struct world world = world_new("together", zone.bytes, 1000, LONG_MS);
  struct dane_fact fact = dane_check(world.arena, world.lookups, "x.example");
  assert_int_equal(fact.verdict, DANE_FULL);
  assert_int_equal(fact.host_count, 20);
  /* One after the other they would take 20 x 100 ms. */
  assert_in_range(lookups_waited_ms(world.lookups), 0, 1000);
  world_free(&world);
  text_free(&zone);
}

static void fifty_hosts_are_examined(void **state)
{
  (void)state;
  struct text zone = {0};
  for (int i = 0; i < 60; i++)
    text_printf(&zone, "x.example MX %d h%d.example\nh%d.example A 192.0.2.1\n", 100 - i, i, i);
  struct world world = world_new("many", zone.bytes, 1000, SHORT_MS);
  struct dane_fact fact = dane_check(world.arena, world.lookups, "x.example");
  assert_int_equal(fact.verdict, DANE_NONE);
  assert_int_equal(fact.host_count, DANE_HOSTS_MAX);
  assert_true(fact.skipped);
  assert_string_equal(fact.hosts[0].name, "h59.example");
  assert_int_equal(fact.hosts[49].preference, 90);
  assert_non_null(strstr(fact.why, "left out: 10 MX records"));
  assert_int_equal(fake_asked(world.source, "h9.example", 0), 0);
  world_free(&world);
  text_free(&zone);
}

/* A message that has used up its questions knows nothing about the rest. */
static void used_up_allowance_is_no_verdict(void **state)
{
  (void)state;
  static const char zone[] = MX1 GOOD("mx1.h.example");
  for (unsigned allowance = 0; allowance < 4; allowance++) {
    struct world world = world_new("allowance", zone, allowance, SHORT_MS);
    struct dane_fact fact = dane_check(world.arena, world.lookups, "x.example");
    assert_int_equal(fact.verdict, DANE_TEMPERROR);
    assert_int_equal(fact.link, DANE_LINK_DNS_FAILURE);
    world_free(&world);
  }
  struct world world = world_new("allowance", zone, 4, SHORT_MS);
  assert_int_equal(dane_check(world.arena, world.lookups, "x.example").verdict, DANE_FULL);
  world_free(&world);
}

static void malformed_records(void **state)
{
  (void)state;
  static const uint8_t odd[] = {0, 5, 3, 'a', '%', 'b', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
  static const uint8_t cut[] = {0, 10, 9, 'a'};
  static const uint8_t short_tlsa[] = {3, 1};
  struct world world = world_new("malformed", MX1 GOOD("mx1.h.example"), 100, SHORT_MS);
  fake_add_record(world.source, "x.example", DNS_MX, odd, sizeof odd, "secure");
  fake_add_record(world.source, "x.example", DNS_MX, cut, sizeof cut, "secure");
  fake_add_record(world.source, "_25._tcp.mx1.h.example", DNS_TLSA, short_tlsa, sizeof short_tlsa, "secure");
  fake_add_record(world.source, "y.example", DNS_MX, cut, sizeof cut, "secure");
  struct dane_fact fact = dane_check(world.arena, world.lookups, "x.example");
  assert_int_equal(fact.verdict, DANE_FULL);
  assert_int_equal(fact.host_count, 1);
  assert_true(fact.skipped);
  assert_non_null(strstr(fact.why, "left out: 2 MX records"));
  fact = dane_check(world.arena, world.lookups, "y.example");
  assert_int_equal(fact.verdict, DANE_NO_MAIL);
  assert_int_equal(fact.host_count, 0);
  world_free(&world);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mail_hosts),
      cmocka_unit_test(insecure_mx),
      cmocka_unit_test(addresses),
      cmocka_unit_test(host_aliases),
      cmocka_unit_test(tlsa_records),
      cmocka_unit_test(failures),
      cmocka_unit_test(several_hosts),
      cmocka_unit_test(next_hops),
      cmocka_unit_test(smallest_ttl_counts),
      cmocka_unit_test(security_of_mx),
      cmocka_unit_test(hosts_are_looked_up_together),
      cmocka_unit_test(fifty_hosts_are_examined),
      cmocka_unit_test(used_up_allowance_is_no_verdict),
      cmocka_unit_test(malformed_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
