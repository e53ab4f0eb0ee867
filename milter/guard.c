/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The crash guard. See guard.h.
 */
#include "milter/guard.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/hash.h"
#include "base/memory.h"
#include "milter/journal.h"

enum {
  CRASHES_MAX = 2,          /* so many, and it is the one */
  TURN_MS = 5 * 60 * 1000, /* a suspect that takes longer is not waited for */
};

/* The lowest two bits of a mark: others may have it too, as that of an envelope, or it is one message's own. */
enum { KIND_SHARED = 2, KIND_OWN = 3, KIND_BITS = 3 };

struct guard {
  struct journal *journal;
  _Atomic uint64_t turn; /* 0: no suspect is in hand; else until when it has its turn */
};

static uint64_t now_ms(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

struct guard *guard_open(const char *path, unsigned *died_with, char *error, size_t error_size)
{
  struct journal *journal = journal_open(path, time(NULL), died_with, error, error_size);
  if (!journal)
    return NULL;
  struct guard *guard = memory_new(sizeof *guard);
  guard->journal = journal;
  return guard;
}

void guard_end(struct guard *guard)
{
  if (guard)
    journal_end(guard->journal);
}

void guard_close(struct guard *guard)
{
  if (!guard)
    return;
  journal_close(guard->journal);
  free(guard);
}

void guard_forget_old(struct guard *guard)
{
  if (guard)
    journal_forget_old(guard->journal, time(NULL));
}

bool guard_is_watchful(const struct guard *guard)
{
  return guard && journal_suspects(guard->journal) > 0;
}

static uint64_t make_mark(const struct guard *guard, unsigned kind, uint64_t before, const char *text)
{
  uint64_t hash = hash_bytes(journal_key(guard->journal), before, text, strlen(text));
  return (hash & ~(uint64_t)KIND_BITS) | kind;
}

static bool take_turn(struct guard *guard, struct guard_message *message)
{
  uint64_t now = now_ms(), other = atomic_load(&guard->turn);
  if (other > now || !atomic_compare_exchange_strong(&guard->turn, &other, now + TURN_MS))
    return false;
  message->turn = now + TURN_MS;
  return true;
}

static void end_turn(struct guard *guard, struct guard_message *message)
{
  /* Where another one did not wait any longer, the turn is that one's. */
  uint64_t ours = message->turn;
  if (ours != 0)
    atomic_compare_exchange_strong(&guard->turn, &ours, 0);
  message->turn = 0;
}

/* It is not examined any further: so it is in hand no more, and not to blame for what comes. */
static void withhold(struct guard *guard, struct guard_message *message, enum session_care care)
{
  message->care = care;
  end_turn(guard, message);
  journal_release(guard->journal, message->slot);
  message->slot = JOURNAL_NO_SLOT;
  if (care != SESSION_HOLD)
    return;
  /* The same message is held again. Where only the envelope is the same, the next may be another: it gets its turn. */
  for (unsigned i = 0; i < message->matches; i++) {
    bool own = (message->matched[i] & KIND_BITS) == KIND_OWN;
    journal_suspect(guard->journal, message->matched[i], own ? CRASHES_MAX : CRASHES_MAX - 1, time(NULL));
  }
}

/* The message got as far as this mark. */
static enum session_care come_to(struct guard *guard, struct guard_message *message, uint64_t mark)
{
  journal_note(guard->journal, message->slot, mark);
  if (journal_suspects(guard->journal) == 0)
    return SESSION_EXAMINE;
  unsigned last, crashes = journal_suspicion(guard->journal, mark, time(NULL), &last);
  if (crashes == 0)
    return SESSION_EXAMINE;
  if (message->matches < sizeof message->matched / sizeof *message->matched)
    message->matched[message->matches++] = mark;
  /* It can have ended the daemon at one place, and the next time at another one. */
  bool again = last != 0 && message->crash != 0 && last != message->crash;
  message->crash = last;
  if (crashes >= CRASHES_MAX || again)
    withhold(guard, message, SESSION_HOLD);
  else if (message->turn == 0 && !take_turn(guard, message))
    withhold(guard, message, SESSION_POSTPONE);
  return message->care;
}

enum session_care guard_mail(struct guard *guard, struct guard_message *message, const char *sender)
{
  *message = (struct guard_message){.slot = JOURNAL_NO_SLOT};
  if (!guard)
    return SESSION_EXAMINE;
  uint64_t mark = make_mark(guard, KIND_SHARED, 0, sender);
  message->begun = true;
  message->so_far = make_mark(guard, KIND_SHARED, 1, sender);
  message->slot = journal_claim(guard->journal, mark);
  return come_to(guard, message, mark);
}

enum session_care guard_recipient(struct guard *guard, struct guard_message *message, const char *recipient)
{
  if (!message->begun || message->care != SESSION_EXAMINE)
    return message->care;
  return come_to(guard, message, make_mark(guard, KIND_SHARED, message->so_far, recipient));
}

/* RFC 5321 4.4, RFC 5322 3.6.7: what each host on the way adds; and what is added together with it. */
static bool is_trace(const char *name)
{
  return strncasecmp(name, "Received", strlen("Received")) == 0 || strcasecmp(name, "Return-Path") == 0 ||
         strcasecmp(name, "Delivered-To") == 0;
}

/* RFC 5322 3.6.4 and 3.6.1: what no other message of the sender has. */
static bool is_own(const char *name)
{
  return strcasecmp(name, "Message-ID") == 0 || strcasecmp(name, "Date") == 0;
}

enum session_care guard_field(struct guard *guard, struct guard_message *message, const char *name, const char *value)
{
  if (!message->begun || message->care != SESSION_EXAMINE)
    return message->care;
  if (is_own(name))
    message->own = true;
  unsigned kind = message->own ? KIND_OWN : KIND_SHARED;
  uint64_t mark = make_mark(guard, kind, make_mark(guard, kind, message->so_far, name), value);
  if (!is_trace(name))
    message->so_far = mark;
  return come_to(guard, message, mark);
}

void guard_done(struct guard *guard, struct guard_message *message, bool finished)
{
  if (!message->begun)
    return;
  message->begun = false;
  if (message->care == SESSION_EXAMINE && finished)
    for (unsigned i = 0; i < message->matches; i++)
      journal_suspect(guard->journal, message->matched[i], 0, 0);
  end_turn(guard, message);
  journal_release(guard->journal, message->slot);
}
