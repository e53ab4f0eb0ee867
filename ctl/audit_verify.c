/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit verify [FILE...]: is the audit log whole?
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/logs.h"
#include "ctl/words.h"
#include "trail/verify.h"

enum { BREAK = 1 };

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit verify [--json] [FILE...]\n"
        "  Without a FILE: the configured log, with the files beside it that were rotated away.\n"
        "exit status: 0 no break, 1 a break, 66 a file cannot be read\n",
        stream);
}

static void tell_unreadable(const struct survey *survey)
{
  for (size_t i = 0; i < survey->file_count; i++)
    if (survey->files[i].unreadable)
      fprintf(stderr, "sluisctl: %s: %s\n", words_printable(survey->files[i].path), survey->files[i].why);
}

static int verify(const struct command_options *options, const struct log_list *logs)
{
  struct verdict verdict;
  struct text out = {0};
  verify_files(&verdict, logs->paths, logs->count);
  (options->json ? verdict_write : verdict_tell)(&out, &verdict);
  fwrite(out.bytes, 1, out.length, stdout);
  tell_unreadable(&verdict.survey);
  int status = verdict.unreadable ? EX_NOINPUT : verdict.breaks ? BREAK : EX_OK;
  text_free(&out);
  verdict_free(&verdict);
  return status;
}

int command_audit_verify(struct command_options *options, int count, char **words)
{
  static const struct option long_options[] = {WORDS_JSON, WORDS_END};
  static const struct words_grammar grammar = {long_options, NULL, print_usage, 0, WORDS_MANY};
  int status = words_read(&grammar, options, NULL, count, words);
  if (status >= 0)
    return status;
  struct log_list logs;
  status = logs_find(&logs, options, words + optind, (size_t)(count - optind));
  if (status == EX_OK)
    status = verify(options, &logs);
  logs_free(&logs);
  return status;
}
