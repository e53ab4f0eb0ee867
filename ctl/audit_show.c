/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit show: the whole story of a message or a correspondent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/memory.h"
#include "ctl/command.h"
#include "ctl/day.h"
#include "ctl/logs.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "story/sift.h"
#include "story/story.h"
#include "story/tell.h"

#define COMMAND "audit show"

enum { NOTHING = 1 };

struct words {
  const char *database; /* NULL: not named */
  char **files;         /* named logs */
  size_t file_count;
  const char *word;
  enum story_key key;
  int64_t from, to;
  char domain[DOMAIN_SIZE];
};

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit show [--json] [--database WHERE] [--from DATE] [--to DATE]\n"
        "         QUEUE_ID|MESSAGE_ID|DOMAIN [--log FILE...]\n"
        "  --database WHERE  a file (default " COMMAND_DATABASE "), or postgresql://...\n"
        "  --log FILE...     these audit logs and MTA logs, instead of the configured audit log\n"
        "  --from, --to      only these days (YYYY-MM-DD, UTC), both included\n"
        "  What is named is read, and nothing else; where nothing is named, the default database and the configured log.\n"
        "exit status: 0 found, 1 nothing found, 66 a log cannot be read, 69 the database cannot be read\n",
        stream);
}

static bool read_option(void *words, int option, char *value)
{
  struct words *to = words;
  int64_t day = option == 'f' || option == 't' ? day_read(value) : 0;
  if (option == 'd')
    to->database = value;
  else if (option == 'l')
    to->files[to->file_count++] = value;
  else if (option == 'f')
    to->from = day;
  else if (option == 't')
    to->to = day + DAY_MS;
  else
    return false;
  return day >= 0;
}

static int read_word(struct words *to, const char *word)
{
  to->key = story_key(word);
  to->word = word;
  size_t length = strlen(word);
  if (length == 0 || length > TEXT_PRINTABLE_MAX)
    return words_refuse_for(COMMAND, "that is neither a queue id nor a Message-ID nor a domain");
  if (to->key != STORY_DOMAIN)
    return -1;
  to->word = to->domain;
  return domain_normalize(to->domain, word, length) == 0 ? -1 : words_refuse_for(COMMAND, "that is not a domain");
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct words *to, int count, char **words)
{
  static const struct option long_options[] = {{"database", required_argument, NULL, 'd'},
                                               {"log", required_argument, NULL, 'l'},
                                               {"from", required_argument, NULL, 'f'},
                                               {"to", required_argument, NULL, 't'},
                                               WORDS_JSON,
                                               WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 1, WORDS_MANY};
  int status = words_read(&grammar, options, to, count, words);
  if (status >= 0)
    return status;
  if (to->from >= to->to)
    return words_refuse(&grammar);
  for (int i = optind + 1; i < count; i++)
    to->files[to->file_count++] = words[i];
  return read_word(to, words[optind]);
}

/* An address of a server can hold a password. */
static const char *name_of_database(const struct words *words)
{
  const char *where = words->database ? words->database : COMMAND_DATABASE;
  return strstr(where, "://") ? "on the PostgreSQL server" : words_printable(where);
}

static void tell_problem(void *context, const char *path, uint64_t line, const char *why)
{
  (void)context;
  (void)line;
  fprintf(stderr, "sluisctl: %s: %s\n", words_printable(path), why);
}

/* The database: the one that is named must be there. 0 or an exit status. */
static int open_database(const struct words *words, struct story *story)
{
  struct text error = {0};
  const char *where = words->database ? words->database : COMMAND_DATABASE;
  if (!words->database && (words->file_count > 0 || access(where, F_OK) < 0))
    return EX_OK;
  struct database *database = database_open(where, DATABASE_READ, &error);
  if (database)
    story->sources[story->source_count++] = (struct story_source){database, "database"};
  else
    fprintf(stderr, "sluisctl " COMMAND ": %s: %s\n", name_of_database(words), error.bytes);
  text_free(&error);
  return database || !words->database ? EX_OK : EX_UNAVAILABLE;
}

/* The logs, as a second database. 0 or an exit status. */
static int open_logs(const struct words *words, struct story *story, struct sift *sift)
{
  struct log_list logs = {.paths = words->files, .count = words->file_count};
  struct text error = {0};
  if (words->file_count == 0 && !words->database)
    logs_find_configured(&logs, story->config);
  const struct import_options options = {.addresses = record_origin(story->config, NULL)};
  *sift = (struct sift){.key = words->key,
                        .word = words->word,
                        .known = story->source_count > 0 ? story->sources[0].database : NULL,
                        .paths = logs.paths,
                        .count = logs.count,
                        .on_problem = tell_problem};
  int status = EX_OK;
  if (logs.count > 0) {
    struct database *database = sift_logs(sift, &options, &error);
    if (database)
      story->sources[story->source_count++] = (struct story_source){database, "log"};
    else
      fprintf(stderr, "sluisctl " COMMAND ": %s\n", error.bytes);
    status = database ? EX_OK : EX_UNAVAILABLE;
  }
  text_free(&error);
  logs_free(&logs);
  return status;
}

/* Where it was looked for: what is not told may only not have been read. */
static void tell_sources(FILE *stream, const struct words *words, const struct story *story, const struct sift *sift)
{
  bool database = story->source_count > 0 && strcmp(story->sources[0].name, "database") == 0;
  fprintf(stream, "looked in %s%s", database ? "the database " : "no database",
          database ? name_of_database(words) : "");
  fprintf(stream, " and in %zu log file%s", sift->read, sift->read == 1 ? "" : "s");
  if (sift->skipped > 0)
    fprintf(stream, " (%zu more are in the database)", sift->skipped);
  fputc('\n', stream);
}

static int show(const struct command_options *options, const struct words *words, struct story *story,
                const struct sift *sift)
{
  struct text lines = {0}, told = {0};
  long count = words->key == STORY_DOMAIN ? story_domain(&lines, story, words->word)
                                          : story_messages(&lines, story, words->key, words->word);
  if (count > 0 && options->json) {
    fwrite(lines.bytes, 1, lines.length, stdout);
  } else if (count > 0) {
    tell_stories(&told, lines.bytes, lines.length);
    fwrite(told.bytes, 1, told.length, stdout);
    if (count > STORY_MESSAGES_MAX)
      printf("\nThere are %ld; these are the newest.\n", count);
    fputc('\n', stdout);
    tell_sources(stdout, words, story, sift);
  } else if (count == 0) {
    fprintf(stderr, "sluisctl " COMMAND ": nothing is known of %s; ", words_printable(words->word));
    tell_sources(stderr, words, story, sift);
  } else {
    fprintf(stderr, "sluisctl " COMMAND ": %s\n", story->error);
  }
  text_free(&lines);
  text_free(&told);
  return count < 0 ? EX_UNAVAILABLE : sift->failed > 0 ? EX_NOINPUT : count == 0 ? NOTHING : EX_OK;
}

int command_audit_show(struct command_options *options, int count, char **argument)
{
  struct words words = {.to = INT64_MAX};
  words.files = memory_new((size_t)(count + 1) * sizeof *words.files);
  int status = read_words(options, &words, count, argument);
  struct config *config = status < 0 ? setup_config(options) : NULL;
  if (status < 0 && !config)
    status = EX_CONFIG;
  if (status < 0) {
    struct story story = {.config = config, .now = time(NULL), .from = words.from, .to = words.to};
    struct sift sift = {0};
    status = open_database(&words, &story);
    if (status == EX_OK)
      status = open_logs(&words, &story, &sift);
    if (status == EX_OK)
      status = show(options, &words, &story, &sift);
    for (size_t i = 0; i < story.source_count; i++)
      database_close(story.sources[i].database);
  }
  config_release(config);
  free(words.files);
  return status;
}
