/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The source on libunbound. See unbound.h.
 *
 * Questions go to one context, whose own thread resolves and validates; a reaper thread takes the results.
 * Where the system's servers or recursion may serve, both contexts exist, and the first self-test that
 * passes settles which is asked.
 *
 * libunbound answers from its own cache while a TTL lasts, and asks nothing ahead of its end (`prefetch` is the daemon's).
 * So that a popular answer can be asked for anew in time, there is a second, small context beside the chosen one, which the
 * reaper opens when it is wanted for the first time.
 */
#include "resolver/unbound.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <unbound.h>

#include "base/memory.h"
#include "base/text.h"
#include "resolver/anchor.h"
#include "resolver/answer.h"
#include "resolver/context.h"
#include "resolver/name.h"
#include "resolver/source.h"

enum { MAX_CHOICES = 2, MEMORIES = 2, BOGUS_TTL = 60, FAILURE_TTL = 5, CLASS_IN = 1 };

struct question {
  struct question *next, **link; /* link: what points here */
  struct unbound *unbound;
  struct memory *memory; /* that is asked */
  unsigned type;
  dns_source_done *done;
  void *ticket;
  char name[DOMAIN_SIZE];
};

/* A context of libunbound. */
struct memory {
  struct ub_ctx *_Atomic ctx; /* NULL: not opened yet */
  atomic_bool broken;         /* the library gave up on it, or it could not be opened */
};

struct choice {
  enum context_kind kind;
  struct memory memories[MEMORIES]; /* number 0 is always there */
  char *servers;                    /* in words */
  atomic_bool wanted;               /* memory number 1 is, by this question */
  struct question *_Atomic wanted_by;
};

struct unbound {
  struct dns_source source;
  char *trust_anchor;
  char **forwarders;
  size_t forwarder_count;
  struct choice choices[MAX_CHOICES];
  unsigned choice_count;
  atomic_uint chosen;
  bool settled; /* used by test() only */
  pthread_t reaper;
  bool has_reaper;
  atomic_bool closing;
  int wake; /* eventfd: closing, or a memory is wanted; -1: none */

  pthread_mutex_t mutex; /* for the list of questions */
  struct question *questions;
};

static struct unbound *unbound_of(struct dns_source *source)
{
  return (struct unbound *)(void *)source; /* the first member */
}

static struct context_plan plan_of(const struct unbound *unbound)
{
  return (struct context_plan){unbound->forwarders, unbound->forwarder_count, unbound->trust_anchor};
}

static void link_question(struct unbound *unbound, struct question *question)
{
  pthread_mutex_lock(&unbound->mutex);
  question->next = unbound->questions;
  question->link = &unbound->questions;
  if (question->next)
    question->next->link = &question->next;
  unbound->questions = question;
  pthread_mutex_unlock(&unbound->mutex);
}

/* Unlinks, answers and frees it. */
static void answer_question(struct question *question, struct dns_answer_owned *answer)
{
  struct unbound *unbound = question->unbound;
  pthread_mutex_lock(&unbound->mutex);
  *question->link = question->next;
  if (question->next)
    question->next->link = question->link;
  pthread_mutex_unlock(&unbound->mutex);
  question->done(question->ticket, answer);
  free(question);
}

static struct dns_answer_owned *failure(const char *why)
{
  return answer_failure(DNS_FAILURE, FAILURE_TTL, why);
}

/* Where a host's name leads is asked about further. Other names may lead anywhere, such as a reverse one to one with a
 * slash in it (RFC 2317). */
static bool is_of_host(unsigned type)
{
  return type == DNS_A || type == DNS_AAAA || type == DNS_MX || type == DNS_CNAME;
}

/* The records and the canonical name of a result that is not bogus. */
static struct dns_answer_owned *read_data(const struct ub_result *result, const char *name, unsigned type,
                                          enum dns_status status)
{
  char canonical[DOMAIN_SIZE];
  const char *alias = NULL;
  /* libunbound gives qname itself where the name is no alias. */
  if (result->canonname && result->canonname != result->qname) {
    bool is_domain = domain_normalize(canonical, result->canonname, strlen(result->canonname)) == 0;
    if (!is_domain && is_of_host(type))
      return failure("the canonical name is no domain name");
    if (is_domain && strcmp(canonical, name) != 0)
      alias = canonical;
  }
  size_t count = 0;
  while (status == DNS_FOUND && result->data[count])
    count++;
  struct dns_record *records = memory_new(count * sizeof *records);
  for (size_t i = 0; i < count; i++)
    records[i] = (struct dns_record){(const uint8_t *)result->data[i], (size_t)result->len[i]};
  struct dns_answer_owned *answer = answer_new(&(struct dns_answer){
      .status = status,
      .dnssec = result->secure ? DNSSEC_SECURE : DNSSEC_INSECURE,
      .ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0,
      .count = count,
      .records = records,
      .canonical = alias,
  });
  free(records);
  return answer;
}

/* The order matters: a bogus result comes with the forged data and RCODE 0 or 3, and the TTL of a failure is
 * anything. */
static struct dns_answer_owned *read_result(int error, const struct ub_result *result, const char *name, unsigned type)
{
  enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 }; /* RFC 1035 4.1.1 */
  char why[40];
  if (error == UB_SYNTAX)
    return answer_failure(DNS_BADNAME, FAILURE_TTL, "libunbound cannot read the name");
  if (error != 0 || !result)
    return failure(ub_strerror(error));
  if (result->bogus)
    return answer_failure(DNS_BOGUS, BOGUS_TTL, result->why_bogus ? result->why_bogus : "DNSSEC validation failed");
  if (result->rcode == NXDOMAIN)
    return read_data(result, name, type, DNS_NXDOMAIN);
  if (result->rcode == NOERROR)
    return read_data(result, name, type, result->havedata && result->data[0] ? DNS_FOUND : DNS_NODATA);
  if (result->rcode == SERVFAIL)
    return failure("SERVFAIL, or no server answered");
  snprintf(why, sizeof why, result->rcode == REFUSED ? "REFUSED" : "RCODE %d", result->rcode);
  return failure(why);
}

static void take_result(void *argument, int error, struct ub_result *result)
{
  struct question *question = argument;
  struct dns_answer_owned *answer = read_result(error, result, question->name, question->type);
  ub_resolve_free(result);
  answer_question(question, answer);
}

static struct question *add_question(struct unbound *unbound, struct memory *memory, const char *name, unsigned type,
                                     dns_source_done *done, void *ticket)
{
  struct question *question = memory_new(sizeof *question);
  *question = (struct question){.unbound = unbound, .memory = memory, .type = type, .done = done, .ticket = ticket};
  memcpy(question->name, name, strlen(name) + 1);
  link_question(unbound, question);
  return question;
}

static void send_question(struct question *question)
{
  struct memory *memory = question->memory;
  struct ub_ctx *ctx = atomic_load(&memory->ctx);
  char escaped[NAME_ESCAPED_SIZE];
  name_escape(escaped, question->name);
  /* Once this returns 0, the reaper may have freed the question. */
  int status = UB_PIPE;
  if (ctx && !memory->broken)
    status = ub_resolve_async(ctx, escaped, (int)question->type, CLASS_IN, question, take_result, NULL);
  if (status != 0)
    answer_question(question, read_result(status, NULL, question->name, question->type));
}

static void unbound_ask(struct dns_source *source, const char *name, unsigned type, dns_source_done *done,
                        void *ticket)
{
  struct unbound *unbound = unbound_of(source);
  struct choice *choice = &unbound->choices[atomic_load(&unbound->chosen)];
  send_question(add_question(unbound, &choice->memories[0], name, type, done, ticket));
}

static void wake_reaper(struct unbound *unbound)
{
  while (eventfd_write(unbound->wake, 1) != 0 && errno == EINTR)
    continue;
}

static void unbound_ask_anew(struct dns_source *source, const char *name, unsigned type, unsigned turn,
                             dns_source_done *done, void *ticket)
{
  struct unbound *unbound = unbound_of(source);
  struct choice *choice = &unbound->choices[atomic_load(&unbound->chosen)];
  struct memory *memory = &choice->memories[turn % MEMORIES];
  struct question *question = add_question(unbound, memory, name, type, done, ticket);
  if (atomic_load(&memory->ctx) || atomic_exchange(&choice->wanted, true)) {
    send_question(question); /* fails while it is being opened */
    return;
  }
  atomic_store(&choice->wanted_by, question);
  wake_reaper(unbound);
}

/* Opens what is wanted. */
static void open_memories(struct unbound *unbound, struct pollfd *fds)
{
  struct context_plan plan = plan_of(unbound);
  char error[TEXT_PRINTABLE_MAX];
  for (unsigned i = 0; i < unbound->choice_count; i++) {
    struct choice *choice = &unbound->choices[i];
    struct memory *memory = &choice->memories[1];
    struct question *question = atomic_exchange(&choice->wanted_by, NULL);
    if (!question)
      continue;
    struct ub_ctx *ctx = context_open(&plan, choice->kind, CONTEXT_SMALL, error, sizeof error);
    if (ctx)
      fds[i * MEMORIES + 1].fd = ub_fd(ctx);
    else
      memory->broken = true; /* popular answers end like all others then */
    atomic_store(&memory->ctx, ctx);
    send_question(question);
  }
}

static void reap_memories(struct unbound *unbound, struct pollfd *fds)
{
  for (unsigned i = 0; i < unbound->choice_count * MEMORIES; i++) {
    struct memory *memory = &unbound->choices[i / MEMORIES].memories[i % MEMORIES];
    if (fds[i].fd >= 0 && fds[i].revents && ub_process(memory->ctx) != 0) {
      memory->broken = true;
      fds[i].fd = -1;
    }
  }
}

static void *reap(void *argument)
{
  struct unbound *unbound = argument;
  struct pollfd fds[1 + MAX_CHOICES * MEMORIES] = {{.fd = unbound->wake, .events = POLLIN}};
  unsigned count = unbound->choice_count * MEMORIES;
  for (unsigned i = 0; i < count; i++) {
    struct ub_ctx *ctx = unbound->choices[i / MEMORIES].memories[i % MEMORIES].ctx;
    fds[i + 1] = (struct pollfd){.fd = ctx ? ub_fd(ctx) : -1, .events = POLLIN};
  }
  while (!unbound->closing) {
    if (poll(fds, count + 1, -1) < 0) {
      if (errno == EINTR)
        continue;
      return NULL;
    }
    reap_memories(unbound, fds + 1);
    eventfd_t times;
    if (fds[0].revents && eventfd_read(unbound->wake, &times) == 0 && !unbound->closing)
      open_memories(unbound, fds + 1);
  }
  return NULL;
}

static void unbound_close(struct dns_source *source)
{
  struct unbound *unbound = unbound_of(source);
  if (unbound->has_reaper) {
    atomic_store(&unbound->closing, true);
    wake_reaper(unbound);
    pthread_join(unbound->reaper, NULL);
  }
  /* Drops what is in flight, without a callback. */
  for (unsigned i = 0; i < unbound->choice_count; i++) {
    for (unsigned j = 0; j < MEMORIES; j++)
      if (unbound->choices[i].memories[j].ctx)
        ub_ctx_delete(unbound->choices[i].memories[j].ctx);
    free(unbound->choices[i].servers);
  }
  while (unbound->questions)
    answer_question(unbound->questions, failure("the resolver was closed"));
  if (unbound->wake >= 0)
    close(unbound->wake);
  for (size_t i = 0; i < unbound->forwarder_count; i++)
    free(unbound->forwarders[i]);
  free(unbound->forwarders);
  free(unbound->trust_anchor);
  pthread_mutex_destroy(&unbound->mutex);
  free(unbound);
}

static int unbound_test(struct dns_source *source, unsigned timeout_ms, const atomic_bool *stop, char *why,
                        size_t why_size)
{
  struct unbound *unbound = unbound_of(source);
  struct context_plan plan = plan_of(unbound);
  unsigned first = unbound->chosen, count = unbound->settled ? 1 : unbound->choice_count;
  struct text reasons = {0};
  for (unsigned i = 0; i < count && !*stop; i++) {
    unsigned candidate = (first + i) % unbound->choice_count;
    const struct choice *choice = &unbound->choices[candidate];
    char reason[TEXT_PRINTABLE_MAX];
    if (context_test(&plan, choice->kind, timeout_ms, stop, reason, sizeof reason) == 0) {
      unbound->settled = true;
      atomic_store(&unbound->chosen, candidate);
      text_free(&reasons);
      return 0;
    }
    text_printf(&reasons, "%s%s: %s", reasons.length ? "; " : "", choice->servers, reason);
  }
  text_printable(why, why_size, reasons.length ? reasons.bytes : "stopped", reasons.length ? reasons.length : 7);
  text_free(&reasons);
  return -1;
}

static const char *unbound_servers(struct dns_source *source)
{
  struct unbound *unbound = unbound_of(source);
  return unbound->choices[atomic_load(&unbound->chosen)].servers;
}

/* Adds a word to a list of words. */
static void add_word(struct text *text, const char *word, size_t length)
{
  if (text->length > 0)
    text_add(text, ", ");
  text_add_bytes(text, word, length);
}

/* The servers of /etc/resolv.conf, for people; libunbound reads the file itself. */
static char *system_servers(void)
{
  char line[512];
  struct text text = {0};
  FILE *file = fopen("/etc/resolv.conf", "re");
  while (file && fgets(line, sizeof line, file) && text.length < 1000) {
    const char *at = line + strspn(line, " \t");
    if (strncmp(at, "nameserver", 10) != 0 || (at[10] != ' ' && at[10] != '\t'))
      continue;
    at += 10 + strspn(at + 10, " \t");
    add_word(&text, at, strcspn(at, " \t\r\n;#"));
  }
  if (file)
    fclose(file);
  return text.length ? text.bytes : memory_copy_string("127.0.0.1");
}

static char *forward_servers(const struct unbound *unbound)
{
  struct text text = {0};
  for (size_t i = 0; i < unbound->forwarder_count; i++)
    add_word(&text, unbound->forwarders[i], strlen(unbound->forwarders[i]));
  return text.bytes;
}

static int add_choice(struct unbound *unbound, enum context_kind kind, char *error, size_t error_size)
{
  struct context_plan plan = plan_of(unbound);
  struct choice *choice = &unbound->choices[unbound->choice_count];
  choice->kind = kind;
  struct ub_ctx *ctx = context_open(&plan, kind, CONTEXT_LARGE, error, error_size);
  if (!ctx)
    return -1;
  atomic_store(&choice->memories[0].ctx, ctx);
  choice->servers = kind == CONTEXT_SYSTEM    ? system_servers()
                    : kind == CONTEXT_FORWARD ? forward_servers(unbound)
                                              : memory_copy_string("recursive (from the root)");
  unbound->choice_count++;
  return 0;
}

static int add_forwarders(struct unbound *unbound, const char *const *servers, size_t count, char *error,
                          size_t error_size)
{
  unbound->forwarders = memory_new(count * sizeof *unbound->forwarders);
  for (size_t i = 0; i < count; i++) {
    char server[CONTEXT_SERVER_SIZE];
    if (context_server(server, servers[i]) != 0) {
      snprintf(error, error_size, "\"%s\" is no server: ADDRESS, ADDRESS@PORT or, alone, \"recursive\"", servers[i]);
      return -1;
    }
    unbound->forwarders[unbound->forwarder_count++] = memory_copy_string(server);
  }
  return add_choice(unbound, CONTEXT_FORWARD, error, error_size);
}

static int choose(struct unbound *unbound, const char *const *servers, size_t count, char *error, size_t error_size)
{
  if (count == 1 && strcmp(servers[0], "recursive") == 0)
    return add_choice(unbound, CONTEXT_RECURSIVE, error, error_size);
  if (count > 0)
    return add_forwarders(unbound, servers, count, error, error_size);
  /* A system without a readable resolv.conf has no resolvers, which is not an error here. */
  add_choice(unbound, CONTEXT_SYSTEM, error, error_size);
  return add_choice(unbound, CONTEXT_RECURSIVE, error, error_size);
}

static int start_reaper(struct unbound *unbound, char *error, size_t error_size)
{
  sigset_t all, before;
  unbound->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int problem = unbound->wake < 0 ? errno : 0;
  if (problem == 0) {
    sigfillset(&all); /* signals are for the program's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    problem = pthread_create(&unbound->reaper, NULL, reap, unbound);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  unbound->has_reaper = problem == 0;
  if (problem != 0)
    snprintf(error, error_size, "cannot start the resolver: %s", strerror(problem));
  return problem == 0 ? 0 : -1;
}

struct dns_source *unbound_open(const char *const *servers, size_t count, const char *trust_anchor, char *error,
                                size_t error_size)
{
  if (anchor_check(trust_anchor, error, error_size) != 0)
    return NULL;
  struct unbound *unbound = memory_new(sizeof *unbound);
  unbound->source = (struct dns_source){
      .ask = unbound_ask, .ask_anew = unbound_ask_anew, .close = unbound_close, .test = unbound_test, .servers = unbound_servers};
  unbound->trust_anchor = memory_copy_string(trust_anchor);
  unbound->wake = -1;
  pthread_mutex_init(&unbound->mutex, NULL);
  if (choose(unbound, servers, count, error, error_size) != 0 || start_reaper(unbound, error, error_size) != 0) {
    unbound_close(&unbound->source);
    return NULL;
  }
  return &unbound->source;
}
