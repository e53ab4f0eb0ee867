/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Wakes libmilter's pool of threads. See nudge.h.
 *
 * Debian's libmilter gives an event to an idle thread where there is one, and counts that thread as idle until it has woken up.
 * So a burst of events goes to the one or two threads that were idle at its beginning. Where these wait for the DNS, or for
 * the rest of a packet, the other sessions of the burst stand still, until any thread has done with its session, or an event
 * comes when no thread is idle: for that one a thread is started, which afterwards takes what stands waiting.
 *
 * Such an event can be had: a connection of our own, that says goodbye. Soon again while somebody waits, and seldom else.
 */
#include "milter/nudge.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "milter/listener.h"

enum { SOON_MS = 50, SELDOM_SECONDS = 2, SETTLE_MS = 2, MOST = 32 };

static struct sockaddr_storage address;
static socklen_t address_length;
static pthread_t nudger;
static bool started; /* changed only while there are no others that look at it */
static atomic_bool ended;
static atomic_uint waiting;
static sem_t begun; /* told when the first one begins to wait */

static void pause_ms(long milliseconds)
{
  const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static bool nudge_once(void)
{
  static const char quit[] = {0, 0, 0, 1, 'Q'};
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  bool good = connect(fd, (const struct sockaddr *)&address, address_length) == 0 &&
              send(fd, quit, sizeof quit, MSG_NOSIGNAL) == sizeof quit;
  close(fd);
  return good;
}

/* One nudge is one more thread. Where that one waits too, there may be more to do. */
static void nudge_all(void)
{
  for (unsigned turn = 0; turn < MOST && !atomic_load(&ended); turn++) {
    unsigned before = atomic_load(&waiting);
    if (!nudge_once())
      return;
    pause_ms(SETTLE_MS);
    if (atomic_load(&waiting) <= before)
      return;
  }
}

/* Until somebody has waited for a while, or it is time anyway. */
static void wait_for_need(void)
{
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += SELDOM_SECONDS;
  if (atomic_load(&waiting) == 0 && sem_timedwait(&begun, &until) != 0)
    return;
  pause_ms(SOON_MS);
  while (sem_trywait(&begun) == 0)
    continue;
}

static void *run(void *unused)
{
  for (;;) {
    wait_for_need();
    if (atomic_load(&ended))
      return unused;
    nudge_all();
  }
}

int nudge_start(void)
{
  address_length = sizeof address;
  if (listener_address(&address, &address_length) < 0)
    return -1;
  sem_init(&begun, 0, 0);
  started = pthread_create(&nudger, NULL, run, NULL) == 0;
  return started ? 0 : -1;
}

void nudge_stop(void)
{
  if (!started)
    return;
  atomic_store(&ended, true);
  sem_post(&begun);
  pthread_join(nudger, NULL);
  sem_destroy(&begun);
  started = false;
}

void nudge_wait_begins(void)
{
  if (atomic_fetch_add(&waiting, 1) == 0 && started)
    sem_post(&begun);
}

void nudge_wait_ends(void)
{
  atomic_fetch_sub(&waiting, 1);
}
