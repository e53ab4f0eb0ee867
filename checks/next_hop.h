/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the MTA is going to send a message: the forms in which Postfix and Sendmail write a next hop.
 */
#pragma once

#include <stdbool.h>

#include "base/domain.h"

enum next_hop_kind {
  NEXT_HOP_DOMAIN,  /* its MX hosts */
  NEXT_HOP_HOST,    /* "[host]": that host, without an MX lookup */
  NEXT_HOP_ADDRESS, /* an IP address, in brackets or not */
  NEXT_HOP_INVALID  /* nothing that a name server could be asked about */
};

struct next_hop {
  enum next_hop_kind kind;
  char name[DOMAIN_SIZE]; /* normalized; of an address or an invalid one as given, in printable ASCII */
  unsigned port;          /* 25 unless told; 0 where invalid for its port */
  bool several;           /* the first of a list */
};

/* "domain", "domain:port", "domain:service", "[host]", "[host]:port", an address literal, a bare address, or a list of
 * these with commas or spaces between (Postfix) or colons (Sendmail), of which the first is read. Services are the
 * three that mail knows: smtp, submission, submissions. */
struct next_hop next_hop_parse(const char *text);
