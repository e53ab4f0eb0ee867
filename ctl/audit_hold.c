/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit hold: what audit prune keeps beyond its time, because of an incident.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>

#include "audit/emitter.h"
#include "base/domain.h"
#include "ctl/command.h"
#include "ctl/day.h"
#include "ctl/words.h"
#include "evidence/hold.h"

/* BIO2 5.28.01 asks for three years. */
#define COMMAND "audit hold"

enum { HOLD_DAYS = 3 * 366, NAME_MAX_LENGTH = 100, NOT_THERE = 1 };

struct words {
  const char *database;
  bool release, list;
  struct hold hold;
};

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl audit hold [--database WHERE] NAME --from DATE --to DATE --reason TEXT [--domain DOMAIN]\n"
        "           [--until DATE]\n"
        "       sluisctl audit hold [--database WHERE] NAME --release\n"
        "       sluisctl audit hold [--database WHERE] [--json]\n"
        "  --database WHERE  a file (default " COMMAND_DATABASE "), or postgresql://...\n"
        "  --from, --to      the days (YYYY-MM-DD, UTC) whose lines are kept, both included\n"
        "  --domain DOMAIN   only messages of or to it, and the domains below\n"
        "  --until DATE      the last day of the hold (default: three years from now)\n"
        "  --release         end the hold now\n"
        "  Without a NAME: which holds there are.\n"
        "exit status: 0 done, 1 there is none of this name to release, or one already\n",
        stream);
}

static bool read_day(int64_t *to, const char *word, int64_t more)
{
  int64_t day = day_read(word);
  *to = day + more;
  return day >= 0;
}

static bool read_option(void *words, int option, char *value)
{
  struct words *to = words;
  static char domain[DOMAIN_SIZE], reason[TEXT_PRINTABLE_MAX + 1];
  switch (option) {
  case 'd':
    to->database = value;
    return true;
  case 'f':
    return read_day(&to->hold.first_time, value, 0);
  case 't':
    return read_day(&to->hold.last_time, value, DAY_MS);
  case 'u':
    return read_day(&to->hold.ends, value, DAY_MS);
  case 'r':
    to->hold.reason = text_printable(reason, sizeof reason, value, strlen(value));
    return *reason != '\0';
  case 'D':
    to->hold.domain = domain;
    return domain_normalize(domain, value, strlen(value)) == 0;
  case 'R':
    to->release = true;
    return true;
  default:
    return false;
  }
}

/* A name that can stand anywhere. */
static bool is_name(const char *word)
{
  size_t length = strlen(word);
  return length > 0 && length <= NAME_MAX_LENGTH &&
         strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == length;
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct words *to, int count, char **words)
{
  static const struct option long_options[] = {
      {"database", required_argument, NULL, 'd'}, {"from", required_argument, NULL, 'f'},
      {"to", required_argument, NULL, 't'},       {"until", required_argument, NULL, 'u'},
      {"reason", required_argument, NULL, 'r'},   {"domain", required_argument, NULL, 'D'},
      {"release", no_argument, NULL, 'R'},        WORDS_JSON,
      WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 0, WORDS_MANY};
  int status = words_read(&grammar, options, to, count, words);
  if (status >= 0)
    return status;
  to->list = optind == count;
  if (to->list)
    return -1;
  if (optind + 1 != count)
    return words_refuse_for(COMMAND, "one name at a time");
  to->hold.name = words[optind];
  if (!is_name(to->hold.name))
    return words_refuse_for(COMMAND, "a name has letters, digits, '-', '_' and '.'");
  if (to->release)
    return -1;
  if (to->hold.first_time == 0 || to->hold.last_time <= to->hold.first_time || !to->hold.reason)
    return words_refuse_for(COMMAND, "a hold needs --from, --to and --reason");
  return to->hold.ends > to->hold.made ? -1 : words_refuse_for(COMMAND, "--until is over");
}

static void tell_row(void *context, const struct hold *hold)
{
  const struct words *words = context;
  bool lasts = hold->ends > words->hold.made;
  printf("%s: %s", hold->name, day_tell(hold->first_time));
  printf(" to %s, %s%s, %s until", day_tell(hold->last_time - 1), hold->domain ? "of and to " : "all mail",
         hold->domain ? hold->domain : "", lasts ? "held" : "was held");
  printf(" %s: %s\n", day_tell(hold->ends - 1), hold->reason);
}

static void write_row(void *context, const struct hold *hold)
{
  struct text out = {0};
  struct emitter *emitter = emitter_new(&out);
  const struct {
    const char *key;
    int64_t moment;
  } days[] = {{"from", hold->first_time}, {"to", hold->last_time - 1}, {"made", hold->made}, {"until", hold->ends - 1}};
  (void)context;
  emitter_open_map(emitter);
  emitter_key(emitter, "name");
  emitter_string(emitter, hold->name);
  emitter_key(emitter, "reason");
  emitter_string(emitter, hold->reason);
  emitter_key(emitter, "domain");
  emitter_string(emitter, hold->domain);
  for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
    emitter_key(emitter, days[i].key);
    emitter_string(emitter, day_tell(days[i].moment));
  }
  emitter_close_map(emitter);
  emitter_free(emitter);
  printf("%s\n", out.bytes);
  text_free(&out);
}

static int change(struct database *database, const struct words *words)
{
  const struct hold *hold = &words->hold;
  int status = words->release ? hold_end(database, hold->name, hold->made) : hold_add(database, hold);
  if (status > 0)
    fprintf(stderr, "sluisctl " COMMAND ": %s %s\n", hold->name,
            words->release ? "is no hold that lasts" : "is the name of a hold already");
  if (status == 0)
    syslog(LOG_NOTICE, "audit hold: %s %s", hold->name, words->release ? "was released" : "was made");
  return status;
}

int command_audit_hold(struct command_options *options, int count, char **argument)
{
  int64_t now = (int64_t)time(NULL) * 1000;
  struct words words = {.database = COMMAND_DATABASE,
                        .hold = {.made = now, .ends = now - now % DAY_MS + (int64_t)HOLD_DAYS * DAY_MS}};
  int status = read_words(options, &words, count, argument);
  if (status >= 0)
    return status;
  struct text error = {0};
  openlog("sluisctl", LOG_PID, LOG_MAIL);
  struct database *database = database_open(words.database, words.list ? DATABASE_READ : DATABASE_WRITE, &error);
  status = -1;
  if (database)
    status = words.list ? hold_list(database, options->json ? write_row : tell_row, &words) : change(database, &words);
  if (status < 0)
    fprintf(stderr, "sluisctl " COMMAND ": %s\n", database ? database_error(database) : error.bytes);
  database_close(database);
  text_free(&error);
  return status < 0 ? EX_UNAVAILABLE : status > 0 ? NOT_THERE : EX_OK;
}
