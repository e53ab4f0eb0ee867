/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Readers of RDATA. See rdata.h.
 */
#include "resolver/rdata.h"

#include <string.h>

#include "base/memory.h"

/* RFC 1035 3.1: an uncompressed name that fills the bytes to the end, as text; "" for the root. A byte that
 * text could not tell from a dot, or that would be taken for a U-label, makes it no host name. */
static int read_name(char out[DOMAIN_SIZE], const uint8_t *bytes, size_t length)
{
  char text[256];
  size_t at = 0, used = 0;
  out[0] = '\0';
  if (length == 0 || length > 255 || bytes[length - 1] != 0)
    return -1;
  while (bytes[at] != 0) {
    size_t label = bytes[at++];
    if (label > 63 || at + label >= length)
      return -1;
    if (used)
      text[used++] = '.';
    for (size_t i = 0; i < label; i++, at++) {
      if (bytes[at] == '.' || bytes[at] >= 0x80)
        return -1;
      text[used++] = (char)bytes[at];
    }
  }
  if (at + 1 != length)
    return -1;
  return used == 0 ? 0 : domain_normalize(out, text, used);
}

int rdata_read_address(struct ip *ip, const struct dns_record *record)
{
  return ip_from_bytes(ip, record->data, record->length);
}

int rdata_read_mx(struct rdata_mx *mx, const struct dns_record *record)
{
  *mx = (struct rdata_mx){0};
  if (record->length < 3)
    return -1;
  mx->preference = (unsigned)record->data[0] << 8 | record->data[1];
  return read_name(mx->exchange, record->data + 2, record->length - 2);
}

int rdata_read_name(char out[DOMAIN_SIZE], const struct dns_record *record)
{
  /* The root is a well-formed name, and the name of no host. */
  return read_name(out, record->data, record->length) == 0 && out[0] ? 0 : -1;
}

int rdata_read_tlsa(struct rdata_tlsa *tlsa, const struct dns_record *record)
{
  *tlsa = (struct rdata_tlsa){0};
  if (record->length < 4)
    return -1;
  *tlsa = (struct rdata_tlsa){
      .usage = record->data[0],
      .selector = record->data[1],
      .matching_type = record->data[2],
      .data = record->data + 3,
      .length = record->length - 3,
  };
  return 0;
}

char *rdata_read_txt(struct arena *arena, const struct dns_record *record, size_t *length)
{
  *length = 0;
  /* RFC 1035 3.3.14: one or more character-strings. */
  if (record->length == 0)
    return NULL;
  char *text = arena_alloc(arena, record->length);
  size_t used = 0;
  for (size_t at = 0; at < record->length;) {
    size_t piece = record->data[at++];
    if (piece > record->length - at)
      return NULL;
    memcpy(text + used, record->data + at, piece);
    used += piece;
    at += piece;
  }
  text[used] = '\0'; /* there is room: the first length octet is not copied */
  *length = used;
  return text;
}
