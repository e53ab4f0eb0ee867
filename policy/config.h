/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration: read once, then immutable. A reload makes a new one; messages in hand hold theirs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "policy/keyring.h"
#include "policy/level.h"

struct string_list {
  const char **items;
  size_t count;
};

struct network_list {
  struct network *items;
  size_t count;
};

/* domain "NAME" { standard = {...} level = ... } */
struct config_domain {
  const char *domain; /* normalized */
  bool standards[STANDARD_COUNT];
  enum level level;
  unsigned line;
};

/* exception "ID" { ... }: comply or explain */
struct config_exception {
  const char *id;
  struct string_list domains; /* normalized */
  bool standards[STANDARD_COUNT];
  enum level level;
  const char *reason, *owner; /* owner may be "" */
  const char *until;          /* YYYY-MM-DD, its last day (UTC) */
  int64_t ends;               /* first second after it */
};

enum address_form { ADDRESSES_DOMAIN, ADDRESSES_PSEUDONYM, ADDRESSES_FULL };

struct config {
  const char *file;
  const char *listen, *socket_mode, *socket_group, *user;
  unsigned socket_mode_bits;
  bool isolation;
  const char *crash_journal; /* "": none */
  const char *authserv_id; /* "" : the MTA's name */
  enum mode mode;
  struct network_list internal_networks, trusted_relays;
  struct string_list originating_daemons, local_domains, dane_mailers;
  struct {
    struct string_list servers;
    const char *trust_anchor;
    unsigned timeout, budget; /* seconds */
    unsigned cache_size;      /* MiB */
  } resolver;
  enum level levels[STANDARD_COUNT]; /* inbound and outbound sections */
  bool defer_on_temporary_failure;   /* outbound.on-temporary-failure */
  const char *contact;               /* "" : none; printable ASCII without '%' trouble: see reply writers */
  struct config_domain *domains;
  size_t domain_count;
  struct config_exception *exceptions;
  size_t exception_count;
  struct {
    const char *log;
    enum address_form addresses;
    const char *pseudonym_key; /* file */
    struct keyring keys;       /* read from it at load time; empty where there are no pseudonyms */
    bool required;
  } audit;
};

/* Reads and checks a file. One reference, yours; NULL with "FILE:LINE: message" in error. */
struct config *config_load(const char *file, char *error, size_t error_size);
/* The same from text; name stands for the file in messages. */
struct config *config_parse(const char *text, const char *name, char *error, size_t error_size);
/* Counted references, from any thread. config_release() takes NULL. */
struct config *config_hold(struct config *config);
void config_release(struct config *config);
