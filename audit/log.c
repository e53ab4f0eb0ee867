/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The audit log. See log.h.
 *
 * A line is put together and written under one lock, so that the chain has one order. The file is locked as
 * well: two writers would each continue the same line.
 */
#include "audit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "audit/chain.h"
#include "audit/emitter.h"
#include "base/memory.h"

enum sink { SINK_FILE, SINK_STREAM, SINK_SYSLOG };

struct audit_log {
  pthread_mutex_t lock;
  enum sink sink;
  char *path;
  int file;        /* -1 for none */
  bool regular;    /* a file with an end, not a device or pipe */
  bool stale;      /* the file ends in a piece of a line */
  uint64_t seq;    /* of the last line written */
  bool any;        /* there is a line before the next one: */
  char last[CHAIN_DIGEST_SIZE];
  bool failing;
  struct text line; /* kept for its memory */
  void (*on_trouble)(void *context, bool failing, const char *why);
  void *context;
};

/* Where a new file goes on: from what we wrote, from its own last line, or from the file that was rotated away. */
static int find_chain(struct audit_log *log, int file, bool regular)
{
  struct chain chain;
  log->stale = false;
  if (chain_read(&chain, file) < 0)
    return -1;
  if (!chain.any && !log->any && regular) {
    struct text rotated = {0};
    text_printf(&rotated, "%s.1", log->path);
    int before = open(rotated.bytes, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    text_free(&rotated);
    if (before >= 0) {
      /* One that cannot be read begins a new chain, as an absent one does. */
      if (chain_read(&chain, before) < 0)
        chain = (struct chain){0};
      chain.open = false;
      close(before);
    }
  }
  if (!chain.any)
    return 0;
  log->any = true;
  strcpy(log->last, chain.last);
  if (chain.seq > log->seq)
    log->seq = chain.seq;
  log->stale = chain.open;
  return 0;
}

/* Ends a line that a crash in mid-write or a full disk has torn. What there is of it stays, as evidence. */
static int end_torn_line(struct audit_log *log)
{
  if (find_chain(log, log->file, log->regular) < 0)
    return -1;
  if (!log->stale)
    return 0;
  ssize_t count = write(log->file, "\n", 1);
  if (count == 1) {
    log->stale = false;
    return 0;
  }
  errno = count < 0 ? errno : ENOSPC;
  return -1;
}

/* Opens the file at the path and takes it for the old one, which stays as it is on failure. -1 with errno. */
static int open_file(struct audit_log *log)
{
  struct stat status;
  int file = open(log->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (file < 0)
    return -1;
  /* A file system without locks is no reason to go without a log. */
  if (flock(file, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
    goto failed;
  if (fstat(file, &status) < 0 || find_chain(log, file, S_ISREG(status.st_mode)) < 0)
    goto failed;
  if (log->file >= 0)
    close(log->file);
  log->file = file;
  log->regular = S_ISREG(status.st_mode);
  return 0;
failed:;
  int reason = errno;
  close(file);
  errno = reason;
  return -1;
}

static bool is_moved(const struct audit_log *log)
{
  struct stat ours, there;
  if (fstat(log->file, &ours) < 0 || stat(log->path, &there) < 0)
    return true;
  return ours.st_dev != there.st_dev || ours.st_ino != there.st_ino;
}

/* Opens the file where it was moved away, and sees to it that its last line is whole. */
static int ready_file(struct audit_log *log)
{
  if (is_moved(log) && open_file(log) < 0)
    return -1;
  return log->stale ? end_torn_line(log) : 0;
}

static void add_time(struct text *line)
{
  struct timespec now;
  struct tm utc;
  char text[32];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  text_printf(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static void add_string(struct text *line, const char *value)
{
  struct emitter *emitter = emitter_new(line);
  emitter_string(emitter, value);
  emitter_free(emitter);
}

static void make_line(struct audit_log *log, const char *event, const char *host, const struct text *members)
{
  struct text *line = &log->line;
  text_clear(line);
  text_printf(line, "{\"v\":1,\"seq\":%" PRIu64 ",\"time\":\"", log->seq + 1);
  add_time(line);
  text_add(line, "\",\"event\":");
  add_string(line, event);
  text_add(line, ",\"host\":");
  add_string(line, host && *host ? host : NULL);
  text_printf(line, ",\"pid\":%ld", (long)getpid());
  if (members && members->length > 0)
    text_add_bytes(line, members->bytes, members->length);
  if (log->any)
    text_printf(line, ",\"prev\":\"%s\"}", log->last);
  else
    text_add(line, ",\"prev\":null}");
}

/* One write, so that a crash tears no line in two; a torn one is cut off again. */
static int append(struct audit_log *log)
{
  struct stat before;
  if (fstat(log->file, &before) < 0)
    return -1;
  ssize_t count;
  do
    count = write(log->file, log->line.bytes, log->line.length);
  while (count < 0 && errno == EINTR);
  if (count == (ssize_t)log->line.length)
    return 0;
  /* A write that stops short says no reason: the disk is full, or the file as large as it may be. */
  int reason = count < 0 ? errno : ENOSPC;
  if (count > 0 && log->regular && ftruncate(log->file, before.st_size) < 0)
    log->stale = true;
  errno = reason;
  return -1;
}

static int stream(struct audit_log *log)
{
  for (size_t done = 0; done < log->line.length;) {
    ssize_t count = write(log->file, log->line.bytes + done, log->line.length - done);
    if (count < 0 && errno != EINTR)
      return -1;
    done += count > 0 ? (size_t)count : 0;
  }
  return 0;
}

static int put_line(struct audit_log *log)
{
  if (log->sink == SINK_SYSLOG) {
    syslog(LOG_MAIL | LOG_INFO, "%s", log->line.bytes);
    return 0;
  }
  text_add_char(&log->line, '\n');
  int status = log->sink == SINK_STREAM ? stream(log) : append(log);
  log->line.length--;
  return status;
}

/* Keeps the state, and tells of a change once the lock is open. */
static int finish(struct audit_log *log, int status, int reason)
{
  bool changed = log->failing != (status < 0);
  log->failing = status < 0;
  pthread_mutex_unlock(&log->lock);
  if (changed && log->on_trouble)
    log->on_trouble(log->context, status < 0, status < 0 ? strerror(reason) : NULL);
  return status;
}

int audit_log_write(struct audit_log *log, const char *event, const char *host, const struct text *members)
{
  int reason = 0;
  pthread_mutex_lock(&log->lock);
  /* Before the line is made: a new file can have a chain of its own to go on with. */
  int status = log->sink == SINK_FILE ? ready_file(log) : 0;
  if (status == 0) {
    make_line(log, event, host, members);
    status = put_line(log);
  }
  if (status < 0) {
    reason = errno;
  } else {
    chain_digest(log->last, log->line.bytes, log->line.length);
    log->any = true;
    log->seq++;
  }
  return finish(log, status, reason);
}

int audit_log_reopen(struct audit_log *log)
{
  pthread_mutex_lock(&log->lock);
  if (log->sink == SINK_FILE && ready_file(log) < 0)
    return finish(log, -1, errno);
  /* Whether it can be written to, the next line will show. */
  pthread_mutex_unlock(&log->lock);
  return 0;
}

bool audit_log_is_well(struct audit_log *log)
{
  pthread_mutex_lock(&log->lock);
  bool well = !log->failing;
  pthread_mutex_unlock(&log->lock);
  return well;
}

struct audit_log *audit_log_open(const char *where, void (*on_trouble)(void *context, bool failing, const char *why),
                                 void *context, char *error, size_t error_size)
{
  struct audit_log *log = memory_new(sizeof *log);
  pthread_mutex_init(&log->lock, NULL);
  log->path = memory_copy_string(where);
  log->file = -1;
  log->on_trouble = on_trouble;
  log->context = context;
  log->sink = strcmp(where, "-") == 0 ? SINK_STREAM : strcmp(where, "syslog") == 0 ? SINK_SYSLOG : SINK_FILE;
  if (log->sink == SINK_STREAM)
    log->file = STDOUT_FILENO;
  if (log->sink == SINK_FILE && open_file(log) < 0) {
    const char *why = errno == EWOULDBLOCK ? "another process writes to it" : strerror(errno);
    snprintf(error, error_size, "audit log %s: %s", where, why);
    audit_log_close(log);
    return NULL;
  }
  return log;
}

void audit_log_close(struct audit_log *log)
{
  if (!log)
    return;
  if (log->sink == SINK_FILE && log->file >= 0)
    close(log->file);
  pthread_mutex_destroy(&log->lock);
  text_free(&log->line);
  free(log->path);
  free(log);
}
