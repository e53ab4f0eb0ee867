/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The milter protocol, version 6, from the MTA's side. See mta.h.
 */
#include "bench/mta.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfdef.h>

#include "base/memory.h"

enum { REPLY_SECONDS = 60, FLUSH_AT = 128 * 1024, PACKET_MAX = 1 << 20 };

/* What the filter may wish away of each command. */
static const struct step {
  char command;
  uint32_t not_sent, no_reply;
} steps[] = {
    {SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN}, {SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO},
    {SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL},       {SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT},
    {SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA},       {SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR},
    {SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH},          {SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY},
    {SMFIC_BODYEOB, 0, 0},
};

static void put(struct mta *mta, const void *bytes, size_t length)
{
  if (mta->out_used + length > mta->out_size) {
    mta->out_size = 2 * (mta->out_used + length);
    mta->out = memory_resize(mta->out, mta->out_size);
  }
  memcpy(mta->out + mta->out_used, bytes, length);
  mta->out_used += length;
}

static void put_head(struct mta *mta, char command, size_t length)
{
  uint32_t size = htonl((uint32_t)length + 1);
  put(mta, &size, sizeof size);
  put(mta, &command, 1);
}

static void drop(struct mta *mta)
{
  if (mta->fd >= 0)
    close(mta->fd);
  mta->fd = -1;
  mta->out_used = 0;
}

static int flush(struct mta *mta)
{
  size_t sent = 0;
  while (mta->fd >= 0 && sent < mta->out_used) {
    ssize_t count = send(mta->fd, mta->out + sent, mta->out_used - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      drop(mta);
    else
      sent += (size_t)count;
  }
  mta->out_used = 0;
  return mta->fd < 0 ? -1 : 0;
}

static int take(struct mta *mta, void *to, size_t length)
{
  for (size_t had = 0; had < length;) {
    ssize_t count = recv(mta->fd, (char *)to + had, length - had, 0);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0) {
      drop(mta);
      return -1;
    }
    had += (size_t)count;
  }
  return 0;
}

/* One packet into mta->in; its length without the letter, which comes first. */
static int take_packet(struct mta *mta, size_t *length)
{
  uint32_t size;
  if (take(mta, &size, sizeof size) < 0)
    return -1;
  size = ntohl(size);
  if (size == 0 || size > PACKET_MAX) {
    drop(mta);
    return -1;
  }
  if (size > mta->in_size) {
    mta->in = memory_resize(mta->in, size);
    mta->in_size = size;
  }
  *length = size - 1;
  return take(mta, mta->in, size);
}

/* The field lies behind its index, where it has one. */
static void keep_field(struct mta *mta, size_t skip, size_t length)
{
  mta->inserted++;
  if (length < skip)
    return;
  length -= skip;
  if (mta->added_used + length > mta->added_size) {
    mta->added_size = 2 * (mta->added_used + length);
    mta->added = memory_resize(mta->added, mta->added_size);
  }
  memcpy(mta->added + mta->added_used, mta->in + 1 + skip, length);
  mta->added_used += length;
}

/* Reads up to the letter that ends the answer. */
static int take_reply(struct mta *mta)
{
  size_t length;
  while (take_packet(mta, &length) == 0) {
    switch (mta->in[0]) {
    case SMFIR_ADDHEADER:
      keep_field(mta, 0, length);
      break;
    case SMFIR_INSHEADER:
      keep_field(mta, sizeof(uint32_t), length);
      break;
    case SMFIR_CHGHEADER:
      mta->changed++;
      break;
    case SMFIR_QUARANTINE:
      mta->quarantined++;
      break;
    case SMFIR_PROGRESS:
    case SMFIR_ADDRCPT:
    case SMFIR_DELRCPT:
    case SMFIR_REPLBODY:
      break;
    default:
      return mta->in[0];
    }
  }
  return MTA_LOST;
}

static int connect_unix(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  while (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    if (errno == EAGAIN) { /* the listener's queue is full: a Unix socket does not wait by itself */
      usleep(1000);
      continue;
    }
    close(fd);
    return -1;
  }
  return fd;
}

static int connect_inet(const char *where)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  const char *at = strchr(where, '@');
  address.sin_port = htons((uint16_t)atoi(where));
  if (!at || inet_pton(AF_INET, at + 1, &address.sin_addr) != 1) {
    errno = EINVAL;
    return -1;
  }
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int negotiate(struct mta *mta)
{
  const uint32_t offer[3] = {htonl(SMFI_PROT_VERSION), htonl(SMFI_CURR_ACTS), htonl(SMFI_CURR_PROT)};
  uint32_t answer[3];
  size_t length;
  put_head(mta, SMFIC_OPTNEG, sizeof offer);
  put(mta, offer, sizeof offer);
  if (flush(mta) < 0 || take_packet(mta, &length) < 0 || mta->in[0] != SMFIC_OPTNEG || length < sizeof answer)
    return -1;
  memcpy(answer, mta->in + 1, sizeof answer);
  mta->steps = ntohl(answer[2]);
  return 0;
}

int mta_open(struct mta *mta, const char *where, char *error, size_t error_size)
{
  *mta = (struct mta){.fd = -1};
  if (strncmp(where, "unix:", 5) == 0)
    mta->fd = connect_unix(where + 5);
  else if (strncmp(where, "inet:", 5) == 0)
    mta->fd = connect_inet(where + 5);
  else
    errno = EINVAL;
  if (mta->fd < 0) {
    snprintf(error, error_size, "%s: %s", where, strerror(errno));
    return -1;
  }
  const struct timeval wait = {.tv_sec = REPLY_SECONDS};
  setsockopt(mta->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (negotiate(mta) < 0) {
    snprintf(error, error_size, "%s: no negotiation", where);
    mta_close(mta);
    return -1;
  }
  return 0;
}

void mta_close(struct mta *mta)
{
  if (mta->fd >= 0) {
    put_head(mta, SMFIC_QUIT, 0);
    flush(mta);
  }
  drop(mta);
  free(mta->out);
  free(mta->in);
  free(mta->added);
  mta->out = mta->in = NULL;
  mta->added = NULL;
  mta->out_size = mta->in_size = mta->added_used = mta->added_size = 0;
}

void mta_macros(struct mta *mta, int command, ...)
{
  va_list list;
  size_t start = mta->out_used;
  const char letter = (char)command;
  put_head(mta, SMFIC_MACRO, 1);
  put(mta, &letter, 1);
  va_start(list, command);
  for (const char *name = va_arg(list, const char *); name; name = va_arg(list, const char *)) {
    const char *value = va_arg(list, const char *);
    if (!value)
      continue;
    put(mta, name, strlen(name) + 1);
    put(mta, value, strlen(value) + 1);
  }
  va_end(list);
  uint32_t size = htonl((uint32_t)(mta->out_used - start - sizeof size));
  memcpy(mta->out + start, &size, sizeof size);
}

int mta_command(struct mta *mta, char command, const void *data, size_t length)
{
  const struct step *step = steps;
  const struct step *end = steps + sizeof steps / sizeof *steps;
  while (step < end && step->command != command)
    step++;
  if (mta->fd < 0)
    return MTA_LOST;
  if (step < end && mta->steps & step->not_sent)
    return MTA_NOT_ASKED;
  put_head(mta, command, length);
  put(mta, data ? data : "", length);
  if (step == end || mta->steps & step->no_reply) /* the others (ABORT) are never answered */
    return mta->out_used > FLUSH_AT && flush(mta) < 0 ? MTA_LOST : MTA_NOT_ASKED;
  if (flush(mta) < 0)
    return MTA_LOST;
  return take_reply(mta);
}
