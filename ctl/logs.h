/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which audit logs a command reads.
 */
#pragma once

#include <stddef.h>

struct arena;
struct command_options;
struct config;

struct log_list {
  struct arena *arena;
  char **paths;
  size_t count;
};

/* The files named, and no others; where none is, the configured log and the files beside it that rotation made of it
 * (audit.jsonl.1, audit.jsonl.2.gz, audit.jsonl-20261123). The oldest file comes first as far as the names tell. 0, or
 * an exit status, told on standard error. Free with logs_free() in either case. */
int logs_find(struct log_list *logs, const struct command_options *options, char **words, size_t count);
/* The configured log alone, or nothing where it is no file or none is there. */
void logs_find_configured(struct log_list *logs, const struct config *config);
void logs_free(struct log_list *logs);
