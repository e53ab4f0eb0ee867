/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DMARC verdicts: zones as text, what SPF and DKIM said, and all that is told.
 *
 * The author domain is mail.example.nl unless a row says otherwise. `told` is
 * "result dnssec", and where a policy was found "| policy effective tag policy_domain organizational_domain aligned".
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
#include "checks/dmarc.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

#define DMARC(domain, record) "_dmarc." domain " TXT \"v=DMARC1; " record "\"\n"
#define INSECURE_WALK                                                                                       \
  DMARC("mail.example.nl", "p=reject")                                                                      \
  DMARC("example.nl", "p=none") "_dmarc.x.example.nl TXT \"x\" insecure\n"
#define UNKNOWN_EXISTENCE                                                                                   \
  DMARC("example.nl", "p=none; np=reject")                                                                  \
  "mail.example.nl A servfail\n_dmarc.mail.example.nl TXT nxdomain\n"
#define SERVFAIL(domain) "_dmarc." domain " TXT servfail\n"

struct row {
  const char *label, *zone;
  const char *spf;  /* "result domain" */
  const char *dkim; /* "result domain, result domain"; "partial" is a pass with bytes unsigned */
  const char *told, *why;
  const char *author;
  const char *not_asked; /* a name for which no TXT may have been asked */
};

struct world {
  struct dns_source *source;
  struct resolver *resolver;
  struct lookups *lookups;
  struct arena *arena;
};

static struct world world_new(const struct row *row)
{
  struct world world = {.source = fake_new(), .arena = arena_new()};
  char error[200];
  if (row->zone && fake_add(world.source, row->zone, error, sizeof error) < 0)
    fail_msg("%s: %s", row->label, error);
  struct resolver_config config = {.timeout_ms = 100, .budget_ms = 400, .cache_bytes = 1 << 20};
  world.resolver = resolver_new(&config, world.source);
  world.lookups = lookups_new(world.resolver, 400);
  return world;
}

static void world_free(struct world *world)
{
  lookups_free(world->lookups);
  resolver_close(world->resolver);
  arena_free(world->arena);
}

static enum auth_result result_of(const char *word)
{
  if (strcmp(word, "partial") == 0)
    return AUTH_PASS;
  for (enum auth_result result = AUTH_NONE; result <= AUTH_PERMERROR; result++)
    if (strcmp(auth_result_name(result), word) == 0)
      return result;
  fail_msg("no result %s", word);
  return AUTH_NONE;
}

static void fill_facts(struct facts *facts, struct arena *arena, const struct row *row)
{
  char word[20], domain[300];
  int used;
  facts->author = (struct author){.status = AUTHOR_ONE, .domain = row->author ? row->author : "mail.example.nl"};
  facts->spf_mailfrom = (struct spf_fact){.result = AUTH_NONE, .domain = ""};
  if (row->spf) {
    assert_int_equal(sscanf(row->spf, "%19s %299s", word, domain), 2);
    facts->spf_mailfrom = (struct spf_fact){.result = result_of(word), .domain = arena_string(arena, domain)};
  }
  for (const char *p = row->dkim; p && sscanf(p, " %19s %299[^,]%n", word, domain, &used) == 2;) {
    facts->dkim.signatures[facts->dkim.count++] = (struct signature_fact){
        .result = result_of(word), .domain = arena_string(arena, domain), .partial = strcmp(word, "partial") == 0};
    p += used;
    p += *p == ',';
  }
}

static void tell(struct text *out, const struct dmarc_fact *fact)
{
  text_printf(out, "%s %s", auth_result_name(fact->result), dnssec_name(fact->dnssec));
  if (!fact->found)
    return;
  text_printf(out, " | %s %s %s %s %s%s%s", owner_policy_name(fact->policy), owner_policy_name(fact->effective),
              fact->tag, fact->policy_domain, fact->organizational_domain ? fact->organizational_domain : "-",
              fact->aligned_spf ? " spf" : "", fact->aligned_dkim ? " dkim" : "");
}

static void run(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const struct row *row = &rows[i];
    struct world world = world_new(row);
    struct facts facts = {0};
    struct text told = {0};
    fill_facts(&facts, world.arena, row);
    dmarc_start(world.lookups, facts.author.domain);
    struct dmarc_fact fact = dmarc_check(world.arena, world.lookups, &facts);
    tell(&told, &fact);
    if (strcmp(told.bytes, row->told) != 0)
      fail_msg("%s:\n     %s\nnot  %s (%s)", row->label, told.bytes, row->told, fact.why ? fact.why : "-");
    if ((fact.why == NULL) != (fact.result == AUTH_PASS) || (row->why && !strstr(fact.why, row->why)))
      fail_msg("%s: why is \"%s\"", row->label, fact.why ? fact.why : "(null)");
    if (row->not_asked && fake_asked(world.source, row->not_asked, 0) != 0)
      fail_msg("%s: %s was asked", row->label, row->not_asked);
    if (fake_asked(world.source, NULL, 0) > 50)
      fail_msg("%s: %u questions", row->label, fake_asked(world.source, NULL, 0));
    text_free(&told);
    world_free(&world);
  }
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

static void policies_are_discovered(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {.label = "no record anywhere", .told = "none secure", .why = "no DMARC record"},
      {.label = "at the author domain",
       .zone = DMARC("mail.example.nl", "p=quarantine; sp=reject") DMARC("example.nl", "p=reject"),
       .told = "fail secure | quarantine quarantine p mail.example.nl -",
       .not_asked = "_dmarc.nl"},
      {.label = "at the organizational domain, p",
       .zone = DMARC("example.nl", "p=reject"),
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "at the organizational domain, sp",
       .zone = DMARC("example.nl", "p=reject; sp=quarantine"),
       .told = "fail secure | quarantine quarantine sp example.nl example.nl"},
      {.label = "np for a name that does not exist",
       .zone = DMARC("example.nl", "p=none; sp=none; np=reject"),
       .told = "fail secure | reject reject np example.nl example.nl"},
      {.label = "np for a name that exists",
       .zone = DMARC("example.nl", "p=none; sp=quarantine; np=reject") "mail.example.nl MX 10 x.example.nl\n",
       .told = "fail secure | quarantine quarantine sp example.nl example.nl"},
      {.label = "np for a name with others below it",
       .zone = DMARC("example.nl", "p=none; np=reject") "www.mail.example.nl A 192.0.2.1\n",
       .told = "fail secure | none none p example.nl example.nl"},
      {.label = "np for an alias that leads nowhere",
       .zone = DMARC("example.nl", "p=none; np=reject") "mail.example.nl CNAME gone.example\n",
       .told = "fail secure | none none p example.nl example.nl"},
      {.label = "np for a name with something at _dmarc",
       .zone = DMARC("example.nl", "p=none; np=reject") "_dmarc.mail.example.nl TXT \"no record\"\n",
       .told = "fail secure | none none p example.nl example.nl",
       .not_asked = "mail.example.nl"},
      {.label = "np does not speak of the domain itself",
       .zone = DMARC("example.nl", "p=none; np=reject"),
       .author = "example.nl",
       .told = "fail secure | none none p example.nl -",
       .not_asked = "example.nl"},
      {.label = "np that makes no difference is not asked for",
       .zone = DMARC("example.nl", "p=reject; np=reject") "mail.example.nl ANY servfail\n",
       .told = "fail secure | reject reject p example.nl example.nl",
       .not_asked = "mail.example.nl"},
      {.label = "the fewest labels",
       .zone = DMARC("a.example.nl", "p=quarantine") DMARC("example.nl", "p=reject"),
       .author = "x.a.example.nl",
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "psd=n ends the walk",
       .zone = DMARC("a.example.nl", "p=quarantine; psd=n") DMARC("example.nl", "p=reject"),
       .author = "x.a.example.nl",
       .told = "fail secure | quarantine quarantine p a.example.nl a.example.nl",
       .not_asked = "_dmarc.example.nl"},
      {.label = "psd=n at the author domain",
       .zone = DMARC("mail.example.nl", "p=quarantine; psd=n") DMARC("example.nl", "p=reject"),
       .told = "fail secure | quarantine quarantine p mail.example.nl mail.example.nl",
       .not_asked = "_dmarc.example.nl"},
      {.label = "psd=y, the organizational domain below it has none",
       .zone = DMARC("nl", "p=reject; psd=y; sp=quarantine"),
       .told = "fail secure | quarantine quarantine sp nl example.nl"},
      {.label = "psd=y, the author domain is the one below it",
       .zone = DMARC("nl", "p=quarantine; psd=y"),
       .author = "example.nl",
       .told = "fail secure | quarantine quarantine p nl example.nl"},
      {.label = "psd=y, the organizational domain has its own",
       .zone = DMARC("nl", "p=reject; psd=y") DMARC("example.nl", "p=none"),
       .told = "fail secure | none none p example.nl example.nl"},
      {.label = "psd=y, a name between has one",
       .zone = DMARC("nl", "p=reject; psd=y") DMARC("a.example.nl", "p=none"),
       .author = "x.a.example.nl",
       .told = "fail secure | reject reject p nl example.nl"},
      {.label = "psd=y at the author domain",
       .zone = DMARC("mail.example.nl", "p=quarantine; psd=y"),
       .told = "fail secure | quarantine quarantine p mail.example.nl mail.example.nl",
       .not_asked = "_dmarc.example.nl"},
      {.label = "two records count as none",
       .zone = DMARC("mail.example.nl", "p=none") DMARC("mail.example.nl", "p=none") DMARC("example.nl", "p=reject"),
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "other texts do not count",
       .zone = DMARC("mail.example.nl", "p=none") "_dmarc.mail.example.nl TXT \"v=spf1 -all\"\n",
       .told = "fail secure | none none p mail.example.nl -"},
      {.label = "strings are joined",
       .zone = "_dmarc.mail.example.nl TXT \"v=DMA\" \"RC1; p=re\" \"ject\"\n",
       .told = "fail secure | reject reject p mail.example.nl -"},
      {.label = "through an alias",
       .zone = "_dmarc.mail.example.nl CNAME d.example\nd.example TXT \"v=DMARC1; p=reject\" insecure\n",
       .told = "fail insecure | reject reject p mail.example.nl -"},
      {.label = "t=y of reject",
       .zone = DMARC("mail.example.nl", "p=reject; t=y"),
       .told = "fail secure | reject quarantine p mail.example.nl -"},
      {.label = "t=y of quarantine",
       .zone = DMARC("mail.example.nl", "p=quarantine; t=y"),
       .told = "fail secure | quarantine none p mail.example.nl -"},
      {.label = "t=y of none",
       .zone = DMARC("mail.example.nl", "p=none; t=y"),
       .told = "fail secure | none none p mail.example.nl -"},
      {.label = "a bad p with rua acts as none",
       .zone = DMARC("mail.example.nl", "p=x; sp=reject; rua=mailto:d@example.nl"),
       .told = "fail secure | none none p mail.example.nl -"},
      {.label = "a bad p without rua: no DMARC",
       .zone = DMARC("mail.example.nl", "p=x") DMARC("example.nl", "p=reject"),
       .told = "none secure",
       .why = "no valid policy"},
      {.label = "insecure",
       .zone = "default insecure\n" DMARC("mail.example.nl", "p=none"),
       .told = "fail insecure | none none p mail.example.nl -"},
      {.label = "one label",
       .zone = DMARC("localhost", "p=reject"),
       .author = "localhost",
       .told = "fail secure | reject reject p localhost -"},
  };
  RUN(rows);
}

static void names_are_aligned(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {.label = "SPF, the same name",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .spf = "pass mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl - spf",
       .not_asked = "_dmarc.example.nl"},
      {.label = "SPF that does not pass",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .spf = "softfail mail.example.nl",
       .told = "fail secure | reject reject p mail.example.nl -",
       .why = "neither SPF nor DKIM"},
      {.label = "DKIM, the same name",
       .zone = DMARC("mail.example.nl", "p=reject; adkim=s; aspf=s"),
       .dkim = "pass mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl - dkim"},
      {.label = "DKIM, a parent under relaxed",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "pass example.nl",
       .told = "pass secure | reject reject p example.nl example.nl dkim"},
      {.label = "DKIM, a sibling under relaxed",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "pass x.y.example.nl",
       .told = "pass secure | reject reject p example.nl example.nl dkim"},
      {.label = "DKIM, a sibling under strict",
       .zone = DMARC("example.nl", "p=reject; adkim=s"),
       .dkim = "pass x.example.nl",
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "SPF relaxed, DKIM strict",
       .zone = DMARC("example.nl", "p=reject; adkim=s"),
       .spf = "pass x.example.nl",
       .dkim = "pass x.example.nl",
       .told = "pass secure | reject reject p example.nl example.nl spf"},
      {.label = "a stranger",
       .zone = DMARC("example.nl", "p=reject") DMARC("evil.example", "p=none"),
       .spf = "pass evil.example",
       .dkim = "pass evil.example",
       .told = "fail secure | reject reject p example.nl example.nl",
       .not_asked = "_dmarc.evil.example"},
      {.label = "a name of one letter",
       .zone = DMARC("bank.nl", "p=reject"),
       .author = "bank.nl",
       .dkim = "pass x.nl",
       .told = "fail secure | reject reject p bank.nl bank.nl"},
      {.label = "a stranger under the same suffix",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .dkim = "pass evil.nl",
       .told = "fail secure | reject reject p mail.example.nl mail.example.nl",
       .not_asked = "_dmarc.evil.nl"},
      {.label = "a name that ends alike",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "pass badexample.nl",
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "the suffix of psd=y",
       .zone = DMARC("nl", "p=reject; psd=y"),
       .dkim = "pass nl",
       .told = "fail secure | reject reject p nl example.nl"},
      {.label = "another name under psd=y",
       .zone = DMARC("nl", "p=reject; psd=y"),
       .dkim = "pass evil.nl",
       .told = "fail secure | reject reject p nl example.nl"},
      {.label = "a suffix as author, a name below it",
       .zone = DMARC("gov.nl", "p=reject; psd=y"),
       .author = "gov.nl",
       .dkim = "pass evil.gov.nl",
       .told = "fail secure | reject reject p gov.nl gov.nl"},
      {.label = "a suffix as author, itself",
       .zone = DMARC("gov.nl", "p=reject; psd=y"),
       .author = "gov.nl",
       .dkim = "pass gov.nl",
       .told = "pass secure | reject reject p gov.nl gov.nl dkim"},
      {.label = "a part of the domain on its own",
       .zone = DMARC("example.nl", "p=reject") DMARC("shop.example.nl", "p=none; psd=n"),
       .dkim = "pass shop.example.nl",
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "no record at the organizational domain",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .dkim = "pass example.nl",
       .told = "fail secure | reject reject p mail.example.nl mail.example.nl"},
      {.label = "pass, then fail",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "pass example.nl, fail mail.example.nl, fail x.example.nl, pass evil.example",
       .told = "pass secure | reject reject p example.nl example.nl dkim"},
      {.label = "strangers, then pass",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .dkim = "pass evil.example, fail mail.example.nl, pass mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl - dkim"},
      {.label = "bytes without a signature",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .dkim = "partial mail.example.nl",
       .told = "fail secure | reject reject p mail.example.nl -"},
      {.label = "ten signatures of deep names",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "pass a.b.c.d.e.f.g.h.evil.nl, pass b.b.c.d.e.f.g.h.evil.nl, pass c.b.c.d.e.f.g.h.evil.nl, "
               "pass d.b.c.d.e.f.g.h.evil.nl, pass e.b.c.d.e.f.g.h.evil.nl, pass f.b.c.d.e.f.g.h.evil.nl",
       .told = "fail secure | reject reject p example.nl example.nl",
       .not_asked = "_dmarc.evil.nl"},
      {.label = "no domain",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .spf = "pass .",
       .told = "fail secure | reject reject p mail.example.nl -"},
      {.label = "exact DKIM stands on the policy alone",
       .zone = INSECURE_WALK,
       .spf = "pass x.example.nl",
       .dkim = "pass mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl example.nl spf dkim"},
      {.label = "exact SPF beside relaxed DKIM",
       .zone = INSECURE_WALK,
       .spf = "pass mail.example.nl",
       .dkim = "pass x.example.nl",
       .told = "pass secure | reject reject p mail.example.nl example.nl spf dkim"},
      {.label = "relaxed SPF stands on an insecure walk",
       .zone = INSECURE_WALK,
       .spf = "pass x.example.nl",
       .told = "pass insecure | reject reject p mail.example.nl example.nl spf"},
  };
  RUN(rows);
}

static void failures_are_no_answers(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {.label = "at the author domain",
       .zone = SERVFAIL("mail.example.nl") DMARC("example.nl", "p=reject"),
       .spf = "pass mail.example.nl",
       .told = "temperror indeterminate",
       .why = "_dmarc.mail.example.nl"},
      {.label = "bogus at the author domain",
       .zone = "_dmarc.mail.example.nl TXT bogus\n",
       .spf = "pass mail.example.nl",
       .told = "temperror bogus",
       .why = "_dmarc.mail.example.nl"},
      {.label = "a timeout at the author domain",
       .zone = "_dmarc.mail.example.nl TXT timeout\n",
       .told = "temperror indeterminate"},
      {.label = "on the way to the policy, nothing behind it",
       .zone = SERVFAIL("example.nl"),
       .told = "temperror indeterminate",
       .why = "_dmarc.example.nl"},
      {.label = "on the way to the policy, which was found before",
       .zone = SERVFAIL("nl") DMARC("example.nl", "p=reject"),
       .dkim = "pass mail.example.nl",
       .told = "temperror indeterminate",
       .why = "_dmarc.nl"},
      {.label = "behind psd=n",
       .zone = SERVFAIL("nl") DMARC("example.nl", "p=reject; psd=n"),
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "a walk that an exact name does not need",
       .zone = SERVFAIL("nl") DMARC("mail.example.nl", "p=reject"),
       .dkim = "pass mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl - dkim",
       .not_asked = "_dmarc.nl"},
      {.label = "a walk that SPF would need, with exact DKIM",
       .zone = SERVFAIL("nl") DMARC("mail.example.nl", "p=reject"),
       .spf = "pass x.example.nl",
       .dkim = "pass mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl - dkim"},
      {.label = "a walk that would decide",
       .zone = SERVFAIL("nl") DMARC("mail.example.nl", "p=reject"),
       .spf = "pass x.example.nl",
       .told = "temperror indeterminate | reject reject p mail.example.nl -",
       .why = "_dmarc.nl"},
      {.label = "a walk that strict does not need",
       .zone = SERVFAIL("nl") DMARC("mail.example.nl", "p=reject; aspf=s"),
       .spf = "pass x.example.nl",
       .told = "fail secure | reject reject p mail.example.nl -"},
      {.label = "a walk that a stranger does not need",
       .zone = SERVFAIL("nl") DMARC("mail.example.nl", "p=reject"),
       .spf = "pass evil.example",
       .told = "fail secure | reject reject p mail.example.nl -"},
      {.label = "the walk of a signature",
       .zone = SERVFAIL("x.example.nl") DMARC("example.nl", "p=reject"),
       .dkim = "pass x.example.nl, pass evil.nl",
       .told = "temperror indeterminate | reject reject p example.nl example.nl",
       .why = "_dmarc.x.example.nl"},
      {.label = "the walk of a signature, another aligns",
       .zone = SERVFAIL("x.example.nl") DMARC("example.nl", "p=reject"),
       .dkim = "pass x.example.nl, pass y.example.nl",
       .told = "pass secure | reject reject p example.nl example.nl dkim"},
      {.label = "SPF could not be checked",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .spf = "temperror mail.example.nl",
       .told = "temperror secure | reject reject p mail.example.nl -",
       .why = "SPF of mail.example.nl"},
      {.label = "DKIM could not be checked, SPF aligns",
       .zone = DMARC("mail.example.nl", "p=reject"),
       .spf = "pass mail.example.nl",
       .dkim = "temperror mail.example.nl",
       .told = "pass secure | reject reject p mail.example.nl - spf"},
      {.label = "DKIM of a relaxed name could not be checked",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "temperror x.example.nl",
       .told = "temperror secure | reject reject p example.nl example.nl",
       .why = "DKIM of x.example.nl"},
      {.label = "DKIM of a stranger could not be checked",
       .zone = DMARC("example.nl", "p=reject"),
       .dkim = "temperror evil.example, permerror mail.example.nl",
       .told = "fail secure | reject reject p example.nl example.nl"},
      {.label = "whether the name exists",
       .zone = UNKNOWN_EXISTENCE,
       .told = "temperror indeterminate | reject reject np example.nl example.nl",
       .why = "mail.example.nl, for np"},
      {.label = "whether the name exists, and np is the milder one",
       .zone = DMARC("example.nl", "p=quarantine; np=none") "mail.example.nl A servfail\n_dmarc.mail.example.nl TXT nxdomain\n",
       .told = "temperror indeterminate | quarantine quarantine p example.nl example.nl",
       .why = "mail.example.nl, for np"},
      {.label = "whether the name exists, with a pass",
       .zone = UNKNOWN_EXISTENCE,
       .spf = "pass mail.example.nl",
       .told = "pass indeterminate | reject reject np example.nl example.nl spf"},
  };
  RUN(rows);
}

/* RFC 9989 4.10: the eight questions of its own example, and no other. */
static void deep_names_cost_eight_questions(void **state)
{
  (void)state;
  static const struct row row = {.label = "deep", .author = "a.b.c.d.e.f.g.h.i.j.mail.example.com"};
  static const char *const asked[] = {"a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com",
                                      "h.i.j.mail.example.com", "i.j.mail.example.com", "j.mail.example.com",
                                      "mail.example.com", "example.com", "com"};
  struct world world = world_new(&row);
  struct facts facts = {0};
  fill_facts(&facts, world.arena, &row);
  dmarc_start(world.lookups, row.author);
  assert_int_equal(dmarc_check(world.arena, world.lookups, &facts).result, AUTH_NONE);
  for (size_t i = 0; i < 8; i++)
    assert_int_equal(fake_asked(world.source, arena_printf(world.arena, "_dmarc.%s", asked[i]), DNS_TXT), 1);
  assert_int_equal(fake_asked(world.source, NULL, 0), 8);
  world_free(&world);
}

static void names_of_any_length(void **state)
{
  (void)state;
  char author[254] = "";
  for (int i = 0; i < 126; i++)
    strcat(author, "a.");
  strcat(author, "a");
  static const char zone[] = DMARC("a.a.a", "p=reject");
  const struct row rows[] = {
      {.label = "the longest", .zone = zone, .author = author, .told = "fail secure | reject reject p a.a.a a.a.a"},
      {.label = "the longest, aligned",
       .zone = zone,
       .author = author,
       .spf = "pass a.a.a",
       .told = "pass secure | reject reject p a.a.a a.a.a spf"},
  };
  RUN(rows);
}

static void there_is_one_author_or_none(void **state)
{
  (void)state;
  static const struct row row = {.label = "author"};
  static const enum author_status statuses[] = {AUTHOR_NO_FROM, AUTHOR_SEVERAL_FIELDS, AUTHOR_SEVERAL_DOMAINS,
                                                AUTHOR_INVALID};
  for (size_t i = 0; i < 4; i++) {
    struct world world = world_new(&row);
    struct facts facts = {.author = {.status = statuses[i], .why = "some reason"}};
    struct dmarc_fact fact = dmarc_check(world.arena, world.lookups, &facts);
    assert_int_equal(fact.result, AUTH_PERMERROR);
    assert_false(fact.found);
    assert_string_equal(fact.why, "some reason");
    assert_int_equal(fake_asked(world.source, NULL, 0), 0);
    world_free(&world);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(policies_are_discovered),  cmocka_unit_test(names_are_aligned),
      cmocka_unit_test(failures_are_no_answers),  cmocka_unit_test(deep_names_cost_eight_questions),
      cmocka_unit_test(names_of_any_length),      cmocka_unit_test(there_is_one_author_or_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
