/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The sendmail command. See sendmail.h.
 */
#include "feedback/sendmail.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void set_signals(sigset_t *set)
{
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
}

void sendmail_hold(void)
{
  sigset_t set;
  set_signals(&set);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

void sendmail_release(void)
{
  sigset_t set;
  set_signals(&set);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* A file in memory, so that a command that ends early cannot block or kill the writer. -1 with errno. */
static int make_input(const struct text *mail)
{
  int file = memfd_create("mail", MFD_CLOEXEC);
  for (size_t done = 0; file >= 0 && done < mail->length;) {
    ssize_t count = write(file, mail->bytes + done, mail->length - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0) {
      int reason = errno;
      close(file);
      errno = reason;
      return -1;
    }
    done += (size_t)count;
  }
  if (file >= 0)
    lseek(file, 0, SEEK_SET);
  return file;
}

static int spawn(pid_t *child, const char *path, const char *sender, int input)
{
  /* posix_spawn() asks for strings that could be changed, and does not change them. */
  char *words[] = {memory_copy_string(path), memory_copy_string("-i"), memory_copy_string("-t"),
                   memory_copy_string("-f"), memory_copy_string(sender), NULL};
  char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *environment[] = {search, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  int status = posix_spawn(child, path, &actions, NULL, words, environment);
  posix_spawn_file_actions_destroy(&actions);
  for (char **word = words; *word; word++)
    free(*word);
  return status;
}

int sendmail_run(const char *path, const char *sender, const struct text *mail, char *error, size_t error_size)
{
  pid_t child;
  int result = 0, input = make_input(mail);
  if (input < 0) {
    snprintf(error, error_size, "no room for a mail: %s", strerror(errno));
    return -1;
  }
  int status = spawn(&child, path, sender, input);
  close(input);
  if (status != 0) {
    snprintf(error, error_size, "%s: %s", path, strerror(status));
    return -1;
  }
  while (waitpid(child, &result, 0) < 0)
    if (errno != EINTR) {
      snprintf(error, error_size, "%s: %s", path, strerror(errno));
      return -1;
    }
  if (WIFEXITED(result) && WEXITSTATUS(result) == 0)
    return 0;
  if (WIFEXITED(result))
    snprintf(error, error_size, "%s ended with status %d", path, WEXITSTATUS(result));
  else
    snprintf(error, error_size, "%s was ended by signal %d", path, WTERMSIG(result));
  return -1;
}
