/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit import FILE...: logs into the database of evidence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memory.h"
#include "ctl/command.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "evidence/import.h"
#include "policy/config.h"

enum { SHOWN_MAX = 20, BAR_WIDTH = 30 };

struct words {
  const char *database, *host, *postconf;
  char **files;
  int file_count;
};

/* What is told while it goes on. */
struct teller {
  bool is_terminal, bar;
  unsigned shown; /* problems of this file */
  bool cut;       /* a file could not be read to its end */
};

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit import [--database WHERE] [--host NAME] [--postconf FILE] FILE...\n"
        "  --database WHERE  a file (default " COMMAND_DATABASE "), or postgresql://...\n"
        "  --host NAME       the delivery logs are of this host, whatever they say\n"
        "  --postconf FILE   the output of `postconf -n` that was in force when the delivery logs were written\n"
        "Audit logs of sluisd and delivery logs of Postfix and Sendmail, plain, gzip, xz or zstd, in any\n"
        "order.\n"
        "exit status: 0 all is in, 65 lines were skipped, 66 a file was refused or cut off, 69 the database failed\n",
        stream);
}

static bool read_option(void *words, int option, char *value)
{
  struct words *to = words;
  *(option == 'd' ? &to->database : option == 'H' ? &to->host : &to->postconf) = value;
  return true;
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct words *to, int count, char **words)
{
  static const struct option long_options[] = {{"database", required_argument, NULL, 'd'},
                                               {"host", required_argument, NULL, 'H'},
                                               {"postconf", required_argument, NULL, 'p'},
                                               WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 1, WORDS_MANY};
  int status = words_read(&grammar, options, to, count, words);
  if (status >= 0)
    return status;
  to->files = words + optind;
  to->file_count = count - optind;
  return -1;
}

static void end_bar(struct teller *teller)
{
  if (teller->bar)
    fputs("\r\033[K", stderr);
  teller->bar = false;
}

static void tell_problem(void *context, const char *path, uint64_t line, const char *why)
{
  struct teller *teller = context;
  end_bar(teller);
  teller->cut = teller->cut || line == 0;
  if (line == 0)
    fprintf(stderr, "%s: %s\n", words_printable(path), why);
  else if (++teller->shown <= SHOWN_MAX)
    fprintf(stderr, "%s:%llu: skipped: %s\n", words_printable(path), (unsigned long long)line, why);
  else if (teller->shown == SHOWN_MAX + 1)
    fprintf(stderr, "%s: more are not shown\n", words_printable(path));
}

static void tell_progress(void *context, const char *path, double share)
{
  struct teller *teller = context;
  char bar[BAR_WIDTH + 1];
  if (!teller->is_terminal)
    return;
  for (int i = 0; i < BAR_WIDTH; i++)
    bar[i] = i < (int)(share * BAR_WIDTH) ? '#' : '.';
  bar[BAR_WIDTH] = '\0';
  fprintf(stderr, "\r\033[K[%s] %3.0f%% %.60s", bar, share * 100, words_printable(path));
  teller->bar = true;
}

/* Paths in the order in which they were written, so that what one log leaves open the next one can end. */
struct dated_file {
  char *path;
  int64_t moment;
  int number;
};

static int compare(const void *left, const void *right)
{
  const struct dated_file *a = left, *b = right;
  if (a->moment != b->moment)
    return a->moment < b->moment ? -1 : 1;
  return a->number - b->number;
}

static struct dated_file *sort_files(const struct words *words)
{
  struct dated_file *files = memory_new((size_t)words->file_count * sizeof *files);
  for (int i = 0; i < words->file_count; i++)
    files[i] = (struct dated_file){words->files[i], import_first_moment(words->files[i]), i};
  qsort(files, (size_t)words->file_count, sizeof *files, compare);
  return files;
}

static void tell_count(const struct import_count *count)
{
  printf("%llu lines, %llu with facts, %llu skipped", (unsigned long long)count->lines, (unsigned long long)count->used,
         (unsigned long long)count->skipped);
  if (count->repeated > 0)
    printf(", %llu known already", (unsigned long long)count->repeated);
  putchar('\n');
}

/* 0, or the exit status of a refused file or a failed database. */
static int import_all(struct import *import, const struct words *words, struct database *database, struct teller *teller)
{
  struct dated_file *files = sort_files(words);
  struct import_count count = {0};
  int status = EX_OK;
  for (int i = 0; i < words->file_count && status != EX_UNAVAILABLE; i++) {
    struct text why = {0};
    teller->shown = 0;
    int result = import_file(import, files[i].path, &count, &why);
    end_bar(teller);
    if (result > 0) {
      fprintf(stderr, "%s: not imported: %s\n", words_printable(files[i].path), why.bytes);
      status = EX_NOINPUT;
    } else if (result < 0) {
      status = EX_UNAVAILABLE;
    }
    text_free(&why);
  }
  if (status == EX_OK && teller->cut)
    status = EX_NOINPUT;
  if (status != EX_UNAVAILABLE && import_settle(import) < 0)
    status = EX_UNAVAILABLE;
  if (status == EX_UNAVAILABLE)
    fprintf(stderr, "sluisctl audit import: %s\n", database_error(database));
  tell_count(&count);
  free(files);
  return status != EX_OK ? status : count.skipped > 0 ? EX_DATAERR : EX_OK;
}

int command_audit_import(struct command_options *options, int count, char **argument)
{
  struct words words = {.database = COMMAND_DATABASE};
  int status = read_words(options, &words, count, argument);
  if (status >= 0)
    return status;
  struct config *config = setup_config(options);
  if (!config)
    return EX_CONFIG;
  struct text error = {0};
  struct postconf postconf;
  if (words.postconf && postconf_read(&postconf, words.postconf, &error) < 0) {
    fprintf(stderr, "sluisctl audit import: %s\n", words_printable(error.bytes));
    text_free(&error);
    config_release(config);
    return EX_NOINPUT;
  }
  struct teller teller = {.is_terminal = isatty(STDERR_FILENO)};
  struct import_options more = {.addresses = record_origin(config, NULL),
                                .host = words.host,
                                .postconf = words.postconf ? &postconf : NULL,
                                .on_problem = tell_problem,
                                .on_progress = tell_progress,
                                .context = &teller};
  struct database *database = database_open(words.database, DATABASE_WRITE, &error);
  struct import *import = database ? import_new(database, &more) : NULL;
  status = EX_UNAVAILABLE;
  if (import)
    status = import_all(import, &words, database, &teller);
  else
    fprintf(stderr, "sluisctl audit import: %s\n", database ? database_error(database) : error.bytes);
  import_free(import);
  database_close(database);
  text_free(&error);
  config_release(config);
  return status;
}
