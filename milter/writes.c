/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where this process can write. See writes.h and landlock(7).
 *
 * A folder is granted as the folder that it is now: where another one takes its name, that one is not granted, and the
 * log says so with the first line that cannot be written.
 */
#include "milter/writes.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

/* Newer than Debian 12's headers; the numbers are the kernel's. */
#define ACCESS_TRUNCATE (1ULL << 14)     /* since version 3 of Landlock */
#define ACCESS_DEVICE_IOCTL (1ULL << 15) /* since version 5 */

/* All that changes the file system, and running programs. */
static uint64_t forbidden(long version)
{
  uint64_t access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
  if (version >= 2)
    access |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3)
    access |= ACCESS_TRUNCATE;
  if (version >= 5)
    access |= ACCESS_DEVICE_IOCTL;
  return access;
}

/* 0, or -1 with errno. */
static int grant(int rules, const char *path, uint64_t access)
{
  struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC)};
  if (rule.parent_fd < 0)
    return -1;
  int status = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  int reason = errno;
  close(rule.parent_fd);
  /* A pipe or a socket is in no file system that could be fenced. */
  if (status < 0 && reason == EBADFD)
    status = 0;
  errno = reason;
  return status;
}

static int grant_folder_of(int rules, const char *path, uint64_t access)
{
  char *copy = memory_copy_string(path);
  int status = grant(rules, dirname(copy), access);
  int reason = errno;
  free(copy);
  errno = reason;
  return status;
}

static int grant_log(int rules, const char *log, uint64_t handled)
{
  if (strcmp(log, "-") == 0 || strcmp(log, "syslog") == 0)
    return 0;
  struct stat status;
  if (stat(log, &status) < 0)
    return -1;
  const uint64_t write = (LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE) & handled;
  if (!S_ISREG(status.st_mode))
    return grant(rules, log, write);
  if (grant_folder_of(rules, log, write | LANDLOCK_ACCESS_FS_MAKE_REG) < 0)
    return -1;
  /* Where the name is a symbolic link, the file itself lies elsewhere. */
  char real[PATH_MAX];
  return realpath(log, real) ? grant_folder_of(rules, real, write | LANDLOCK_ACCESS_FS_MAKE_REG) : -1;
}

enum fence writes_confine(const char *socket_path, const char *log, char *error, size_t error_size)
{
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  /* Not built in, or built in and not switched on. In a container it can be forbidden. */
  if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
    return FENCE_ABSENT;
  struct landlock_ruleset_attr attributes = {.handled_access_fs = forbidden(version)};
  int rules = version < 0 ? -1 : (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  int status = rules < 0 ? -1 : 0;
  if (status == 0 && socket_path)
    /* Where we may not even look into the folder, we could not delete from it anyway. libmilter makes the socket anew where
     * it is told to stop before its loop has begun. */
    grant_folder_of(rules, socket_path, LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_SOCK);
  if (status == 0 && access("/dev/null", F_OK) == 0)
    status = grant(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
  if (status == 0)
    status = grant_log(rules, log, attributes.handled_access_fs);
  if (status == 0)
    status = (int)syscall(SYS_landlock_restrict_self, rules, 0);
  if (status < 0)
    snprintf(error, error_size, "isolation: Landlock: %s", strerror(errno));
  if (rules >= 0)
    close(rules);
  return status < 0 ? FENCE_FAILED : FENCE_CLOSED;
}
