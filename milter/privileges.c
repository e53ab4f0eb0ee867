/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The privileged part of the start. See privileges.h.
 */
#include "milter/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/config.h"

const char *privileges_socket_path(const char *listen)
{
  if (strncasecmp(listen, "unix:", 5) == 0)
    return listen + 5;
  if (strncasecmp(listen, "local:", 6) == 0)
    return listen + 6;
  return NULL;
}

int privileges_check_socket(const char *listen, char *error, size_t error_size)
{
  const char *path = privileges_socket_path(listen);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!path)
    return 0;
  if (strlen(path) >= sizeof address.sun_path) {
    snprintf(error, error_size, "%s: the path of a socket has at most %zu bytes", listen, sizeof address.sun_path - 1);
    return -1;
  }
  strcpy(address.sun_path, path);
  int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int connected = probe < 0 ? -1 : connect(probe, (const struct sockaddr *)&address, sizeof address);
  if (probe >= 0)
    close(probe);
  if (connected == 0) {
    snprintf(error, error_size, "%s: another daemon listens there", listen);
    return -1;
  }
  return 0;
}

int privileges_give_socket(const struct config *config, char *error, size_t error_size)
{
  const char *path = privileges_socket_path(config->listen);
  if (!path)
    return 0;
  gid_t group = (gid_t)-1;
  if (*config->socket_group) {
    const struct group *entry = getgrnam(config->socket_group);
    if (!entry) {
      snprintf(error, error_size, "socket-group: no group \"%s\"", config->socket_group);
      return -1;
    }
    group = entry->gr_gid;
  }
  uid_t owner = (uid_t)-1;
  const struct passwd *user = geteuid() == 0 ? getpwnam(config->user) : NULL;
  if (user)
    owner = user->pw_uid;
  if (chown(path, owner, group) < 0 || chmod(path, (mode_t)config->socket_mode_bits) < 0) {
    snprintf(error, error_size, "%s: %s", path, strerror(errno));
    return -1;
  }
  return 0;
}

int privileges_drop(const struct config *config, char *error, size_t error_size)
{
  if (geteuid() != 0)
    return 0;
  const struct passwd *user = getpwnam(config->user);
  if (!user) {
    snprintf(error, error_size, "user: no user \"%s\"", config->user);
    return -1;
  }
  if (user->pw_uid == 0)
    return 0; /* the postmaster asked for it by name */
  if (initgroups(user->pw_name, user->pw_gid) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
      setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0) {
    snprintf(error, error_size, "cannot become user %s: %s", config->user, strerror(errno));
    return -1;
  }
  if (setuid(0) == 0) {
    snprintf(error, error_size, "root could not be given up");
    return -1;
  }
  return 0;
}
