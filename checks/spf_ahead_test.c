/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What an SPF check asks ahead: all that the evaluation will reach, nothing behind a certain match, bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ip.h"
#include "base/text.h"
#include "checks/spf_ahead.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

static const char zone[] =
    "d.example TXT \"v=spf1 a:host.example include:i.example mx ip4:192.0.2.1 include:never.example -all\"\n"
    "i.example TXT \"v=spf1 include:deep.example ?all include:never.example\"\n"
    "deep.example TXT \"v=spf1 exists:%{i}.x.example a:%{d} ptr redirect=r.example\"\n"
    "r.example TXT \"v=spf1 mx:m.example -all\"\n"
    "m.example MX 10 h1.example\n"
    "m.example MX 20 h2.example\n"
    "d.example MX 10 h3.example\n"
    "bad.example TXT \"v=spf1 a:host.example include:i.example ipp4:1.2.3.4\"\n"
    "none.example TXT \"nothing\"\n";

static void asks_what_will_be_reached(void **state)
{
  (void)state;
  static const struct {
    const char *client, *domain, *asked; /* each name and type once, nothing else */
  } rows[] = {
      {"198.51.100.9", "d.example",
       "d.example/TXT host.example/A i.example/TXT deep.example/TXT r.example/TXT m.example/MX h1.example/A h2.example/A "
       "d.example/MX h3.example/A never.example/TXT"},
      {"192.0.2.1", "d.example",
       "d.example/TXT host.example/A i.example/TXT deep.example/TXT r.example/TXT m.example/MX h1.example/A h2.example/A "
       "d.example/MX h3.example/A"},
      {"2001:db8::1", "r.example", "r.example/TXT m.example/MX h1.example/AAAA h2.example/AAAA"},
      {"192.0.2.1", "bad.example", "bad.example/TXT"},
      {"192.0.2.1", "none.example", "none.example/TXT"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct dns_source *fake = fake_new();
    char error[100], list[600], *rest;
    struct ip client;
    assert_int_equal(fake_add(fake, zone, error, sizeof error), 0);
    struct resolver *resolver = resolver_new(&(struct resolver_config){.timeout_ms = 0}, fake);
    struct lookups *lookups = lookups_new(resolver, 100);
    assert_int_equal(ip_parse(&client, rows[i].client), 0);
    spf_ahead(lookups, &client, rows[i].domain);
    unsigned count = 0;
    snprintf(list, sizeof list, "%s", rows[i].asked);
    for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
      char *slash = strchr(word, '/');
      *slash = '\0';
      unsigned type = strcmp(slash + 1, "TXT") == 0 ? DNS_TXT : strcmp(slash + 1, "MX") == 0 ? DNS_MX
                      : strcmp(slash + 1, "A") == 0 ? DNS_A : DNS_AAAA;
      assert_int_equal(fake_asked(fake, word, type), 1);
      count++;
    }
    assert_int_equal(fake_asked(fake, NULL, 0), count);
    assert_int_equal(lookups_sent(lookups), count);
    lookups_free(lookups);
    resolver_close(resolver);
  }
}

/* Ten includes that have ten includes each: what is asked ahead stays within what one evaluation may cost. */
static void a_tree_is_bounded(void **state)
{
  (void)state;
  struct dns_source *fake = fake_new();
  struct text text = {0};
  struct ip client;
  for (int i = -1; i < 10; i++) {
    char name[40];
    snprintf(name, sizeof name, i < 0 ? "tree.example" : "n%d.tree.example", i);
    text_clear(&text);
    text_add(&text, "v=spf1");
    for (int j = 0; j < 10; j++)
      text_printf(&text, " include:n%d.%stree.example", j, i < 0 ? "" : "sub.");
    text_add(&text, " -all");
    fake_add_txt(fake, name, text.bytes, text.length);
  }
  struct resolver *resolver = resolver_new(&(struct resolver_config){.timeout_ms = 0}, fake);
  struct lookups *lookups = lookups_new(resolver, 100);
  ip_parse(&client, "192.0.2.1");
  spf_ahead(lookups, &client, "tree.example");
  assert_in_range(fake_asked(fake, NULL, 0), 11, 31);
  lookups_free(lookups);
  resolver_close(resolver);
  text_free(&text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_what_will_be_reached),
      cmocka_unit_test(a_tree_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
