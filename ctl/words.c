/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of a command. See words.h.
 */
#include "ctl/words.h"

#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "ctl/command.h"

const char *words_printable(const char *word)
{
  static char shown[TEXT_PRINTABLE_MAX + 1];
  return text_printable(shown, sizeof shown, word, strlen(word));
}

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

/* getopt_long() has spoken already of an option that it does not know. */
static int refuse_value(const struct words_grammar *grammar, int option, const char *value)
{
  for (const struct option *known = grammar->options; known->name; known++)
    if (known->val == option && value)
      fprintf(stderr, "sluisctl: --%s: \"%s\" is not understood\n", known->name, words_printable(value));
  return words_refuse(grammar);
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
    else if (option == '?')
      return words_refuse(grammar);
    else if (!grammar->read || !grammar->read(to, option, optarg))
      return refuse_value(grammar, option, optarg);
  }
  int others = count - optind;
  return others >= grammar->fewest && others <= grammar->most ? -1 : words_refuse(grammar);
}
