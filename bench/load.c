/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A load for a milter: many connections at once, each with whole sessions as Postfix 3.7 has them. Prints one line of
 * JSON with throughput and latency.
 *
 *     load [OPTION...] SOCKET FOLDER         mail from outside; FOLDER as bench/corpus.h says
 *     load [OPTION...] --outbound SOCKET FILE     recipients only; FILE has a destination domain a line
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/traffic.h"
#include "bench/watch.h"

enum { STACK = 128 * 1024 };

static struct options {
  const char *socket, *from;
  unsigned connections;
  unsigned long messages, each; /* each: messages of one connection, 0: all */
  unsigned recipients;          /* of one outbound transaction */
  unsigned pause_ms;
  bool outbound, hold;
  pid_t process; /* to be watched, or 0 */
  unsigned every_ms;
  const char *samples; /* file */
} options = {.connections = 10, .messages = 1000, .each = 1, .recipients = 1, .every_ms = 1000};

static struct corpus corpus;
static atomic_ulong next, finished;
static atomic_bool over;
static pthread_barrier_t open_barrier;

/* One connection after another, until all messages have been sent. */
struct worker {
  pthread_t thread;
  struct tally tally;
  char error[300];
};

static const struct corpus_mail *mail_number(unsigned long number)
{
  static const struct corpus_mail own = {
      .client = "127.0.0.1", .client_name = "localhost", .helo = "client.receiver.example"};
  return options.outbound ? &own : &corpus.mails[number % corpus.count];
}

static void send_one(struct traffic *traffic, unsigned long number, uint64_t started, struct tally *tally)
{
  if (options.outbound)
    traffic_outbound(traffic, &corpus, number * options.recipients, options.recipients, tally);
  else
    traffic_inbound(traffic, mail_number(number), started, tally);
  atomic_fetch_add(&finished, 1);
  if (options.pause_ms > 0)
    usleep(options.pause_ms * 1000);
}

/* The messages of one connection; false where there are none left to send. */
static bool run_connection(struct worker *worker, bool wait_for_all)
{
  struct traffic traffic;
  uint64_t started = samples_clock();
  bool good = traffic_open(&traffic, options.socket, worker->error, sizeof worker->error) == 0;
  if (wait_for_all) {
    pthread_barrier_wait(&open_barrier);
    started = samples_clock();
  }
  unsigned long number = atomic_fetch_add(&next, 1), sent = 0;
  if (number >= options.messages || !good) {
    worker->tally.lost += number < options.messages;
    traffic_close(&traffic, NULL);
    return number < options.messages;
  }
  traffic_greet(&traffic, mail_number(number));
  for (;;) {
    send_one(&traffic, number, started, &worker->tally);
    if (traffic_broken(&traffic) || (options.each > 0 && ++sent >= options.each))
      break;
    number = atomic_fetch_add(&next, 1);
    if (number >= options.messages)
      break;
    started = samples_clock();
  }
  traffic_close(&traffic, &worker->tally);
  return number < options.messages;
}

static void *run_worker(void *argument)
{
  struct worker *worker = argument;
  bool more = run_connection(worker, options.hold);
  while (more && atomic_load(&next) < options.messages)
    more = run_connection(worker, false);
  return NULL;
}

static void write_sample(FILE *file, uint64_t started)
{
  struct watch watch;
  if (watch_process(options.process, &watch) < 0)
    return;
  fprintf(file, "%.3f,%lu,%.0f,%ld,%ld,%ld\n", (double)(samples_clock() - started) / 1e9, atomic_load(&finished),
          watch.cpu_ms, watch.rss_kb, watch.files, watch.threads);
  fflush(file);
}

static void *run_watch(void *argument)
{
  FILE *file = argument;
  uint64_t started = samples_clock();
  const struct timespec pause = {.tv_sec = options.every_ms / 1000, .tv_nsec = options.every_ms % 1000 * 1000000L};
  fputs("seconds,messages,cpu_ms,rss_kb,files,threads\n", file);
  while (!atomic_load(&over)) {
    write_sample(file, started);
    nanosleep(&pause, NULL);
  }
  write_sample(file, started);
  return NULL;
}

static void print_samples(const char *name, struct samples *samples)
{
  samples_sort(samples);
  printf(", \"%s\": {\"count\": %zu, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"worst\": %.3f, \"mean\": %.3f}", name,
         samples->count, samples_at(samples, 0.5), samples_at(samples, 0.9), samples_at(samples, 0.99),
         samples_at(samples, 1), samples_mean(samples));
}

static void print_report(struct tally *tally, double seconds, const struct watch *before, const struct watch *after)
{
  unsigned long sent = options.outbound ? tally->recipient.count : tally->message.count;
  printf("{\"connections\": %u, \"messages\": %lu, \"seconds\": %.3f, \"per_second\": %.1f", options.connections, sent,
         seconds, (double)sent / seconds);
  printf(", \"accepted\": %lu, \"rejected\": %lu, \"deferred\": %lu, \"lost\": %lu", tally->accepted, tally->rejected,
         tally->deferred, tally->lost);
  printf(", \"inserted\": %lu, \"changed\": %lu, \"quarantined\": %lu", tally->inserted, tally->changed,
         tally->quarantined);
  print_samples("message_ms", &tally->message);
  print_samples("recipient_ms", &tally->recipient);
  if (options.process)
    printf(", \"cpu_ms\": %.0f, \"rss_kb\": %ld, \"threads\": %ld, \"files\": %ld", after->cpu_ms - before->cpu_ms,
           after->rss_kb, after->threads, after->files);
  puts("}");
}

static const char *run_all(struct tally *tally)
{
  static char error[300];
  struct worker *workers = memory_new(options.connections * sizeof *workers);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK);
  pthread_barrier_init(&open_barrier, NULL, options.connections);
  for (unsigned i = 0; i < options.connections; i++)
    if ((errno = pthread_create(&workers[i].thread, &attributes, run_worker, &workers[i])) != 0) {
      perror("load: thread");
      exit(EX_OSERR);
    }
  for (unsigned i = 0; i < options.connections; i++) {
    pthread_join(workers[i].thread, NULL);
    tally_join(tally, &workers[i].tally);
    if (*workers[i].error)
      memcpy(error, workers[i].error, sizeof error);
  }
  pthread_attr_destroy(&attributes);
  free(workers);
  return *error ? error : NULL;
}

static void usage(void)
{
  fputs("usage: load [OPTION...] SOCKET FOLDER\n"
        "       load [OPTION...] --outbound SOCKET FILE\n"
        "  SOCKET            unix:PATH or inet:PORT@ADDRESS; several filters in turn: parted by commas\n"
        "  --connections N   at once (10)\n"
        "  --messages N      in all (1000)\n"
        "  --each N          messages of one connection (1; 0: all)\n"
        "  --recipients N    of an outbound transaction (1)\n"
        "  --pause MS        after each message\n"
        "  --hold            send only when all connections are open\n"
        "  --process PID     measure its CPU time, memory, threads and files\n"
        "  --samples FILE    write them, as CSV, --every MS (1000)\n",
        stderr);
  exit(EX_USAGE);
}

static void read_options(int count, char **words)
{
  static const struct option known[] = {
      {"connections", required_argument, NULL, 'c'}, {"messages", required_argument, NULL, 'm'},
      {"each", required_argument, NULL, 'e'},        {"recipients", required_argument, NULL, 'r'},
      {"pause", required_argument, NULL, 'p'},       {"hold", no_argument, NULL, 'h'},
      {"outbound", no_argument, NULL, 'o'},          {"process", required_argument, NULL, 'P'},
      {"samples", required_argument, NULL, 's'},     {"every", required_argument, NULL, 'v'},
      {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
    unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;
    switch (option) {
    case 'c': options.connections = (unsigned)number; break;
    case 'm': options.messages = number; break;
    case 'e': options.each = number; break;
    case 'r': options.recipients = (unsigned)number; break;
    case 'p': options.pause_ms = (unsigned)number; break;
    case 'h': options.hold = true; break;
    case 'o': options.outbound = true; break;
    case 'P': options.process = (pid_t)number; break;
    case 's': options.samples = optarg; break;
    case 'v': options.every_ms = (unsigned)number; break;
    default: usage();
    }
  }
  if (count - optind != 2 || options.connections == 0 || options.recipients == 0 || options.every_ms == 0)
    usage();
  options.socket = words[optind];
  options.from = words[optind + 1];
}

int main(int count, char **words)
{
  char error[300];
  struct watch before = {0}, after = {0};
  struct tally tally = {0};
  pthread_t watcher;
  FILE *samples = NULL;
  read_options(count, words);
  if ((options.outbound ? corpus_read_domains(&corpus, options.from, error, sizeof error)
                        : corpus_read(&corpus, options.from, error, sizeof error)) < 0) {
    fprintf(stderr, "load: %s\n", error);
    return EX_NOINPUT;
  }
  if (options.process && options.samples) {
    samples = fopen(options.samples, "we");
    if (!samples || pthread_create(&watcher, NULL, run_watch, samples) != 0) {
      perror(options.samples);
      return EX_CANTCREAT;
    }
  }
  watch_process(options.process, &before);
  uint64_t started = samples_clock();
  const char *trouble = run_all(&tally);
  double seconds = (double)(samples_clock() - started) / 1e9;
  watch_process(options.process, &after);
  if (samples) {
    atomic_store(&over, true);
    pthread_join(watcher, NULL);
    fclose(samples);
  }
  print_report(&tally, seconds, &before, &after);
  if (trouble)
    fprintf(stderr, "load: %s\n", trouble);
  return tally.lost > 0 ? 1 : 0;
}
