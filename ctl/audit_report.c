/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit report: the figures of a period, from the database of evidence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/day.h"
#include "ctl/language.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "report/write.h"

enum { THRESHOLD_DEFAULT = 5, THRESHOLD_MAX = 1000000 };

static const struct {
  const char *name;
  write_report *write;
} forms[] = {{"text", write_text}, {"html", write_html}, {"json", write_json}, {"csv", write_csv}};

struct words {
  const char *database;
  write_report *write;
  enum language language;
  struct figures_options figures;
};

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit report [--database WHERE] [--from DATE] [--to DATE]\n"
        "         [--format text|html|json|csv] [--language nl|en] [--public[=N]]\n"
        "  --database WHERE  a file (default " COMMAND_DATABASE "), or postgresql://...\n"
        "  --from DATE       YYYY-MM-DD, UTC; default: the first day that is known\n"
        "  --to DATE         the last day, itself included\n"
        "  --format FORM     text (default), html: one page that loads nothing; json and csv for machines, in no language\n"
        "  --language L      nl or en; default: nl where the locale is Dutch, else en\n"
        "  --public[=N]      for publishing: counts under N (default 5) are merged, files, hosts and exceptions left out\n",
        stream);
}

static bool read_option(void *words, int option, char *value)
{
  struct words *to = words;
  char *end;
  long number;
  switch (option) {
  case 'd':
    to->database = value;
    return true;
  case 'f':
    return (to->figures.from = day_read(value)) > 0;
  case 't':
    to->figures.to = day_read(value) + DAY_MS;
    return to->figures.to >= DAY_MS;
  case 'F':
    to->write = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
      if (strcmp(forms[i].name, value) == 0)
        to->write = forms[i].write;
    return to->write != NULL;
  case 'J':
    to->write = write_json;
    return true;
  case 'l':
    return language_read(&to->language, value);
  case 'p':
    number = value ? strtol(value, &end, 10) : THRESHOLD_DEFAULT;
    to->figures.threshold = (unsigned)number;
    return number > 0 && number <= THRESHOLD_MAX && (!value || !*end);
  default:
    return false;
  }
}

/* -1: go on; else an exit status. */
static int read_words(struct command_options *options, struct words *to, int count, char **words)
{
  static const struct option long_options[] = {{"database", required_argument, NULL, 'd'},
                                               {"from", required_argument, NULL, 'f'},
                                               {"to", required_argument, NULL, 't'},
                                               {"format", required_argument, NULL, 'F'},
                                               {"language", required_argument, NULL, 'l'},
                                               {"public", optional_argument, NULL, 'p'},
                                               {"json", no_argument, NULL, 'J'}, /* the last of it and --format */
                                               WORDS_END};
  static const struct words_grammar grammar = {long_options, read_option, print_usage, 0, 0};
  int status = words_read(&grammar, options, to, count, words);
  if (status >= 0)
    return status;
  bool backwards = to->figures.to > 0 && to->figures.from >= to->figures.to;
  return backwards ? words_refuse(&grammar) : -1;
}

int command_audit_report(struct command_options *options, int count, char **argument)
{
  struct words words = {.database = COMMAND_DATABASE, .write = options->json ? write_json : write_text};
  words.language = language_choose(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"));
  int status = read_words(options, &words, count, argument);
  if (status >= 0)
    return status;
  struct config *config = setup_config(options);
  if (!config)
    return EX_CONFIG;
  words.figures.config = config;
  words.figures.now = time(NULL);
  struct text error = {0}, out = {0};
  struct database *database = database_open(words.database, DATABASE_READ, &error);
  struct figures *figures = database ? figures_read(database, &words.figures) : NULL;
  if (figures) {
    words.write(&out, figures, words.language);
    fwrite(out.bytes, 1, out.length, stdout);
  } else {
    fprintf(stderr, "sluisctl audit report: %s\n", database ? database_error(database) : error.bytes);
  }
  status = figures ? EX_OK : EX_UNAVAILABLE;
  figures_free(figures);
  database_close(database);
  text_free(&error);
  text_free(&out);
  config_release(config);
  return status;
}
