/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What all sessions share. See service.h.
 */
#include "session/service.h"

#include <stddef.h>
#include <time.h>

void service_init(struct service *service, struct config *config, struct resolver *resolver, service_tell *tell,
                  void *context)
{
  *service = (struct service){.config = config, .resolver = resolver, .tell = tell, .context = context};
  pthread_mutex_init(&service->mutex, NULL);
}

void service_end(struct service *service)
{
  config_release(service->config);
  service->config = NULL;
  pthread_mutex_destroy(&service->mutex);
}

struct config *service_config(struct service *service)
{
  pthread_mutex_lock(&service->mutex);
  struct config *config = config_hold(service->config);
  pthread_mutex_unlock(&service->mutex);
  return config;
}

void service_reload(struct service *service, struct config *config)
{
  pthread_mutex_lock(&service->mutex);
  struct config *old = service->config;
  service->config = config;
  pthread_mutex_unlock(&service->mutex);
  config_release(old);
}

int64_t service_now(const struct service *service)
{
  return service->now ? service->now(service->context) : (int64_t)time(NULL);
}
