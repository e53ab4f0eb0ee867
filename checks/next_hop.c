/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading next hops. See next_hop.h.
 */
#include "checks/next_hop.h"

#include <string.h>
#include <strings.h>

#include "base/ip.h"
#include "base/text.h"

static const char separators[] = ", \t";

/* A number from 1 to 65535 or a service of mail; 0 for anything else. */
static unsigned read_port(const char *word, size_t length)
{
  static const struct {
    const char *name;
    unsigned port;
  } services[] = {{"smtp", 25}, {"submission", 587}, {"submissions", 465}, {"smtps", 465}};
  for (size_t i = 0; i < sizeof services / sizeof *services; i++)
    if (strlen(services[i].name) == length && strncasecmp(services[i].name, word, length) == 0)
      return services[i].port;
  unsigned port = 0;
  if (length == 0 || length > 5 || strspn(word, "0123456789") < length)
    return 0;
  for (size_t i = 0; i < length; i++)
    port = port * 10 + (unsigned)(word[i] - '0');
  return port <= 65535 ? port : 0;
}

static bool is_address(const char *text, size_t length)
{
  char copy[IP_TEXT_SIZE + 5]; /* "IPv6:" */
  struct ip ip;
  if (length >= sizeof copy)
    return false;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return ip_parse(&ip, copy) == 0;
}

/* The host part: a name or an address. */
static void read_host(struct next_hop *hop, const char *host, size_t length, enum next_hop_kind kind)
{
  if (is_address(host, length))
    hop->kind = NEXT_HOP_ADDRESS;
  else if (domain_normalize(hop->name, host, length) == 0)
    hop->kind = kind;
  else
    hop->kind = NEXT_HOP_INVALID;
  if (hop->kind == NEXT_HOP_ADDRESS || hop->kind == NEXT_HOP_INVALID)
    text_ascii(hop->name, sizeof hop->name, host, length);
}

/* What stands behind the host: nothing, or a colon and a port, or another host. */
static void read_rest(struct next_hop *hop, const char *rest, size_t length)
{
  if (length == 0)
    return;
  /* Sendmail divides a list by colons; no port or service has a dot in it, or a bracket before it. */
  if (rest[0] == ':' && length > 1 && (rest[1] == '[' || memchr(rest, '.', length))) {
    hop->several = true;
    return;
  }
  hop->port = rest[0] == ':' ? read_port(rest + 1, length - 1) : 0;
  if (hop->port == 0)
    hop->kind = NEXT_HOP_INVALID;
}

struct next_hop next_hop_parse(const char *text)
{
  struct next_hop hop = {.port = 25};
  text += strspn(text, separators);
  size_t length = strcspn(text, separators);
  hop.several = text[length + strspn(text + length, separators)] != '\0';

  if (*text == '[') {
    const char *end = memchr(text, ']', length);
    size_t host = end ? (size_t)(end - text) - 1 : length - 1;
    read_host(&hop, text + 1, host, NEXT_HOP_HOST);
    if (end)
      read_rest(&hop, end + 1, length - host - 2);
    else
      hop.kind = NEXT_HOP_INVALID;
    return hop;
  }
  const char *colon = is_address(text, length) ? NULL : memchr(text, ':', length);
  size_t host = colon ? (size_t)(colon - text) : length;
  read_host(&hop, text, host, NEXT_HOP_DOMAIN);
  read_rest(&hop, text + host, length - host);
  return hop;
}
