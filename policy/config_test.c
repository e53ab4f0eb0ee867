/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration: what is taken, what is refused and how it is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/config.h"

static struct config *must_parse(const char *text)
{
  char error[512] = "";
  struct config *config = config_parse(text, "F", error, sizeof error);
  if (!config)
    fail_msg("%s in: %s", error, text);
  return config;
}

/* Writes a file of that content to a new temporary name. */
static void make_file(char path[256], const void *bytes, size_t length)
{
  const char *folder = getenv("TMPDIR");
  snprintf(path, 256, "%s/sluis-config-XXXXXX", folder ? folder : "/tmp");
  int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, bytes, length), length);
  close(file);
}

static void errors_name_file_and_line(void **state)
{
  (void)state;
  static const struct {
    const char *text, *error; /* the error begins so */
  } rows[] = {
      {"mode = loud", "F:1: mode: \"loud\" is none of observe, annotate and enforce"},
      {"\n\nmode = loud", "F:3: mode:"},
      {"# one\n// two\n/* three\n four */\nmode = loud", "F:5: mode:"},
      {"nonsense = 1", "F:1: no such option 'nonsense'"},
      {"resolver {\n  nonsense = 1\n}", "F:2: no such option 'nonsense'"},
      {"nonsense { }", "F:1: no such option 'nonsense'"},
      {"include(\"/etc/passwd\")", "F:1: an unexpected character outside of quotes"},
      {"timeout = 5", "F:1: no such option 'timeout'"},
      {"resolver|timeout = 5", "F:1: an unexpected character outside of quotes"},
      {"resolver { timeout = 0 }", "F:1: resolver.timeout: \"0\" is not a number from 1 to 60"},
      {"resolver {\ntimeout = 61 }", "F:2: resolver.timeout: \"61\" is not a number from 1 to 60"},
      {"resolver { timeout = -1 }", "F:1: resolver.timeout: \"-1\" is not"},
      {"resolver { timeout = 5s }", "F:1: resolver.timeout: \"5s\" is not"},
      {"resolver { timeout = 0x5 }", "F:1: resolver.timeout: \"0x5\" is not"},
      {"resolver { timeout = 4294967301 }", "F:1: resolver.timeout: \"4294967301\" is not"},
      {"resolver { timeout = 99999999999999999999999 }", "F:1: resolver.timeout:"},
      {"resolver { budget = 121 }", "F:1: resolver.budget: \"121\" is not a number from 1 to 120"},
      {"\nresolver {\n timeout = 20\n budget = 10\n}", "F:2: resolver.budget (10) is less than resolver.timeout (20)"},
      {"resolver { timeout = 30 }", "F:1: resolver.budget (25) is less than"},
      {"resolver { cache-size = 4097 }", "F:1: resolver.cache-size: \"4097\" is not a number from 1 to 4096"},
      {"resolver { cache-size = 0 }", "F:1: resolver.cache-size:"},
      {"resolver { servers = {\"dns.example\"} }", "F:1: resolver.servers: \"dns.example\" is none of"},
      {"resolver { servers = {\"192.0.2.1@0\"} }", "F:1: resolver.servers: \"192.0.2.1@0\" has no port"},
      {"\nresolver { servers = {\"recursive\", \"::1\"} }", "F:2: resolver.servers: \"recursive\" stands alone"},
      {"resolver { trust-anchor = \"\" }", "F:1: resolver.trust-anchor: \"\" is empty"},
      {"inbound { spf = maybe }",
       "F:1: inbound.spf: \"maybe\" is none of off, observe, annotate, quarantine and reject"},
      {"inbound { spf = Reject }", "F:1: inbound.spf: \"Reject\" is none of"},
      {"inbound { dane = reject }", "F:1: no such option 'dane'"},
      {"outbound { spf = reject }", "F:1: no such option 'spf'"},
      {"inbound { spf = off\n dkim }", "F:2: missing equal sign after option 'dkim'"},
      {"outbound { on-temporary-failure = bounce }", "F:1: outbound.on-temporary-failure: \"bounce\" is neither"},
      {"outbound { contact = \"caf\xc3\xa9\" }", "F:1: outbound.contact: \"caf\xc3\xa9\" is not printable ASCII"},
      {"listen = \"/run/sluis.sock\"", "F:1: listen: \"/run/sluis.sock\" is none of unix:PATH"},
      {"listen = \"unix:\"", "F:1: listen: \"unix:\" is none of"},
      {"listen = \"inet:8891\"", "F:1: listen: \"inet:8891\" is none of"},
      {"listen = \"inet:0@localhost\"", "F:1: listen: \"inet:0@localhost\" has no port number"},
      {"listen = \"inet:65536@localhost\"", "F:1: listen: \"inet:65536@localhost\" has no port number"},
      {"listen = \"tcp:25@localhost\"", "F:1: listen: \"tcp:25@localhost\" is none of"},
      {"socket-mode = \"0888\"", "F:1: socket-mode: \"0888\" is not an octal mode"},
      {"socket-mode = \"1777\"", "F:1: socket-mode: \"1777\" is not an octal mode"},
      {"socket-mode = \"rw\"", "F:1: socket-mode: \"rw\" is not an octal mode"},
      {"authserv-id = \"a b\"", "F:1: authserv-id: \"a b\" is no authserv-id"},
      {"authserv-id = \"a;b\"", "F:1: authserv-id: \"a;b\" is no authserv-id"},
      {"internal-networks = {\"10.0.0.0/33\"}", "F:1: internal-networks: \"10.0.0.0/33\" is not an address"},
      {"trusted-relays = {\"::1\",\n \"relay.example\"}", "F:2: trusted-relays: \"relay.example\" is not an address"},
      {"local-domains = {\"exa mple\"}", "F:1: local-domains: \"exa mple\" is not a domain name"},
      {"dane-mailers = {\"\"}", "F:1: dane-mailers: \"\" is empty"},
      {"mode = {observe}", "F:1: unexpected token '{'"},
      {"mode += observe", "F:1: attempt to append to non-list option 'mode'"},
      {"mode = observe }", "F:1: unexpected closing brace"},
      {"mode", "F:2: premature end of file"},
      {"\nresolver {\n", "F:2: a brace without its closing brace"},
      {"resolver { timeout = 3", "F:1: a brace without its closing brace"},
      {"\ndomain \"a.example\" { standard = {\"dane\" level = reject }", "F:2: a brace without its closing brace"},
      {"user = \"sluis", "F:1: a string without its closing quote"},
      {"user = 'sluis\nmode = observe", "F:1: a string without its closing quote"},
      {"\"", "F:1: a string without its closing quote"},
      {"\n/* no end", "F:2: a comment without its end"},
      {"user = \"${HOME}\"", "F:1: \"${\" would be replaced from the environment"},
      {"user = ${HOME}", "F:1: \"${\" would be replaced from the environment"},
      {"user = \"a\\nb\"", "F:1: a backslash in a string"},
      {"user = \"a\\0b\"", "F:1: a backslash in a string"},
      {"user = \"a\tb\"", "F:1: user: \"a?b\" is not one line of printable UTF-8"},
      {"user = \"\xff\"", "F:1: user: \"?\" is not one line of printable UTF-8"},
      {"mode = enforce*", "F:1: an unexpected character outside of quotes"},
      {"mode = enforce;", "F:1: mode: \"enforce;\" is none of"},
      {"\"resolver|timeout\" = 5", "F:1: no such option"},
      {"audit { addresses = none }", "F:1: audit.addresses: \"none\" is none of domain, pseudonym and full"},
      {"audit { required = maybe }", "F:1: audit.required: \"maybe\" is neither true nor false"},
      {"audit { log = \"\" }", "F:1: audit.log: \"\" is empty"},
      {"\naudit { addresses = pseudonym }", "F:2: audit.addresses = pseudonym needs audit.pseudonym-key"},
      {"audit { addresses = pseudonym pseudonym-key = \"/nonexistent/key\" }",
       "F:1: audit.pseudonym-key: /nonexistent/key: No such file or directory"},
      {"audit { addresses = pseudonym pseudonym-key = \"/dev/null\" }",
       "F:1: audit.pseudonym-key: /dev/null: is not a file"},
      {"audit { addresses = pseudonym pseudonym-key = \"/\" }", "F:1: audit.pseudonym-key: /: Is a directory"},
      {"domain { standard = {\"dane\"} level = reject }", "F:1: missing title for section 'domain'"},
      {"domain \"exa mple\" { standard = {\"dane\"} level = reject }", "F:1: domain \"exa mple\" is not a domain name"},
      {"domain \"\" { standard = {\"dane\"} level = reject }", "F:1: domain \"\" is not a domain name"},
      {"domain \"a.example\" { standard = {\"dnssec\"} level = reject }",
       "F:1: domain.standard: \"dnssec\" is none of author, dmarc, spf, dkim, tls and dane"},
      {"\ndomain \"a.example\" {\n standard = {}\n level = reject }",
       "F:2: domain \"a.example\" needs a filled list standard"},
      {"domain \"a.example\" { level = reject }", "F:1: domain \"a.example\" needs a filled list standard"},
      {"domain \"a.example\" { standard = {\"dane\"} }", "F:1: domain \"a.example\" needs a value for level"},
      {"domain \"a.example\" { standard = {\"dane\"} level = none }", "F:1: domain.level: \"none\" is none of"},
      {"exception \"1\" { domain = {\"a.example\"} standard = {\"dane\"} level = off until = \"2027-06-30\" }",
       "F:1: exception \"1\" needs a value for reason"},
      {"mode = observe\nexception \"1\" {\n domain = {\"a.example\"} standard = {\"dane\"}\n level = off\n"
       " reason = \"x\" }",
       "F:2: exception \"1\" needs a value for until"},
      {"exception \"1\" { standard = {\"dane\"} level = off reason = \"x\" until = \"2027-06-30\" }",
       "F:1: exception \"1\" needs a filled list domain"},
      {"exception \"1\" { domain = {\"a.example\"} level = off reason = \"x\" until = \"2027-06-30\" }",
       "F:1: exception \"1\" needs a filled list standard"},
      {"exception \"1\" { reason = \"\" }", "F:1: exception.reason: \"\" is empty"},
      {"exception \"1\" {\n until = \"2027-02-29\" }", "F:2: exception.until: \"2027-02-29\" is not a day"},
      {"exception \"1\" { until = \"2027-6-30\" }", "F:1: exception.until: \"2027-6-30\" is not a day"},
      {"exception \"1\" { until = \"30-06-2027\" }", "F:1: exception.until: \"30-06-2027\" is not a day"},
      {"exception \"1\" { until = \"2100-02-29\" }", "F:1: exception.until: \"2100-02-29\" is not a day"},
      {"exception \"1\" { until = \"2027-06-31\" }", "F:1: exception.until: \"2027-06-31\" is not a day"},
      {"exception \"1\" { until = \"2027-13-01\" }", "F:1: exception.until: \"2027-13-01\" is not a day"},
      {"exception \"1\" { until = \"never\" }", "F:1: exception.until: \"never\" is not a day"},
      {"exception \"1\" { domain = {\"a..b\"} }", "F:1: exception.domain: \"a..b\" is not a domain name"},
      {"exception \"\" { }", "F:1: exception \"\" is empty"},
      {"exception \"1\" { domain = {\"a.example\"} standard = {\"dane\"} level = off reason = x until = 2027-06-30 }\n"
       "exception \"1\" { domain = {\"b.example\"} standard = {\"dane\"} level = off reason = x until = 2027-06-30 }",
       "F:2: exception \"1\" stands twice"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char error[512] = "";
    struct config *config = config_parse(rows[i].text, "F", error, sizeof error);
    if (config || strncmp(error, rows[i].error, strlen(rows[i].error)) != 0)
      fail_msg("%s\n  gives: %s\n  not:   %s", rows[i].text, config ? "no error" : error, rows[i].error);
    /* A bad file leaves nothing behind in the parser: the next one is read as if it were the first. */
    config_release(must_parse("mode = enforce"));
  }
}

static void a_nul_byte_is_refused(void **state)
{
  (void)state;
  char path[256], error[512], expected[300];
  make_file(path, "mode = observe\n\0mode = enforce\n", 30);
  assert_null(config_load(path, error, sizeof error));
  snprintf(expected, sizeof expected, "%s:2: a NUL byte: this is no text file", path);
  assert_string_equal(error, expected);
  unlink(path);
}

static void an_absent_file_says_why(void **state)
{
  (void)state;
  char error[512];
  assert_null(config_load("/nonexistent/sluis.conf", error, sizeof error));
  assert_string_equal(error, "/nonexistent/sluis.conf: No such file or directory");
  assert_null(config_load("/", error, sizeof error));
  assert_string_equal(error, "/: Is a directory");
}

static void assert_list(const struct string_list *list, const char *expected)
{
  char joined[512] = "";
  for (size_t i = 0; i < list->count; i++) {
    strcat(joined, i ? " " : "");
    strcat(joined, list->items[i]);
  }
  assert_string_equal(joined, expected);
}

static void assert_defaults(const struct config *config)
{
  struct ip ip;
  assert_string_equal(config->listen, "unix:/run/sluis/sluis.sock");
  assert_string_equal(config->socket_mode, "0660");
  assert_int_equal(config->socket_mode_bits, 0660);
  assert_string_equal(config->socket_group, "");
  assert_string_equal(config->user, "sluis");
  assert_true(config->isolation);
  assert_string_equal(config->crash_journal, "/var/lib/sluis/in-hand");
  assert_string_equal(config->authserv_id, "");
  assert_int_equal(config->mode, MODE_ANNOTATE);
  assert_int_equal(config->internal_networks.count, 2);
  assert_int_equal(config->internal_networks.items[0].prefix, 8);
  assert_int_equal(config->internal_networks.items[1].prefix, 128);
  ip_parse(&ip, "127.5.5.5");
  assert_true(network_contains(config->internal_networks.items, 1, &ip));
  assert_list(&config->originating_daemons, "ORIGINATING");
  assert_list(&config->local_domains, "");
  assert_list(&config->dane_mailers, "smtp relay esmtp smtp8 dsmtp");
  assert_int_equal(config->trusted_relays.count, 0);
  assert_list(&config->resolver.servers, "");
  assert_string_equal(config->resolver.trust_anchor, "/usr/share/dns/root.key");
  assert_int_equal(config->resolver.timeout, 5);
  assert_int_equal(config->resolver.budget, 25);
  assert_int_equal(config->resolver.cache_size, 16);
  for (int i = 0; i < STANDARD_COUNT; i++)
    assert_int_equal(config->levels[i], LEVEL_ANNOTATE);
  assert_true(config->defer_on_temporary_failure);
  assert_string_equal(config->contact, "");
  assert_int_equal(config->domain_count, 0);
  assert_int_equal(config->exception_count, 0);
  assert_string_equal(config->audit.log, "/var/log/sluis/audit.jsonl");
  assert_int_equal(config->audit.addresses, ADDRESSES_DOMAIN);
  assert_string_equal(config->audit.pseudonym_key, "");
  assert_int_equal(config->audit.keys.count, 0);
  assert_false(config->audit.required);
}

static void an_empty_file_is_the_defaults(void **state)
{
  (void)state;
  static const char *const texts[] = {"", "\n", "# nothing\n", "resolver { } inbound { } outbound { } audit { }",
      "\r\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct config *config = must_parse(texts[i]);
    assert_string_equal(config->file, "F");
    assert_defaults(config);
    config_release(config);
  }
}

static const char *example_file(char path[512])
{
  const char *top = getenv("top_srcdir");
  snprintf(path, 512, "%s/init/sluis.conf", top ? top : ".");
  return path;
}

static void the_example_is_the_defaults(void **state)
{
  (void)state;
  char path[512], error[512] = "";
  struct config *config = config_load(example_file(path), error, sizeof error);
  if (!config)
    fail_msg("%s", error);
  assert_defaults(config);
  config_release(config);
}

static void what_is_added_joins_the_default(void **state)
{
  (void)state;
  struct config *config = must_parse("dane-mailers += {slow} internal-networks += {\"10.0.0.0/8\"}\n"
                                     "originating-daemons = {A} originating-daemons += {B}\n"
                                     "local-domains += {a.example}\nlocal-domains += {b.example}\n");
  assert_list(&config->dane_mailers, "smtp relay esmtp smtp8 dsmtp slow");
  assert_int_equal(config->internal_networks.count, 3);
  assert_int_equal(config->internal_networks.items[0].prefix, 8);
  assert_int_equal(config->internal_networks.items[0].address.bytes[0], 127);
  assert_list(&config->originating_daemons, "A B");
  assert_list(&config->local_domains, "a.example b.example");
  config_release(config);
  config = must_parse("dane-mailers = {} dane-mailers += {slow}");
  assert_list(&config->dane_mailers, "slow");
  config_release(config);
}

static void every_option_is_read(void **state)
{
  (void)state;
  static const char key[] = "2026 0123456789abcdef0123456789abcdef\n";
  char path[256], text[4096];
  make_file(path, key, sizeof key - 1);
  snprintf(text, sizeof text,
           "listen = \"inet6:8891@::1\" socket-mode = 0600 socket-group = postfix\n"
           "user = \"\" isolation = false crash-journal = \"\" authserv-id = mx1.example.nl mode = enforce\n"
           "internal-networks = {\"10.0.0.0/8\"} originating-daemons = {\"A\", \"B\"}\n"
           "local-domains = {\"Example.NL.\"} "
           "dane-mailers = {} trusted-relays += {\"192.0.2.1\"}\n"
           "resolver { servers = {\"127.0.0.1@5300\", \"::1\"} trust-anchor = '/etc/${root}.key' timeout = 60\n"
           "  budget = 120 cache-size = 4096 }\n"
           "inbound { spf = reject dkim = off dmarc = quarantine tls = observe author = reject }\n"
           "outbound { dane = reject on-temporary-failure = accept contact = \"https://example.nl/100%%\" }\n"
           "domain \"Ministry.Example\" { standard = {\"dane\", \"tls\"} level = reject }\n"
           "domain \"b\xc3\xbc" "cher.example\" { standard = {\"dmarc\"} level = off }\n"
           "\ndomain \"ministry.example\" {\n standard = {\"dmarc\"} level = quarantine }\n"
           "exception \"2026-014\" { domain = {\"Partner.example\", \"p2.example\"} standard = {\"dane\"}\n"
           "  level = annotate reason = \"supplier \\\"X\\\" migrates \\\nin Q2\" owner = \"CISO\"\n"
           "  until = \"2027-06-30\" }\n"
           "exception \"2\" { domain = \"x.example\" standard = \"spf\" level = off reason = r until = 2000-02-29 }\n"
           "audit { log = \"-\" addresses = pseudonym pseudonym-key = \"%s\" required = true }\n",
           path);
  struct config *config = must_parse(text);
  unlink(path);
  assert_string_equal(config->listen, "inet6:8891@::1");
  assert_int_equal(config->socket_mode_bits, 0600);
  assert_string_equal(config->socket_group, "postfix");
  assert_string_equal(config->user, "");
  assert_false(config->isolation);
  assert_string_equal(config->crash_journal, "");
  assert_string_equal(config->authserv_id, "mx1.example.nl");
  assert_int_equal(config->mode, MODE_ENFORCE);
  assert_int_equal(config->internal_networks.count, 1);
  assert_list(&config->originating_daemons, "A B");
  assert_list(&config->local_domains, "example.nl");
  assert_list(&config->dane_mailers, "");
  assert_int_equal(config->trusted_relays.count, 1);
  assert_list(&config->resolver.servers, "127.0.0.1@5300 ::1");
  assert_string_equal(config->resolver.trust_anchor, "/etc/${root}.key");
  assert_int_equal(config->resolver.timeout, 60);
  assert_int_equal(config->resolver.budget, 120);
  assert_int_equal(config->resolver.cache_size, 4096);
  static const enum level levels[] = {
      [STANDARD_SPF] = LEVEL_REJECT,  [STANDARD_DKIM] = LEVEL_OFF,      [STANDARD_DMARC] = LEVEL_QUARANTINE,
      [STANDARD_TLS] = LEVEL_OBSERVE, [STANDARD_AUTHOR] = LEVEL_REJECT, [STANDARD_DANE] = LEVEL_REJECT};
  assert_memory_equal(config->levels, levels, sizeof levels);
  assert_false(config->defer_on_temporary_failure);
  assert_string_equal(config->contact, "https://example.nl/100%");
  assert_int_equal(config->domain_count, 3);
  assert_string_equal(config->domains[0].domain, "ministry.example");
  assert_true(config->domains[0].standards[STANDARD_DANE] && config->domains[0].standards[STANDARD_TLS]);
  assert_false(config->domains[0].standards[STANDARD_DMARC]);
  assert_int_equal(config->domains[0].level, LEVEL_REJECT);
  assert_int_equal(config->domains[0].line, 9);
  assert_string_equal(config->domains[1].domain, "xn--bcher-kva.example");
  assert_int_equal(config->domains[1].line, 10);
  assert_string_equal(config->domains[2].domain, "ministry.example");
  assert_int_equal(config->domains[2].line, 12);
  assert_int_equal(config->domains[2].level, LEVEL_QUARANTINE);
  assert_int_equal(config->exception_count, 2);
  assert_string_equal(config->exceptions[0].id, "2026-014");
  assert_list(&config->exceptions[0].domains, "partner.example p2.example");
  assert_string_equal(config->exceptions[0].reason, "supplier \"X\" migrates in Q2");
  assert_string_equal(config->exceptions[0].owner, "CISO");
  assert_string_equal(config->exceptions[0].until, "2027-06-30");
  assert_true(config->exceptions[0].ends == 1814400000); /* 2027-07-01T00:00:00Z */
  assert_string_equal(config->exceptions[1].owner, "");
  assert_true(config->exceptions[1].ends == 951868800); /* 2000-03-01T00:00:00Z */
  assert_string_equal(config->audit.log, "-");
  assert_int_equal(config->audit.addresses, ADDRESSES_PSEUDONYM);
  assert_int_equal(config->audit.keys.count, 1);
  assert_string_equal(config->audit.keys.keys[0].id, "2026");
  assert_memory_equal(config->audit.keys.keys[0].bytes, key + 5, 32);
  assert_true(config->audit.required);
  config_release(config);
}

static void references_are_counted(void **state)
{
  (void)state;
  struct config *config = must_parse("user = nobody");
  assert_ptr_equal(config_hold(config), config);
  config_release(config);
  assert_string_equal(config->user, "nobody");
  config_release(config);
  config_release(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_name_file_and_line),   cmocka_unit_test(a_nul_byte_is_refused),
      cmocka_unit_test(an_absent_file_says_why),     cmocka_unit_test(an_empty_file_is_the_defaults),
      cmocka_unit_test(the_example_is_the_defaults), cmocka_unit_test(every_option_is_read),
      cmocka_unit_test(references_are_counted),      cmocka_unit_test(what_is_added_joins_the_default),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
