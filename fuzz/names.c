/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names as they come over the wire: paths of the envelope, domains, next hops, addresses and networks. Each line of
 * the input is read as each of them.
 */
#include <string.h>

#include "base/domain.h"
#include "base/ip.h"
#include "base/memory.h"
#include "checks/next_hop.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "message/address.h"
#include "resolver/name.h"

static void read_domain(const char *text, size_t length)
{
  char domain[DOMAIN_SIZE], folded[DOMAIN_SIZE], escaped[NAME_ESCAPED_SIZE];
  if (domain_normalize(domain, text, length) == 0) {
    fuzz_require(*domain && fuzz_is_domain(domain));
    fuzz_require(name_fold(folded, domain) == (int)strlen(domain) && strcmp(folded, domain) == 0);
    fuzz_require(domain_is_under(domain, domain_suffix(domain, 1)));
    unsigned labels = domain_labels(domain);
    for (const char *name = domain; name; name = domain_parent(name))
      fuzz_require(labels-- > 0 && domain_is_under(domain, name));
  }
  if (name_fold(folded, text) >= 0)
    name_escape(escaped, folded);
}

static void read_path(struct arena *arena, const char *text)
{
  struct path path = path_parse(arena, text);
  fuzz_require(fuzz_is_domain(path.domain));
  fuzz_require(path.local && path.address && !(path.null && path.invalid));
  fuzz_require(!path.null || (*path.domain == '\0' && *path.local == '\0'));
}

static void read_next_hop(const char *text)
{
  struct next_hop hop = next_hop_parse(text);
  if (hop.kind == NEXT_HOP_DOMAIN || hop.kind == NEXT_HOP_HOST)
    fuzz_require(*hop.name && fuzz_is_domain(hop.name) && hop.port > 0 && hop.port < 65536);
  else
    fuzz_require(fuzz_is_printable(hop.name));
}

static void read_address(const char *text)
{
  char shown[IP_TEXT_SIZE], reversed[74], name[DOMAIN_SIZE];
  struct ip ip, again;
  struct network network;
  if (ip_parse(&ip, text) == 0) {
    fuzz_require(ip_parse(&again, ip_format(&ip, shown)) == 0 && ip_equal(&ip, &again));
    ip_reverse_name(&ip, reversed);
    fuzz_require(name_fold(name, reversed) > 0);
  }
  if (network_parse(&network, text) == 0)
    fuzz_require(network.prefix <= ip_bits(&network.address) && network_contains(&network, 1, &network.address));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  while (input_length(&input) > 0) {
    struct input line = input_until(&input, '\n');
    const char *text = arena_copy(arena, line.at, input_length(&line));
    read_domain(text, input_length(&line));
    read_path(arena, text);
    read_next_hop(text);
    read_address(text);
  }
  arena_free(arena);
  return 0;
}
