/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of pseudonyms. See keyring.h.
 */
#include "policy/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 16384 };

struct reading {
  const char *path;
  char *error;
  size_t error_size;
};

static int fail(const struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(const struct reading *reading, const char *format, ...)
{
  va_list arguments;
  int length = snprintf(reading->error, reading->error_size, "%s", reading->path);
  size_t used = length < 0 ? 0 : (size_t)length;
  va_start(arguments, format);
  if (used < reading->error_size)
    vsnprintf(reading->error + used, reading->error_size - used, format, arguments);
  va_end(arguments);
  return -1;
}

static int check_file(const struct reading *reading, int file)
{
  struct stat status;
  if (fstat(file, &status) < 0)
    return fail(reading, ": %s", strerror(errno));
  if (S_ISDIR(status.st_mode))
    return fail(reading, ": %s", strerror(EISDIR));
  if (!S_ISREG(status.st_mode))
    return fail(reading, ": is not a file");
  if (status.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP))
    return fail(reading, ": has mode %04o, so that others can read or change it; chmod 0640, or 0600",
                (unsigned)status.st_mode & 07777);
  return status.st_size > FILE_MAX ? fail(reading, ": is too large") : 0;
}

/* The length of what is read, or -1. */
static int read_bytes(const struct reading *reading, char bytes[FILE_MAX + 1])
{
  int file = open(reading->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), length = 0;
  if (file < 0)
    return fail(reading, ": %s", strerror(errno));
  int status = check_file(reading, file);
  while (status == 0 && length < FILE_MAX) {
    ssize_t count = read(file, bytes + length, (size_t)(FILE_MAX - length));
    if (count < 0)
      status = fail(reading, ": %s", strerror(errno));
    if (count <= 0)
      break;
    length += (int)count;
  }
  close(file);
  bytes[length] = '\0';
  return status < 0 ? -1 : length;
}

static size_t span_of(const char *from, const char *end, int (*is_part)(char))
{
  const char *at = from;
  while (at < end && is_part(*at))
    at++;
  return (size_t)(at - from);
}

static int is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

static int is_id(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static int is_key(char c)
{
  return c > ' ' && c < 0x7f;
}

static int add_key(const struct reading *reading, struct keyring *ring, const struct keyring_key *key, unsigned line)
{
  for (size_t i = 0; i < ring->count; i++) {
    if (strcmp(ring->keys[i].id, key->id) == 0)
      return fail(reading, ":%u: there is a key \"%s\" already", line, key->id);
    if (ring->keys[i].length == key->length && memcmp(ring->keys[i].bytes, key->bytes, key->length) == 0)
      return fail(reading, ":%u: this is the key \"%s\" once more, so nothing would be rotated", line, ring->keys[i].id);
  }
  if (ring->count == KEYRING_KEYS_MAX)
    return fail(reading, ":%u: more than %d keys", line, KEYRING_KEYS_MAX);
  ring->keys[ring->count++] = *key;
  return 0;
}

static int read_line(const struct reading *reading, struct keyring *ring, const char *from, const char *end, unsigned line)
{
  from += span_of(from, end, is_space);
  if (from == end || *from == '#')
    return 0;
  struct keyring_key key = {0};
  size_t id = span_of(from, end, is_id);
  const char *secret = from + id + span_of(from + id, end, is_space);
  size_t length = span_of(secret, end, is_key);
  const char *rest = secret + length + span_of(secret + length, end, is_space);
  if (id == 0 || secret == from + id || rest != end)
    return fail(reading, ":%u: a line is \"ID KEY\", the ID of small letters, digits and hyphens", line);
  if (id > KEYRING_ID_MAX)
    return fail(reading, ":%u: the ID is longer than %d characters", line, KEYRING_ID_MAX);
  if (length < KEYRING_KEY_MIN || length > KEYRING_KEY_MAX)
    return fail(reading, ":%u: a key has %d to %d characters, as \"openssl rand -hex 32\" makes them", line, KEYRING_KEY_MIN,
                KEYRING_KEY_MAX);
  memcpy(key.id, from, id);
  memcpy(key.bytes, secret, length);
  key.length = length;
  int status = add_key(reading, ring, &key, line);
  explicit_bzero(&key, sizeof key);
  return status;
}

int keyring_read(struct keyring *ring, const char *path, char *error, size_t error_size)
{
  char bytes[FILE_MAX + 1];
  const struct reading reading = {path, error, error_size};
  *ring = (struct keyring){0};
  int length = read_bytes(&reading, bytes), status = length < 0 ? -1 : 0;
  unsigned line = 1;
  for (const char *at = bytes, *end = bytes + length; status == 0 && at < end; line++) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    status = read_line(&reading, ring, at, newline ? newline : end, line);
    at = newline ? newline + 1 : end;
  }
  explicit_bzero(bytes, sizeof bytes);
  if (status == 0 && ring->count == 0)
    status = fail(&reading, ": there is no key in it");
  if (status < 0)
    keyring_wipe(ring);
  return status;
}

void keyring_wipe(struct keyring *ring)
{
  explicit_bzero(ring, sizeof *ring);
}
