/* SPDX-License-Identifier: BSD-2-Clause
 *
 * IP addresses and networks. See ip.h.
 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int ip_from_bytes(struct ip *ip, const void *bytes, size_t length)
{
  const uint8_t *p = bytes;
  *ip = (struct ip){0};
  if (length != 4 && length != 16)
    return -1;
  /* RFC 7208 5: an IPv4-mapped IPv6 address is treated as the IPv4 address in it. */
  if (length == 16 && memcmp(p, mapped_prefix, sizeof mapped_prefix) == 0) {
    p += sizeof mapped_prefix;
    length = 4;
  }
  ip->family = length == 4 ? AF_INET : AF_INET6;
  memcpy(ip->bytes, p, length);
  return 0;
}

int ip_parse(struct ip *ip, const char *text)
{
  uint8_t bytes[16];
  if (strncasecmp(text, "IPv6:", 5) == 0)
    text += 5;
  if (inet_pton(AF_INET, text, bytes) == 1)
    return ip_from_bytes(ip, bytes, 4);
  if (inet_pton(AF_INET6, text, bytes) == 1)
    return ip_from_bytes(ip, bytes, 16);
  *ip = (struct ip){0};
  return -1;
}

void ip_from_sockaddr(struct ip *ip, const struct sockaddr *address)
{
  *ip = (struct ip){0};
  if (address && address->sa_family == AF_INET)
    ip_from_bytes(ip, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  else if (address && address->sa_family == AF_INET6)
    ip_from_bytes(ip, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

const char *ip_format(const struct ip *ip, char out[IP_TEXT_SIZE])
{
  if (ip->family == 0 || !inet_ntop(ip->family, ip->bytes, out, IP_TEXT_SIZE))
    out[0] = '\0';
  return out;
}

unsigned ip_bits(const struct ip *ip)
{
  return ip->family == AF_INET ? 32 : ip->family == AF_INET6 ? 128 : 0;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
  return a->family == b->family && memcmp(a->bytes, b->bytes, ip_bits(a) / 8) == 0;
}

bool ip_in_prefix(const struct ip *ip, const struct ip *base, unsigned prefix)
{
  if (ip->family == 0 || ip->family != base->family || prefix > ip_bits(ip))
    return false;
  unsigned whole = prefix / 8, rest = prefix % 8;
  if (memcmp(ip->bytes, base->bytes, whole) != 0)
    return false;
  return rest == 0 || (ip->bytes[whole] ^ base->bytes[whole]) >> (8 - rest) == 0;
}

bool network_contains(const struct network *networks, size_t count, const struct ip *ip)
{
  for (size_t i = 0; i < count; i++)
    if (ip_in_prefix(ip, &networks[i].address, networks[i].prefix))
      return true;
  return false;
}

int network_parse(struct network *network, const char *text)
{
  char address[IP_TEXT_SIZE + 8];
  const char *slash = strchr(text, '/');
  size_t length = slash ? (size_t)(slash - text) : strlen(text);
  if (length >= sizeof address)
    return -1;
  memcpy(address, text, length);
  address[length] = '\0';
  if (ip_parse(&network->address, address) < 0)
    return -1;
  network->prefix = ip_bits(&network->address);
  if (slash) {
    size_t digits = strspn(slash + 1, "0123456789");
    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
      return -1;
    unsigned prefix = (unsigned)strtoul(slash + 1, NULL, 10);
    /* "::ffff:192.0.2.0/120" names an IPv4 network by its mapped form. */
    if (network->address.family == AF_INET && strchr(address, ':')) {
      if (prefix < 96)
        return -1;
      prefix -= 96;
    }
    if (prefix > network->prefix)
      return -1;
    network->prefix = prefix;
  }
  for (unsigned bit = network->prefix; bit < ip_bits(&network->address); bit++)
    network->address.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
  return 0;
}

void ip_reverse_name(const struct ip *ip, char out[74])
{
  if (ip->family == AF_INET) {
    snprintf(out, 74, "%u.%u.%u.%u.in-addr.arpa", ip->bytes[3], ip->bytes[2], ip->bytes[1], ip->bytes[0]);
    return;
  }
  char *p = out;
  for (int i = 15; i >= 0; i--)
    p += sprintf(p, "%x.%x.", ip->bytes[i] & 15u, ip->bytes[i] >> 4);
  strcpy(p, "ip6.arpa");
}
