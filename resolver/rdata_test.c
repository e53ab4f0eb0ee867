/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names and RDATA from the wire, mostly malformed; answers; trust anchors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/memory.h"
#include "resolver/anchor.h"
#include "resolver/answer.h"
#include "resolver/name.h"
#include "resolver/rdata.h"

#define BYTES(text) ((const uint8_t *)("" text)), sizeof text - 1

/* A copy of exact size, so that a sanitizer sees a read beyond its end. */
static struct dns_record copy(const uint8_t *bytes, size_t length)
{
  uint8_t *data = memory_new(length);
  memcpy(data, bytes, length);
  return (struct dns_record){data, length};
}

static void drop(struct dns_record record)
{
  free((void *)(uintptr_t)record.data);
}

static void names_are_read(void **state)
{
  (void)state;
  static const struct {
    const uint8_t *bytes;
    size_t length;
    const char *name; /* NULL: malformed */
  } rows[] = {
      {BYTES("\4mail\7Example\2nl\0"), "mail.example.nl"},
      {BYTES("\5_tcp_\2nl\0"), "_tcp_.nl"},
      {BYTES("\0"), NULL},
      {BYTES(""), NULL},
      {BYTES("\4mail"), NULL},
      {BYTES("\4mai\0"), NULL},
      {BYTES("\4mail\2nl"), NULL},
      {BYTES("\2nl\0\0"), NULL},
      {BYTES("\2nl\0\2nl\0"), NULL},
      {BYTES("\xc0\x0c"), NULL},
      {BYTES("\2nl\xc0\x0c\0"), NULL},
      {BYTES("\x40" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0"), NULL},
      {BYTES("\3a.b\2nl\0"), NULL},
      {BYTES("\3a b\2nl\0"), NULL},
      {BYTES("\3a\0b\2nl\0"), NULL},
      {BYTES("\2\xc3\xbc\2nl\0"), NULL},
      {BYTES("\xff\0"), NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[DOMAIN_SIZE];
    struct dns_record record = copy(rows[i].bytes, rows[i].length);
    assert_int_equal(rdata_read_name(out, &record), rows[i].name ? 0 : -1);
    if (rows[i].name)
      assert_string_equal(out, rows[i].name);
    drop(record);
  }
}

static void mail_exchangers_are_read(void **state)
{
  (void)state;
  static const struct {
    const uint8_t *bytes;
    size_t length;
    int preference; /* -1: malformed */
    const char *exchange;
  } rows[] = {
      {BYTES("\1\2\2mx\2nl\0"), 258, "mx.nl"}, {BYTES("\0\0\0"), 0, ""}, {BYTES("\0\12\0"), 10, ""},
      {BYTES("\0\12"), -1, ""},                {BYTES(""), -1, ""},      {BYTES("\0\12\2mx\2nl"), -1, ""},
      {BYTES("\0\12\1;\2nl\0"), -1, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rdata_mx mx;
    struct dns_record record = copy(rows[i].bytes, rows[i].length);
    assert_int_equal(rdata_read_mx(&mx, &record), rows[i].preference < 0 ? -1 : 0);
    if (rows[i].preference >= 0) {
      assert_int_equal(mx.preference, rows[i].preference);
      assert_string_equal(mx.exchange, rows[i].exchange);
    }
    drop(record);
  }
}

static void other_data_is_read(void **state)
{
  (void)state;
  static const struct {
    const uint8_t *bytes;
    size_t length;
    const char *text; /* NULL: malformed */
    size_t text_length;
  } rows[] = {
      {BYTES("\3abc"), "abc", 3},  {BYTES("\3abc\0\2de"), "abcde", 5}, {BYTES("\0"), "", 0}, {BYTES(""), NULL, 0},
      {BYTES("\4abc"), NULL, 0},   {BYTES("\3abc\1"), NULL, 0},        {BYTES("\xff"), NULL, 0},
      {BYTES("\3a\0c"), "a\0c", 3},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t length;
    struct dns_record record = copy(rows[i].bytes, rows[i].length);
    const char *text = rdata_read_txt(arena, &record, &length);
    assert_int_equal(text != NULL, rows[i].text != NULL);
    assert_int_equal(length, rows[i].text_length);
    if (text)
      assert_memory_equal(text, rows[i].text, length + 1);
    drop(record);
  }
  arena_free(arena);

  struct ip ip;
  struct rdata_tlsa tlsa;
  assert_int_equal(rdata_read_address(&ip, &(struct dns_record){BYTES("\300\0\2\1")}), 0);
  assert_int_equal(ip.family, AF_INET);
  assert_int_equal(rdata_read_address(&ip, &(struct dns_record){BYTES("\300\0\2")}), -1);
  assert_int_equal(rdata_read_address(&ip, &(struct dns_record){BYTES("")}), -1);
  assert_int_equal(rdata_read_tlsa(&tlsa, &(struct dns_record){BYTES("\3\1\1")}), -1);
  assert_int_equal(rdata_read_tlsa(&tlsa, &(struct dns_record){BYTES("\3\0\2\xff")}), 0);
  assert_int_equal(tlsa.usage, 3);
  assert_int_equal(tlsa.selector, 0);
  assert_int_equal(tlsa.matching_type, 2);
  assert_int_equal(tlsa.length, 1);
}

static void questions_are_folded(void **state)
{
  (void)state;
  char label[65], long_name[260] = "";
  memset(label, 'a', 64);
  label[64] = '\0';
  for (int i = 0; i < 63; i++)
    strcat(long_name, "abc.");
  strcat(long_name, "a"); /* 253 characters */
  char longer[260];
  snprintf(longer, sizeof longer, "%sb", long_name);
  char dotted[260];
  snprintf(dotted, sizeof dotted, "%s.", long_name);
  const struct {
    const char *in, *out, *escaped;
  } rows[] = {
      {"Example.NL.", "example.nl", "example.nl"},
      {"_25._tcp.mx", "_25._tcp.mx", "_25._tcp.mx"},
      {"*.a", "*.a", "*.a"},
      {"a\\b", "a\\b", "a\\092b"},
      {"a\\.b", "a\\.b", "a\\092.b"},
      {"A b\"c;d(e@f", "a b\"c;d(e@f", "a\\032b\\034c\\059d\\040e\\064f"},
      {"\x01\x7f\xc3\xbc", "\x01\x7f\xc3\xbc", "\\001\\127\\195\\188"},
      {".", ".", "."},
      {long_name, long_name, long_name},
      {dotted, long_name, long_name},
      {label + 1, label + 1, label + 1},
      {"", NULL, NULL},
      {"..", NULL, NULL},
      {".a", NULL, NULL},
      {"a..b", NULL, NULL},
      {"a..", NULL, NULL},
      {label, NULL, NULL},
      {longer, NULL, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[DOMAIN_SIZE], escaped[NAME_ESCAPED_SIZE];
    int length = name_fold(out, rows[i].in);
    assert_int_equal(length, rows[i].out ? (int)strlen(rows[i].out) : -1);
    if (!rows[i].out)
      continue;
    assert_string_equal(out, rows[i].out);
    name_escape(escaped, out);
    assert_string_equal(escaped, rows[i].escaped);
  }
  char odd[DOMAIN_SIZE], escaped[NAME_ESCAPED_SIZE];
  for (size_t i = 0; i < DOMAIN_MAX; i++)
    odd[i] = i % 64 == 63 ? '.' : '\x01';
  odd[DOMAIN_MAX] = '\0';
  name_escape(escaped, odd);
  assert_int_equal(strlen(escaped), 4 * 250 + 3);
}

static void answers_are_copied(void **state)
{
  (void)state;
  char canonical[] = "www.example", data[] = "abc", why[] = "line\r\nbreak";
  struct dns_record records[] = {{(uint8_t *)data, 3}, {(uint8_t *)data, 0}};
  struct dns_answer_owned *answer = answer_new(&(struct dns_answer){
      .status = DNS_FOUND, .ttl = 7, .count = 2, .records = records, .canonical = canonical, .why = why});
  memset(canonical, 'x', sizeof canonical - 1);
  memset(data, 'x', sizeof data);
  memset(why, 'x', sizeof why - 1);
  assert_int_equal(answer->answer.count, 2);
  assert_memory_equal(answer->answer.records[0].data, "abc", 3);
  assert_int_equal(answer->answer.records[1].length, 0);
  assert_string_equal(answer->answer.canonical, "www.example");
  assert_string_equal(answer->answer.why, "line??break");
  answer_release(answer_hold(answer));
  assert_int_equal(answer->answer.ttl, 7);
  answer_release(answer);
  answer_release(NULL);

  answer = answer_failure(DNS_BOGUS, 60, "because");
  assert_true(dns_is_failure(&answer->answer));
  assert_int_equal(answer->answer.dnssec, DNSSEC_BOGUS);
  answer_release(answer);
  assert_int_equal(dnssec_worse(DNSSEC_SECURE, DNSSEC_INDETERMINATE), DNSSEC_INDETERMINATE);
}

#define DIGEST "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define KEY "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQ"

static void anchors_are_counted(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    unsigned count;
  } rows[] = {
      {"", 0},
      {"; a comment alone\n\n", 0},
      {". IN DS 20326 8 2 " DIGEST "\n", 1},
      {".\t172800\tIN\tDS\t20326 8 2 " DIGEST " ; the comment\n. DS 38696 8 2 " DIGEST, 2},
      {". IN DNSKEY 257 3 8 " KEY "\n", 1},
      {". 172800 IN DNSKEY 257 3 8 (\n " KEY " ; half\n " KEY " ) ; keytag 20326\n. IN DS 1 8 2 " DIGEST "\n", 2},
      {". IN 60 dnskey 257 3 8 " KEY "\n", 1},
      {"example.nl. IN DS 20326 8 2 " DIGEST "\n", 0},
      {". IN DS 20326 8 2\n" DIGEST "\n", 0},
      {". IN DS 20326 8 2 " KEY "\n", 0},
      {". IN DS 99999 8 2 " DIGEST "\n", 0},
      {". IN DNSKEY 257 2 8 " KEY "\n", 0},
      {"; . IN DS 20326 8 2 " DIGEST "\n", 0},
      {". IN SOA a. b. 1 2 3 4 5\n", 0},
      {". . . . . . . . . . . . . . .\n", 0},
      {"(((\n. IN DS 20326 8 2 " DIGEST "\n", 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(anchor_count(rows[i].text), rows[i].count);
  char error[200];
  assert_int_equal(anchor_check("/nonexistent/root.key", error, sizeof error), -1);
  assert_string_equal(error, "/nonexistent/root.key: No such file or directory");
  assert_int_equal(anchor_check("/dev/null", error, sizeof error), -1);
  assert_string_equal(error, "/dev/null: no DS or DNSKEY record of the root");
  assert_int_equal(anchor_check("/", error, sizeof error), -1);
  assert_string_equal(error, "/: Is a directory");
  assert_int_equal(anchor_check(NULL, error, sizeof error), -1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_read),     cmocka_unit_test(mail_exchangers_are_read),
      cmocka_unit_test(other_data_is_read), cmocka_unit_test(questions_are_folded),
      cmocka_unit_test(answers_are_copied), cmocka_unit_test(anchors_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
