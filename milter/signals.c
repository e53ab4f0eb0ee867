/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Signals. See signals.h.
 *
 * libmilter has a thread of its own that waits in sigwait() for SIGHUP, SIGTERM and SIGINT and then drops every connection,
 * messages in hand too. There is no option against that, and two waiters would share the signals by chance. So this
 * program brings its own sigwait(), which the dynamic linker finds before the C library's: libmilter's thread
 * waits there for ever, and the signals come to signals_wait() alone.
 */
#include "milter/signals.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void our_signals(sigset_t *set)
{
  sigemptyset(set);
  sigaddset(set, SIGHUP);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGUSR1);
}

__attribute__((visibility("default"))) int sigwait(const sigset_t *restrict set, int *restrict signal)
{
  (void)set;
  (void)signal;
  for (;;)
    pause();
}

void signals_block(void)
{
  sigset_t set;
  our_signals(&set);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
}

int signals_wait(unsigned seconds)
{
  sigset_t set;
  our_signals(&set);
  const struct timespec timeout = {.tv_sec = (time_t)seconds};
  int signal = sigtimedwait(&set, NULL, &timeout);
  return signal > 0 ? signal : 0;
}
