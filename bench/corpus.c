/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads the mail of a load. See corpus.h.
 */
#include "bench/corpus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { RECIPIENTS_MAX = 100 };

/* The whole of a file with a NUL behind it; NULL where it cannot be read. */
static char *slurp(const char *path, size_t *length)
{
  FILE *file = fopen(path, "rb");
  if (!file)
    return NULL;
  char *bytes = NULL;
  size_t size = 0, used = 0, more;
  do {
    if (size - used < 4097) {
      size = 2 * size + 65536;
      bytes = memory_resize(bytes, size);
    }
    more = fread(bytes + used, 1, size - used - 1, file);
    used += more;
  } while (more > 0);
  fclose(file);
  bytes[used] = '\0';
  *length = used;
  return bytes;
}

/* The end of the field that starts at `at`: behind its last line. */
static char *field_end(char *at, const char *end)
{
  while (at < end) {
    char *line_end = memchr(at, '\n', (size_t)(end - at));
    if (!line_end)
      return at + strlen(at);
    at = line_end + 1;
    if (at >= end || (*at != ' ' && *at != '\t'))
      return at;
  }
  return at;
}

/* As an MTA hands it to a filter: name, value, folds with a bare LF, no line end behind. */
static void add_field(struct corpus_message *message, const char *start, const char *end, char **room)
{
  const char *colon = memchr(start, ':', (size_t)(end - start));
  if (!colon)
    return;
  char *to = *room;
  memcpy(to, start, (size_t)(colon - start));
  to += colon - start;
  *to++ = '\0';
  char *value = to;
  for (const char *from = colon + 1; from < end; from++)
    if (*from != '\r')
      *to++ = *from;
  while (to > value && to[-1] == '\n')
    to--;
  *to++ = '\0';
  message->fields = memory_resize(message->fields, (message->field_count + 1) * sizeof *message->fields);
  message->fields[message->field_count++] = (struct corpus_field){.packet = *room, .length = (size_t)(to - *room)};
  *room = to;
}

static const struct corpus_message *read_message(const char *path, char *error, size_t error_size)
{
  size_t length;
  char *bytes = slurp(path, &length);
  if (!bytes) {
    snprintf(error, error_size, "%s: %s", path, strerror(errno));
    return NULL;
  }
  struct corpus_message *message = memory_new(sizeof *message);
  char *room = message->bytes = memory_new(length + 16);
  char *at = bytes;
  const char *end = bytes + length;
  while (at < end && *at != '\r' && *at != '\n') {
    char *next = field_end(at, end);
    add_field(message, at, next, &room);
    at = next;
  }
  at += *at == '\r';
  at += *at == '\n';
  message->body_length = (size_t)(end - at);
  message->body = memory_new(message->body_length + 1);
  memcpy(message->body, at, message->body_length);
  free(bytes);
  return message;
}

/* Files are named by many lines: each is read once. */
static const struct corpus_message *find_message(const char *folder, const char *name, char *error, size_t error_size)
{
  static struct {
    char *name;
    const struct corpus_message *message;
  } *known;
  static size_t count;
  for (size_t i = 0; i < count; i++)
    if (strcmp(known[i].name, name) == 0)
      return known[i].message;
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  const struct corpus_message *message = read_message(path, error, error_size);
  if (!message)
    return NULL;
  known = memory_resize(known, (count + 1) * sizeof *known);
  known[count].name = memory_copy_string(name);
  known[count++].message = message;
  return message;
}

static int read_line(struct corpus *corpus, const char *folder, char *line, char *error, size_t error_size)
{
  const char *words[5 + RECIPIENTS_MAX + 1] = {0};
  size_t count = 0;
  char *state = NULL;
  for (char *word = strtok_r(line, " \t\r\n", &state); word && count < 5 + RECIPIENTS_MAX;
       word = strtok_r(NULL, " \t\r\n", &state))
    words[count++] = word;
  if (count == 0)
    return 0;
  if (count < 6) {
    snprintf(error, error_size, "%s/mix: too few words in a line", folder);
    return -1;
  }
  const struct corpus_message *message = find_message(folder, words[0], error, error_size);
  if (!message)
    return -1;
  const char **recipients = memory_new((count - 4) * sizeof *recipients);
  memcpy(recipients, words + 5, (count - 5) * sizeof *recipients);
  corpus->mails = memory_resize(corpus->mails, (corpus->count + 1) * sizeof *corpus->mails);
  corpus->mails[corpus->count++] = (struct corpus_mail){.message = message,
                                                        .client = words[1],
                                                        .client_name = words[2],
                                                        .helo = words[3],
                                                        .sender = words[4],
                                                        .recipients = recipients};
  return 0;
}

int corpus_read(struct corpus *corpus, const char *folder, char *error, size_t error_size)
{
  char path[4096];
  size_t length;
  snprintf(path, sizeof path, "%s/mix", folder);
  char *text = slurp(path, &length);
  if (!text) {
    snprintf(error, error_size, "%s: %s", path, strerror(errno));
    return -1;
  }
  char *state = NULL;
  for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
    if (read_line(corpus, folder, line, error, error_size) < 0)
      return -1;
  if (corpus->count > 0)
    return 0;
  snprintf(error, error_size, "%s: empty", path);
  return -1;
}

int corpus_read_domains(struct corpus *corpus, const char *path, char *error, size_t error_size)
{
  size_t length;
  char *text = slurp(path, &length);
  const char **domains = NULL;
  char *state = NULL;
  if (!text) {
    snprintf(error, error_size, "%s: %s", path, strerror(errno));
    return -1;
  }
  size_t room = 0;
  for (char *word = strtok_r(text, " \r\n", &state); word; word = strtok_r(NULL, " \r\n", &state)) {
    if (corpus->domain_count == room) {
      room = 2 * room + 64;
      domains = memory_resize(domains, room * sizeof *domains);
    }
    domains[corpus->domain_count++] = word;
  }
  corpus->domains = domains;
  if (corpus->domain_count > 0)
    return 0;
  snprintf(error, error_size, "%s: empty", path);
  return -1;
}
