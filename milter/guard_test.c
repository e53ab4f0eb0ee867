/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The crash guard over the deaths of real processes: each "daemon" here is a child that takes messages in hand and then
 * dies by a signal, or ends in good order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/guard.h"
#include "milter/journal.h"

static char folder[64], path[80];

struct mail {
  const char *sender, *recipient, *id;
};

static const struct mail culprit = {"<evil@a.example>", "<alice@b.example>", "<1@a.example>"};
static const struct mail innocent = {"<bob@c.example>", "<alice@b.example>", "<2@c.example>"};
static const struct mail third = {"<carol@d.example>", "<alice@b.example>", "<3@d.example>"};

enum stage { MAIL, RCPT, RECEIVED, FIRST_FIELD, OWN_FIELD, LAST_FIELD };

static struct guard *open_guard(unsigned *died_with)
{
  char error[300] = "";
  unsigned ignored;
  struct guard *guard = guard_open(path, died_with ? died_with : &ignored, error, sizeof error);
  if (!guard)
    fail_msg("%s", error);
  return guard;
}

/* As session/ and milter/ would take it in hand; what was said of it last. */
static enum session_care take(struct guard *guard, struct guard_message *message, const struct mail *mail,
                              enum stage stage)
{
  enum session_care care = guard_mail(guard, message, mail->sender);
  if (stage >= RCPT)
    care = guard_recipient(guard, message, mail->recipient);
  if (stage >= RECEIVED)
    care = guard_field(guard, message, "Received", "from somewhere");
  if (stage >= FIRST_FIELD)
    care = guard_field(guard, message, "MIME-Version", "1.0");
  if (stage >= OWN_FIELD)
    care = guard_field(guard, message, "Message-ID", mail->id);
  if (stage >= LAST_FIELD)
    care = guard_field(guard, message, "Subject", "hello");
  return care;
}

static void run(void (*life)(struct guard *guard), int how)
{
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    unsigned died_with;
    char error[300];
    struct guard *guard = guard_open(path, &died_with, error, sizeof error);
    if (!guard)
      _exit(1);
    life(guard);
    if (how != 0) {
      signal(how, SIG_DFL); /* cmocka's own would catch it */
      raise(how);
    }
    guard_end(guard);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (how == 0)
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  else
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == how);
}

static void with_culprit(struct guard *guard)
{
  struct guard_message message;
  take(guard, &message, &culprit, LAST_FIELD);
}

static void with_both(struct guard *guard)
{
  struct guard_message one, other;
  take(guard, &one, &innocent, LAST_FIELD);
  take(guard, &other, &culprit, LAST_FIELD);
}

static void with_culprit_and_others(struct guard *guard)
{
  struct guard_message messages[3];
  take(guard, &messages[0], &culprit, LAST_FIELD);
  take(guard, &messages[1], &innocent, LAST_FIELD);
  take(guard, &messages[2], &third, LAST_FIELD);
}

static enum session_care examine(struct guard *guard, const struct mail *mail, bool finish)
{
  struct guard_message message;
  enum session_care care = take(guard, &message, mail, LAST_FIELD);
  guard_done(guard, &message, finish);
  return care;
}

static void the_second_crash_tells(void **state)
{
  (void)state;
  unsigned died_with;
  run(with_both, SIGSEGV);
  struct guard *guard = open_guard(&died_with);
  assert_int_equal(died_with, 2);
  assert_true(guard_is_watchful(guard));
  /* The innocent one comes back first, and is examined to its end. */
  assert_int_equal(examine(guard, &innocent, true), SESSION_EXAMINE);
  guard_close(guard);
  run(with_both, SIGSEGV);
  guard = open_guard(&died_with);
  assert_int_equal(examine(guard, &culprit, true), SESSION_HOLD);
  assert_int_equal(examine(guard, &innocent, true), SESSION_EXAMINE);
  /* It stays known. */
  assert_int_equal(examine(guard, &culprit, true), SESSION_HOLD);
  assert_int_equal(examine(guard, &third, true), SESSION_EXAMINE);
  guard_close(guard);
  guard = open_guard(&died_with);
  assert_int_equal(died_with, 0);
  assert_int_equal(examine(guard, &culprit, true), SESSION_HOLD);
  guard_close(guard);
}

static void suspects_take_turns(void **state)
{
  (void)state;
  struct guard_message first, second, free_one;
  run(with_both, SIGABRT);
  struct guard *guard = open_guard(NULL);
  assert_int_equal(take(guard, &first, &culprit, LAST_FIELD), SESSION_EXAMINE);
  assert_int_equal(take(guard, &second, &innocent, LAST_FIELD), SESSION_POSTPONE);
  assert_int_equal(take(guard, &free_one, &third, LAST_FIELD), SESSION_EXAMINE); /* not suspect: it need not wait */
  guard_done(guard, &second, true);
  guard_done(guard, &free_one, true);
  assert_int_equal(take(guard, &second, &innocent, LAST_FIELD), SESSION_POSTPONE);
  guard_done(guard, &second, true);
  guard_done(guard, &first, true);
  assert_int_equal(examine(guard, &innocent, true), SESSION_EXAMINE);
  assert_false(guard_is_watchful(guard));
  guard_close(guard);
}

static void an_innocent_one_is_not_held(void **state)
{
  (void)state;
  run(with_culprit_and_others, SIGSEGV);
  /* At the second crash there is one that was there before: the others had to wait. */
  run(with_culprit_and_others, SIGSEGV);
  struct guard *guard = open_guard(NULL);
  assert_int_equal(examine(guard, &innocent, true), SESSION_EXAMINE);
  assert_int_equal(examine(guard, &third, true), SESSION_EXAMINE);
  assert_int_equal(examine(guard, &culprit, true), SESSION_HOLD);
  guard_close(guard);
}

static void lives_end_in_good_order(void **state)
{
  (void)state;
  unsigned died_with;
  for (int i = 0; i < 3; i++)
    run(with_both, 0); /* with messages in hand, as when a stop does not wait any longer */
  struct guard *guard = open_guard(&died_with);
  assert_int_equal(died_with, 0);
  assert_false(guard_is_watchful(guard));
  assert_int_equal(examine(guard, &culprit, true), SESSION_EXAMINE);
  guard_close(guard);
}

static void unfinished(struct guard *guard)
{
  examine(guard, &culprit, false);
}

static void what_left_is_not_suspect(void **state)
{
  (void)state;
  unsigned died_with;
  run(unfinished, SIGKILL);
  run(unfinished, SIGKILL);
  struct guard *guard = open_guard(&died_with);
  assert_int_equal(died_with, 0);
  assert_int_equal(examine(guard, &culprit, true), SESSION_EXAMINE);
  guard_close(guard);
  /* And a suspect that was given up in the middle stays one. */
  run(with_culprit, SIGKILL);
  run(unfinished, SIGKILL);
  guard = open_guard(&died_with);
  assert_int_equal(died_with, 0);
  assert_true(guard_is_watchful(guard));
  guard_close(guard);
  run(with_culprit, SIGKILL);
  guard = open_guard(&died_with);
  assert_int_equal(examine(guard, &culprit, true), SESSION_HOLD);
  guard_close(guard);
}

static enum stage stages[2];
static unsigned turn;

static void at_a_stage(struct guard *guard)
{
  struct guard_message message;
  take(guard, &message, &culprit, stages[turn]);
}

/* Wherever it was at the two crashes, a third time it comes no further than to the later place. */
static void at_every_stage(void **state)
{
  (void)state;
  for (int first = MAIL; first <= LAST_FIELD; first++) {
    for (int second = first; second <= LAST_FIELD; second++) {
      struct guard_message message;
      unlink(path);
      stages[0] = (enum stage)first;
      stages[1] = (enum stage)second;
      for (turn = 0; turn < 2; turn++)
        run(at_a_stage, SIGSEGV);
      struct guard *guard = open_guard(NULL);
      if (take(guard, &message, &culprit, (enum stage)second) != SESSION_HOLD)
        fail_msg("crashes at stages %d and %d", first, second);
      guard_done(guard, &message, true);
      if (second < OWN_FIELD) {
        /* Others have this mark too: of them, not every one is held. */
        assert_int_equal(take(guard, &message, &culprit, (enum stage)second), SESSION_EXAMINE);
        guard_done(guard, &message, true);
      }
      guard_close(guard);
    }
  }
}

/* The same message for several recipients, at different places, at one crash: that is one crash. */
static void with_copies(struct guard *guard)
{
  struct guard_message messages[4];
  take(guard, &messages[0], &culprit, RCPT);
  take(guard, &messages[1], &culprit, FIRST_FIELD);
  take(guard, &messages[2], &culprit, OWN_FIELD);
  take(guard, &messages[3], &culprit, OWN_FIELD);
}

static void copies_count_once(void **state)
{
  (void)state;
  unsigned died_with;
  run(with_copies, SIGSEGV);
  struct guard *guard = open_guard(&died_with);
  assert_int_equal(died_with, 4);
  assert_int_equal(examine(guard, &culprit, true), SESSION_EXAMINE);
  assert_false(guard_is_watchful(guard));
  guard_close(guard);
}

static void another_way_is_the_same_message(void **state)
{
  (void)state;
  struct guard_message message;
  run(with_culprit, SIGSEGV);
  run(with_culprit, SIGSEGV);
  struct guard *guard = open_guard(NULL);
  guard_mail(guard, &message, culprit.sender);
  guard_recipient(guard, &message, "<other@b.example>");
  guard_field(guard, &message, "Received", "from elsewhere");
  guard_field(guard, &message, "Received-SPF", "pass");
  guard_field(guard, &message, "MIME-Version", "1.0");
  guard_field(guard, &message, "Message-ID", culprit.id);
  assert_int_equal(guard_field(guard, &message, "Subject", "hello"), SESSION_HOLD);
  guard_done(guard, &message, true);
  /* Another message of the same sender is another one. */
  const struct mail other = {culprit.sender, culprit.recipient, "<9@a.example>"};
  assert_int_equal(examine(guard, &other, true), SESSION_EXAMINE);
  guard_close(guard);
}

static void suspects_are_forgotten_after_a_day(void **state)
{
  (void)state;
  char error[200];
  unsigned died_with, last;
  enum { NOW = 1700000000 };
  for (int crash = 0; crash < 2; crash++) {
    if (fork() == 0) {
      struct journal *journal = journal_open(path, NOW, &died_with, error, sizeof error);
      journal_claim(journal, 7);
      raise(SIGKILL);
    }
    wait(NULL);
  }
  struct journal *journal = journal_open(path, NOW, &died_with, error, sizeof error);
  assert_int_equal(journal_suspicion(journal, 7, NOW + JOURNAL_DAY, &last), 2);
  assert_int_equal(last, 2);
  assert_int_equal(journal_suspicion(journal, 8, NOW, &last), 0);
  assert_int_equal(journal_suspicion(journal, 7, NOW + JOURNAL_DAY + 1, &last), 0);
  assert_int_equal(journal_suspects(journal), 0);
  journal_close(journal);
}

static void nobody_waits_for_those_that_stay_away(void **state)
{
  (void)state;
  char error[200];
  unsigned died_with;
  enum { NOW = 1700000000 };
  if (fork() == 0) {
    struct journal *journal = journal_open(path, NOW, &died_with, error, sizeof error);
    journal_claim(journal, 7);
    raise(SIGKILL);
  }
  wait(NULL);
  struct journal *journal = journal_open(path, NOW, &died_with, error, sizeof error);
  journal_forget_old(journal, NOW + JOURNAL_DAY);
  assert_int_equal(journal_suspects(journal), 1);
  journal_forget_old(journal, NOW + JOURNAL_DAY + 1);
  assert_int_equal(journal_suspects(journal), 0);
  journal_close(journal);
}

static void the_table_has_an_end(void **state)
{
  (void)state;
  char error[200];
  unsigned died_with, last;
  enum { NOW = 1700000000 };
  /* More in hand than are noted; then, a crash for crash, more suspects than there is room for. */
  for (int crash = 0; crash < 2; crash++) {
    if (fork() == 0) {
      struct journal *journal = journal_open(path, NOW + crash, &died_with, error, sizeof error);
      for (uint64_t i = 0; i < JOURNAL_SLOTS; i++)
        if (journal_claim(journal, 1 + i + (uint64_t)crash * JOURNAL_SLOTS) == JOURNAL_NO_SLOT)
          _exit(1);
      if (journal_claim(journal, 99999) != JOURNAL_NO_SLOT)
        _exit(1);
      journal_note(journal, JOURNAL_NO_SLOT, 5);
      journal_release(journal, JOURNAL_NO_SLOT);
      raise(SIGKILL);
    }
    int status;
    wait(&status);
    assert_true(WIFSIGNALED(status));
  }
  struct journal *journal = journal_open(path, NOW + 2, &died_with, error, sizeof error);
  assert_int_equal(died_with, JOURNAL_SLOTS);
  assert_int_equal(journal_suspects(journal), JOURNAL_SUSPECTS);
  assert_int_equal(journal_suspicion(journal, 1 + JOURNAL_SLOTS, NOW, &last), 1);
  assert_int_equal(journal_suspicion(journal, 1, NOW, &last), 0); /* the older one went */
  journal_close(journal);
}

static void odd_files(void **state)
{
  (void)state;
  char error[300] = "";
  unsigned died_with = 9;
  /* Something else was there: begun anew. */
  FILE *file = fopen(path, "w");
  for (int i = 0; i < 300000; i++)
    fputc(0xa5, file);
  fclose(file);
  struct guard *guard = open_guard(&died_with);
  assert_int_equal(died_with, 0);
  assert_false(guard_is_watchful(guard));
  assert_int_equal(examine(guard, &culprit, true), SESSION_EXAMINE);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0644); /* as it was made above */
  /* Two daemons: the second one goes without. */
  assert_null(guard_open(path, &died_with, error, sizeof error));
  assert_non_null(strstr(error, "another process uses it"));
  guard_close(guard);
  /* A file that is cut short grows again. */
  assert_int_equal(truncate(path, 100), 0);
  guard_close(open_guard(&died_with));
  assert_null(guard_open("/nonexistent/in-hand", &died_with, error, sizeof error));
  assert_non_null(strstr(error, "/nonexistent/in-hand: No such file"));
  assert_null(guard_open("/dev/null", &died_with, error, sizeof error));
  unlink(path);
  assert_int_equal(symlink("/etc/passwd", path), 0);
  assert_null(guard_open(path, &died_with, error, sizeof error));
}

static void no_guard_lets_all_pass(void **state)
{
  (void)state;
  struct guard_message message = {0};
  assert_int_equal(take(NULL, &message, &culprit, LAST_FIELD), SESSION_EXAMINE);
  guard_done(NULL, &message, true);
  assert_false(guard_is_watchful(NULL));
  guard_end(NULL);
  guard_close(NULL);
}

static int fresh(void **state)
{
  (void)state;
  strcpy(folder, "/tmp/guard_test.XXXXXX");
  if (!mkdtemp(folder))
    return -1;
  snprintf(path, sizeof path, "%s/in-hand", folder);
  return 0;
}

static int clean(void **state)
{
  (void)state;
  unlink(path);
  return rmdir(folder);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fresh, clean)

int main(void)
{
  const struct CMUnitTest tests[] = {
      CASE(the_second_crash_tells),
      CASE(suspects_take_turns),
      CASE(an_innocent_one_is_not_held),
      CASE(lives_end_in_good_order),
      CASE(what_left_is_not_suspect),
      CASE(at_every_stage),
      CASE(copies_count_once),
      CASE(another_way_is_the_same_message),
      CASE(suspects_are_forgotten_after_a_day),
      CASE(nobody_waits_for_those_that_stay_away),
      CASE(the_table_has_an_end),
      CASE(odd_files),
      CASE(no_guard_lets_all_pass),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
