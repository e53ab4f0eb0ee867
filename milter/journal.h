/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The crash journal: a file of fixed size, mapped into memory, that says which messages are in hand. It outlives the
 * process without a system call for each message, so that the next daemon can see with which ones the last one died.
 * They are its suspects.
 *
 * A message is known by marks, numbers other than 0 that guard.c makes. All functions but opening and closing may be
 * called from any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct journal;

enum {
  JOURNAL_SLOTS = 4096,    /* messages in hand that are noted; more than that are not */
  JOURNAL_SUSPECTS = 4096, /* the oldest goes first */
  JOURNAL_NO_SLOT = JOURNAL_SLOTS
};

enum { JOURNAL_DAY = 24 * 60 * 60 }; /* a suspect that is not seen for so long is forgotten */

/* Opens the file, or makes it, and takes a lock on it. Where the daemon that wrote it did not end in good order, each
 * mark in hand becomes a suspect, or one that is suspected once more; died_with: how many they were. now: seconds
 * since 1970. NULL with a message in error, where it cannot be had or another process uses it. */
struct journal *journal_open(const char *path, int64_t now, unsigned *died_with, char *error, size_t error_size);
/* From now on the end is in good order, with whatever still is in hand. Takes NULL. */
void journal_end(struct journal *journal);
void journal_close(struct journal *journal); /* the same, and frees it; takes NULL */

/* Of this file, for the making of marks: nobody outside can choose a message that has the mark of another one. */
const uint64_t *journal_key(const struct journal *journal);

/* Notes a message in hand by a mark. Its slot, or JOURNAL_NO_SLOT, which the other two take. */
unsigned journal_claim(struct journal *journal, uint64_t mark);
/* The message got further: another mark takes the place of the one before. */
void journal_note(struct journal *journal, unsigned slot, uint64_t mark);
void journal_release(struct journal *journal, unsigned slot);

/* How many suspects there are: mostly none. */
unsigned journal_suspects(const struct journal *journal);
/* Forgets the suspects whose day is over. Called now and then. */
void journal_forget_old(struct journal *journal, int64_t now);
/* In how many crashes, one after the other, the mark was in hand, and which was the last of them (0: not known); 0
 * for no suspect. */
unsigned journal_suspicion(struct journal *journal, uint64_t mark, int64_t now, unsigned *last);
/* Sets that number for a suspect, and that it was seen now; 0: it is none any more. */
void journal_suspect(struct journal *journal, uint64_t mark, unsigned crashes, int64_t now);
