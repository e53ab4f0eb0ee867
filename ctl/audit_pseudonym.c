/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisctl audit pseudonym ADDRESS...: what an address is called in the audit log, under each key that is still there.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "audit/emitter.h"
#include "audit/record.h"
#include "ctl/command.h"
#include "ctl/setup.h"
#include "ctl/words.h"
#include "policy/config.h"

static void print_usage(FILE *stream)
{
  fputs("usage: sluisctl [-c FILE] audit pseudonym [--json] ADDRESS...\n"
        "  Under each key of audit.pseudonym-key, the one in force first.\n"
        "exit status: 0 told, 78 the configuration has no pseudonyms\n",
        stream);
}

static void tell(const struct command_options *options, const struct audit_origin *origin, const char *address)
{
  char shown[TEXT_PRINTABLE_MAX + 1];
  struct text told = {0}, out = {0};
  text_add(&told, "");
  record_address(&told, origin, address);
  if (options->json) {
    struct emitter *emitter = emitter_new(&out);
    emitter_open_map(emitter);
    emitter_key(emitter, "address");
    emitter_string(emitter, address);
    emitter_key(emitter, "key");
    emitter_string(emitter, origin->key->id);
    emitter_key(emitter, "pseudonym");
    emitter_string(emitter, told.bytes);
    emitter_close_map(emitter);
    emitter_free(emitter);
    printf("%s\n", out.bytes);
  } else {
    printf("%s  %s\n", told.bytes, text_printable(shown, sizeof shown, address, strlen(address)));
  }
  text_free(&told);
  text_free(&out);
}

int command_audit_pseudonym(struct command_options *options, int count, char **words)
{
  static const struct option long_options[] = {WORDS_JSON, WORDS_END};
  static const struct words_grammar grammar = {long_options, NULL, print_usage, 1, WORDS_MANY};
  int status = words_read(&grammar, options, NULL, count, words);
  if (status >= 0)
    return status;
  struct config *config = setup_config(options);
  if (config && config->audit.keys.count == 0)
    fputs("sluisctl audit pseudonym: the configuration does not tell addresses as pseudonyms\n", stderr);
  status = config && config->audit.keys.count > 0 ? EX_OK : EX_CONFIG;
  for (int i = optind; status == EX_OK && i < count; i++)
    for (size_t j = 0; j < config->audit.keys.count; j++) {
      struct audit_origin origin = record_origin(config, NULL);
      origin.key = &config->audit.keys.keys[j];
      tell(options, &origin, words[i]);
    }
  config_release(config);
  return status;
}
