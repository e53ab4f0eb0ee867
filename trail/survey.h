/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A survey of log files: the stretches of lines in them that hang together. An undamaged file is one segment, however
 * long; so what is kept in memory grows with the damage and not with the log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trail/mark.h"

struct arena;

/* Where a line stands. */
struct spot {
  size_t file;   /* index */
  uint64_t line; /* from 1 */
  uint64_t seq;  /* 0 for what is no line of the log */
  char time[MARK_TIME_SIZE];
};

/* Lines of one file, one after another: each holds the hash of the line before, and its seq is one more. What is no
 * line of the log (`raw`) stands only at the beginning of a segment: nothing ties it to what is before it. The line
 * after the last raw one ties itself to that, else the segment ends with it. */
struct segment {
  struct spot first, last;
  uint64_t raw;   /* so many of the first lines are no lines of the log */
  bool fragments; /* and each of them looks like the beginning of one */
  bool too_long;  /* one of them was longer than any line may be */
  bool open;      /* the last line lacks its newline */
  bool root;      /* begins a chain */
  char prev[CHAIN_DIGEST_SIZE]; /* of the first line; "" for a root and where raw */
  char first_digest[CHAIN_DIGEST_SIZE], digest[CHAIN_DIGEST_SIZE]; /* of the first and the last line */
  struct spot first_whole;      /* seq 0 where all is raw */
  const char *host;             /* the first one that is told; "" where none is */
  enum mark_event first_event, last_event; /* of whole lines */
  uint64_t starts, killed; /* starts of a daemon, and how many of them followed no stop */
};

/* A daemon that began where the one before it had not said that it stops. */
struct killed {
  struct spot before, start;
};

/* The key of pseudonyms that a daemon took at its start or a reload. */
struct taken_key {
  struct spot at;
  const char *host, *key; /* "" for no pseudonyms */
};

struct survey_file {
  const char *path;
  uint64_t device, inode, lines;
  bool unreadable; /* could not even be opened */
  bool copy;       /* the same file as one before, and not read again */
  const char *why; /* why it could not be opened or read to its end; NULL */
};

struct survey {
  struct arena *arena;
  struct survey_file *files;
  size_t file_count;
  struct segment *segments; /* in the order in which they stand in the files */
  size_t segment_count, segment_size;
  struct killed *killed;
  size_t killed_count, killed_size;
  struct taken_key *keys; /* of the first KEYS_MAX starts and reloads */
  size_t key_count, key_size;
  uint64_t clock_back; /* so many lines bear an earlier time than the line before them */
  struct spot clock_spot; /* the first such line */
  bool too_many;       /* more than SURVEY_SEGMENTS_MAX: the rest was not read */
};

enum { SURVEY_SEGMENTS_MAX = 50000 };

/* Reads the files in the order given. Free with survey_free(). */
void survey_read(struct survey *survey, char *const *paths, size_t count);
void survey_free(struct survey *survey);
/* Reads the files again and splits segments so that every `prev` of a segment that is the digest of any line is the
 * digest of a segment's last line. */
void survey_split(struct survey *survey);
