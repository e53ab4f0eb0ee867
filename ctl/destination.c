/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A DANE verdict for people. See destination.h.
 */
#include "ctl/destination.h"

#include <string.h>

#include "base/domain.h"

/* What comes from the DNS is printable already, domain names are ASCII; this holds also where one day it is not so. */
static void add(struct text *out, const char *value)
{
  char printable[TEXT_PRINTABLE_MAX + 1];
  text_add(out, text_printable(printable, sizeof printable, value, strlen(value)));
}

enum { INDENT = 11, COLUMNS = 100 };

/* A label and its text, folded at spaces. */
static void add_row(struct text *out, const char *label, const char *value)
{
  char printable[TEXT_PRINTABLE_MAX + 1];
  const char *rest = text_printable(printable, sizeof printable, value, strlen(value));
  text_printf(out, "  %-8s ", label);
  while (strlen(rest) > COLUMNS - INDENT) {
    size_t cut = COLUMNS - INDENT;
    while (cut > 0 && rest[cut] != ' ')
      cut--;
    if (cut == 0) /* a long word */
      break;
    text_add_bytes(out, rest, cut);
    text_printf(out, "\n%*s", INDENT, "");
    rest += cut + 1;
  }
  text_add(out, rest);
  text_add_char(out, '\n');
}

static const char *sentence_of_mx(const struct dane_fact *fact)
{
  static const struct {
    const char *word, *sentence;
  } rows[] = {
      {"secure", "secure"},
      {"insecure", "not secure: anybody on the way can name other hosts"},
      {"none", "no such domain"},
      {"bogus", "DNSSEC validation failed"},
      {"temperror", "no answer"},
      {"not-asked", "not asked for"},
  };
  if (strcmp(fact->mx, "implicit") == 0)
    return fact->mx_dnssec == DNSSEC_SECURE ? "none, which is secure: the domain is its own mail host"
                                            : "none, which is not secure: the domain is its own mail host";
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strcmp(fact->mx, rows[i].word) == 0)
      return rows[i].sentence;
  return fact->mx;
}

static void add_host(struct text *out, const struct dane_host *host)
{
  text_printf(out, "  %5u    ", host->preference);
  add(out, host->name);
  text_printf(out, "\n%*saddress ", INDENT, "");
  add(out, host->address);
  text_add(out, ", TLSA ");
  add(out, host->tlsa);
  if (host->base) {
    text_add(out, " at ");
    add(out, host->base);
  }
  text_add_char(out, '\n');
}

/* Remedies by link: whose hands it is in, and what to do. */
static const char *remedy_of_link(enum dane_link link)
{
  static const char *const remedies[] = {
      [DANE_LINK_DOMAIN_UNSIGNED] = "the domain's owner has its zone signed with DNSSEC by the DNS operator, and the "
                                    "registrar put the DS record in place",
      [DANE_LINK_MX_INSECURE] = "the domain's owner puts MX records into its own signed zone, or has the zone signed "
                                "that the alias leads to",
      [DANE_LINK_HOST_UNSIGNED] = "the mail provider signs the zone of its MX hosts with DNSSEC, or the domain's owner "
                                  "asks it for MX hosts in a signed zone",
      [DANE_LINK_NO_TLSA] = "the operator of the MX host publishes TLSA records for its SMTP port (_25._tcp): 3 1 1 "
                            "for the present key, and 3 1 1 for the next one or 2 1 1 for its authority",
      [DANE_LINK_TLSA_UNUSABLE] = "the operator of the MX host publishes TLSA records of usage 3 or 2: 3 1 1 or 2 1 1 "
                                  "with a SHA-256 digest",
      [DANE_LINK_BOGUS] = "the DNS operator mends its DNSSEC: expired signatures, or a DS record that fits no key",
      [DANE_LINK_DNS_FAILURE] = "try again later; where it stays, the DNS operator mends its name servers",
  };
  return (size_t)link < sizeof remedies / sizeof *remedies ? remedies[link] : NULL;
}

/* Providers that can do DANE where their customer asks for it. */
static const char *remedy_of_provider(const struct dane_fact *fact)
{
  static const struct {
    const char *under, *remedy;
  } providers[] = {
      {"mail.protection.outlook.com", "Microsoft: hosts under mail.protection.outlook.com cannot have DANE; enable "
                                      "inbound SMTP DANE in Exchange Online, which moves the MX record to a host under "
                                      "mx.microsoft"},
      {"mx.microsoft", "Microsoft: the MX host is in a signed zone; complete enabling inbound SMTP DANE in Exchange "
                       "Online"},
  };
  for (size_t i = 0; i < fact->host_count; i++) {
    const struct dane_host *host = &fact->hosts[i];
    /* A host that has what it needs, or of which nothing is known, needs no advice. */
    if (strcmp(host->tlsa, "none") != 0 && strcmp(host->address, "insecure") != 0)
      continue;
    for (size_t j = 0; j < sizeof providers / sizeof *providers; j++)
      if (domain_is_under(host->name, providers[j].under))
        return providers[j].remedy;
  }
  return NULL;
}

static void add_remedies(struct text *out, const struct dane_fact *fact)
{
  const char *provider = remedy_of_provider(fact);
  bool of_the_host = fact->link == DANE_LINK_HOST_UNSIGNED || fact->link == DANE_LINK_NO_TLSA;
  if (fact->link == DANE_LINK_NONE || fact->link == DANE_LINK_DNS_FAILURE || fact->link == DANE_LINK_BOGUS)
    provider = NULL;
  const char *general = provider && of_the_host ? NULL : remedy_of_link(fact->link);
  if (general)
    add_row(out, "remedy", general);
  if (provider)
    add_row(out, general ? "and" : "remedy", provider);
}

void destination_tell(struct text *out, const struct dane_fact *fact)
{
  const char *link = dane_link_name(fact->link);
  add(out, fact->domain);
  text_printf(out, ": %s\n", dane_verdict_name(fact->verdict));
  add_row(out, "MX", sentence_of_mx(fact));
  for (size_t i = 0; i < fact->host_count; i++)
    add_host(out, &fact->hosts[i]);
  if (link)
    add_row(out, "missing", link);
  if (fact->why)
    add_row(out, link ? "why" : "note", fact->why);
  add_remedies(out, fact);
  if (fact->ttl > 0)
    text_printf(out, "  %-8s for %u seconds\n", "valid", fact->ttl);
}
