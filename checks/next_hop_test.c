/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Next hops as Postfix and Sendmail write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checks/next_hop.h"

static void next_hops_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum next_hop_kind kind;
    const char *name;
    unsigned port;
    bool several;
  } rows[] = {
      {"example.nl", NEXT_HOP_DOMAIN, "example.nl", 25, false},
      {"Example.NL.", NEXT_HOP_DOMAIN, "example.nl", 25, false},
      {"b\xc3\xbc" "cher.example", NEXT_HOP_DOMAIN, "xn--bcher-kva.example", 25, false},
      {"mailhost", NEXT_HOP_DOMAIN, "mailhost", 25, false},
      {"example.nl:25", NEXT_HOP_DOMAIN, "example.nl", 25, false},
      {"example.nl:587", NEXT_HOP_DOMAIN, "example.nl", 587, false},
      {"example.nl:smtp", NEXT_HOP_DOMAIN, "example.nl", 25, false},
      {"example.nl:Submission", NEXT_HOP_DOMAIN, "example.nl", 587, false},
      {"example.nl:submissions", NEXT_HOP_DOMAIN, "example.nl", 465, false},
      {"[mail.example.nl]", NEXT_HOP_HOST, "mail.example.nl", 25, false},
      {"[Mail.Example.nl]:10025", NEXT_HOP_HOST, "mail.example.nl", 10025, false},
      /* addresses */
      {"[192.0.2.1]", NEXT_HOP_ADDRESS, "192.0.2.1", 25, false},
      {"[192.0.2.1]:2525", NEXT_HOP_ADDRESS, "192.0.2.1", 2525, false},
      {"[2001:db8::1]", NEXT_HOP_ADDRESS, "2001:db8::1", 25, false},
      {"[IPv6:2001:db8::1]", NEXT_HOP_ADDRESS, "IPv6:2001:db8::1", 25, false},
      {"192.0.2.1", NEXT_HOP_ADDRESS, "192.0.2.1", 25, false},
      {"192.0.2.1:25", NEXT_HOP_ADDRESS, "192.0.2.1", 25, false},
      {"2001:db8::1", NEXT_HOP_ADDRESS, "2001:db8::1", 25, false},
      /* lists */
      {"a.example, b.example", NEXT_HOP_DOMAIN, "a.example", 25, true},
      {"a.example:587,b.example", NEXT_HOP_DOMAIN, "a.example", 587, true},
      {"[a.example] [b.example]:26", NEXT_HOP_HOST, "a.example", 25, true},
      {" a.example ,", NEXT_HOP_DOMAIN, "a.example", 25, false},
      {"a.example:b.example", NEXT_HOP_DOMAIN, "a.example", 25, true},
      {"a.example:[b.example]", NEXT_HOP_DOMAIN, "a.example", 25, true},
      {"a.example:[b]", NEXT_HOP_DOMAIN, "a.example", 25, true},
      {"[a.example]:[b.example]", NEXT_HOP_HOST, "a.example", 25, true},
      {"[a.example]:[b]:[c]", NEXT_HOP_HOST, "a.example", 25, true},
      {"[a.example]:b.example", NEXT_HOP_HOST, "a.example", 25, true},
      {"[192.0.2.1]:[192.0.2.2]", NEXT_HOP_ADDRESS, "192.0.2.1", 25, true},
      {"[IPv6:2001:db8::1]:[IPv6:2001:db8::2]", NEXT_HOP_ADDRESS, "IPv6:2001:db8::1", 25, true},
      /* nothing to ask about */
      {"", NEXT_HOP_INVALID, "", 25, false},
      {" , ", NEXT_HOP_INVALID, "", 25, false},
      {"a..example", NEXT_HOP_INVALID, "a..example", 25, false},
      {"a.example:", NEXT_HOP_INVALID, "a.example", 0, false},
      {"a.example:0", NEXT_HOP_INVALID, "a.example", 0, false},
      {"a.example:65536", NEXT_HOP_INVALID, "a.example", 0, false},
      {"a.example:999999999999", NEXT_HOP_INVALID, "a.example", 0, false},
      {"a.example:lmtp", NEXT_HOP_INVALID, "a.example", 0, false},
      {"a.example:2 5", NEXT_HOP_DOMAIN, "a.example", 2, true},
      {"[a.example", NEXT_HOP_INVALID, "a.example", 25, false},
      {"[a.example]x", NEXT_HOP_INVALID, "a.example", 0, false},
      {"[]", NEXT_HOP_INVALID, "", 25, false},
      {"[", NEXT_HOP_INVALID, "", 25, false},
      {"]", NEXT_HOP_INVALID, "]", 25, false},
      {"unix:/run/x", NEXT_HOP_INVALID, "unix", 0, false},
      {"a\r\nb\x1b[2J.example", NEXT_HOP_INVALID, "a??b?[2J.example", 25, false},
      {"a\xff.example", NEXT_HOP_INVALID, "a?.example", 25, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct next_hop hop = next_hop_parse(rows[i].text);
    if (hop.kind != rows[i].kind || strcmp(hop.name, rows[i].name) != 0 || hop.port != rows[i].port ||
        hop.several != rows[i].several)
      fail_msg("\"%s\": kind %d, \"%s\", port %u%s", rows[i].text, (int)hop.kind, hop.name, hop.port,
               hop.several ? ", several" : "");
  }
}

static void long_text_is_cut(void **state)
{
  (void)state;
  static char text[100000];
  for (int bracket = 0; bracket < 2; bracket++) {
    memset(text, 'a', sizeof text - 1);
    if (bracket)
      text[0] = '[';
    struct next_hop hop = next_hop_parse(text);
    assert_int_equal(hop.kind, NEXT_HOP_INVALID);
    assert_int_equal(strlen(hop.name), DOMAIN_MAX);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(next_hops_are_read), cmocka_unit_test(long_text_is_cut)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
