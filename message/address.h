/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Addresses: the mailboxes of a header field (RFC 5322 3.4) and the paths of the envelope (RFC 5321 4.1.2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct mailbox {
  const char *local;  /* unquoted, as raw bytes; "" where there is none */
  const char *domain; /* normalized; "" for a literal or for a bare local part */
  bool literal;       /* the domain is an address literal, [192.0.2.1] */
};

/* How a list of addresses came out. */
enum address_status {
  ADDRESS_OK,    /* every element was understood; there may be none (an empty group) */
  ADDRESS_INVALID /* why says what is wrong */
};

struct address_list {
  enum address_status status;
  struct mailbox *mailboxes;
  size_t count;
  bool group;      /* group syntax occurred (RFC 6854 allows it in From) */
  const char *why; /* printable, names the trouble in plain words; NULL where ADDRESS_OK */
};

/* Parses the value of From, To or Cc: strictly enough that two readers cannot see two different addresses.
 * Comments, folding, quoted strings, encoded-words in display names, groups, obsolete routes and UTF-8
 * (RFC 6532) are understood; NUL, bare CR or LF, an unterminated quote or comment, a second @, text outside of
 * angle brackets that could be read as another address, an illegal domain are ADDRESS_INVALID. At most 1,000
 * mailboxes and 64 KB. Everything lies in the arena. */
struct address_list address_list_parse(struct arena *arena, const char *value, size_t length);

/* One envelope path, as the milter protocol hands it over: "<user@example.nl>", "<>", "<@relay:user@example.nl>",
 * "user@example.nl", "<postmaster>", quoted local parts, SMTPUTF8; and what MTAs take beyond RFC 5321: comments, space and
 * quotes anywhere, "<user@example.nl (comment)>", and "<example.nl!user>", "<user%example.nl>". */
struct path {
  bool null;          /* <>: domain and local are "" */
  bool invalid;       /* cannot be understood; domain is "" */
  const char *local;  /* unquoted raw bytes */
  const char *domain; /* normalized; "" where there is none or it is a literal */
  bool literal;
  const char *address; /* local@domain as received without brackets and route, raw bytes, or what MTAs
                          make of it where it is not of RFC 5321; where invalid, what stood there: SPF reads on
                          its own, and the log shows it */
};

struct path path_parse(struct arena *arena, const char *argument);
