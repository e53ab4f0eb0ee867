/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bare libunbound, asked what a check has to ask and nothing more: the least time and CPU that a filter on this resolver can
 * have. Each line of FILE is a walk: steps parted by blanks, asked one after another; a step is questions NAME/TYPE (TYPE a
 * number) parted by commas, asked at once. Prints one line of JSON.
 *
 *     bare ANCHOR WALKS-AT-ONCE FILE
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include <unbound.h>

#include "base/memory.h"
#include "bench/samples.h"

struct walk {
  char *rest;       /* what is still to be asked; NULL at the end */
  unsigned waiting; /* answers of this step */
  uint64_t started;
};

static struct ub_ctx *context;
static char **lines;
static size_t line_count, next;
static unsigned long questions, failures, running;
static struct samples samples;

static void go_on(struct walk *walk);

static void on_answer(void *argument, int error, struct ub_result *result)
{
  struct walk *walk = argument;
  failures += error != 0 || !result || result->rcode == 2 || result->bogus;
  ub_resolve_free(result);
  if (--walk->waiting == 0)
    go_on(walk);
}

static void ask(struct walk *walk, char *question)
{
  char *type = strrchr(question, '/');
  *type++ = '\0';
  questions++;
  walk->waiting++;
  if (ub_resolve_async(context, question, atoi(type), 1, walk, on_answer, NULL) != 0) {
    fprintf(stderr, "bare: cannot ask for %s\n", question);
    exit(EX_SOFTWARE);
  }
}

/* The next step of a walk; at its end the next walk. */
static void go_on(struct walk *walk)
{
  char *step = walk->rest ? strsep(&walk->rest, " ") : NULL;
  if (!step) {
    if (walk->started > 0)
      samples_add(&samples, samples_clock() - walk->started);
    if (next == line_count) {
      running--;
      return;
    }
    walk->rest = lines[next++];
    walk->started = samples_clock();
    step = strsep(&walk->rest, " ");
  }
  for (char *question; (question = strsep(&step, ","));)
    ask(walk, question);
}

static void read_lines(const char *path)
{
  FILE *file = fopen(path, "re");
  char *line = NULL;
  size_t room = 0;
  if (!file) {
    perror(path);
    exit(EX_NOINPUT);
  }
  while (getline(&line, &room, file) > 0) {
    line[strcspn(line, "\n")] = '\0';
    lines = memory_resize(lines, (line_count + 1) * sizeof *lines);
    lines[line_count++] = memory_copy_string(line);
  }
  free(line);
  fclose(file);
}

static bool make_context(const char *anchor)
{
  context = ub_ctx_create();
  return context && ub_ctx_async(context, 1) == 0 && ub_ctx_add_ta_file(context, anchor) == 0 &&
         ub_ctx_set_option(context, "outgoing-range:", "4096") == 0 &&
         ub_ctx_set_option(context, "do-ip6:", "no") == 0;
}

static void run_all(size_t at_once)
{
  struct walk *walks = memory_new(at_once * sizeof *walks);
  running = at_once;
  for (size_t i = 0; i < at_once; i++)
    go_on(&walks[i]);
  while (running > 0) {
    struct pollfd ready = {.fd = ub_fd(context), .events = POLLIN};
    if (poll(&ready, 1, -1) > 0)
      ub_process(context);
  }
  free(walks);
}

static double cpu_now(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **words)
{
  size_t at_once = count == 4 ? strtoul(words[2], NULL, 10) : 0;
  if (at_once == 0) {
    fputs("usage: bare ANCHOR WALKS-AT-ONCE FILE\n", stderr);
    return EX_USAGE;
  }
  read_lines(words[3]);
  if (!make_context(words[1])) {
    fputs("bare: libunbound cannot be set up\n", stderr);
    return EX_SOFTWARE;
  }
  double cpu = cpu_now();
  uint64_t started = samples_clock();
  run_all(at_once);
  double seconds = (double)(samples_clock() - started) / 1e9;
  samples_sort(&samples);
  printf("{\"walks\": %zu, \"questions\": %lu, \"failures\": %lu, \"seconds\": %.3f, \"cpu_s\": %.3f, \"p50\": %.3f,"
         " \"p99\": %.3f, \"worst\": %.3f}\n",
         samples.count, questions, failures, seconds, cpu_now() - cpu, samples_at(&samples, 0.5), samples_at(&samples, 0.99),
         samples_at(&samples, 1));
  samples_free(&samples);
  return failures > 0;
}
