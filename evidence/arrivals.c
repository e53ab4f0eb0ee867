/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Messages that begin to come in. See arrivals.h.
 *
 * A table of fixed size, open addressing within one group of slots: where a group is full, its oldest gives way.
 */
#include "evidence/arrivals.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { GROUPS = 4096, GROUP_SIZE = 8, AGE_MAX_MS = 24 * 3600 * 1000, KEEP_MS = 2 * 3600 * 1000 };

struct arrivals {
  struct arrival slots[GROUPS][GROUP_SIZE];
  int64_t newest;
};

struct arrivals *arrivals_new(void)
{
  return memory_new(sizeof(struct arrivals));
}

void arrivals_free(struct arrivals *arrivals)
{
  free(arrivals);
}

static struct arrival *group_of(struct arrivals *arrivals, int64_t host, const char *queue_id)
{
  uint64_t number = 5381 + (uint64_t)host;
  for (; *queue_id; queue_id++)
    number = number * 33 + (unsigned char)*queue_id;
  return arrivals->slots[(number ^ number >> 17) % GROUPS];
}

void arrivals_add(struct arrivals *arrivals, const struct arrival *arrival)
{
  struct arrival *group = group_of(arrivals, arrival->host, arrival->queue_id), *place = group;
  for (int i = 0; i < GROUP_SIZE; i++) {
    struct arrival *slot = &group[i];
    bool is_same = slot->source && slot->host == arrival->host && strcmp(slot->queue_id, arrival->queue_id) == 0;
    if (is_same || !slot->source) {
      place = slot;
      break;
    }
    if (slot->time < place->time)
      place = slot;
  }
  *place = *arrival;
  if (arrival->time > arrivals->newest)
    arrivals->newest = arrival->time;
}

bool arrivals_take(struct arrivals *arrivals, struct arrival *to, int64_t host, const char *queue_id, int64_t time)
{
  struct arrival *group = group_of(arrivals, host, queue_id);
  for (int i = 0; i < GROUP_SIZE; i++) {
    struct arrival *slot = &group[i];
    if (!slot->source || slot->host != host || strcmp(slot->queue_id, queue_id) != 0)
      continue;
    *to = *slot;
    slot->source = NULL;
    return time - to->time < AGE_MAX_MS;
  }
  return false;
}

int arrivals_load(struct arrivals *arrivals, struct database *database)
{
  struct statement *statement =
      database_prepare(database, "SELECT host_id, queue_id, source, time, file_id, line FROM open_arrival");
  int status = statement ? 0 : -1;
  memset(arrivals, 0, sizeof *arrivals);
  while (status == 0 && (status = statement_step(statement)) == 1) {
    const char *queue_id = statement_text(statement, 1), *source = statement_text(statement, 2);
    struct arrival arrival = {.host = statement_integer(statement, 0), .time = statement_integer(statement, 3),
                              .file = statement_integer(statement, 4), .line = statement_integer(statement, 5),
                              .source = strcmp(source, "local") == 0 ? "local" : "smtp"};
    text_ascii(arrival.queue_id, sizeof arrival.queue_id, queue_id, strlen(queue_id));
    arrivals_add(arrivals, &arrival);
    status = 0;
  }
  statement_free(statement);
  return status;
}

static int store_one(struct loader *loader, const struct arrival *arrival)
{
  loader_integer(loader, arrival->host);
  loader_text(loader, arrival->queue_id);
  loader_text(loader, arrival->source);
  loader_integer(loader, arrival->time);
  loader_integer(loader, arrival->file);
  loader_integer(loader, arrival->line);
  return loader_end_row(loader);
}

int arrivals_store(struct arrivals *arrivals, struct database *database)
{
  if (database_run(database, "DELETE FROM open_arrival") < 0)
    return -1;
  struct loader *loader = loader_open(database, "open_arrival", "host_id, queue_id, source, time, file_id, line");
  int status = loader ? 0 : -1;
  for (int i = 0; i < GROUPS && status == 0; i++)
    for (int j = 0; j < GROUP_SIZE && status == 0; j++) {
      const struct arrival *arrival = &arrivals->slots[i][j];
      if (arrival->source && arrivals->newest - arrival->time <= KEEP_MS)
        status = store_one(loader, arrival);
    }
  if (status == 0)
    status = loader_flush(loader);
  loader_close(loader);
  return status;
}
