/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of a command: its options, and what is wrong with them.
 */
#pragma once

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct command_options;

struct words_grammar {
  const struct option *options; /* as for getopt_long(3), WORDS_END last; 'h' and 'j' are --help and --json */
  /* Takes an option with its value, which is NULL where it has none, into what `to` points at; false where the value is
   * not to be understood, which is told then. */
  bool (*read)(void *to, int option, char *value);
  void (*print_usage)(FILE *stream);
  int fewest, most; /* other words */
};

#define WORDS_JSON {"json", no_argument, NULL, 'j'}
#define WORDS_MANY INT_MAX
#define WORDS_END {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}

/* Reads the options; optind is then the first other word, behind which there are no options any more. --json goes to
 * `options`. -1: go on; else the exit status after the usage was printed. */
int words_read(const struct words_grammar *grammar, struct command_options *options, void *to, int count, char **words);
/* The usage on standard error, and its exit status. */
int words_refuse(const struct words_grammar *grammar);
/* The same, with a reason instead. The command: "audit show". */
int words_refuse_for(const char *command, const char *why);

/* A path or the like for people (text_printable()), in a buffer that the next call uses again. */
const char *words_printable(const char *word);
