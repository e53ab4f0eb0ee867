/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options of the configuration file: one row for each (CONTRACT 3).
 */
#pragma once

#include <stddef.h>

#include "policy/value.h"

enum option_shape {
  OPTION_ONE,      /* one value */
  OPTION_STRINGS,  /* a list, kept in a struct string_list */
  OPTION_NETWORKS, /* a list, kept in a struct network_list */
  OPTION_MARKS     /* a list whose reader marks each word in the one target */
};

struct option {
  const char *section; /* OPTION_TOP for none */
  const char *name;
  enum option_shape shape;
  value_reader *read;
  size_t offset; /* in struct config, config_domain or config_exception */
  const char *initial; /* the default; a list's words are separated by spaces; NULL: must be given */
  struct value_range range;
};

/* What libconfuse calls the file as a section. */
#define OPTION_TOP "root"

/* Ends in a row without a name. */
extern const struct option option_table[];
