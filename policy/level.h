/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one vocabulary of levels, modes, standards and actions.
 */
#pragma once

/* Ordered: what a level does, every higher one does too. */
enum level {
  LEVEL_OFF,        /* not checked */
  LEVEL_OBSERVE,    /* checked and logged */
  LEVEL_ANNOTATE,   /* and written into the header */
  LEVEL_QUARANTINE, /* and held where it fails */
  LEVEL_REJECT      /* and refused where it fails */
};

/* Caps every level. */
enum mode { MODE_OBSERVE, MODE_ANNOTATE, MODE_ENFORCE };

enum standard {
  STANDARD_AUTHOR,
  STANDARD_DMARC,
  STANDARD_SPF,
  STANDARD_DKIM,
  STANDARD_TLS,
  STANDARD_DANE,
  STANDARD_COUNT
};

/* From mild to severe, but for ABORT. */
enum action { ACTION_ACCEPT, ACTION_QUARANTINE, ACTION_DEFER, ACTION_REJECT, ACTION_ABORT };

const char *level_name(enum level level);
const char *mode_name(enum mode mode);
const char *standard_name(enum standard standard); /* as in the configuration */
const char *action_name(enum action action);       /* as in the audit log */
/* Each returns the value, or -1 for a word that is none. */
int level_parse(const char *word);
int mode_parse(const char *word);
int standard_parse(const char *word);
/* The highest level that the mode lets through. */
enum level mode_cap(enum mode mode, enum level level);
