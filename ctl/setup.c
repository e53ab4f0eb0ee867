/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration and the resolver of a command. See setup.h.
 */
#include "ctl/setup.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/command.h"
#include "policy/config.h"
#include "resolver/resolver.h"

#define DEFAULT_CONFIG SYSCONFDIR "/sluis/sluis.conf"

struct config *setup_config(const struct command_options *options)
{
  char error[1000];
  const char *file = options->config_file;
  struct config *config;
  /* The checks need no daemon, so a machine without one gets the settings that an empty file gives. */
  if (!file && access(DEFAULT_CONFIG, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
    config = config_parse("", "built-in settings", error, sizeof error);
  else
    config = config_load(file ? file : DEFAULT_CONFIG, error, sizeof error);
  if (!config)
    fprintf(stderr, "%s\n", error);
  return config;
}

static void tell_health(void *context, bool healthy, const char *why)
{
  (void)context;
  if (!healthy)
    fprintf(stderr, "sluisctl: the resolver failed its self-test, so results may say more about it than about "
                    "a domain: %s\n", why);
}

struct resolver *setup_resolver(const struct config *config)
{
  char error[1000];
  struct resolver_config settings = {.servers = config->resolver.servers.items,
                                     .server_count = config->resolver.servers.count,
                                     .trust_anchor = config->resolver.trust_anchor,
                                     .timeout_ms = config->resolver.timeout * 1000,
                                     .budget_ms = config->resolver.budget * 1000,
                                     .cache_bytes = (size_t)config->resolver.cache_size << 20,
                                     .on_change = tell_health};
  struct resolver *resolver = resolver_open(&settings, error, sizeof error);
  if (!resolver)
    fprintf(stderr, "sluisctl: %s\n", error);
  return resolver;
}
