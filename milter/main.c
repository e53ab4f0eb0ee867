/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sluisd: the command line, and going into the background.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "checks/tls.h"
#include "config.h"
#include "milter/daemon.h"
#include "milter/milter.h"
#include "milter/report.h"
#include "milter/signals.h"
#include "policy/config.h"

#define DEFAULT_CONFIG SYSCONFDIR "/sluis/sluis.conf"

struct options {
  const char *config;
  bool foreground, test;
};

static int ready_pipe = -1; /* to the process that started us, while it waits */
static bool keeps_output;   /* the audit log goes there */

static void usage(FILE *stream)
{
  fputs("usage: sluisd [-c FILE] [-f] [-t] [-V]\n"
        "  -c FILE  configuration (default " DEFAULT_CONFIG ")\n"
        "  -f       stay in the foreground and log to standard error\n"
        "  -t       test the configuration and exit\n"
        "  -V       say the version and what it was built with\n",
        stream);
}

static void print_version(void)
{
  printf("sluisd %s\nTLS guideline: %s\nlibmilter %s\ncompiler: %s\n", PACKAGE_VERSION, tls_guideline_edition(),
         milter_version(), __VERSION__);
}

/* Returns -1 to go on, else an exit status. */
static int read_options(int count, char **words, struct options *options)
{
  static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                               {"version", no_argument, NULL, 'V'},
                                               {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(count, words, "c:fthV", long_options, NULL)) != -1) {
    switch (option) {
    case 'c':
      options->config = optarg;
      break;
    case 'f':
      options->foreground = true;
      break;
    case 't':
      options->test = true;
      break;
    case 'V':
      print_version();
      return 0;
    case 'h':
      usage(stdout);
      return 0;
    default:
      usage(stderr);
      return EX_USAGE;
    }
  }
  if (optind < count) {
    fprintf(stderr, "sluisd: unexpected \"%s\"\n", words[optind]);
    usage(stderr);
    return EX_USAGE;
  }
  return -1;
}

/* The process that was started waits until its child serves, so that its exit status tells whether it does. */
static void go_into_background(void)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) {
    perror("sluisd: pipe");
    exit(EX_OSERR);
  }
  pid_t child = fork();
  if (child < 0) {
    perror("sluisd: fork");
    exit(EX_OSERR);
  }
  if (child > 0) {
    char byte;
    int status;
    close(ends[1]);
    if (read(ends[0], &byte, 1) == 1)
      exit(0);
    exit(waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE);
  }
  close(ends[0]);
  ready_pipe = ends[1];
  setsid();
}

static void on_ready(void)
{
  if (ready_pipe < 0)
    return;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    /* Whoever started us may wait until nobody holds the other end of these. */
    dup2(null, STDIN_FILENO);
    if (!keeps_output)
      dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    close(null);
  }
  if (write(ready_pipe, "", 1) != 1)
    report(LOG_WARNING, "the process that started the daemon is gone");
  close(ready_pipe);
  ready_pipe = -1;
}

int main(int count, char **words)
{
  struct options options = {.config = DEFAULT_CONFIG};
  char error[512] = "";
  int status = read_options(count, words, &options);
  if (status >= 0)
    return status;
  struct config *config = config_load(options.config, error, sizeof error);
  if (!config) {
    fprintf(stderr, "%s\n", error);
    return EX_CONFIG;
  }
  if (options.test) {
    printf("%s: configuration is good\n", options.config);
    config_release(config);
    return 0;
  }
  keeps_output = strcmp(config->audit.log, "-") == 0;
  if (!options.foreground)
    go_into_background();
  report_open(options.foreground);
  signals_block();
  status = daemon_serve(config, on_ready, error, sizeof error);
  if (status != 0) {
    report(LOG_ERR, "%s", error);
    if (!options.foreground)
      fprintf(stderr, "sluisd: %s\n", error);
  }
  return status;
}
