/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The crash journal. See journal.h.
 *
 * What a process has stored in a shared mapping belongs to the kernel, and stays when the process dies at any
 * instruction. It is not made sure on the disk: a host that loses its power was not brought down by a message.
 */
#include "milter/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"

struct suspect {
  uint64_t mark;
  int64_t seen; /* seconds since 1970 */
  uint32_t crashes;
  uint32_t last; /* number of the crash that it was in hand at last */
};

/* What is in the file. Its first bytes change with its form. */
struct content {
  char form[16];
  uint64_t key[2];
  uint32_t ended;   /* in good order */
  uint32_t crashes; /* so far */
  uint32_t suspect_count;
  uint32_t unused;
  _Atomic uint64_t in_hand[JOURNAL_SLOTS]; /* 0: free */
  struct suspect suspects[JOURNAL_SUSPECTS];
};

static const char form[16] = "sluis-in-hand-1";

struct journal {
  struct content *content;
  int file;
  atomic_uint next;     /* where to look for a free slot */
  pthread_mutex_t lock; /* guards the suspects */
  atomic_uint suspects; /* how many, for a look without the lock */
};

static struct suspect *find(struct content *content, uint64_t mark)
{
  for (uint32_t i = 0; i < content->suspect_count; i++)
    if (content->suspects[i].mark == mark)
      return &content->suspects[i];
  return NULL;
}

static void forget(struct content *content, struct suspect *suspect)
{
  *suspect = content->suspects[--content->suspect_count];
}

/* Also one that says that it comes from the future: a clock that was wrong must not make it stay. */
static bool is_old(const struct suspect *suspect, int64_t now)
{
  return now - suspect->seen > JOURNAL_DAY || suspect->seen - now > JOURNAL_DAY;
}

static void forget_old(struct content *content, int64_t now)
{
  for (uint32_t i = content->suspect_count; i > 0; i--)
    if (is_old(&content->suspects[i - 1], now))
      forget(content, &content->suspects[i - 1]);
}

static struct suspect *add(struct content *content, uint64_t mark)
{
  struct suspect *place = &content->suspects[0];
  if (content->suspect_count < JOURNAL_SUSPECTS)
    place = &content->suspects[content->suspect_count++];
  else
    for (uint32_t i = 1; i < content->suspect_count; i++)
      if (content->suspects[i].seen < place->seen)
        place = &content->suspects[i];
  *place = (struct suspect){.mark = mark};
  return place;
}

/* The daemon died: whatever was in hand is suspect. A mark that was in hand twice was there at one crash. */
static unsigned take_suspects(struct content *content, int64_t now)
{
  unsigned count = 0;
  content->crashes++;
  for (unsigned i = 0; i < JOURNAL_SLOTS; i++) {
    uint64_t mark = atomic_load(&content->in_hand[i]);
    if (mark == 0)
      continue;
    count++;
    struct suspect *suspect = find(content, mark);
    if (!suspect)
      suspect = add(content, mark);
    if (suspect->last == content->crashes)
      continue;
    suspect->last = content->crashes;
    suspect->crashes++;
    suspect->seen = now;
  }
  return count;
}

static void begin_anew(struct content *content)
{
  memset(content, 0, sizeof *content);
  hash_make_key(content->key);
  content->ended = 1;
  memcpy(content->form, form, sizeof form);
}

static unsigned begin(struct content *content, int64_t now)
{
  if (memcmp(content->form, form, sizeof form) != 0 || content->suspect_count > JOURNAL_SUSPECTS)
    begin_anew(content);
  forget_old(content, now);
  unsigned died_with = content->ended ? 0 : take_suspects(content, now);
  for (unsigned i = 0; i < JOURNAL_SLOTS; i++)
    atomic_store(&content->in_hand[i], 0);
  content->ended = 0;
  return died_with;
}

/* The file, locked, with all the room on the disk that it needs: a mapping that finds the disk full is a SIGBUS. -1 with
 * errno. */
static int open_file(const char *path)
{
  struct stat status;
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (file < 0)
    return -1;
  int reason = 0;
  if (fstat(file, &status) < 0 || flock(file, LOCK_EX | LOCK_NB) < 0)
    reason = errno;
  else if (!S_ISREG(status.st_mode))
    reason = EINVAL;
  else
    reason = posix_fallocate(file, 0, sizeof(struct content));
  if (reason == 0)
    return file;
  close(file);
  errno = reason;
  return -1;
}

struct journal *journal_open(const char *path, int64_t now, unsigned *died_with, char *error, size_t error_size)
{
  int file = open_file(path);
  void *memory = file < 0 ? MAP_FAILED
                          : mmap(NULL, sizeof(struct content), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) {
    snprintf(error, error_size, "%s: %s", path, errno == EWOULDBLOCK ? "another process uses it" : strerror(errno));
    if (file >= 0)
      close(file);
    return NULL;
  }
  struct journal *journal = memory_new(sizeof *journal);
  journal->content = memory;
  journal->file = file;
  pthread_mutex_init(&journal->lock, NULL);
  *died_with = begin(journal->content, now);
  atomic_store(&journal->suspects, journal->content->suspect_count);
  return journal;
}

void journal_end(struct journal *journal)
{
  if (journal)
    journal->content->ended = 1;
}

void journal_close(struct journal *journal)
{
  if (!journal)
    return;
  journal_end(journal);
  munmap(journal->content, sizeof *journal->content);
  close(journal->file);
  pthread_mutex_destroy(&journal->lock);
  free(journal);
}

const uint64_t *journal_key(const struct journal *journal)
{
  return journal->content->key;
}

unsigned journal_claim(struct journal *journal, uint64_t mark)
{
  for (unsigned tries = 0; tries < JOURNAL_SLOTS; tries++) {
    unsigned slot = atomic_fetch_add_explicit(&journal->next, 1, memory_order_relaxed) % JOURNAL_SLOTS;
    uint64_t none = 0;
    if (atomic_compare_exchange_strong(&journal->content->in_hand[slot], &none, mark))
      return slot;
  }
  return JOURNAL_NO_SLOT;
}

void journal_note(struct journal *journal, unsigned slot, uint64_t mark)
{
  if (slot != JOURNAL_NO_SLOT)
    atomic_store_explicit(&journal->content->in_hand[slot], mark, memory_order_relaxed);
}

void journal_release(struct journal *journal, unsigned slot)
{
  journal_note(journal, slot, 0);
}

unsigned journal_suspects(const struct journal *journal)
{
  return atomic_load_explicit(&journal->suspects, memory_order_relaxed);
}

void journal_forget_old(struct journal *journal, int64_t now)
{
  if (journal_suspects(journal) == 0)
    return;
  pthread_mutex_lock(&journal->lock);
  forget_old(journal->content, now);
  atomic_store(&journal->suspects, journal->content->suspect_count);
  pthread_mutex_unlock(&journal->lock);
}

unsigned journal_suspicion(struct journal *journal, uint64_t mark, int64_t now, unsigned *last)
{
  unsigned crashes = 0;
  *last = 0;
  pthread_mutex_lock(&journal->lock);
  struct suspect *suspect = find(journal->content, mark);
  if (suspect && is_old(suspect, now)) {
    forget(journal->content, suspect);
  } else if (suspect) {
    crashes = suspect->crashes;
    *last = suspect->last;
  }
  atomic_store(&journal->suspects, journal->content->suspect_count);
  pthread_mutex_unlock(&journal->lock);
  return crashes;
}

void journal_suspect(struct journal *journal, uint64_t mark, unsigned crashes, int64_t now)
{
  pthread_mutex_lock(&journal->lock);
  struct suspect *suspect = find(journal->content, mark);
  if (suspect && crashes == 0) {
    forget(journal->content, suspect);
  } else if (suspect) {
    suspect->crashes = crashes;
    suspect->last = 0;
    suspect->seen = now;
  }
  atomic_store(&journal->suspects, journal->content->suspect_count);
  pthread_mutex_unlock(&journal->lock);
}
