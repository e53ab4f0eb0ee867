/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which system calls this process can make. See syscalls.h and seccomp(2).
 *
 * A call that is not listed fails with ENOSYS, as on a kernel that is too old to have it: the libraries know how to
 * do without a call that a later version of them would like to make. So a call that is missing here costs at worst a
 * message that is deferred, and not the daemon. The calls that end the process are those that only an intruder makes.
 *
 * Where a file can be written is not for this filter to say, as it does not see names: see writes.h.
 */
#include "milter/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <seccomp.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* allocators give their memory a name */
#endif

/* What an architecture lacks is passed over; so the old calls stand here beside those that took their place. */
static const char *const allowed[] = {
    /* memory */
    "brk", "madvise", "membarrier", "mincore", "mremap", "msync", "munmap",
    /* threads and time */
    "clock_getres", "clock_gettime", "clock_nanosleep", "exit", "exit_group", "futex", "futex_waitv",
    "get_robust_list", "getcpu", "gettid", "gettimeofday", "nanosleep", "restart_syscall", "rseq",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list",
    "set_tid_address", "time", "times",
    /* signals */
    "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "sigaltstack",
    /* descriptors */
    "close", "close_range", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "fcntl", "pipe", "pipe2", "poll", "ppoll", "pselect6",
    "select", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    /* files: reading, the audit log, deleting the socket at the end */
    "access", "faccessat", "faccessat2", "fadvise64", "fdatasync", "flock", "fstat", "fstatfs", "fsync",
    "ftruncate", "getcwd", "getdents", "getdents64", "lseek", "lstat", "newfstatat", "pread64", "preadv",
    "pwrite64", "pwritev", "read", "readlink", "readlinkat", "readv", "stat", "statfs", "statx", "umask", "unlink",
    "unlinkat", "write", "writev",
    /* sockets */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
    "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socketpair",
    /* who and where we are */
    "capget", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpid", "getppid", "getrandom",
    "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "getuid", "sysinfo", "uname",
};

/* No library makes these by itself. */
static const char *const deadly[] = {
    "add_key", "bpf", "chroot", "delete_module", "execve", "execveat", "finit_module", "init_module",
    "kexec_file_load", "kexec_load", "keyctl", "mount", "move_mount", "open_by_handle_at", "perf_event_open",
    "pidfd_getfd", "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace", "reboot", "request_key",
    "setns", "swapon", "umount2", "unshare", "userfaultfd",
};

/* Calls that depend on one argument: its value, or the value of the bits in mask. */
struct condition {
  const char *call;
  uint32_t action;
  unsigned argument;
  uint64_t mask; /* 0: all bits count */
  uint64_t value;
};

static const struct condition conditions[] = {
    /* Threads, but no processes. clone3 hides its flags, so it is not to be had, and the C library takes clone. */
    {"clone", SCMP_ACT_ALLOW, 0, CLONE_THREAD, CLONE_THREAD},
    {"clone", SCMP_ACT_ERRNO(EPERM), 0, CLONE_THREAD, 0},
    /* Landlock before version 3 lets an open for reading truncate. */
    {"open", SCMP_ACT_ALLOW, 1, O_TRUNC, 0},
    {"open", SCMP_ACT_ERRNO(EPERM), 1, O_TRUNC, O_TRUNC},
    {"openat", SCMP_ACT_ALLOW, 2, O_TRUNC, 0},
    {"openat", SCMP_ACT_ERRNO(EPERM), 2, O_TRUNC, O_TRUNC},
    /* No memory that is written to and run; code comes from libraries only. */
    {"mmap", SCMP_ACT_ALLOW, 2, PROT_EXEC, 0},
    {"mmap", SCMP_ACT_ALLOW, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},
    {"mmap", SCMP_ACT_ERRNO(EPERM), 2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE},
    {"mprotect", SCMP_ACT_ALLOW, 2, PROT_EXEC, 0},
    {"mprotect", SCMP_ACT_ERRNO(EPERM), 2, PROT_EXEC, PROT_EXEC},
    {"socket", SCMP_ACT_ALLOW, 0, 0, AF_UNIX},
    {"socket", SCMP_ACT_ALLOW, 0, 0, AF_INET},
    {"socket", SCMP_ACT_ALLOW, 0, 0, AF_INET6},
    {"ioctl", SCMP_ACT_ALLOW, 1, 0, FIONBIO},
    {"ioctl", SCMP_ACT_ALLOW, 1, 0, FIONREAD},
    {"ioctl", SCMP_ACT_ALLOW, 1, 0, TCGETS}, /* stdio asks whether it is a terminal */
    {"prctl", SCMP_ACT_ALLOW, 0, 0, PR_SET_NAME},
    {"prctl", SCMP_ACT_ALLOW, 0, 0, PR_GET_NAME},
    {"prctl", SCMP_ACT_ALLOW, 0, 0, PR_SET_VMA},
    /* getrlimit() is this call with nothing to set. */
    {"prlimit64", SCMP_ACT_ALLOW, 2, 0, 0},
};

/* 0 also where the architecture, or this libseccomp, does not know the call. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *call, unsigned count,
               const struct scmp_arg_cmp *arguments)
{
  int number = seccomp_syscall_resolve_name(call);
  if (number == __NR_SCMP_ERROR)
    return 0;
  int status = seccomp_rule_add_array(filter, action, number, count, arguments);
  return status == -EDOM ? 0 : status;
}

static int add_condition(scmp_filter_ctx filter, const struct condition *condition)
{
  const struct scmp_arg_cmp argument = {.arg = condition->argument,
                                        .op = condition->mask ? SCMP_CMP_MASKED_EQ : SCMP_CMP_EQ,
                                        .datum_a = condition->mask ? condition->mask : condition->value,
                                        .datum_b = condition->value};
  return add(filter, condition->action, condition->call, 1, &argument);
}

static int add_rules(scmp_filter_ctx filter)
{
  int status = 0;
  for (size_t i = 0; status == 0 && i < sizeof allowed / sizeof *allowed; i++)
    status = add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
  for (size_t i = 0; status == 0 && i < sizeof deadly / sizeof *deadly; i++)
    status = add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
  for (size_t i = 0; status == 0 && i < sizeof conditions / sizeof *conditions; i++)
    status = add_condition(filter, &conditions[i]);
  /* Signals to ourselves only, as abort() and pthread_kill() send them. */
  const struct scmp_arg_cmp self = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid()};
  if (status == 0)
    status = add(filter, SCMP_ACT_ALLOW, "tgkill", 1, &self);
  if (status == 0)
    status = add(filter, SCMP_ACT_ALLOW, "kill", 1, &self);
  return status;
}

/* architecture 0: our own. NULL with a negative errno in status. */
static scmp_filter_ctx make_filter(uint32_t architecture, int *status)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
  *status = filter ? 0 : -ENOMEM;
  if (*status == 0 && architecture != 0 && architecture != seccomp_arch_native()) {
    *status = seccomp_arch_add(filter, architecture);
    if (*status == 0)
      *status = seccomp_arch_remove(filter, seccomp_arch_native());
  }
  if (*status == 0)
    *status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (*status == 0)
    *status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  /* A tree instead of a chain of comparisons: fewer steps for each call. */
  if (*status == 0)
    *status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (*status == 0)
    *status = add_rules(filter);
  if (*status < 0 && filter) {
    seccomp_release(filter);
    filter = NULL;
  }
  return filter;
}

enum fence syscalls_confine(char *error, size_t error_size)
{
  /* Asked of the kernel and not of libseccomp, which says the same for "cannot" and "may not". */
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
    return FENCE_ABSENT;
  int status;
  scmp_filter_ctx filter = make_filter(0, &status);
  if (filter) {
    status = seccomp_load(filter);
    seccomp_release(filter);
  }
  if (status < 0)
    snprintf(error, error_size, "isolation: seccomp: %s", strerror(-status));
  return status < 0 ? FENCE_FAILED : FENCE_CLOSED;
}

int syscalls_print(int file, const char *architecture, char *error, size_t error_size)
{
  int status = -EINVAL;
  uint32_t token = seccomp_arch_resolve_name(architecture);
  scmp_filter_ctx filter = token ? make_filter(token, &status) : NULL;
  if (filter) {
    status = seccomp_export_pfc(filter, file);
    seccomp_release(filter);
  }
  if (status < 0)
    snprintf(error, error_size, "%s: %s", architecture, strerror(-status));
  return status < 0 ? -1 : 0;
}
