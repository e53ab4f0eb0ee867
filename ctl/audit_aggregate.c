/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit aggregate-reports [FILE...]: DMARC aggregate reports (RFC 9990) from the audit log.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"
#include "config.h"
#include "ctl/command.h"
#include "ctl/day.h"
#include "ctl/logs.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "feedback/destination.h"
#include "feedback/dispatch.h"
#include "feedback/ledger.h"
#include "feedback/tally.h"
#include "policy/config.h"
#include "resolver/resolver.h"

#define COMMAND "audit aggregate-reports"
#define DEFAULT_STATE "/var/lib/sluis/aggregate-reports"
#define DEFAULT_SENDMAIL "/usr/sbin/sendmail"

enum { DAY_SECONDS = 86400 };

struct aggregate {
  const char *state, *folder, *sendmail, *organization;
  const char *email;  /* NULL: postmaster at the submitter */
  bool has_date;
  int64_t date;
  char submitter[DOMAIN_SIZE];
  struct arena *arena;
};

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit aggregate-reports [OPTION]... [FILE...]\n"
        "  --email ADDRESS    sender of the reports and contact (default: postmaster at the authserv-id)\n"
        "  --org NAME         name of the organization (default: the authserv-id, or the domain of the address)\n"
        "  --date YYYY-MM-DD  this day (default: each day that is over and not done)\n"
        "  --state FILE       what was sent (default " DEFAULT_STATE ")\n"
        "  --sendmail PATH    the command that takes the mails (default " DEFAULT_SENDMAIL ")\n"
        "  --dry-run DIR      write the reports and mails there, and send nothing\n"
        "  Without a FILE: the configured log, with the files beside it that were rotated away.\n"
        "exit status: 0 all is sent, 75 some must wait for the next run\n",
        stream);
}

static void tell(void *context, bool trouble, const char *text)
{
  char printable[4000];
  (void)context;
  text_printable(printable, sizeof printable, text, strlen(text));
  fprintf(trouble ? stderr : stdout, "%s%s\n", trouble ? "sluisctl: " : "", printable);
  fflush(stdout);
}

/* Who reports: the host's authserv-id, where configured, and the address. */
static int find_reporter(struct aggregate *aggregate, const struct config *config)
{
  const char *domain = NULL;
  if (domain_normalize(aggregate->submitter, config->authserv_id, strlen(config->authserv_id)) < 0)
    *aggregate->submitter = '\0';
  if (!aggregate->email && !*aggregate->submitter)
    return words_refuse_for(COMMAND, "--email is needed, as the configuration has no authserv-id");
  const char *address = arena_printf(aggregate->arena, "mailto:%s%s", aggregate->email ? aggregate->email :
                                     "postmaster@",
                                     aggregate->email ? "" : aggregate->submitter);
  aggregate->email = destination_read(aggregate->arena, address, strlen(address), &domain);
  if (!aggregate->email || strcmp(aggregate->email, address + strlen("mailto:")) != 0)
    return words_refuse_for(COMMAND, "--email wants a plain address, local@domain in lower case");
  if (!*aggregate->submitter)
    strcpy(aggregate->submitter, domain);
  if (!aggregate->organization)
    aggregate->organization = aggregate->submitter;
  return EX_OK;
}

/* A file that was written last before the first day has nothing to say of it. */
static bool is_recent(const char *path, int64_t begin)
{
  struct stat status;
  return stat(path, &status) < 0 || status.st_mtime >= begin;
}

static int report_on(const struct aggregate *aggregate, struct resolver *resolver, struct ledger *ledger,
                     const struct log_list *logs)
{
  struct tally tally;
  struct dispatched dispatched;
  struct text error = {0};
  const struct dispatch dispatch = {
      .resolver = resolver,
      .reporter = {aggregate->organization, aggregate->email, aggregate->submitter, "sluis " PACKAGE_VERSION},
      .sendmail = aggregate->sendmail,
      .ledger = ledger,
      .folder = aggregate->folder,
      .now = time(NULL),
      .tell = tell};
  int status = EX_OK;
  tally_open(&tally);
  if (aggregate->has_date)
    tally_want(&tally, aggregate->date);
  else
    dispatch_want(&tally, ledger, dispatch.now);
  for (size_t i = 0; i < logs->count && tally.day_count > 0; i++)
    if (is_recent(logs->paths[i], tally.begins[0]) &&
        tally_read(&tally, logs->paths[i], &error) < 0) {
      tell(NULL, true, arena_printf(aggregate->arena, "%s: %s", logs->paths[i], error.bytes));
      text_clear(&error);
      status = EX_NOINPUT;
    }
  if (tally.damaged || tally.dropped)
    tell(NULL, true, arena_printf(aggregate->arena, "%llu lines could not be understood, and %llu messages were too "
                                                    "many "
                                  "to be told apart; these are in no report", (unsigned long long)tally.damaged,
                                  (unsigned long long)tally.dropped));
  /* With a part of the log a report would be false, and could not be sent again. */
  if (status == EX_OK)
    status = dispatch_run(&dispatch, &tally, &dispatched) < 0 ? EX_CANTCREAT : dispatched.waiting ? EX_TEMPFAIL : EX_OK;
  tally_free(&tally);
  text_free(&error);
  return status;
}

static int run(struct aggregate *aggregate, const struct config *config, const struct log_list *logs)
{
  char error[400];
  struct ledger *ledger = NULL;
  int status = find_reporter(aggregate, config);
  if (status != EX_OK)
    return status;
  if (!aggregate->folder && !(ledger = ledger_open(aggregate->state, error, sizeof error))) {
    fprintf(stderr, "sluisctl: %s\n", error);
    return EX_CANTCREAT;
  }
  struct resolver *resolver = setup_resolver(config);
  status = resolver ? report_on(aggregate, resolver, ledger, logs) : EX_UNAVAILABLE;
  resolver_close(resolver);
  ledger_close(ledger);
  return status;
}

static bool read_option(void *words, int option, char *value)
{
  struct aggregate *to = words;
  switch (option) {
  case 'd':
    to->has_date = true;
    to->date = day_read(value) / 1000;
    return to->date > 0;
  case 's':
    to->state = value;
    return true;
  case 'n':
    to->folder = value;
    return true;
  case 'o':
    to->organization = value;
    return true;
  case 'e':
    to->email = value;
    return true;
  case 'm':
    to->sendmail = value;
    return true;
  default:
    return false;
  }
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct aggregate *to, int count, char **words)
{
  static const struct option long_options[] = {
      {"date", required_argument, NULL, 'd'},    {"state", required_argument, NULL, 's'},
      {"dry-run", required_argument, NULL, 'n'}, {"org", required_argument, NULL, 'o'},
      {"email", required_argument, NULL, 'e'},   {"sendmail", required_argument, NULL, 'm'},
      WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 0, WORDS_MANY};
  int status = words_read(&grammar, options, to, count, words);
  if (status >= 0 || !to->has_date)
    return status;
  if (to->date + DAY_SECONDS <= time(NULL))
    return -1;
  return words_refuse_for(COMMAND, "that day is not over (in UTC)");
}

int command_audit_aggregate(struct command_options *options, int count, char **words)
{
  struct aggregate aggregate = {.state = DEFAULT_STATE, .sendmail = DEFAULT_SENDMAIL};
  int status = read_words(options, &aggregate, count, words);
  if (status >= 0)
    return status;
  struct config *config = setup_config(options);
  if (!config)
    return EX_CONFIG;
  struct log_list logs;
  aggregate.arena = arena_new();
  status = logs_find(&logs, options, words + optind, (size_t)(count - optind));
  if (status == EX_OK)
    status = run(&aggregate, config, &logs);
  logs_free(&logs);
  arena_free(aggregate.arena);
  config_release(config);
  return status;
}
