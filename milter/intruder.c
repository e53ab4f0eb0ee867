/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An intruder for isolation_test.py: code that runs inside the real daemon, as a mistake in a parser would let it. It
 * is loaded with LD_PRELOAD, waits until the daemon says that it is ready, and then tries what it must not be able to
 * do, in the daemon's own thread and in one that it makes. Each attempt is a line on standard error, with the errno
 * that came of it.
 *
 * INTRUDER has words for what else it shall do: a call that ends the process, a kernel to feign that lacks a fence.
 * INTRUDER_FOLDER has the file "victim", the folder "open" and the audit log's folder "log", writable for everybody.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int sd_notify(int unset_environment, const char *state);

static bool wants(const char *what)
{
  const char *wishes = getenv("INTRUDER");
  const char *at = wishes ? strstr(wishes, what) : NULL;
  return at && strchr(" ", at[strlen(what)]);
}

/* Feigned kernels. */
long syscall(long number, ...)
{
  long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  long a[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg(arguments, long);
  va_end(arguments);
  if (number == SYS_landlock_create_ruleset && wants("no-landlock")) {
    errno = ENOSYS;
    return -1;
  }
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int prctl(int option, ...)
{
  int (*real)(int, ...) = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
  unsigned long a[4];
  va_list arguments;
  va_start(arguments, option);
  for (int i = 0; i < 4; i++)
    a[i] = va_arg(arguments, unsigned long);
  va_end(arguments);
  if (option == PR_GET_SECCOMP && wants("no-seccomp")) {
    errno = EINVAL;
    return -1;
  }
  return real(option, a[0], a[1], a[2], a[3]);
}

static const char *place(const char *name)
{
  static _Thread_local char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("INTRUDER_FOLDER"), name);
  return path;
}

static int opened(const char *path, int flags)
{
  int file = open(path, flags | O_CLOEXEC, 0666);
  if (file >= 0)
    close(file);
  return file;
}

static int write_elsewhere(void) { return opened(place("victim"), O_WRONLY); }
static int append_elsewhere(void) { return opened(place("victim"), O_WRONLY | O_APPEND); }
static int truncate_by_open(void) { return opened(place("victim"), O_RDONLY | O_TRUNC); }
static int truncate_by_name(void) { return truncate(place("victim"), 0); }
static int create_elsewhere(void) { return opened(place("open/new"), O_WRONLY | O_CREAT); }
static int nameless_file(void) { return opened(place("open"), O_RDWR | O_TMPFILE); }
static int make_folder(void) { return mkdir(place("open/folder"), 0777); }
static int make_link(void) { return symlink("/etc/passwd", place("open/link")); }
static int make_socket(void)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%.100s", place("open/socket"));
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int status = bind(listener, (struct sockaddr *)&address, sizeof address);
  int reason = errno;
  close(listener);
  errno = reason;
  return status;
}
static int change_mode(void) { return chmod(place("victim"), 0600); }
static int delete_elsewhere(void) { return unlink(place("open/spare")); }
static int rename_log(void) { return rename(place("log/audit.jsonl"), place("log/gone")); }
static int delete_log(void) { return unlink(place("log/spare")); }
static int write_log(void) { return opened(place("log/more"), O_WRONLY | O_CREAT); }
static int read_elsewhere(void) { return opened(place("victim"), O_RDONLY); }
static int write_null(void) { return opened("/dev/null", O_RDWR); }
static int have_socket(int family, int type)
{
  int descriptor = socket(family, type | SOCK_CLOEXEC, 0);
  if (descriptor >= 0)
    close(descriptor);
  return descriptor;
}
static int internet(void) { return have_socket(AF_INET, SOCK_DGRAM); }
static int netlink(void) { return have_socket(AF_NETLINK, SOCK_RAW); }
static int written_code(void)
{
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? -1 : munmap(page, 4096);
}
static int turned_code(void)
{
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static int new_process(void)
{
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  return child < 0 ? -1 : waitpid(child, NULL, 0) == child ? 0 : -1;
}
static int signal_parent(void) { return kill(getppid(), 0); }
static int signal_self(void) { return kill(getpid(), 0); }
static int future_call(void) { return (int)syscall(4095); }
static int same_user(void) { return setresuid(getuid(), getuid(), getuid()); }

static const struct {
  const char *name;
  int (*attempt)(void);
} attempts[] = {
    {"write-elsewhere", write_elsewhere}, {"append-elsewhere", append_elsewhere},
    {"truncate-by-open", truncate_by_open}, {"truncate-by-name", truncate_by_name},
    {"create-elsewhere", create_elsewhere}, {"nameless-file", nameless_file},
    {"make-folder", make_folder}, {"make-link", make_link},
    {"make-socket", make_socket}, {"change-mode", change_mode},
    {"delete-elsewhere", delete_elsewhere}, {"delete-log", delete_log},
    {"rename-log", rename_log}, {"write-log", write_log},
    {"read-elsewhere", read_elsewhere}, {"write-null", write_null},
    {"internet", internet}, {"netlink", netlink},
    {"written-code", written_code}, {"turned-code", turned_code},
    {"new-process", new_process}, {"signal-parent", signal_parent},
    {"signal-self", signal_self}, {"future-call", future_call},
    {"same-user", same_user},
};

static void *try_all(void *where)
{
  for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
    errno = 0;
    int status = attempts[i].attempt();
    const char *outcome = status < 0 ? strerrorname_np(errno) : "done";
    fprintf(stderr, "intruder: %s %s %s\n", (const char *)where, attempts[i].name, outcome);
  }
  return NULL;
}

static void end_it_all(void)
{
  char program[] = "/bin/echo", words[] = "intruder: ran a program";
  char *const command[] = {program, words, NULL};
  if (wants("execve")) {
    execv(program, command);
    fprintf(stderr, "intruder: main execve %s\n", strerrorname_np(errno));
  }
  if (wants("execveat"))
    syscall(SYS_execveat, AT_FDCWD, program, command, environ, 0);
  if (wants("ptrace"))
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
  if (wants("mount"))
    mount("none", place("open"), "tmpfs", 0, NULL);
}

int sd_notify(int unset_environment, const char *state)
{
  static int tried;
  (void)unset_environment;
  if (strcmp(state, "READY=1") != 0 || tried++)
    return 0;
  pthread_t thread;
  char self[] = "main", other[] = "thread";
  end_it_all();
  try_all(self);
  if (pthread_create(&thread, NULL, try_all, other) == 0)
    pthread_join(thread, NULL);
  fprintf(stderr, "intruder: end\n");
  return 0;
}
