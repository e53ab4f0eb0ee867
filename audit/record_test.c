/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The members of an audit line: parsed back, they hold what was told, and nothing that breaks a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "audit/record.h"

static const struct audit_origin plain = {.host = "mx1.example.nl", .addresses = ADDRESSES_DOMAIN};
static const struct audit_origin full = {.addresses = ADDRESSES_FULL};
static const struct keyring_key key = {"k1", "0123456789abcdef", 16}, next_key = {"k2", "fedcba9876543210", 16};
static const struct audit_origin pseudonym = {.addresses = ADDRESSES_PSEUDONYM, .key = &key};

/* The members as a JSON object. */
static json_t *parse(const struct text *members)
{
  struct text line = {0};
  json_error_t error;
  assert_true(members->length == 0 || members->bytes[0] == ',');
  text_printf(&line, "{\"v\":1%s}", members->bytes ? members->bytes : "");
  assert_null(memchr(line.bytes, '\n', line.length));
  assert_true(text_is_utf8(line.bytes, line.length));
  json_t *object = json_loadb(line.bytes, line.length, JSON_REJECT_DUPLICATES, &error);
  if (!object)
    fail_msg("%s in %s", error.text, line.bytes);
  json_object_del(object, "v");
  text_free(&line);
  return object;
}

static void assert_json(const struct text *members, const char *expected)
{
  json_error_t error;
  json_t *found = parse(members), *wanted = json_loads(expected, 0, &error);
  if (!wanted)
    fail_msg("%s", error.text);
  if (!json_equal(found, wanted)) {
    char *text = json_dumps(found, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    fail_msg("%s\nis not\n%s", text, expected);
  }
  json_decref(found);
  json_decref(wanted);
}

static void an_inbound_message(void **state)
{
  (void)state;
  struct ip ip;
  ip_parse(&ip, "192.0.2.1");
  struct facts facts = {
      .author = {AUTHOR_ONE, "sender.example", NULL},
      .spf_mailfrom = {AUTH_PASS, DNSSEC_SECURE, "sender.example", "ip4:192.0.2.1", NULL},
      .spf_helo = {AUTH_NONE, DNSSEC_INSECURE, "", NULL, NULL},
      .dkim = {.count = 2,
               .signatures = {{.result = AUTH_PASS, .dnssec = DNSSEC_SECURE, .domain = "sender.example",
               .selector = "s1",
                               .algorithm = "rsa-sha256", .bits = 2048, .signature = "AbCdEfGh"},
                              {.result = AUTH_PERMERROR, .dnssec = DNSSEC_INDETERMINATE, .domain = "", .selector = "",
                               .algorithm = "", .signature = "", .why = "no d="}}},
      .dmarc = {.result = AUTH_FAIL, .dnssec = DNSSEC_SECURE, .found = true, .policy = OWNER_POLICY_REJECT,
                .effective = OWNER_POLICY_REJECT, .tag = "p", .policy_domain = "sender.example",
                .organizational_domain = "sender.example", .aligned_dkim = true},
      .tls = {true, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, TLS_GRADE_GOOD},
  };
  struct audit_recipient recipient = {.address = "<Jan@Example.NL>", .domain = "example.nl"};
  struct audit_message message = {
      .queue_id = "4XyZ", .client_ip = &ip, .client_name = "mail.sender.example", .helo = "mail.sender.example",
      .mail_from = "anna@sender.example", .message_id = "<1@sender.example>", .facts = &facts,
      .checked = {[STANDARD_SPF] = true, [STANDARD_DKIM] = true, [STANDARD_DMARC] = true},
      .recipients = &recipient, .recipient_count = 1,
      .decision = {ACTION_REJECT, ACTION_REJECT, {"550", "5.7.1", "rejected per DMARC policy for sender.example"},
                   "inbound dmarc=reject", NULL, NULL},
      .dmarc_override = "local_policy", .elapsed_ms = 12, .dns_ms = 7, .dns_queries = 5, .removed_headers = 1,
  };
  struct text members = {0};
  record_message(&members, &plain, &message);
  assert_json(&members,
              "{\"direction\":\"inbound\",\"queue_id\":\"4XyZ\","
              "\"client\":{\"ip\":\"192.0.2.1\",\"name\":\"mail.sender.example\"},\"helo\":\"mail.sender.example\","
              "\"authenticated\":null,"
              "\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"bits\":256,\"grade\":\"good\"},"
              "\"mail_from\":\"sender.example\",\"author_domain\":\"sender.example\","
              "\"message_id\":\"<1@sender.example>\","
              "\"recipients\":[{\"address\":\"example.nl\",\"domain\":\"example.nl\",\"next_hop\":null,\"dane\":null,"
              "\"action\":\"accept\",\"would\":\"accept\",\"reply\":null,\"rule\":null,\"exception\":null}],"
              "\"spf\":[{\"identity\":\"mailfrom\",\"domain\":\"sender.example\",\"result\":\"pass\","
              "\"dnssec\":\"secure\",\"why\":\"ip4:192.0.2.1\"},"
              "{\"identity\":\"helo\",\"domain\":null,\"result\":\"none\",\"dnssec\":\"insecure\",\"why\":null}],"
              "\"dkim\":[{\"domain\":\"sender.example\",\"selector\":\"s1\",\"algorithm\":\"rsa-sha256\",\"bits\":2048,"
              "\"result\":\"pass\",\"dnssec\":\"secure\",\"why\":null},"
              "{\"domain\":null,\"selector\":null,\"algorithm\":null,\"bits\":null,\"result\":\"permerror\","
              "\"dnssec\":\"indeterminate\",\"why\":\"no d=\"}],"
              "\"dmarc\":{\"result\":\"fail\",\"policy\":\"reject\",\"policy_domain\":\"sender.example\","
              "\"organizational_domain\":\"sender.example\",\"aligned_spf\":false,\"aligned_dkim\":true,"
              "\"dnssec\":\"secure\",\"override\":\"local_policy\",\"why\":null},"
              "\"action\":\"reject\",\"would\":\"reject\","
              "\"reply\":\"550 5.7.1 rejected per DMARC policy for sender.example\",\"rule\":\"inbound dmarc=reject\","
              "\"exception\":null,\"elapsed_ms\":12,\"dns_ms\":7,\"dns_queries\":5,\"removed_headers\":1}");
  text_free(&members);
}

static void an_outbound_message(void **state)
{
  (void)state;
  struct facts facts = {.author = {AUTHOR_NO_FROM, NULL, NULL}};
  struct dane_host hosts[] = {{"mx1.partner.example", 10, "secure", "usable", "mx1.partner.example"},
                              {"mx2.partner.example", 20, "secure", "none", NULL}};
  struct dane_fact dane = {.verdict = DANE_PARTIAL, .link = DANE_LINK_NO_TLSA, .domain = "partner.example",
      .mx = "secure",
                           .hosts = hosts, .host_count = 2, .ttl = 300,
                           .why = "mx2.partner.example has no TLSA records"};
  struct dane_fact not_examined = {.verdict = DANE_NOT_EXAMINED};
  struct audit_recipient recipients[] = {
      {"piet@partner.example", "partner.example", "partner.example", &dane,
       {ACTION_ACCEPT, ACTION_ACCEPT, {0}, "exception 2026-014 dane=annotate", "2026-014", NULL}},
      {"postmaster", "", NULL, &not_examined, {0}},
  };
  struct audit_message message = {
      .outbound = true, .authenticated = "anna", .mail_from = "", .facts = &facts, .recipients = recipients,
      .recipient_count = 2, .decision = {.action = ACTION_ABORT},
  };
  struct text members = {0};
  record_message(&members, &plain, &message);
  assert_json(&members,
              "{\"direction\":\"outbound\",\"queue_id\":null,\"client\":{\"ip\":null,\"name\":null},\"helo\":null,"
              "\"authenticated\":\"(withheld)\",\"tls\":null,\"mail_from\":\"\",\"author_domain\":null,"
              "\"message_id\":null,"
              "\"recipients\":[{\"address\":\"partner.example\",\"domain\":\"partner.example\","
              "\"next_hop\":\"partner.example\",\"dane\":{\"verdict\":\"partial\",\"link\":\"no-tlsa\","
              "\"mx\":\"secure\","
              "\"hosts\":[{\"name\":\"mx1.partner.example\",\"preference\":10,\"address\":\"secure\","
              "\"tlsa\":\"usable\","
              "\"base\":\"mx1.partner.example\"},{\"name\":\"mx2.partner.example\",\"preference\":20,"
              "\"address\":\"secure\",\"tlsa\":\"none\",\"base\":null}],\"ttl\":300,"
              "\"why\":\"mx2.partner.example has no TLSA records\"},\"action\":\"accept\",\"would\":\"accept\","
              "\"reply\":null,\"rule\":\"exception 2026-014 dane=annotate\",\"exception\":\"2026-014\"},"
              "{\"address\":\"(withheld)\",\"domain\":null,\"next_hop\":null,\"dane\":null,\"action\":\"accept\","
              "\"would\":\"accept\",\"reply\":null,\"rule\":null,\"exception\":null}],"
              "\"action\":\"abort\",\"would\":\"accept\",\"reply\":null,\"rule\":null,\"exception\":null,"
              "\"elapsed_ms\":0,\"dns_ms\":0,\"dns_queries\":0,\"removed_headers\":0}");
  text_free(&members);
}

static void an_aborted_transaction_knows_nothing(void **state)
{
  (void)state;
  struct audit_message message = {.decision = {.action = ACTION_ABORT}};
  struct text members = {0};
  record_message(&members, &plain, &message);
  json_t *object = parse(&members);
  assert_true(json_is_null(json_object_get(object, "mail_from")));
  assert_true(json_is_null(json_object_get(object, "author_domain")));
  assert_null(json_object_get(object, "spf"));
  assert_null(json_object_get(object, "dmarc"));
  assert_int_equal(json_array_size(json_object_get(object, "recipients")), 0);
  json_decref(object);
  text_free(&members);
}

static void hostile_values_stay_in_their_place(void **state)
{
  (void)state;
  static const char *const values[] = {
      "\",\"action\":\"accept", "a\r\n{\"v\":1}\n", "\\\"\\", "\xff\xfe\xc0\xaf", "caf\xc3\xa9", "\x1b[2J",
      "\xe2\x80\xa8",
      "\xe2\x80\xaenl.elpmaxe", "}]}", "\x7f\x01", "@", "<>", "<", "\"", "\"@\"", "a@b@c", "\xed\xa0\x80",
  };
  char huge[5000];
  memset(huge, 'x', sizeof huge - 1);
  huge[sizeof huge - 1] = '\0';
  const struct audit_origin *const origins[] = {&plain, &pseudonym, &full};
  for (size_t i = 0; i <= sizeof values / sizeof *values; i++)
    for (size_t form = 0; form < 3; form++) {
      const char *value = i < sizeof values / sizeof *values ? values[i] : huge;
      struct facts facts = {.author = {AUTHOR_ONE, value, NULL}, .tls = {true, value, value, 1, TLS_GRADE_INSUFFICIENT},
                            .dmarc = {.why = value, .organizational_domain = value},
                            .spf_mailfrom = {.why = value, .domain = value},
                            .spf_helo = {.why = value, .domain = value}};
      struct dane_fact dane = {.verdict = DANE_NONE, .why = value};
      struct audit_recipient recipient = {value, value, value, &dane, {0}};
      struct audit_message message = {
          .queue_id = value, .client_name = value, .helo = value, .authenticated = value, .mail_from = value,
          .message_id = value, .facts = &facts, .checked = {true, true, true, true, true, true},
          .recipients = &recipient, .recipient_count = 1,
          .decision = {ACTION_REJECT, ACTION_REJECT, {"550", "5.7.1", value}, value, value, value}};
      struct text members = {0};
      record_message(&members, origins[form], &message);
      json_t *object = parse(&members);
      assert_string_equal(json_string_value(json_object_get(object, "action")), "reject");
      const char *helo = json_string_value(json_object_get(object, "helo"));
      char shown[TEXT_PRINTABLE_MAX + 1];
      assert_string_equal(helo, text_printable(shown, sizeof shown, value, strlen(value)));
      assert_true(strlen(helo) <= TEXT_PRINTABLE_MAX);
      json_decref(object);
      text_free(&members);
    }
}

static void addresses_are_told_by_form(void **state)
{
  (void)state;
  /* Computed with another program: HMAC-SHA256, key 0123456789abcdef, of the address in lower case. */
  static const struct {
    const char *address, *domain, *pseudonym, *full;
  } rows[] = {
      {"", "", "", ""},
      {"<>", "", "", ""},
      {"jan@example.nl", "example.nl", "2728f433fa7eaed2+k1@example.nl", "jan@example.nl"},
      {"<Jan@Example.NL>", "example.nl", "2728f433fa7eaed2+k1@example.nl", "Jan@Example.NL"},
      {"\"a@b\"@example.nl", "example.nl", "69f8ccbd6d923c01+k1@example.nl", "\"a@b\"@example.nl"},
      {"\"secret@home\"", "(withheld)", "e975391b169acf3a+k1", "\"secret@home\""},
      {"jan", "(withheld)", "5ca28e8a4d478b36+k1", "jan"},
      {"jan@[192.0.2.1]", "[192.0.2.1]", "bf838d3912c91e00+k1@[192.0.2.1]", "jan@[192.0.2.1]"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct text out = {0};
    text_add(&out, "");
    record_address(&out, &plain, rows[i].address);
    assert_string_equal(out.bytes, rows[i].domain);
    text_clear(&out);
    record_address(&out, &full, rows[i].address);
    assert_string_equal(out.bytes, rows[i].full);
    text_clear(&out);
    record_address(&out, &pseudonym, rows[i].address);
    assert_string_equal(out.bytes, rows[i].pseudonym);
    text_free(&out);
  }
  /* With another key the same address is somebody else, and says so. */
  struct audit_origin rotated = {.addresses = ADDRESSES_PSEUDONYM, .key = &next_key};
  struct text out = {0};
  record_address(&out, &rotated, "jan@example.nl");
  assert_string_equal(out.bytes, "28dbede8694295da+k2@example.nl");
  text_clear(&out);
  /* Without a key there is no pseudonym, so less is told, not more. */
  struct audit_origin keyless = {.addresses = ADDRESSES_PSEUDONYM};
  record_address(&out, &keyless, "jan@example.nl");
  assert_string_equal(out.bytes, "example.nl");
  text_free(&out);
}

static void events(void **state)
{
  (void)state;
  struct text members = {0};
  record_event(&members, &(struct audit_event){.event = "stop"});
  assert_int_equal(members.length, 0);
  record_event(&members, &(struct audit_event){.event = "start", .version = "0.1.0", .servers = "recursive",
      .config = "ab", .key = "k1"});
  assert_json(&members, "{\"version\":\"0.1.0\",\"servers\":\"recursive\",\"config\":\"ab\",\"pseudonym_key\":\"k1\"}");
  text_clear(&members);
  record_event(&members, &(struct audit_event){.event = "exception-expired", .exception = "2026-014", .why = "a\nb"});
  assert_json(&members, "{\"why\":\"a?b\",\"exception\":\"2026-014\"}");
  text_free(&members);
}

static void destinations(void **state)
{
  (void)state;
  struct dane_fact dane = {.verdict = DANE_NULL_MX, .mx = "none", .ttl = 60};
  struct text out = {0};
  record_destination(&out, "a.example", &dane);
  assert_string_equal(out.bytes,
                      "{\"domain\":\"a.example\",\"dane\":{\"verdict\":\"null-mx\",\"link\":null,\"mx\":\"none\","
                                 "\"hosts\":[],\"ttl\":60,\"why\":null}}");
  text_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_inbound_message),
      cmocka_unit_test(an_outbound_message),
      cmocka_unit_test(an_aborted_transaction_knows_nothing),
      cmocka_unit_test(hostile_values_stay_in_their_place),
      cmocka_unit_test(addresses_are_told_by_form),
      cmocka_unit_test(events),
      cmocka_unit_test(destinations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
