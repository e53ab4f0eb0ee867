/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl dane DOMAIN...: the DANE verdict of each destination.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "audit/record.h"
#include "base/memory.h"
#include "base/text.h"
#include "checks/dane.h"
#include "checks/next_hop.h"
#include "ctl/command.h"
#include "ctl/destination.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "policy/config.h"
#include "resolver/resolver.h"

/* CONTRACT 1. Not knowing is worse than knowing that something is missing: the answer is incomplete. */
enum { ALL_DANE = 0, SOME_LACK_IT = 1, SOME_UNKNOWN = 2 };

/* Five questions for a host, three for the domain. */
enum { QUERIES_MAX = 5 * DANE_HOSTS_MAX + 3 };

static int status_of(enum dane_verdict verdict)
{
  if (verdict == DANE_FULL)
    return ALL_DANE;
  return verdict == DANE_TEMPERROR || verdict == DANE_BOGUS ? SOME_UNKNOWN : SOME_LACK_IT;
}

static bool is_destination(const char *word)
{
  struct next_hop hop = next_hop_parse(word);
  if (hop.kind != NEXT_HOP_INVALID && !hop.several)
    return true;
  fprintf(stderr, "sluisctl dane: \"%s\" is not a domain\n", words_printable(word));
  return false;
}

static int examine(struct resolver *resolver, const char *destination, bool json, bool first)
{
  struct arena *arena = arena_new();
  struct lookups *lookups = lookups_new(resolver, QUERIES_MAX);
  struct dane_fact fact = dane_check(arena, lookups, destination);
  struct text out = {0};
  if (json) {
    record_destination(&out, fact.domain, &fact);
    text_add_char(&out, '\n');
  } else {
    if (!first)
      text_add_char(&out, '\n');
    destination_tell(&out, &fact);
  }
  fwrite(out.bytes, 1, out.length, stdout);
  fflush(stdout);
  text_free(&out);
  lookups_free(lookups);
  arena_free(arena);
  return status_of(fact.verdict);
}

static int examine_all(const struct command_options *options, int count, char **destinations)
{
  struct config *config = setup_config(options);
  if (!config)
    return EX_CONFIG;
  struct resolver *resolver = setup_resolver(config);
  int status = resolver ? ALL_DANE : EX_UNAVAILABLE;
  for (int i = 0; resolver && i < count; i++) {
    int one = examine(resolver, destinations[i], options->json, i == 0);
    status = one > status ? one : status;
  }
  resolver_close(resolver);
  config_release(config);
  return status;
}

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] dane [--json] DOMAIN...\n"
        "  A DOMAIN may also be a next hop as Postfix writes it: DOMAIN:PORT, [HOST] or [HOST]:PORT.\n"
        "exit status: 0 all DANE, 1 some lack it, 2 some could not be found out\n",
        stream);
}

int command_dane(struct command_options *options, int count, char **words)
{
  static const struct option long_options[] = {WORDS_JSON, WORDS_END};
  static const struct words_grammar grammar = {long_options, NULL, print_usage, 1, WORDS_MANY};
  int status = words_read(&grammar, options, NULL, count, words);
  if (status >= 0)
    return status;
  for (int i = optind; i < count; i++)
    if (!is_destination(words[i]))
      return EX_USAGE;
  return examine_all(options, count - optind, words + optind);
}
