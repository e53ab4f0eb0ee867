/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit prune: removes what has been kept for long enough, and says so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/day.h"
#include "ctl/logs.h"
#include "ctl/words.h"
#include "evidence/prune.h"

/* Counts: the five half-years of a trend, and the one that is not over. */
enum { LINES_DAYS = 90, COUNTS_DAYS = 3 * 366, DAYS_MAX = 100000, STAYED = 1 };

struct words {
  const char *database;
  long lines, counts;
  bool files, rehearse;
};

static void print_usage(FILE *stream)
{
  fprintf(stream,
          "usage: sluisctl [-c FILE] audit prune [--database WHERE] [--lines DAYS] [--counts DAYS] [--files] [--dry-run]\n"
          "  --database WHERE  a file (default " COMMAND_DATABASE "), or postgresql://...\n"
          "  --lines DAYS      how long single messages and deliveries are kept (default %d)\n"
          "  --counts DAYS     how long sums by day and events of the daemon are kept (default %d)\n"
          "  --files           also remove rotated files of the configured audit log, as old as that and imported\n"
          "  --dry-run         only say what would be removed\n"
          "exit status: 0 done, 1 a file had to stay, 69 the database failed\n",
          LINES_DAYS, COUNTS_DAYS);
}

static bool read_days(long *to, const char *word)
{
  char *end;
  *to = strtol(word, &end, 10);
  return *word >= '0' && *word <= '9' && !*end && *to > 0 && *to <= DAYS_MAX;
}

static bool read_option(void *words, int option, char *value)
{
  struct words *to = words;
  if (option == 'd')
    to->database = value;
  else if (option == 'l')
    return read_days(&to->lines, value);
  else if (option == 'c')
    return read_days(&to->counts, value);
  else if (option == 'f')
    to->files = true;
  else if (option == 'n')
    to->rehearse = true;
  else
    return false;
  return true;
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct words *to, int count, char **words)
{
  static const struct option long_options[] = {
      {"database", required_argument, NULL, 'd'}, {"lines", required_argument, NULL, 'l'},
      {"counts", required_argument, NULL, 'c'},   {"files", no_argument, NULL, 'f'},
      {"dry-run", no_argument, NULL, 'n'},        WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 0, 0};
  int status = words_read(&grammar, options, to, count, words);
  if (status >= 0)
    return status;
  if (to->counts >= to->lines)
    return -1;
  return words_refuse_for("audit prune", "sums are made of lines, and kept for as long at least");
}

/* On standard output, and, where something was removed, to syslog (BIO2 5.33.01). */
static void tell(const struct words *words, const char *text)
{
  printf("%s%s\n", words->rehearse ? "would have " : "", text);
  if (!words->rehearse)
    syslog(LOG_NOTICE, "audit prune: %s", text);
}

static void tell_rows(const struct words *words, const struct prune_options *options, const struct prune_count *count)
{
  struct text text = {0};
  if (count->days > 0) {
    text_printf(&text, "removed the lines of %" PRIu64 " days before %s: %" PRIu64 " messages, %" PRIu64
                       " taken in by an MTA, %" PRIu64 " deliveries; the sums by day are kept",
                count->days, day_tell(options->lines_before), count->messages, count->accepted, count->deliveries);
    tell(words, text.bytes);
  }
  text_clear(&text);
  if (count->counts + count->events > 0) {
    text_printf(&text, "removed the sums by day before %s: %" PRIu64 " rows, and %" PRIu64 " events",
                day_tell(options->counts_before), count->counts, count->events);
    tell(words, text.bytes);
  }
  if (count->held > 0)
    printf("holds keep %" PRIu64 " messages of that time\n", count->held);
  if (count->days == 0 && count->counts + count->events == 0)
    printf("no line in the database is from before %s and not held\n", day_tell(options->lines_before));
  text_free(&text);
}

/* Noted before it is done: a note of a file that is still there does no harm, and the next run removes it. */
static int remove_file(const struct words *words, const struct prune_options *options, struct database *database,
                       const struct prune_file *file)
{
  struct text text = {0};
  if (prune_note_file(database, options, file) < 0)
    return -1;
  if (!words->rehearse && unlink(file->path) < 0) {
    fprintf(stderr, "sluisctl audit prune: %s: %s\n", words_printable(file->path), strerror(errno));
    return STAYED;
  }
  text_printf(&text, "removed %s: %" PRIu64 " lines, seq %" PRIu64 " to %" PRIu64 ", hash of the last line %s",
              words_printable(file->path), file->lines, file->first_seq, file->last_seq, file->digest);
  tell(words, text.bytes);
  text_free(&text);
  return 0;
}

/* From the oldest file on, up to the first one that stays: what is left is one chain. 0, STAYED, -1. */
static int remove_files(const struct words *words, const struct prune_options *options, struct database *database,
                        const struct log_list *logs)
{
  struct text why = {0};
  int status = 0;
  /* The last one is the log itself, which sluisd writes to; so is the file before it, where a new sluisd goes on. */
  for (size_t i = 0; i + 2 < logs->count && status == 0; i++) {
    struct prune_file file = {.path = logs->paths[i]};
    enum prune_answer answer = prune_look(database, options, &file, &why);
    if (answer == PRUNE_REMOVE)
      status = remove_file(words, options, database, &file);
    else if (answer == PRUNE_YOUNG)
      break;
    else if (why.length == 0)
      status = -1;
    else
      status = STAYED;
  }
  if (why.length > 0)
    fprintf(stderr, "sluisctl audit prune: a file and those after it stay: %s\n", why.bytes);
  text_free(&why);
  return status;
}

static int prune(const struct words *words, struct database *database, const struct log_list *logs)
{
  int64_t now = (int64_t)time(NULL) * 1000, today = now - now % DAY_MS;
  const struct prune_options options = {.lines_before = today - words->lines * DAY_MS,
                                        .counts_before = today - words->counts * DAY_MS,
                                        .now = now,
                                        .rehearse = words->rehearse};
  struct prune_count count;
  int status = prune_run(database, &options, &count);
  tell_rows(words, &options, &count);
  if (status == 0 && words->files)
    status = remove_files(words, &options, database, logs);
  if (status < 0)
    fprintf(stderr, "sluisctl audit prune: %s\n", database_error(database));
  return status < 0 ? EX_UNAVAILABLE : status;
}

int command_audit_prune(struct command_options *options, int count, char **argument)
{
  struct words words = {.database = COMMAND_DATABASE, .lines = LINES_DAYS, .counts = COUNTS_DAYS};
  int status = read_words(options, &words, count, argument);
  if (status >= 0)
    return status;
  struct log_list logs = {0};
  if (words.files && (status = logs_find(&logs, options, NULL, 0)) != EX_OK) {
    logs_free(&logs);
    return status;
  }
  struct text error = {0};
  struct database *database = NULL;
  openlog("sluisctl", LOG_PID, LOG_MAIL);
  /* To make an empty one here would be to prune another one than was meant. */
  if ((database = database_open(words.database, DATABASE_READ, &error)) != NULL) {
    database_close(database);
    database = database_open(words.database, DATABASE_WRITE, &error);
  }
  if (database)
    status = prune(&words, database, &logs);
  else
    fprintf(stderr, "sluisctl audit prune: %s\n", error.bytes);
  if (!database)
    status = EX_UNAVAILABLE;
  database_close(database);
  text_free(&error);
  if (words.files)
    logs_free(&logs);
  return status;
}
