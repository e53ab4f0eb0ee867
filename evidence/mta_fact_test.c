/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What lines of Postfix and Sendmail say, honest ones and forged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/postfix.h"
#include "evidence/sendmail.h"

/* NULL: not looked at. */
struct row {
  const char *program, *message;
  enum mta_fact_kind kind;
  const char *queue_id, *address, *relay_name, *relay_address;
  int port;
  const char *status, *dsn, *reply, *word; /* word: tls, tls_feature, tls_match or source */
};

#define TLS13 "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519"
#define RELAY "relay=mx.d.example[192.0.2.1]:25, delay=0.3, delays=0.1/0/0.1/0.1, "
#define OPENED "4XyZ1a2b3c"

static const struct row rows[] = {
    {"postfix/smtp", OPENED ": to=<a@d.example>, " RELAY "dsn=2.0.0, status=sent (250 2.0.0 ok)", MTA_DELIVERY, OPENED,
     "a@d.example", "mx.d.example", "192.0.2.1", 25, "sent", "2.0.0", "250 2.0.0 ok", NULL},
    {"postfix/relay/smtp", "7E2B1: to=<a@d.example>, orig_to=<b@e.example>, relay=mx[2001:db8::1]:587, conn_use=2, delay=1,"
     " delays=0/0/0/1, tls=dane, dsn=2.0.0, status=sent (250 (really))", MTA_DELIVERY, "7E2B1", "a@d.example", "mx",
     "2001:db8::1", 587, "sent", "2.0.0", "250 (really)", "dane"},
    {"postfix-out/smtp", "7E2B1: to=<a@d.example>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (connect"
     " to mx[192.0.2.1]:25: Connection refused)", MTA_DELIVERY, "7E2B1", "a@d.example", NULL, NULL, 0, "deferred", "4.4.1",
     "connect to mx[192.0.2.1]:25: Connection refused", NULL},
    {"postfix/local", "7E2B1: to=<root@mx1>, relay=local, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (delivered to"
     " mailbox)", MTA_DELIVERY, "7E2B1", "root@mx1", NULL, NULL, 0, "sent", "2.0.0", "delivered to mailbox", NULL},
    {"postfix/error", "7E2B1: to=<a@d.example>, relay=none, delay=1, delays=0/0/1/0, dsn=5.0.0, status=bounced (no)",
     MTA_DELIVERY, "7E2B1", "a@d.example", NULL, NULL, 0, "bounced", "5.0.0", "no", NULL},
    /* A quoted local part that looks like the rest of another line. */
    {"postfix/smtp", "7E2B1: to=<\"a>, relay=evil[192.0.2.66]:25, delay=0, delays=0/0/0/0, tls=dane, dsn=2.0.0, status=sent"
     " (250 ok)\\\"\"@d.example>, " RELAY "dsn=5.1.1, status=bounced (550)", MTA_DELIVERY, "7E2B1", NULL, "mx.d.example",
     "192.0.2.1", 25, "bounced", "5.1.1", "550", NULL},
    /* A reply that looks like another line. */
    {"postfix/smtp", "7E2B1: to=<a@d.example>, " RELAY "dsn=4.0.0, status=deferred (host said: 450 , tls=dane, dsn=2.0.0,"
     " status=sent (250 ok))", MTA_DELIVERY, "7E2B1", NULL, "mx.d.example", NULL, 25, "deferred", "4.0.0", NULL, NULL},
    {"postfix/smtp", "7E2B1: to=<a@d.example>, " RELAY "dsn=2.0.0, status=deliverable (250 ok)", MTA_NOTHING, NULL, NULL, NULL,
     NULL, 0, NULL, NULL, NULL, NULL},
    {"postfix/smtp", "7E2B1: to=<a@d.example>, " RELAY "dsn=2.0.0, status=sent (250", MTA_DAMAGED, NULL, NULL, NULL, NULL, 0,
     NULL, NULL, NULL, NULL},
    {"postfix/smtp", "7E2B1: to=<a@d.example>, " RELAY "status=sent (250 ok)", MTA_DAMAGED, NULL, NULL, NULL, NULL, 0, NULL,
     NULL, NULL, NULL},
    {"postfix/smtp", "7E2B1: to=<a@d.example", MTA_DAMAGED, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"postfix/smtp", "7E2B1: host mx.d.example[192.0.2.1] said: 450 try again", MTA_NOTHING, NULL, NULL, NULL, NULL, 0, NULL,
     NULL, NULL, NULL},
    {"postfix/smtp", "Verified TLS connection established to mx.d.example[192.0.2.1]:25: " TLS13, MTA_TLS, NULL, NULL, NULL,
     NULL, 0, NULL, NULL, NULL, "verified"},
    {"postfix/smtp", "Untrusted TLS connection reused to mx.d.example[192.0.2.1]:25: " TLS13, MTA_TLS, NULL, NULL, NULL, NULL,
     0, NULL, NULL, NULL, "untrusted"},
    {"postfix/smtp", "7E2B1: Trusted TLS connection established to mx.d.example[192.0.2.1]:25: " TLS13, MTA_TLS, "7E2B1", NULL,
     NULL, NULL, 0, NULL, NULL, NULL, "trusted"},
    {"postfix/smtp", "Anonymous TLS connection established to mx.d.example[192.0.2.1]:25", MTA_DAMAGED, NULL, NULL, NULL, NULL,
     0, NULL, NULL, NULL, NULL},
    {"postfix/smtpd", "Anonymous TLS connection established from mx.d.example[192.0.2.1]: " TLS13, MTA_NOTHING, NULL, NULL,
     NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"postfix/tlsproxy", "Verified TLS connection established to mx.d.example[192.0.2.1]:25: " TLS13, MTA_NOTHING, NULL, NULL,
     NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"postfix/tlsproxy", "mx.d.example[192.0.2.1]:25: Matched DANE EE certificate at depth 0: 3 1 1 A0B1", MTA_MATCH, NULL,
     NULL, NULL, NULL, 0, NULL, NULL, NULL, "dane-ee"},
    {"postfix/smtp", "mx.d.example[192.0.2.1]:25: Matched DANE TA certificate at depth 1: 2 0 1 A0B1", MTA_MATCH, NULL, NULL,
     NULL, NULL, 0, NULL, NULL, NULL, "dane-ta"},
    {"postfix/smtp", "mx.d.example[192.0.2.1]:25: Matched trust anchor at depth 1", MTA_MATCH, NULL, NULL, NULL, NULL, 0, NULL,
     NULL, NULL, "trust-anchor"},
    {"postfix/smtp", "mx.d.example[192.0.2.1]:25: Matched fingerprint: A0", MTA_MATCH, NULL, NULL, NULL, NULL, 0, NULL, NULL,
     NULL, "fingerprint"},
    {"postfix/smtp", "mx.d.example[192.0.2.1]:25: matched peername: mx.d.example", MTA_NOTHING, NULL, NULL, NULL, NULL, 0, NULL,
     NULL, NULL, NULL},
    {"postfix/submission/smtpd", "7E2B1: client=pc[10.0.0.1], sasl_method=PLAIN", MTA_OPENED, "7E2B1", NULL, NULL, NULL, 0,
     NULL, NULL, NULL, "smtp"},
    {"postfix/smtpd", "NOQUEUE: client=pc[10.0.0.1]", MTA_NOTHING, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"postfix/pickup", "7E2B1: uid=0 from=<root>", MTA_OPENED, "7E2B1", NULL, NULL, NULL, 0, NULL, NULL, NULL, "local"},
    {"postfix/qmgr", "7E2B1: from=<a@d.example>, size=1, nrcpt=1 (queue active)", MTA_TAKEN, "7E2B1", NULL, NULL, NULL, 0, NULL,
     NULL, NULL, NULL},
    {"postfix/qmgr", "7E2B1: removed", MTA_NOTHING, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},

    {"sendmail", "6APN2L: to=<a@d.example>,<b@d.example>, ctladdr=<c@e.example> (0/0), delay=00:00:01, xdelay=00:00:01,"
     " mailer=esmtp, pri=1, relay=mx.D.example. [IPv6:2001:db8::1], dsn=2.0.0, stat=Sent (kept, really)", MTA_DELIVERY, "6APN2L",
     "a@d.example", "mx.d.example", "2001:db8::1", 0, "sent", "2.0.0", "Sent (kept, really)", NULL},
    {"sm-mta", "6APN2L: to=root, delay=00:00:01, xdelay=00:00:01, mailer=local, pri=1, dsn=2.0.0, stat=Sent", MTA_DELIVERY,
     "6APN2L", "root", NULL, NULL, 0, "sent", "2.0.0", "Sent", NULL},
    {"sendmail", "6APN2L: to=<\"a>, mailer=evil\"@d.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.,"
     " dsn=4.0.0, stat=Deferred: Connection refused", MTA_DELIVERY, "6APN2L", "\"a>, mailer=evil\"@d.example", "mx", NULL, 0,
     "deferred", "4.0.0", NULL, NULL},
    {"sendmail", "6APN2L: to=<a@d.example>, delay=00:00:01, mailer=esmtp, pri=1, dsn=5.1.2, stat=Host unknown", MTA_DELIVERY,
     "6APN2L", NULL, NULL, NULL, 0, "bounced", "5.1.2", NULL, NULL},
    {"sendmail", "6APN2L: to=<a@d.example>, delay=00:00:01, mailer=esmtp, pri=1, stat=queued", MTA_NOTHING, NULL, NULL, NULL,
     NULL, 0, NULL, NULL, NULL, NULL},
    {"sendmail", "6APN2L: to=<a@d.example>, delay=00:00:00, pri=30, stat=Command rejected", MTA_NOTHING, NULL, NULL, NULL, NULL,
     0, NULL, NULL, NULL, NULL},
    {"sendmail", "6APN2L: to=<a@d.example>, dela", MTA_DAMAGED, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"sendmail", "6APN2L: to=", MTA_DAMAGED, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"sendmail", "6APN2L: from=<c@e.example>, size=1, class=0, nrcpts=1, proto=ESMTP, relay=pc [10.0.0.1]", MTA_OPENED, "6APN2L",
     NULL, NULL, NULL, 0, NULL, NULL, NULL, "smtp"},
    {"sendmail", "6APN2L: from=root, size=1, class=0, nrcpts=1, relay=root@localhost", MTA_OPENED, "6APN2L", NULL, NULL, NULL, 0,
     NULL, NULL, NULL, "local"},
    {"sendmail", "STARTTLS=client, relay=mx.d.example., version=TLSv1.3, verify=TRUSTED, cipher=TLS_AES_256_GCM_SHA384,"
     " bits=256/256", MTA_TLS, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, "verified"},
    {"sendmail", "STARTTLS=client, relay=mx.d.example., version=TLSv1.3, verify=OK, cipher=X, bits=256/256", MTA_TLS, NULL, NULL,
     NULL, NULL, 0, NULL, NULL, NULL, "trusted"},
    {"sendmail", "STARTTLS=client, relay=mx.d.example., version=TLSv1.3, verify=NEW, cipher=X, bits=256/256", MTA_DAMAGED, NULL,
     NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"sendmail", "STARTTLS=client, relay=mx.d.example., version=TLSv1.3", MTA_DAMAGED, NULL, NULL, NULL, NULL, 0, NULL, NULL,
     NULL, NULL},
    {"sendmail", "STARTTLS=client, error: connect failed=-1, reason=x, SSL_error=1, errno=0, retry=-1, relay=mx.d.example.",
     MTA_LOST, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL},
    {"sendmail", "STARTTLS=server, relay=x, version=TLSv1.3, verify=NOT, cipher=X, bits=256/256", MTA_NOTHING, NULL, NULL, NULL,
     NULL, 0, NULL, NULL, NULL, NULL},
};

static void read_row(struct mta_fact *fact, const struct row *row, char *message)
{
  const char *service = postfix_service(row->program);
  if (service)
    postfix_read(fact, service, message);
  else if (sendmail_is_program(row->program))
    sendmail_read(fact, message);
  else
    fail_msg("%s is no program of an MTA", row->program);
}

static void assert_told(const struct row *row, const char *what, const char *found, const char *wanted)
{
  if (wanted && (!found || strcmp(found, wanted) != 0))
    fail_msg("%s: %s is %s, not %s", row->message, what, found ? found : "(null)", wanted);
}

static void facts(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    struct mta_fact fact;
    char message[1000];
    snprintf(message, sizeof message, "%s", row->message);
    read_row(&fact, row, message);
    if (fact.kind != row->kind || fact.relay_port != row->port)
      fail_msg("%s: kind %d, port %d", row->message, fact.kind, fact.relay_port);
    if (fact.kind == MTA_DAMAGED)
      assert_non_null(fact.why);
    assert_told(row, "queue_id", fact.queue_id, row->queue_id);
    assert_told(row, "address", fact.addresses[0], row->address);
    assert_told(row, "relay_name", fact.relay_name, row->relay_name);
    assert_told(row, "relay_address", fact.relay_address, row->relay_address);
    assert_told(row, "status", fact.status, row->status);
    assert_told(row, "dsn", fact.dsn, row->dsn);
    assert_told(row, "reply", fact.reply, row->reply);
    assert_told(row, "word", fact.tls ? fact.tls : fact.tls_match ? fact.tls_match : fact.source ? fact.source : fact.tls_feature,
                row->word);
    if (fact.kind == MTA_TLS && (!fact.relay || !fact.tls_version || !fact.tls_cipher || fact.tls_bits != 256))
      fail_msg("%s: %s %s %s %d", row->message, fact.relay, fact.tls_version, fact.tls_cipher, fact.tls_bits);
  }
}

static void pieces(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t length = 0; length < strlen(rows[i].message); length++) {
      struct mta_fact fact;
      char *message = malloc(length + 1);
      memcpy(message, rows[i].message, length);
      message[length] = '\0';
      read_row(&fact, &rows[i], message);
      free(message);
    }
}

static void other_programs(void **state)
{
  (void)state;
  assert_null(postfix_service("sshd"));
  assert_null(postfix_service("dovecot/imap"));
  assert_false(sendmail_is_program("sshd"));
  assert_string_equal(postfix_service("out/smtp"), "smtp");
  assert_string_equal(postfix_service("postfix/master"), "master");
}

static void many_recipients(void **state)
{
  (void)state;
  struct mta_fact fact;
  char *message = malloc(20000);
  strcpy(message, "6APN2L: to=<a@d.example>");
  for (int i = 0; i < 1000; i++)
    strcat(message, ",<a@d.example>");
  strcat(message, ", delay=0, xdelay=0, mailer=esmtp, pri=1, relay=mx. [192.0.2.1], dsn=2.0.0, stat=Sent");
  sendmail_read(&fact, message);
  assert_int_equal(fact.kind, MTA_DELIVERY);
  assert_int_equal(fact.address_count, MTA_ADDRESSES_MAX);
  free(message);
}

static void features(void **state)
{
  (void)state;
  static const struct {
    const char *attribute, *wanted, *got;
    bool violated, undecided;
  } words[] = {
      {"dane", "dane", "dane", false, false},
      {"dane:halfdane", "dane", "halfdane", false, false},
      {"!dane", "dane", "dane", true, false},
      {"dane?", "dane", "dane", false, true},
      {"may:none", "may", "none", false, false},
      {"may:none/requiretls:none", "may", "none", false, false},
      {"secure/requiretls", "secure", "secure", false, false},
      {"!dane:encrypt?", "dane", "encrypt", true, true},
  };
  struct postfix_feature feature;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    assert_true(postfix_read_feature(&feature, words[i].attribute));
    assert_string_equal(feature.wanted, words[i].wanted);
    assert_string_equal(feature.got, words[i].got);
    assert_int_equal(feature.is_violated, words[i].violated);
    assert_int_equal(feature.is_undecided, words[i].undecided);
  }
  assert_false(postfix_read_feature(&feature, NULL));
  assert_false(postfix_read_feature(&feature, ""));
  assert_false(postfix_read_feature(&feature, "averyveryverylongword"));
  assert_false(postfix_read_feature(&feature, "dane:"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(facts),          cmocka_unit_test(pieces),   cmocka_unit_test(other_programs),
      cmocka_unit_test(many_recipients), cmocka_unit_test(features),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
