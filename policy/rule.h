/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which rule applies to a domain and a standard: exception, domain section or the general level.
 */
#pragma once

#include "policy/config.h"

struct arena;

struct rule {
  enum level level;  /* as configured, before the mode's cap */
  enum level capped; /* after it */
  const char *name;  /* for the audit line, e.g. `inbound dmarc=annotate`, `domain ministry.example dane=reject`,
                        `exception 2026-014 dane=annotate`; in the arena */
  const struct config_exception *exception; /* the one in force, or NULL; lives as long as the config */
};

/* domain: normalized, or NULL where there is none (then only general levels apply). CONTRACT 3: an exception
 * in force beats every domain section; among sections, and among exceptions, the most specific domain wins; of equals
 * the later one in the file. */
struct rule rule_find(struct arena *arena, const struct config *config, enum standard standard, const char *domain,
                      int64_t now);
/* The highest level that any rule gives the standard: LEVEL_OFF means that nobody wants the check. */
enum level rule_highest(const struct config *config, enum standard standard);
