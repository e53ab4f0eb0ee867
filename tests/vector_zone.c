/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The zones of a test vector. See vector_zone.h.
 */
#include "tests/vector_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "resolver/dns.h"
#include "resolver/fake.h"

static const struct {
  const char *name;
  unsigned type;
} types[] = {{"A", DNS_A},     {"AAAA", DNS_AAAA}, {"MX", DNS_MX},     {"TXT", DNS_TXT}, {"PTR", DNS_PTR},
             {"CNAME", DNS_CNAME}, {"NS", DNS_NS},   {"TLSA", DNS_TLSA}, {"SOA", DNS_SOA}};

static unsigned type_of(const char *name, size_t length)
{
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strlen(types[i].name) == length && strncasecmp(types[i].name, name, length) == 0)
      return types[i].type;
  return 0;
}

char *vector_bytes(const json_t *string, size_t *length)
{
  const unsigned char *from = (const unsigned char *)json_string_value(string);
  size_t left = json_string_length(string);
  char *bytes = memory_new(left + 1);
  *length = 0;
  while (left > 0) {
    if (*from < 0x80) {
      bytes[(*length)++] = (char)*from++;
      left--;
    } else if (left > 1 && (*from & 0xfc) == 0xc0) {
      bytes[(*length)++] = (char)(unsigned char)((from[0] & 3) << 6 | (from[1] & 0x3f));
      from += 2;
      left -= 2;
    } else {
      free(bytes);
      return NULL;
    }
  }
  return bytes;
}

/* Character-strings as given, each with its length octet. */
static void add_strings(struct dns_source *source, const char *name, const json_t *strings)
{
  uint8_t rdata[65535];
  size_t used = 0, index;
  const json_t *string;
  json_array_foreach (strings, index, string) {
    size_t length;
    char *bytes = vector_bytes(string, &length);
    if (bytes && length < 256 && used + 1 + length <= sizeof rdata) {
      rdata[used++] = (uint8_t)length;
      memcpy(rdata + used, bytes, length);
      used += length;
    }
    free(bytes);
  }
  fake_add_record(source, name, DNS_TXT, rdata, used, NULL);
}

static int add_value(struct dns_source *source, const char *name, const char *type, const json_t *value)
{
  if (strcasecmp(type, "TXT") == 0) {
    size_t length;
    char *bytes = NULL;
    if (json_is_array(value))
      add_strings(source, name, value);
    else if ((bytes = vector_bytes(value, &length)))
      fake_add_txt(source, name, bytes, length);
    free(bytes);
    return 0;
  }
  char line[2048], error[256];
  if (strcasecmp(type, "SPF") == 0)
    return 0; /* the abandoned type 99 (RFC 7208 3.1) */
  snprintf(line, sizeof line, "%s %s %s\n", name, type, json_string_value(value));
  if (fake_add(source, line, error, sizeof error) == 0)
    return 0;
  /* A target that no host name has (an empty MX, say) cannot be written as text. */
  if (strcasecmp(type, "MX") == 0 || strcasecmp(type, "PTR") == 0 || strcasecmp(type, "CNAME") == 0) {
    fake_add_fault(source, name, 0, "exists");
    return 0;
  }
  fprintf(stderr, "zone: %s: %s\n", line, error);
  return -1;
}

static int add_key(struct dns_source *source, const char *name, const char *key, const json_t *value)
{
  const char *underscore = strchr(key, '_');
  if (strcmp(key, "RCODE") == 0 || underscore) {
    char word[20];
    snprintf(word, sizeof word, "%s", json_string_value(value) ? json_string_value(value) : "");
    for (char *p = word; *p; p++)
      *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
    fake_add_fault(source, name, underscore ? type_of(key, (size_t)(underscore - key)) : 0, word);
    return 0;
  }
  size_t index;
  const json_t *item;
  if (!json_is_array(value))
    return add_value(source, name, key, value);
  if (json_array_size(value) == 0)
    fake_add_fault(source, name, 0, "exists");
  json_array_foreach (value, index, item)
    if (add_value(source, name, key, item) < 0)
      return -1;
  return 0;
}

int vector_zone_add(struct dns_source *source, const json_t *zones)
{
  const char *name, *key;
  json_t *records, *value;
  json_object_foreach ((json_t *)(uintptr_t)zones, name, records) {
    if (json_object_size(records) == 0)
      fake_add_fault(source, name, 0, "exists");
    json_object_foreach (records, key, value)
      if (add_key(source, name, key, value) < 0)
        return -1;
  }
  return 0;
}
