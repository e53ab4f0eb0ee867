/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One value of the configuration, from its word to what the program works with.
 */
#pragma once

#include <stddef.h>

struct arena;

/* For numbers: both ends are allowed. */
struct value_range {
  unsigned low, high;
};

/* Reads a word into target, whose type each reader names. Strings lie in the arena. Returns NULL, or what is wrong
 * with the word, to stand behind it in a message: "is not a number from 1 to 60". */
typedef const char *value_reader(struct arena *arena, const struct value_range *range, const char *word, void *target);

value_reader value_text;      /* const char *: one printable line, may be empty */
value_reader value_name;      /* const char *: the same, not empty */
value_reader value_ascii;     /* const char *: printable ASCII of at most range.high bytes, may be empty */
value_reader value_authserv;  /* const char *: an authserv-id (RFC 8601 2.2) that needs no quotes, may be empty */
value_reader value_domain;    /* const char *: normalized */
value_reader value_listen;    /* const char *: unix:PATH, local:PATH, inet:PORT@HOST, inet6:PORT@HOST */
value_reader value_server;    /* const char *: ADDRESS, ADDRESS@PORT or "recursive" */
value_reader value_date;      /* const char *: YYYY-MM-DD, a day that exists, 1970 or later */
value_reader value_octal;     /* const char *: permission bits */
value_reader value_number;    /* unsigned */
value_reader value_bool;      /* bool */
value_reader value_mode;      /* enum mode */
value_reader value_level;     /* enum level */
value_reader value_addresses; /* enum address_form */
value_reader value_temporary; /* bool: true for "defer" */
value_reader value_network;   /* struct network */
value_reader value_standard;  /* bool[STANDARD_COUNT]: the named one becomes true */

/* Seconds from 1970 to the end of a day that value_date took. */
long long value_day_end(const char *date);
