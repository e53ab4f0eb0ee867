/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of a command. See words.h.
 */
#include "ctl/words.h"

#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "ctl/command.h"

int words_refuse(const struct words_grammar *grammar)
{
  grammar->print_usage(stderr);
  return EX_USAGE;
}

int words_refuse_for(const char *command, const char *why)
{
  fprintf(stderr, "sluisctl %s: %s\n", command, why);
  return EX_USAGE;
}

int words_read(const struct words_grammar *grammar, struct command_options *options, void *to, int count, char **words)
{
  int option;
  optind = 0; /* the command above has read some */
  while ((option = getopt_long(count, words, "h", grammar->options, NULL)) != -1) {
    if (option == 'h') {
      grammar->print_usage(stdout);
      return EX_OK;
    }
    if (option == 'j')
      options->json = true;
    else if (option == '?' || !grammar->read || !grammar->read(to, option, optarg))
      return words_refuse(grammar);
  }
  return -1;
}

const char *words_printable(const char *word)
{
  static char shown[TEXT_PRINTABLE_MAX + 1];
  return text_printable(shown, sizeof shown, word, strlen(word));
}
