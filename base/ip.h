/* SPDX-License-Identifier: BSD-2-Clause
 *
 * IP addresses and networks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* family: AF_INET (4 bytes used), AF_INET6 (16 bytes) or 0, no address. */
struct ip {
  int family;
  uint8_t bytes[16];
};

struct network {
  struct ip address;
  unsigned prefix; /* bits */
};

enum { IP_TEXT_SIZE = 46 };

/* Each returns 0, or -1 where the text is not one. IPv4-mapped IPv6 addresses become IPv4
 * (RFC 7208 section 5: they are treated as IPv4). "IPv6:" in front is taken too, as Sendmail writes it. */
int ip_parse(struct ip *ip, const char *text);
/* "A/PREFIX", or "A" alone for one address. Bits beyond the prefix are cleared. */
int network_parse(struct network *network, const char *text);
/* family becomes 0 for anything that is not IPv4 or IPv6 (a Unix socket, NULL). */
void ip_from_sockaddr(struct ip *ip, const struct sockaddr *address);
/* From 4 or 16 bytes in network order; 0, or -1 for another length. */
int ip_from_bytes(struct ip *ip, const void *bytes, size_t length);

/* RFC 5952 text in out, "" for no address. Returns out. */
const char *ip_format(const struct ip *ip, char out[IP_TEXT_SIZE]);
unsigned ip_bits(const struct ip *ip); /* 32, 128, or 0 */
bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_in_prefix(const struct ip *ip, const struct ip *base, unsigned prefix);
bool network_contains(const struct network *networks, size_t count, const struct ip *ip);
/* The name under in-addr.arpa or ip6.arpa that holds the PTR record (RFC 1035 3.5, RFC 3596 2.5).
 * out has room for 74 bytes. */
void ip_reverse_name(const struct ip *ip, char out[74]);
