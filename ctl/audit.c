/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit SUBCOMMAND: what is done with audit logs. One file and one row for each subcommand.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"

static const struct {
  const char *name;
  command_run *run;
  const char *words, *summary;
} subcommands[] = {
    {"import", command_audit_import, "[--database WHERE] [--host NAME] [--postconf FILE] FILE...",
     "audit logs and delivery logs into the database of evidence"},
    {"report", command_audit_report,
     "[--database WHERE] [--from DATE] [--to DATE] [--format text|html|json|csv] [--language nl|en] [--public[=N]]",
     "what the database of evidence says about a period"},
    {"show", command_audit_show, "QUEUE_ID|MESSAGE_ID|DOMAIN [--database WHERE] [--log FILE...]",
     "the whole story of a message or a correspondent"},
    {"aggregate-reports", command_audit_aggregate, "[--date YYYY-MM-DD] [--email A] [--dry-run DIR] [FILE...]",
     "send DMARC aggregate reports to the domains that ask for them"},
    {"pseudonym", command_audit_pseudonym, "ADDRESS...", "what an address is called in the audit log"},
    {"prune", command_audit_prune, "[--database WHERE] [--lines DAYS] [--counts DAYS] [--files] [--dry-run]",
     "remove what has been kept for long enough, and note it"},
    {"hold", command_audit_hold, "[NAME --from DATE --to DATE --reason TEXT [--domain DOMAIN] [--until DATE]]",
     "what prune keeps for longer, because of an incident"},
    {"verify", command_audit_verify, "[FILE...]",
     "is the log whole, or was a line changed, taken out, put in or moved?"},
};

enum { SUBCOMMAND_COUNT = sizeof subcommands / sizeof *subcommands };

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit SUBCOMMAND ...\nsubcommands:\n", stream);
  for (int i = 0; i < SUBCOMMAND_COUNT; i++)
    fprintf(stream, "  %s %s\n      %s\n", subcommands[i].name, subcommands[i].words, subcommands[i].summary);
}

int command_audit(struct command_options *options, int count, char **words)
{
  if (count > 1 && strcmp(words[1], "--help") == 0) {
    print_usage(stdout);
    return EX_OK;
  }
  for (int i = 0; count > 1 && i < SUBCOMMAND_COUNT; i++)
    if (strcmp(subcommands[i].name, words[1]) == 0)
      return subcommands[i].run(options, count - 1, words + 1);
  print_usage(stderr);
  return EX_USAGE;
}
