/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl: the checks of sluisd from the command line. Reads the options that all commands share, and calls the
 * command.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "checks/tls.h"
#include "config.h"
#include "ctl/command.h"

static const struct {
  const char *name;
  command_run *run;
  const char *words, *summary;
} commands[] = {
    {"dane", command_dane, "DOMAIN...", "the DANE verdict of each destination, and the first missing link"},
    {"message", command_message, "[--ip A] [--helo H] [--from MAILFROM] [--rcpt R]... [--outbound] FILE",
     "what sluisd would do with this message, and why"},
    {"audit", command_audit, "SUBCOMMAND ...", "what the audit log says, and whether it is whole"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] [--json] COMMAND ...\n"
        "  -c FILE  configuration (default " SYSCONFDIR "/sluis/sluis.conf)\n"
        "  --json   write JSON, a line for each result\n"
        "  -V       say the version\n"
        "  --help   this text\n"
        "commands:\n",
        stream);
  for (int i = 0; i < COMMAND_COUNT; i++)
    fprintf(stream, "  %s %s\n      %s\n", commands[i].name, commands[i].words, commands[i].summary);
}

static int run_command(struct command_options *options, int count, char **words)
{
  for (int i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(commands[i].name, words[0]) == 0)
      return commands[i].run(options, count, words);
  fprintf(stderr, "sluisctl: there is no command of this name; sluisctl --help lists them\n");
  return EX_USAGE;
}

int main(int count, char **words)
{
  static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
                                               {"json", no_argument, NULL, 'j'},
                                               {"help", no_argument, NULL, 'h'},
                                               {"version", no_argument, NULL, 'V'},
                                               {NULL, 0, NULL, 0}};
  struct command_options options = {0};
  int option;
  while ((option = getopt_long(count, words, "+c:hV", long_options, NULL)) != -1) {
    switch (option) {
    case 'c':
      options.config_file = optarg;
      break;
    case 'j':
      options.json = true;
      break;
    case 'h':
      print_usage(stdout);
      return EX_OK;
    case 'V':
      printf("sluisctl %s\nTLS guideline: %s\n", PACKAGE_VERSION, tls_guideline_edition());
      return EX_OK;
    default:
      print_usage(stderr);
      return EX_USAGE;
    }
  }
  if (optind == count) {
    print_usage(stderr);
    return EX_USAGE;
  }
  int status = run_command(&options, count - optind, words + optind);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    perror("sluisctl: standard output");
    return EX_IOERR;
  }
  return status;
}
