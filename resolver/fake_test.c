/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fake source: every other test rests on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/memory.h"
#include "resolver/fake.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

static const char zones[] =
    "# a comment\n"
    "example.nl 600 MX 10 mail.example.nl\n"
    "example.nl MX 20 .   # behind the data\n"
    "example.nl. TXT \"v=spf1 -all\"\n"
    "Mail.Example.NL 60 A 192.0.2.1\n"
    "mail.example.nl AAAA 2001:db8::1\n"
    "t.example.nl IN TXT \"one \" \"and \\010\\\"\\\\\" word\n"
    "_25._tcp.mail.example.nl TLSA 3 1 1 00ffAB 01\n"
    "www.example.nl CNAME www.example insecure\n"
    "www.example A 192.0.2.9\n"
    "deep.www2.example.nl A 192.0.2.1\n"
    "a.loop.example CNAME b.loop.example\n"
    "b.loop.example CNAME a.loop.example\n"
    "odd.example CNAME a\\032b.example\n"
    "lost.example ANY servfail\n"
    "half.example A 192.0.2.1\n"
    "half.example TXT servfail\n"
    "forged.example A bogus\n"
    "broken.example A 192.0.2.1 bogus\n"
    "gone.example ANY nxdomain insecure\n"
    "alias.example CNAME nowhere.example\n"
    "empty.example ANY exists\n"
    "*.wild.example 30 A 192.0.2.2\n"
    "there.wild.example TXT \"x\"\n"
    "a\\032b\\\\\\255.example TXT \"odd\"\n"
    ". SOA a.root. host.root 1 1800 900 604800 86400\n"
    "late.example A 192.0.2.3 after 1\n"
    "default insecure\n"
    "island.example A 192.0.2.4\n"
    "island2.example A 192.0.2.4 secure\n";

static const struct {
  const char *name;
  unsigned type;
  enum dns_status status;
  enum dnssec dnssec;
  size_t count;
  uint32_t ttl;
  const char *canonical;
} rows[] = {
    {"example.nl", DNS_MX, DNS_FOUND, DNSSEC_SECURE, 2, 600, NULL},
    {"EXAMPLE.nl.", DNS_TXT, DNS_FOUND, DNSSEC_SECURE, 1, 3600, NULL},
    {"mail.example.nl", DNS_A, DNS_FOUND, DNSSEC_SECURE, 1, 60, NULL},
    {"mail.example.nl", DNS_MX, DNS_NODATA, DNSSEC_INSECURE, 0, 300, NULL},
    {"www.example.nl", DNS_A, DNS_FOUND, DNSSEC_INSECURE, 1, 3600, "www.example"},
    {"www.example.nl", DNS_CNAME, DNS_FOUND, DNSSEC_INSECURE, 1, 3600, NULL},
    {"www.example.nl", DNS_TXT, DNS_NODATA, DNSSEC_INSECURE, 0, 300, "www.example"},
    {"www2.example.nl", DNS_A, DNS_NODATA, DNSSEC_INSECURE, 0, 300, NULL},
    {"www3.example.nl", DNS_A, DNS_NXDOMAIN, DNSSEC_INSECURE, 0, 300, NULL},
    {"a.loop.example", DNS_A, DNS_FAILURE, DNSSEC_INDETERMINATE, 0, 5, NULL},
    {"odd.example", DNS_A, DNS_FAILURE, DNSSEC_INDETERMINATE, 0, 5, NULL},
    {"lost.example", DNS_A, DNS_FAILURE, DNSSEC_INDETERMINATE, 0, 5, NULL},
    {"half.example", DNS_A, DNS_FOUND, DNSSEC_SECURE, 1, 3600, NULL},
    {"half.example", DNS_TXT, DNS_FAILURE, DNSSEC_INDETERMINATE, 0, 5, NULL},
    {"forged.example", DNS_A, DNS_BOGUS, DNSSEC_BOGUS, 0, 60, NULL},
    {"forged.example", DNS_MX, DNS_NODATA, DNSSEC_INSECURE, 0, 300, NULL},
    {"broken.example", DNS_A, DNS_BOGUS, DNSSEC_BOGUS, 0, 60, NULL},
    {"gone.example", DNS_A, DNS_NXDOMAIN, DNSSEC_INSECURE, 0, 300, NULL},
    {"alias.example", DNS_A, DNS_NXDOMAIN, DNSSEC_INSECURE, 0, 300, "nowhere.example"},
    {"empty.example", DNS_A, DNS_NODATA, DNSSEC_SECURE, 0, 300, NULL},
    {"x.wild.example", DNS_A, DNS_FOUND, DNSSEC_SECURE, 1, 30, NULL},
    {"y.x.wild.example", DNS_A, DNS_FOUND, DNSSEC_SECURE, 1, 30, NULL},
    {"x.wild.example", DNS_MX, DNS_NODATA, DNSSEC_INSECURE, 0, 300, NULL},
    {"wild.example", DNS_A, DNS_NODATA, DNSSEC_INSECURE, 0, 300, NULL},
    {"there.wild.example", DNS_A, DNS_NODATA, DNSSEC_INSECURE, 0, 300, NULL},
    {"x.there.wild.example", DNS_A, DNS_NXDOMAIN, DNSSEC_INSECURE, 0, 300, NULL},
    {"a b\\\xff.example", DNS_TXT, DNS_FOUND, DNSSEC_SECURE, 1, 3600, NULL},
    {".", DNS_SOA, DNS_FOUND, DNSSEC_SECURE, 1, 3600, NULL},
    {"late.example", DNS_A, DNS_FOUND, DNSSEC_SECURE, 1, 3600, NULL},
    {"island.example", DNS_A, DNS_FOUND, DNSSEC_INSECURE, 1, 3600, NULL},
    {"island2.example", DNS_A, DNS_FOUND, DNSSEC_SECURE, 1, 3600, NULL},
};

static struct resolver *open_fake(struct dns_source *fake)
{
  return resolver_new(&(struct resolver_config){.timeout_ms = 10000, .budget_ms = 10000}, fake);
}

static void zones_answer(void **state)
{
  (void)state;
  struct dns_source *fake = fake_new();
  char error[100] = "";
  assert_int_equal(fake_add(fake, zones, error, sizeof error), 0);
  assert_string_equal(error, "");
  struct resolver *resolver = open_fake(fake);
  struct lookups *lookups = lookups_new(resolver, 1000);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct dns_answer *answer = lookups_get(lookups, rows[i].name, rows[i].type);
    if (answer->status != rows[i].status || answer->dnssec != rows[i].dnssec || answer->count != rows[i].count)
      print_message("# %s %s\n", rows[i].name, dns_type_name(rows[i].type));
    assert_int_equal(answer->status, rows[i].status);
    assert_int_equal(answer->dnssec, rows[i].dnssec);
    assert_int_equal(answer->count, rows[i].count);
    assert_int_equal(answer->ttl, rows[i].ttl);
    if (rows[i].canonical)
      assert_string_equal(answer->canonical, rows[i].canonical);
    else
      assert_null(answer->canonical);
  }
  lookups_free(lookups);
  resolver_close(resolver);
}

static void data_is_encoded(void **state)
{
  (void)state;
  struct dns_source *fake = fake_new();
  char error[100], name[DOMAIN_SIZE], address[IP_TEXT_SIZE];
  struct arena *arena = arena_new();
  assert_int_equal(fake_add(fake, zones, error, sizeof error), 0);
  struct resolver *resolver = open_fake(fake);
  struct lookups *lookups = lookups_new(resolver, 1000);
  struct rdata_mx mx;
  struct rdata_tlsa tlsa;
  struct ip ip;
  size_t length;

  const struct dns_answer *answer = lookups_get(lookups, "example.nl", DNS_MX);
  assert_int_equal(rdata_read_mx(&mx, &answer->records[0]), 0);
  assert_int_equal(mx.preference, 10);
  assert_string_equal(mx.exchange, "mail.example.nl");
  assert_int_equal(rdata_read_mx(&mx, &answer->records[1]), 0);
  assert_string_equal(mx.exchange, "");
  answer = lookups_get(lookups, "mail.example.nl", DNS_AAAA);
  assert_int_equal(rdata_read_address(&ip, answer->records), 0);
  assert_string_equal(ip_format(&ip, address), "2001:db8::1");
  answer = lookups_get(lookups, "t.example.nl", DNS_TXT);
  assert_string_equal(rdata_read_txt(arena, answer->records, &length), "one and \n\"\\word");
  answer = lookups_get(lookups, "_25._tcp.mail.example.nl", DNS_TLSA);
  assert_int_equal(rdata_read_tlsa(&tlsa, answer->records), 0);
  assert_int_equal(tlsa.usage, 3);
  assert_int_equal(tlsa.length, 4);
  assert_memory_equal(tlsa.data, "\0\xff\xab\1", 4);
  answer = lookups_get(lookups, "www.example.nl", DNS_CNAME);
  assert_int_equal(rdata_read_name(name, answer->records), 0);
  assert_string_equal(name, "www.example");
  answer = lookups_get(lookups, ".", DNS_SOA);
  assert_int_equal(answer->records->length, 8 + 11 + 20);
  assert_memory_equal(answer->records->data, "\1a\4root\0\4host\4root\0\0\0\0\1", 23);
  lookups_free(lookups);
  resolver_close(resolver);
  arena_free(arena);
}

static void bad_text_is_refused(void **state)
{
  (void)state;
  static const struct {
    const char *text, *error;
  } bad[] = {
      {"a.example A 192.0.2.1\nb.example A 192.0.2", "line 2: bad data"},
      {"a.example", "line 1: a line needs a name, a type and data"},
      {"a.example FOO x", "line 1: unknown type"},
      {"a..example A 192.0.2.1", "line 1: bad name"},
      {"a.example MX mail.example", "line 1: bad data"},
      {"a.example MX 70000 mail.example", "line 1: bad data"},
      {"a.example TLSA 3 1 1 abc", "line 1: bad data"},
      {"a.example TXT \"abc", "line 1: no closing quote"},
      {"a.example TXT \"\\300\"", "line 1: bad escape"},
      {"a.example ANY 192.0.2.1", "line 1: bad data"},
      {"default mellow", "line 1: default what?"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct dns_source *fake = fake_new();
    char error[100] = "";
    assert_int_equal(fake_add(fake, bad[i].text, error, sizeof error), -1);
    assert_string_equal(error, bad[i].error);
    resolver_close(open_fake(fake));
  }
}

static void records_are_added_as_bytes(void **state)
{
  (void)state;
  struct dns_source *fake = fake_new();
  char text[600];
  size_t length;
  struct arena *arena = arena_new();
  memset(text, 'x', sizeof text);
  text[300] = '\0';
  fake_add_txt(fake, "long.example", text, sizeof text);
  fake_add_txt(fake, "none.example", "", 0);
  fake_add_record(fake, "raw.example", 65280, (const uint8_t *)"\1\2", 2, "insecure");
  fake_add_fault(fake, "ill.example", DNS_A, "servfail");
  fake_add_fault(fake, "worse.example", 0, "bogus");
  struct resolver *resolver = open_fake(fake);
  struct lookups *lookups = lookups_new(resolver, 1000);
  const struct dns_answer *answer = lookups_get(lookups, "long.example", DNS_TXT);
  assert_int_equal(answer->records->length, 603);
  const char *joined = rdata_read_txt(arena, answer->records, &length);
  assert_int_equal(length, sizeof text);
  assert_memory_equal(joined, text, sizeof text);
  answer = lookups_get(lookups, "none.example", DNS_TXT);
  assert_int_equal(answer->records->length, 1);
  answer = lookups_get(lookups, "raw.example", 65280);
  assert_int_equal(answer->dnssec, DNSSEC_INSECURE);
  assert_int_equal(lookups_get(lookups, "ill.example", DNS_A)->status, DNS_FAILURE);
  assert_int_equal(lookups_get(lookups, "ill.example", DNS_TXT)->status, DNS_NODATA);
  assert_int_equal(lookups_get(lookups, "worse.example", DNS_TXT)->status, DNS_BOGUS);
  lookups_get(lookups, "Ill.Example", DNS_A);
  assert_int_equal(fake_asked(fake, "ill.example.", DNS_A), 1);
  assert_int_equal(fake_asked(fake, "ill.example", 0), 2);
  assert_int_equal(fake_asked(fake, NULL, DNS_TXT), 4);
  assert_int_equal(fake_asked(fake, NULL, 0), 6);
  assert_int_equal(fake_asked(fake, "other.example", 0), 0);
  lookups_free(lookups);
  resolver_close(resolver);
  arena_free(arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(zones_answer),
      cmocka_unit_test(data_is_encoded),
      cmocka_unit_test(bad_text_is_refused),
      cmocka_unit_test(records_are_added_as_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
