/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Isolation. See isolation.h.
 *
 * A mistake in a parser must not become a way into the host. The fences stand in each other's lee: systemd's, where it
 * started us; these of our own, wherever we were started; and below both of them the rights of the user.
 */
#include "milter/isolation.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "config.h"
#include "milter/privileges.h"
#include "milter/report.h"
#include "milter/syscalls.h"
#include "milter/writes.h"
#include "policy/config.h"

/* A user other than root has none, unless whoever started us saw to that. */
static int drop_capabilities(void)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
  const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
  if (syscall(SYS_capget, &header, sets) < 0)
    return -1;
  if (memcmp(sets, none, sizeof none) == 0)
    return 0;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* follows from the next one; EINVAL before Linux 4.3 */
  return (int)syscall(SYS_capset, &header, none);
}

static int put_up(const struct config *config, char *error, size_t error_size)
{
  const char *path = privileges_socket_path(config->listen);
  enum fence writes = writes_confine(path, config->audit.log, error, error_size);
  if (writes == FENCE_FAILED)
    return -1;
  enum fence syscalls = syscalls_confine(error, error_size);
  if (syscalls == FENCE_FAILED)
    return -1;
  if (writes == FENCE_ABSENT)
    report(LOG_WARNING, "isolation: this kernel has no Landlock: only file permissions say where can be written");
  if (syscalls == FENCE_ABSENT)
    report(LOG_WARNING, "isolation: this kernel has no seccomp: every system call can be made");
  report(LOG_NOTICE, "isolation: writes %s, system calls %s", writes == FENCE_CLOSED ? "confined" : "not confined",
         syscalls == FENCE_CLOSED ? "confined" : "not confined");
  return 0;
}

int isolation_begin(const struct config *config, char *error, size_t error_size)
{
  if (!config->isolation) {
    report(LOG_WARNING, "isolation: switched off by the configuration");
    return 0;
  }
#ifdef WITH_SANITIZER
  /* Their runtimes write reports where they like, start programs and stop threads from outside. */
  report(LOG_WARNING, "isolation: none in a build with sanitizers");
  (void)put_up;
  (void)drop_capabilities;
  (void)error;
  (void)error_size;
  return 0;
#else
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || drop_capabilities() < 0) {
    snprintf(error, error_size, "isolation: privileges cannot be given up: %s", strerror(errno));
    return -1;
  }
  return put_up(config, error, error_size);
#endif
}
