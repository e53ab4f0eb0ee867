/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules and decisions: which rule applies, what it does about a fact, and what the other side is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/decision.h"

enum { NOW = 1800000000 }; /* 2027-01-15 */

static struct config *parse(const char *text)
{
  char error[512] = "";
  struct config *config = config_parse(text, "F", error, sizeof error);
  if (!config)
    fail_msg("%s in: %s", error, text);
  return config;
}

static void levels_have_words(void **state)
{
  (void)state;
  for (int i = LEVEL_OFF; i <= LEVEL_REJECT; i++)
    assert_int_equal(level_parse(level_name((enum level)i)), i);
  for (int i = MODE_OBSERVE; i <= MODE_ENFORCE; i++)
    assert_int_equal(mode_parse(mode_name((enum mode)i)), i);
  for (int i = 0; i < STANDARD_COUNT; i++)
    assert_int_equal(standard_parse(standard_name((enum standard)i)), i);
  assert_int_equal(level_parse(""), -1);
  assert_int_equal(mode_parse("off"), -1);
  assert_int_equal(standard_parse("DANE"), -1);
  assert_string_equal(action_name(ACTION_ABORT), "abort");
}

static void modes_cap_levels(void **state)
{
  (void)state;
  static const struct {
    enum mode mode;
    enum level in, out;
  } rows[] = {
      {MODE_OBSERVE, LEVEL_OFF, LEVEL_OFF},           {MODE_OBSERVE, LEVEL_OBSERVE, LEVEL_OBSERVE},
      {MODE_OBSERVE, LEVEL_ANNOTATE, LEVEL_OBSERVE},  {MODE_OBSERVE, LEVEL_REJECT, LEVEL_OBSERVE},
      {MODE_ANNOTATE, LEVEL_OFF, LEVEL_OFF},          {MODE_ANNOTATE, LEVEL_OBSERVE, LEVEL_OBSERVE},
      {MODE_ANNOTATE, LEVEL_REJECT, LEVEL_ANNOTATE},  {MODE_ANNOTATE, LEVEL_QUARANTINE, LEVEL_ANNOTATE},
      {MODE_ENFORCE, LEVEL_QUARANTINE, LEVEL_QUARANTINE}, {MODE_ENFORCE, LEVEL_REJECT, LEVEL_REJECT},
      {MODE_ENFORCE, LEVEL_OFF, LEVEL_OFF},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(mode_cap(rows[i].mode, rows[i].in), rows[i].out);
}

#define EXCEPTION(id, domains, standards, level, until)                                                          \
  "exception \"" id "\" { domain = {" domains "} standard = {" standards "} level = " level \
  " reason = r until = \"" until "\" }\n"

static const char rules[] =
    "mode = enforce\n"
    "inbound { spf = observe dmarc = annotate dkim = off }\n"
    "outbound { dane = annotate }\n"
    "domain \"example\" { standard = {\"dane\"} level = observe }\n"
    "domain \"ministry.example\" { standard = {\"dane\", \"dmarc\"} level = reject }\n"
    "domain \"old.ministry.example\" { standard = {\"dane\"} level = quarantine }\n"
    "domain \"old.ministry.example\" { standard = {\"dane\"} level = off }\n"
    EXCEPTION("wide", "\"example\"", "\"spf\"", "reject", "2027-06-30")
    EXCEPTION("narrow", "\"partner.example\", \"other.example\"", "\"spf\", \"dane\"", "annotate", "2027-06-30")
    EXCEPTION("later", "\"other.example\"", "\"spf\"", "off", "2027-06-30")
    EXCEPTION("past", "\"past.example\"", "\"dane\"", "reject", "2027-01-14")
    EXCEPTION("today", "\"today.example\"", "\"dane\"", "reject", "2027-01-15");

static void the_most_specific_rule_applies(void **state)
{
  (void)state;
  static const struct {
    enum standard standard;
    const char *domain, *name, *exception;
  } rows[] = {
      {STANDARD_DANE, "elsewhere.test", "outbound dane=annotate", NULL},
      {STANDARD_DANE, NULL, "outbound dane=annotate", NULL},
      {STANDARD_DANE, "", "outbound dane=annotate", NULL},
      {STANDARD_DMARC, NULL, "inbound dmarc=annotate", NULL},
      {STANDARD_TLS, "a.example", "inbound tls=annotate", NULL},
      {STANDARD_DKIM, "ministry.example", "inbound dkim=off", NULL},
      {STANDARD_DANE, "a.example", "domain example dane=observe", NULL},
      {STANDARD_DANE, "ministry.example", "domain ministry.example dane=reject", NULL},
      {STANDARD_DANE, "a.b.ministry.example", "domain ministry.example dane=reject", NULL},
      {STANDARD_DANE, "xministry.example", "domain example dane=observe", NULL},
      {STANDARD_DANE, "old.ministry.example", "domain old.ministry.example dane=off", NULL},
      {STANDARD_DMARC, "old.ministry.example", "domain ministry.example dmarc=reject", NULL},
      {STANDARD_SPF, "ministry.example", "exception wide spf=reject", "wide"},
      {STANDARD_SPF, "a.partner.example", "exception narrow spf=annotate", "narrow"},
      {STANDARD_DANE, "partner.example", "exception narrow dane=annotate", "narrow"},
      {STANDARD_SPF, "other.example", "exception later spf=off", "later"},
      {STANDARD_DANE, "past.example", "domain example dane=observe", NULL},
      {STANDARD_DANE, "today.example", "exception today dane=reject", "today"},
  };
  struct config *config = parse(rules);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena *arena = arena_new();
    struct rule rule = rule_find(arena, config, rows[i].standard, rows[i].domain, NOW);
    assert_string_equal(rule.name, rows[i].name);
    assert_string_equal(rule.exception ? rule.exception->id : "", rows[i].exception ? rows[i].exception : "");
    assert_string_equal(level_name(rule.level), strchr(rule.name, '=') + 1);
    arena_free(arena);
  }
  assert_int_equal(config->exceptions[4].ends, 1800057600);
  config_release(config);
}

static void an_exception_ends_with_its_last_day(void **state)
{
  (void)state;
  struct config *config = parse(EXCEPTION("e", "\"a.example\"", "\"dane\"", "off", "2027-06-30"));
  struct arena *arena = arena_new();
  int64_t end = config->exceptions[0].ends;
  assert_non_null(rule_find(arena, config, STANDARD_DANE, "a.example", end - 1).exception);
  assert_null(rule_find(arena, config, STANDARD_DANE, "a.example", end).exception);
  arena_free(arena);
  config_release(config);
}

static void the_highest_level_counts_every_rule(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum level level;
  } rows[] = {
      {"outbound { dane = off }", LEVEL_OFF},
      {"outbound { dane = quarantine }", LEVEL_QUARANTINE},
      {"outbound { dane = off } domain \"a\" { standard = {\"dane\"} level = reject }", LEVEL_REJECT},
      {"outbound { dane = off } domain \"a\" { standard = {\"spf\"} level = reject }", LEVEL_OFF},
      {"outbound { dane = off }" EXCEPTION("1", "\"a\"", "\"dane\"", "observe", "2027-06-30"), LEVEL_OBSERVE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct config *config = parse(rows[i].text);
    assert_int_equal(rule_highest(config, STANDARD_DANE), rows[i].level);
    config_release(config);
  }
}

/* "reject/reject 550 5.7.1 TEXT [RULE] {EXCEPTION}", for comparing at a glance. */
static const char *show(struct arena *arena, const struct decision *decision)
{
  bool replies = decision->action == ACTION_REJECT || decision->action == ACTION_DEFER;
  assert_int_equal(replies, decision->reply.code != NULL);
  assert_int_equal(decision->action == ACTION_QUARANTINE, decision->reason != NULL);
  if (decision->reply.code) {
    assert_int_equal(decision->reply.code[0], decision->action == ACTION_REJECT ? '5' : '4');
    assert_int_equal(decision->reply.code[0], decision->reply.enhanced[0]);
    assert_true(strlen(decision->reply.text) <= 400);
  }
  return arena_printf(arena, "%s/%s%s%s%s%s%s%s%s [%s]%s%s", action_name(decision->action),
      action_name(decision->would),
                      replies ? " " : "", replies ? decision->reply.code : "", replies ? " " : "",
                      replies ? decision->reply.enhanced : "", replies ? " " : "", replies ? decision->reply.text : "",
                      decision->reason ? arena_printf(arena, " (%s)", decision->reason) : "",
                      decision->rule ? decision->rule : "", decision->exception ? " " : "",
                      decision->exception ? decision->exception : "");
}

/* What a message is like, in words; what is not named is fine. */
struct message {
  enum author_status author;
  enum auth_result spf;
  const char *explanation;
  enum auth_result dkim[3]; /* AUTH_NONE ends */
  bool testing;             /* the first one's key says t=y */
  enum auth_result dmarc;
  enum owner_policy policy, effective;
  bool plain;
  enum tls_grade grade;
};

static struct facts make_facts(const struct message *message)
{
  struct facts facts = {
      .author = {message->author, message->author == AUTHOR_ONE ? "sender.example" : NULL,
                 message->author == AUTHOR_ONE ? NULL : "bad comma"},
      .spf_mailfrom = {.result = message->spf, .domain = "sender.example", .why = "-all",
                       .explanation = message->explanation},
      .dmarc = {.result = message->dmarc, .found = message->dmarc == AUTH_FAIL || message->policy,
                .policy = message->policy, .effective = message->effective,
                .testing = message->policy != message->effective, .why = "SERVFAIL"},
      .tls = {.used = !message->plain, .version = "TLSv1.1", .cipher = "AES128-SHA", .grade = message->grade},
  };
  for (; facts.dkim.count < 3 && message->dkim[facts.dkim.count]; facts.dkim.count++)
    facts.dkim.signatures[facts.dkim.count] =
        (struct signature_fact){.result = message->dkim[facts.dkim.count],
            .domain = facts.dkim.count == 0 ? "d.example" : "e.example",
            .testing = message->testing && facts.dkim.count == 0, .why = "body changed"};
  return facts;
}

#define ALL(level) "inbound { spf = " level " dkim = " level " dmarc = " level " tls = " level " author = " level " }\n"
#define ENFORCE "mode = enforce\n"

#define DMARC_FAIL(asked, after_t) \
  .dmarc = AUTH_FAIL, .policy = OWNER_POLICY_##asked, .effective = OWNER_POLICY_##after_t

static void inbound_decisions(void **state)
{
  (void)state;
  static const struct {
    const char *config;
    struct message message;
    const char *decision, *override;
  } rows[] = {
      {ENFORCE ALL("reject"), {0}, "accept/accept []", NULL},
      /* SPF: only fail fails. */
      {ENFORCE ALL("reject"), {.spf = AUTH_FAIL},
       "reject/reject 550 5.7.23 SPF validation failed for sender.example [inbound spf=reject]", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_FAIL, .explanation = "see example.com"},
       "reject/reject 550 5.7.23 SPF validation failed for sender.example, which explains: see example.com "
       "[inbound spf=reject]", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_SOFTFAIL}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_NEUTRAL}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_PERMERROR}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_PASS}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_TEMPERROR},
       "defer/defer 451 4.7.24 SPF of sender.example cannot be found out now: -all, try again later "
       "[inbound spf=reject]", NULL},
      {ENFORCE ALL("quarantine"), {.spf = AUTH_TEMPERROR}, "accept/accept [inbound spf=quarantine]", NULL},
      {ENFORCE ALL("quarantine"), {.spf = AUTH_FAIL},
       "quarantine/quarantine (SPF validation failed for sender.example) [inbound spf=quarantine]", NULL},
      {ENFORCE ALL("annotate"), {.spf = AUTH_FAIL}, "accept/accept [inbound spf=annotate]", NULL},
      {ENFORCE ALL("off"), {.spf = AUTH_FAIL}, "accept/accept []", NULL},
      /* The mode caps what is done, not what would be. */
      {"mode = annotate\n" ALL("reject"), {.spf = AUTH_FAIL}, "accept/reject [inbound spf=reject]", NULL},
      {"mode = observe\n" ALL("quarantine"), {.spf = AUTH_FAIL}, "accept/quarantine [inbound spf=quarantine]", NULL},
      {"mode = observe\n" ALL("reject"), {.spf = AUTH_TEMPERROR}, "accept/defer [inbound spf=reject]", NULL},
      /* DKIM: signatures are there and none passes. */
      {ENFORCE ALL("reject"), {.dkim = {AUTH_FAIL}},
       "reject/reject 550 5.7.20 no passing DKIM signature (d.example: body changed) [inbound dkim=reject]", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_PERMERROR, AUTH_POLICY}},
       "reject/reject 550 5.7.20 no passing DKIM signature (d.example: body changed) [inbound dkim=reject]", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_FAIL, AUTH_PASS}}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_TEMPERROR, AUTH_PASS}}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_FAIL, AUTH_TEMPERROR}},
       "defer/defer 451 4.7.1 the DKIM key of e.example cannot be found out now: body changed, try again later "
       "[inbound dkim=reject]", NULL},
      {ENFORCE ALL("quarantine"), {.dkim = {AUTH_FAIL}},
       "quarantine/quarantine (no passing DKIM signature (d.example: body changed)) [inbound dkim=quarantine]", NULL},
      /* A failed signature of a key in testing mode is as none. */
      {ENFORCE ALL("reject"), {.dkim = {AUTH_FAIL}, .testing = true}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_PERMERROR, AUTH_PASS}, .testing = true}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_PASS, AUTH_FAIL}, .testing = true}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.dkim = {AUTH_FAIL, AUTH_FAIL}, .testing = true},
       "reject/reject 550 5.7.20 no passing DKIM signature (e.example: body changed) [inbound dkim=reject]", NULL},
      /* DMARC: the effective policy decides, never more than it asks for. */
      {ENFORCE ALL("reject"), {DMARC_FAIL(REJECT, REJECT)},
       "reject/reject 550 5.7.1 rejected per DMARC policy for sender.example [inbound dmarc=reject]", NULL},
      {ENFORCE ALL("reject"), {DMARC_FAIL(QUARANTINE, QUARANTINE)},
       "quarantine/quarantine (quarantined per DMARC policy for sender.example) [inbound dmarc=reject]", NULL},
      {ENFORCE ALL("reject"), {DMARC_FAIL(NONE, NONE)}, "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {DMARC_FAIL(REJECT, QUARANTINE)},
       "quarantine/quarantine (quarantined per DMARC policy for sender.example) [inbound dmarc=reject]",
       "policy_test_mode"},
      {ENFORCE ALL("reject"), {DMARC_FAIL(QUARANTINE, NONE)}, "accept/accept []", "policy_test_mode"},
      {ENFORCE ALL("annotate"), {DMARC_FAIL(REJECT, QUARANTINE)}, "accept/accept [inbound dmarc=annotate]",
       "local_policy"},
      {ENFORCE ALL("quarantine"), {DMARC_FAIL(REJECT, REJECT)},
       "quarantine/quarantine (rejected per DMARC policy for sender.example) [inbound dmarc=quarantine]",
       "local_policy"},
      {ENFORCE ALL("quarantine"), {DMARC_FAIL(QUARANTINE, QUARANTINE)},
       "quarantine/quarantine (quarantined per DMARC policy for sender.example) [inbound dmarc=quarantine]", NULL},
      {"mode = annotate\n" ALL("reject"), {DMARC_FAIL(REJECT, REJECT)}, "accept/reject [inbound dmarc=reject]",
       "local_policy"},
      {ENFORCE ALL("reject"), {.dmarc = AUTH_PASS, .policy = OWNER_POLICY_REJECT, .effective = OWNER_POLICY_REJECT},
       "accept/accept []", NULL},
      {ENFORCE ALL("reject"), {.dmarc = AUTH_TEMPERROR},
       "defer/defer 451 4.7.1 DMARC of sender.example cannot be found out now: SERVFAIL, try again later "
       "[inbound dmarc=reject]", NULL},
      {ENFORCE ALL("reject"), {.dmarc = AUTH_PERMERROR}, "accept/accept []", NULL},
      /* TLS. */
      {ENFORCE ALL("reject"), {.plain = true},
       "reject/reject 550 5.7.10 mail from sender.example is taken over TLS only: use STARTTLS [inbound tls=reject]",
       NULL},
      {ENFORCE ALL("reject"), {.grade = TLS_GRADE_INSUFFICIENT},
       "reject/reject 550 5.7.10 mail from sender.example is taken over sufficient TLS only (NCSC-NL 2025-05): "
       "TLSv1.1 with AES128-SHA is not [inbound tls=reject]", NULL},
      {ENFORCE ALL("reject"), {.grade = TLS_GRADE_PHASE_OUT}, "accept/accept []", NULL},
      /* The author. */
      {ENFORCE ALL("reject"), {.author = AUTHOR_NO_FROM},
       "reject/reject 550 5.6.0 the message has no From field [inbound author=reject]", NULL},
      {ENFORCE ALL("reject"), {.author = AUTHOR_SEVERAL_FIELDS},
       "reject/reject 550 5.6.0 the message has more than one From field [inbound author=reject]", NULL},
      {ENFORCE ALL("reject"), {.author = AUTHOR_SEVERAL_DOMAINS},
       "reject/reject 550 5.6.0 the From field names more than one author domain: bad comma [inbound author=reject]",
       NULL},
      {ENFORCE ALL("quarantine"), {.author = AUTHOR_INVALID},
       "quarantine/quarantine (the From field is not valid: bad comma) [inbound author=quarantine]", NULL},
      /* Several together: the most severe wins, a refusal over a deferral; of equals the first. */
      {ENFORCE ALL("reject"), {.spf = AUTH_TEMPERROR, DMARC_FAIL(REJECT, REJECT)},
       "reject/reject 550 5.7.1 rejected per DMARC policy for sender.example [inbound dmarc=reject]", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_FAIL, DMARC_FAIL(REJECT, REJECT), .plain = true},
       "reject/reject 550 5.7.1 rejected per DMARC policy for sender.example [inbound dmarc=reject]", NULL},
      {ENFORCE ALL("reject"), {.spf = AUTH_TEMPERROR, DMARC_FAIL(QUARANTINE, QUARANTINE)},
       "defer/defer 451 4.7.24 SPF of sender.example cannot be found out now: -all, try again later "
       "[inbound spf=reject]", NULL},
      {ENFORCE "inbound { spf = reject dmarc = annotate }\n", {.spf = AUTH_FAIL, DMARC_FAIL(REJECT, REJECT)},
       "reject/reject 550 5.7.23 SPF validation failed for sender.example [inbound spf=reject]", NULL},
      /* Sections and exceptions by author domain; an exception that takes part is named, whatever decides. */
      {ENFORCE ALL("annotate") "domain \"sender.example\" { standard = {\"spf\"} level = reject }", {.spf = AUTH_FAIL},
       "reject/reject 550 5.7.23 SPF validation failed for sender.example [domain sender.example spf=reject]", NULL},
      {ENFORCE ALL("reject") EXCEPTION("e1", "\"sender.example\"", "\"dmarc\"", "annotate", "2027-06-30"),
       {DMARC_FAIL(REJECT, REJECT)}, "accept/accept [exception e1 dmarc=annotate] e1", "local_policy"},
      {ENFORCE ALL("reject") EXCEPTION("e1", "\"sender.example\"", "\"dmarc\"", "off", "2027-06-30"),
       {DMARC_FAIL(REJECT, REJECT)}, "accept/accept [exception e1 dmarc=off] e1", "local_policy"},
      {ENFORCE ALL("reject") EXCEPTION("e1", "\"sender.example\"", "\"dmarc\"", "annotate", "2027-01-01"),
       {DMARC_FAIL(REJECT, REJECT)},
       "reject/reject 550 5.7.1 rejected per DMARC policy for sender.example [inbound dmarc=reject]", NULL},
      {ENFORCE ALL("reject") EXCEPTION("e1", "\"sender.example\"", "\"dmarc\"", "annotate", "2027-06-30"), {0},
       "accept/accept []", NULL},
      {ENFORCE ALL("reject") EXCEPTION("e1", "\"sender.example\"", "\"dmarc\"", "annotate", "2027-06-30"),
       {.spf = AUTH_FAIL, DMARC_FAIL(REJECT, REJECT)},
       "reject/reject 550 5.7.23 SPF validation failed for sender.example [inbound spf=reject] e1", NULL},
      {ENFORCE ALL("reject") EXCEPTION("e1", "\"sender.example\"", "\"tls\"", "off", "2027-06-30"),
       {.author = AUTHOR_NO_FROM, .plain = true},
       "reject/reject 550 5.6.0 the message has no From field [inbound author=reject]", NULL},
      {ENFORCE ALL("reject") "outbound { contact = \"https://example.nl/100%\" }", {DMARC_FAIL(REJECT, REJECT)},
       "reject/reject 550 5.7.1 rejected per DMARC policy for sender.example; contact: https://example.nl/100% "
       "[inbound dmarc=reject]", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct config *config = parse(rows[i].config);
    struct arena *arena = arena_new();
    struct facts facts = make_facts(&rows[i].message);
    const char *override = "unset";
    struct decision decision = decision_inbound(arena, config, &facts, NOW, &override);
    const char *shown = show(arena, &decision);
    if (strcmp(shown, rows[i].decision) != 0)
      fail_msg("row %zu gives\n  %s, not\n  %s", i, shown, rows[i].decision);
    if (strcmp(override ? override : "", rows[i].override ? rows[i].override : "") != 0)
      fail_msg("row %zu: override %s, not %s", i, override, rows[i].override);
    decision = decision_inbound(arena, config, &facts, NOW, NULL);
    assert_string_equal(show(arena, &decision), rows[i].decision);
    arena_free(arena);
    config_release(config);
  }
}

#define DANE(level) ENFORCE "outbound { dane = " level " }\n"

static struct dane_host hosts[] = {
    {"mx0.d.example", 5, "none", "not-asked", NULL},
    {"mx1.d.example", 10, "secure", "usable", "mx1.d.example"},
    {"mx2.d.example", 20, "secure", "none", NULL},
};
static struct dane_host unusable[] = {{"mx1.d.example", 10, "secure", "unusable", "mx1.d.example"}};
static struct dane_host insecure[] = {{"mx1.d.example", 10, "insecure", "not-asked", NULL}};
static struct dane_host unsigned_tlsa[] = {{"mx1.d.example", 10, "secure", "insecure", NULL}};

static void recipient_decisions(void **state)
{
  (void)state;
  static const struct {
    const char *config;
    struct dane_fact dane;
    bool requiretls;
    const char *decision;
  } rows[] = {
      {DANE("reject"), {.verdict = DANE_FULL}, false, "accept/accept []"},
      {DANE("reject"), {.verdict = DANE_FULL}, true, "accept/accept []"},
      {DANE("reject"), {.verdict = DANE_NOT_EXAMINED}, true, "accept/accept []"},
      {DANE("reject"), {.verdict = DANE_NONE, .link = DANE_LINK_NO_TLSA, .mx = "secure", .hosts = &hosts[2],
       .host_count = 1},
       false, "reject/reject 550 5.7.4 d.example: mail refused by local policy: destination has no DANE "
              "(MX host mx2.d.example: no TLSA records) [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NONE, .link = DANE_LINK_HOST_UNSIGNED, .mx = "implicit", .hosts = insecure,
       .host_count = 1},
       false, "reject/reject 550 5.7.4 d.example: mail refused by local policy: destination has no DANE "
              "(mail host mx1.d.example: address is not DNSSEC signed) [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NONE, .mx = "secure", .hosts = unsigned_tlsa, .host_count = 1},
       false, "reject/reject 550 5.7.4 d.example: mail refused by local policy: destination has no DANE "
              "(MX host mx1.d.example: TLSA records are not DNSSEC signed) [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NONE, .link = DANE_LINK_DOMAIN_UNSIGNED, .mx = "insecure", .hosts = insecure,
       .host_count = 1},
       false, "reject/reject 550 5.7.4 d.example: mail refused by local policy: destination has no DANE "
              "(the domain is not DNSSEC signed) [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NONE}, false,
       "reject/reject 550 5.7.4 d.example: mail refused by local policy: destination has no DANE (nothing is signed) "
       "[outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_PARTIAL, .mx = "secure", .hosts = hosts, .host_count = 3}, false,
       "reject/reject 550 5.7.4 d.example: mail refused by local policy: only 1 of 2 hosts has DANE "
       "(MX host mx2.d.example: no TLSA records) [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_UNUSABLE, .mx = "secure", .hosts = unusable, .host_count = 1}, false,
       "reject/reject 550 5.7.4 d.example: mail refused by local policy: destination has no usable DANE "
       "(MX host mx1.d.example: TLSA records are not usable) [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_INSECURE_MX, .link = DANE_LINK_MX_INSECURE, .mx = "insecure"}, false,
       "reject/reject 550 5.7.4 d.example: mail refused by local policy: MX records are not DNSSEC signed "
       "[outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_INSECURE_MX, .link = DANE_LINK_DOMAIN_UNSIGNED, .mx = "insecure"}, false,
       "reject/reject 550 5.7.4 d.example: mail refused by local policy: the domain is not DNSSEC signed, so its MX "
       "records prove nothing [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NOT_APPLICABLE}, false,
       "reject/reject 550 5.7.4 d.example: mail refused by local policy: address literals cannot be protected by DANE "
       "[outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NOT_APPLICABLE}, true,
       "reject/reject 550 5.7.30 d.example: REQUIRETLS support required: address literals cannot be protected by DANE "
       "[outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NXDOMAIN}, false,
       "reject/reject 550 5.1.2 d.example: domain does not exist [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NO_MAIL}, true,
       "reject/reject 550 5.1.2 d.example: domain has no mail server [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NULL_MX}, false,
       "reject/reject 556 5.1.10 d.example: recipient address has null MX [outbound dane=reject]"},
      {DANE("reject"),
       {.verdict = DANE_TEMPERROR, .why = "temporary DNS failure looking up the MX records of d.example (timeout)"},
       false,
       "defer/defer 451 4.4.3 d.example: temporary DNS failure looking up the MX records of "
       "d.example (timeout), try again later [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_BOGUS, .why = "DNSSEC validation failed (signature\r\n250 expired)"}, false,
       "defer/defer 451 4.7.5 d.example: DNSSEC validation failed (signature??250 expired), try again later "
       "[outbound dane=reject]"},
      {ENFORCE "outbound { dane = reject on-temporary-failure = accept }", {.verdict = DANE_TEMPERROR}, false,
       "accept/accept [outbound dane=reject]"},
      {ENFORCE "outbound { dane = reject on-temporary-failure = accept }", {.verdict = DANE_BOGUS}, true,
       "accept/accept [outbound dane=reject]"},
      {ENFORCE "outbound { dane = reject on-temporary-failure = accept }", {.verdict = DANE_NXDOMAIN}, false,
       "reject/reject 550 5.1.2 d.example: domain does not exist [outbound dane=reject]"},
      {DANE("quarantine"), {.verdict = DANE_NXDOMAIN}, false,
       "quarantine/quarantine (d.example: domain does not exist) [outbound dane=quarantine]"},
      {DANE("quarantine"), {.verdict = DANE_TEMPERROR}, false, "accept/accept [outbound dane=quarantine]"},
      {DANE("annotate"), {.verdict = DANE_NONE}, true, "accept/accept [outbound dane=annotate]"},
      {DANE("off"), {.verdict = DANE_NONE}, false, "accept/accept []"},
      {"outbound { dane = reject }", {.verdict = DANE_NONE}, false, "accept/reject [outbound dane=reject]"},
      {"mode = observe outbound { dane = reject }", {.verdict = DANE_BOGUS}, false,
       "accept/defer [outbound dane=reject]"},
      {DANE("reject"), {.verdict = DANE_NXDOMAIN, .domain = "relay.test"}, false,
       "reject/reject 550 5.1.2 d.example (next hop relay.test): domain does not exist [outbound dane=reject]"},
      {DANE("reject") EXCEPTION("x", "\"example\"", "\"dane\"", "annotate", "2027-06-30"), {.verdict = DANE_NONE},
       false,
       "accept/accept [exception x dane=annotate] x"},
      {ENFORCE "outbound { dane = reject contact = \"postmaster@h.example\" }", {.verdict = DANE_NULL_MX}, false,
       "reject/reject 556 5.1.10 d.example: recipient address has null MX; contact: postmaster@h.example "
       "[outbound dane=reject]"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct config *config = parse(rows[i].config);
    struct arena *arena = arena_new();
    struct decision decision =
        decision_recipient(arena, config, "d.example", &rows[i].dane, rows[i].requiretls, NOW);
    const char *shown = show(arena, &decision);
    if (strcmp(shown, rows[i].decision) != 0)
      fail_msg("row %zu gives\n  %s, not\n  %s", i, shown, rows[i].decision);
    arena_free(arena);
    config_release(config);
  }
}

static void replies_are_short_and_keep_the_contact(void **state)
{
  (void)state;
  char why[2000];
  memset(why, '\xe9', sizeof why - 1);
  why[sizeof why - 1] = '\0';
  struct config *config = parse(ENFORCE "outbound { dane = reject contact = \"postmaster@h.example\" }");
  struct arena *arena = arena_new();
  struct dane_fact dane = {.verdict = DANE_BOGUS, .why = why};
  struct decision decision = decision_recipient(arena, config, "d.example", &dane, false, NOW);
  assert_int_equal(strlen(decision.reply.text), 400);
  assert_non_null(strstr(decision.reply.text, "?????; contact: postmaster@h.example"));
  decision = decision_failure(arena, "the resolver\r\n is gone");
  assert_string_equal(show(arena, &decision),
                      "defer/defer 451 4.3.5 local problem: the resolver?? is gone, try again later []");
  arena_free(arena);
  config_release(config);
}

static void the_worse_of_two(void **state)
{
  (void)state;
  struct decision accept = {.exception = "e"}, would = {.would = ACTION_REJECT, .rule = "w"},
                  hold = {ACTION_QUARANTINE, ACTION_QUARANTINE, {0}, "q", NULL, "r"}, noted = {.rule = "n"};
  assert_string_equal(decision_worse(accept, would).rule, "w");
  assert_string_equal(decision_worse(would, accept).exception, "e");
  assert_string_equal(decision_worse(would, hold).rule, "q");
  assert_int_equal(decision_worse(would, hold).would, ACTION_REJECT);
  assert_string_equal(decision_worse(accept, noted).rule, "n");
  assert_string_equal(decision_worse(would, noted).rule, "w");
  assert_int_equal(decision_worse(accept, accept).action, ACTION_ACCEPT);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(levels_have_words),
      cmocka_unit_test(modes_cap_levels),
      cmocka_unit_test(the_most_specific_rule_applies),
      cmocka_unit_test(an_exception_ends_with_its_last_day),
      cmocka_unit_test(the_highest_level_counts_every_rule),
      cmocka_unit_test(inbound_decisions),
      cmocka_unit_test(recipient_decisions),
      cmocka_unit_test(replies_are_short_and_keep_the_contact),
      cmocka_unit_test(the_worse_of_two),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
