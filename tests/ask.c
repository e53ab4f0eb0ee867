/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tests/ask [-s SERVER]... [-a ANCHOR] [-t SECONDS] NAME TYPE... asks as the daemon does and says what it sees, one
 * answer after the other: status, DNSSEC, TTL, alias, records, and the reason of a failure. For tests against
 * real servers and for bug reports. Exit status: 0; 2 where an answer could not be found out; 64 and 69 as sluisd.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

enum { MAX_SERVERS = 16, MAX_QUERIES = 1000 };

static int read_type(const char *word, unsigned *type)
{
  static const unsigned types[] = {DNS_A,    DNS_NS, DNS_CNAME,  DNS_SOA,  DNS_PTR, DNS_MX,
                                   DNS_TXT, DNS_AAAA, DNS_DS, DNS_DNSKEY, DNS_TLSA};
  char end;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcasecmp(word, dns_type_name(types[i])) == 0) {
      *type = types[i];
      return 0;
    }
  }
  return sscanf(word, "TYPE%5u%c", type, &end) == 1 ? 0 : -1;
}

static void print_hex(const uint8_t *bytes, size_t length)
{
  for (size_t i = 0; i < length; i++)
    printf("%02x", bytes[i]);
}

static void print_record(struct arena *arena, unsigned type, const struct dns_record *record)
{
  struct ip ip;
  struct rdata_mx mx;
  struct rdata_tlsa tlsa;
  char name[DOMAIN_SIZE], address[IP_TEXT_SIZE], printable[TEXT_PRINTABLE_MAX];
  const char *text;
  size_t length;
  printf("  %s ", dns_type_name(type));
  if ((type == DNS_A || type == DNS_AAAA) && rdata_read_address(&ip, record) == 0) {
    printf("%s", ip_format(&ip, address));
  } else if (type == DNS_MX && rdata_read_mx(&mx, record) == 0) {
    printf("%u %s", mx.preference, mx.exchange[0] ? mx.exchange : ".");
  } else if ((type == DNS_CNAME || type == DNS_PTR || type == DNS_NS) && rdata_read_name(name, record) == 0) {
    printf("%s", name);
  } else if (type == DNS_TLSA && rdata_read_tlsa(&tlsa, record) == 0) {
    printf("%u %u %u ", tlsa.usage, tlsa.selector, tlsa.matching_type);
    print_hex(tlsa.data, tlsa.length);
  } else if (type == DNS_TXT && (text = rdata_read_txt(arena, record, &length))) {
    printf("\"%s\"", text_printable(printable, sizeof printable, text, length));
  } else {
    printf("\\# %zu ", record->length); /* RFC 3597 5 */
    print_hex(record->data, record->length);
  }
  putchar('\n');
}

static void print_answer(const char *name, unsigned type, const struct dns_answer *answer)
{
  char printable[TEXT_PRINTABLE_MAX];
  struct arena *arena = arena_new();
  printf("%s %s: %s, %s, ttl %u\n", text_printable(printable, sizeof printable, name, strlen(name)),
         dns_type_name(type), dns_status_name(answer->status), dnssec_name(answer->dnssec), answer->ttl);
  if (answer->canonical)
    printf("  alias of %s\n", answer->canonical);
  for (size_t i = 0; i < answer->count; i++)
    print_record(arena, type, &answer->records[i]);
  if (answer->why)
    printf("  why: %s\n", answer->why);
  arena_free(arena);
}

static void tell_health(void *context, bool healthy, const char *why)
{
  (void)context;
  fprintf(stderr, "self-test: %s\n", healthy ? "passed" : why);
}

static int usage(void)
{
  fputs("usage: ask [-s SERVER]... [-a ANCHOR] [-t SECONDS] NAME TYPE...\n", stderr);
  return 64;
}

int main(int argc, char **argv)
{
  const char *servers[MAX_SERVERS];
  struct resolver_config config = {.servers = servers, .trust_anchor = "/usr/share/dns/root.key", .timeout_ms = 5000,
                                   .budget_ms = 60000, .on_change = tell_health};
  int option, status = 0;
  char error[500];
  while ((option = getopt(argc, argv, "s:a:t:")) != -1) {
    if (option == 's' && config.server_count < MAX_SERVERS)
      servers[config.server_count++] = optarg;
    else if (option == 'a')
      config.trust_anchor = optarg;
    else if (option == 't')
      config.timeout_ms = (unsigned)strtoul(optarg, NULL, 10) * 1000;
    else
      return usage();
  }
  unsigned types[64];
  int count = argc - optind - 1;
  if (count < 1 || count > 64)
    return usage();
  for (int i = 0; i < count; i++)
    if (read_type(argv[optind + 1 + i], &types[i]) != 0)
      return usage();

  struct resolver *resolver = resolver_open(&config, error, sizeof error);
  if (!resolver) {
    fprintf(stderr, "%s\n", error);
    return 69;
  }
  fprintf(stderr, "servers: %s\n", resolver_servers(resolver));
  struct lookups *lookups = lookups_new(resolver, MAX_QUERIES);
  for (int i = 0; i < count; i++)
    lookups_start(lookups, argv[optind], types[i]);
  for (int i = 0; i < count; i++) {
    const struct dns_answer *answer = lookups_get(lookups, argv[optind], types[i]);
    print_answer(argv[optind], types[i], answer);
    if (dns_is_failure(answer))
      status = 2;
  }
  fprintf(stderr, "waited: %u ms\n", lookups_waited_ms(lookups));
  lookups_free(lookups);
  resolver_close(resolver);
  return status;
}
