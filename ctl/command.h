/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The commands of sluisctl: one file each, one row each in the table of main.c.
 */
#pragma once

#include <stdbool.h>

/* What stands before the command's name, and --json wherever it stands. */
struct command_options {
  const char *config_file; /* NULL: the default one, or the built-in settings where there is none */
  bool json;
};

/* The database of evidence, unless --database says so. */
#define COMMAND_DATABASE "/var/lib/sluis/audit.db"

/* words[0] is the command's name. Returns the exit status (CONTRACT 1). */
typedef int command_run(struct command_options *options, int count, char **words);

command_run command_dane;
command_run command_message;
command_run command_audit;
command_run command_audit_import;
command_run command_audit_report;
command_run command_audit_aggregate;
command_run command_audit_show;
command_run command_audit_pseudonym;
command_run command_audit_prune;
command_run command_audit_hold;
command_run command_audit_verify;
