/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The zones of a test vector. See vector_zone.h.
 */
#include "tests/vector_zone.h"

#include <arpa/inet.h>
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

/* A name in wire form, with any characters; labels that are empty or too long are left out, as no server sends them. */
static size_t wire_name(uint8_t *out, const char *name)
{
  size_t used = 0;
  for (const char *at = name; *at;) {
    size_t length = strcspn(at, ".");
    if (length > 0 && length < 64 && used + length < 250) {
      out[used++] = (uint8_t)length;
      memcpy(out + used, at, length);
      used += length;
    }
    at += length + (at[length] == '.');
  }
  out[used++] = 0;
  return used;
}

/* RDATA from its text; 0 where it is none of the types here or malformed. */
static size_t read_rdata(uint8_t rdata[600], unsigned type, const char *text)
{
  unsigned fields[3];
  int at = 0;
  switch (type) {
  case DNS_A:
    return inet_pton(AF_INET, text, rdata) == 1 ? 4 : 0;
  case DNS_AAAA:
    return inet_pton(AF_INET6, text, rdata) == 1 ? 16 : 0;
  case DNS_MX:
    if (sscanf(text, "%u %n", &fields[0], &at) < 1 || at == 0)
      return 0;
    rdata[0] = (uint8_t)(fields[0] >> 8);
    rdata[1] = (uint8_t)fields[0];
    return 2 + wire_name(rdata + 2, text + at);
  case DNS_PTR:
  case DNS_CNAME:
  case DNS_NS:
    return wire_name(rdata, text);
  case DNS_TLSA:
    if (sscanf(text, "%u %u %u %n", &fields[0], &fields[1], &fields[2], &at) < 3 || at == 0)
      return 0;
    for (size_t i = 0; i < 3; i++)
      rdata[i] = (uint8_t)fields[i];
    size_t used = 3;
    for (unsigned byte; used < 600 && sscanf(text + at, "%2x", &byte) == 1; at += 2)
      rdata[used++] = (uint8_t)byte;
    return used;
  default:
    return 0;
  }
}

static int add_value(struct dns_source *source, const char *name, const char *type, const json_t *value)
{
  unsigned number = type_of(type, strlen(type));
  size_t length;
  if (strcasecmp(type, "SPF") == 0)
    return 0; /* the abandoned type 99 (RFC 7208 3.1) */
  if (number == DNS_TXT && json_is_array(value)) {
    add_strings(source, name, value);
    return 0;
  }
  if (number == DNS_TXT) {
    char *bytes = vector_bytes(value, &length);
    fake_add_txt(source, name, bytes ? bytes : "", length);
    free(bytes);
    return 0;
  }
  uint8_t rdata[600];
  length = json_is_string(value) ? read_rdata(rdata, number, json_string_value(value)) : 0;
  if (length == 0) {
    fprintf(stderr, "zone: %s %s: cannot be read\n", name, type);
    return -1;
  }
  fake_add_record(source, name, number, rdata, length, NULL);
  return 0;
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
