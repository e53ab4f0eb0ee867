/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What all sessions share: the configuration in force, the resolver, and where audit lines go.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "audit/record.h"
#include "policy/config.h"

struct resolver;

/* Takes one audit line's members (audit/record.h). 0, or -1 where the line could not be kept. From any thread. */
typedef int service_tell(void *context, const char *event, const char *host, const struct text *members);

struct service {
  pthread_mutex_t mutex; /* guards config */
  struct config *config;
  struct resolver *resolver; /* borrowed */
  service_tell *tell;
  void *context;
  int64_t (*now)(void *context); /* seconds since 1970; NULL: the system's clock */
};

/* Takes over one reference of config. */
void service_init(struct service *service, struct config *config, struct resolver *resolver, service_tell *tell,
                  void *context);
void service_end(struct service *service);
/* The configuration in force, with a reference that is yours. */
struct config *service_config(struct service *service);
/* Puts another configuration in force, taking over one reference; messages in hand keep theirs. */
void service_reload(struct service *service, struct config *config);
int64_t service_now(const struct service *service);
