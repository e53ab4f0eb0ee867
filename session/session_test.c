/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the vectors of tests/suites cannot show, as their zones answer at once: a sender whose own name servers use up the
 * time that the lookups of a message have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checks/dkim.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"
#include "session/replay.h"
#include "session/service.h"
#include "session/session.h"

/* What evil.example and its host answer takes all the time there is; what bank.example answers takes a moment. */
static const char zone[] =
    "evil.example       TXT \"v=spf1 exists:slow.evil.example -all\"\n"
    "slow.evil.example  ANY timeout\n"
    "mail.evil.example  TXT \"v=spf1 exists:mail.slow.evil.example -all\"\n"
    "mail.slow.evil.example ANY timeout\n"
    "bank.example       TXT \"v=spf1 -exists:%{i}.no.bank.example +all\"\n"
    "192.0.2.66.no.bank.example A 127.0.0.2 after 1\n"
    "_dmarc.bank.example TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.example     TXT \"no policy for all\" after 1\n";

static void slow_senders_gain_nothing(void **state)
{
  (void)state;
  static const struct {
    const char *config, *sender;
    enum action action;
  } rows[] = {
      {"mode = enforce inbound { dmarc = quarantine }", "<a@evil.example>", ACTION_QUARANTINE},
      {"mode = enforce inbound { spf = reject dmarc = off }", "<a@bank.example>", ACTION_REJECT},
  };
  static const char text[] = "From: ceo@bank.example\n\nPay.\n";
  static const struct resolver_config settings = {.timeout_ms = 60000, .budget_ms = 1000, .cache_bytes = 1 << 20};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char error[200] = "";
    struct dns_source *source = fake_new();
    struct config *config = config_parse(rows[i].config, "F", error, sizeof error);
    if (!config || fake_add(source, zone, error, sizeof error) < 0)
      fail_msg("%s", error);
    struct resolver *resolver = resolver_new(&settings, source);
    struct service service;
    service_init(&service, config, resolver, NULL, NULL);
    struct session *session = session_new(&service);
    struct session_client client = {.name = "unknown", .mta = "mx.example.nl", .can_quarantine = true};
    ip_parse(&client.ip, "192.0.2.66");
    session_connect(session, &client);
    session_helo(session, "mail.evil.example", &(struct session_tls){0});
    session_mail(session, &(struct session_mail){.sender = rows[i].sender});
    assert_int_equal(replay_message(session, text, sizeof text - 1, NULL).decision.action, rows[i].action);
    session_free(session);
    service_end(&service);
    resolver_close(resolver);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(slow_senders_gain_nothing)};
  assert_int_equal(signatures_set_up(), 0);
  int status = cmocka_run_group_tests(tests, NULL, NULL);
  signatures_shut_down();
  return status;
}
