/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration file. The input is its text.
 */
#include <string.h>

#include "base/memory.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "policy/config.h"
#include "policy/rule.h"

static void require_config(const struct config *config)
{
  fuzz_require(config->resolver.budget >= config->resolver.timeout && config->resolver.timeout > 0);
  fuzz_require(config->mode <= MODE_ENFORCE);
  for (size_t i = 0; i < STANDARD_COUNT; i++)
    fuzz_require(config->levels[i] <= LEVEL_REJECT);
  for (size_t i = 0; i < config->domain_count; i++)
    fuzz_require(*config->domains[i].domain && fuzz_is_domain(config->domains[i].domain));
  for (size_t i = 0; i < config->exception_count; i++)
    fuzz_require(config->exceptions[i].domains.count > 0 && *config->exceptions[i].reason &&
                 *config->exceptions[i].until);
  for (size_t i = 0; i < config->internal_networks.count; i++)
    fuzz_require(ip_bits(&config->internal_networks.items[i].address) >= config->internal_networks.items[i].prefix);
  /* What stands in replies. */
  for (const char *at = config->contact; *at; at++)
    fuzz_require(*at >= ' ' && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct arena *arena = arena_new();
  char error[300] = "";
  struct config *config = config_parse(arena_copy(arena, bytes, size), "sluis.conf", error, sizeof error);
  fuzz_require((config == NULL) == (*error != '\0'));
  fuzz_require(fuzz_is_printable(error));
  if (config)
    require_config(config);
  config_release(config);
  arena_free(arena);
  return 0;
}
