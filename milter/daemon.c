/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The daemon's life. See daemon.h.
 */
#include "milter/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <systemd/sd-daemon.h>

#include "audit/log.h"
#include "audit/record.h"
#include "base/memory.h"
#include "checks/dkim.h"
#include "config.h"
#include "milter/guard.h"
#include "milter/isolation.h"
#include "milter/milter.h"
#include "milter/privileges.h"
#include "milter/report.h"
#include "milter/signals.h"
#include "policy/config.h"
#include "resolver/resolver.h"
#include "session/service.h"

/* Of libmilter's threads; its default is RLIMIT_STACK for each. Sanitizers keep a lot on the stack. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
enum { STACK_SIZE = 8 * 1024 * 1024 };
#else
enum { STACK_SIZE = 512 * 1024 };
#endif

enum {
  DRAIN_SECONDS = 30,      /* for the messages in hand at a stop */
  SELF_TEST_SECONDS = 180,
  DAY = 24 * 60 * 60
};

struct daemon {
  struct service service;
  struct resolver *resolver;
  struct audit_log *log;
  struct guard *guard; /* NULL: none */
  unsigned died_with;  /* messages in hand when the daemon before this one died */
  char *file;
  char host[256];
  pthread_t keeper;
  pthread_mutex_t starting; /* held until the audit log has its line about the start */
};

static int tell(void *context, const char *event, const char *host, const struct text *members)
{
  struct daemon *daemon = context;
  return audit_log_write(daemon->log, event, host, members);
}

static void tell_event(struct daemon *daemon, const struct audit_event *event)
{
  struct text members = {0};
  record_event(&members, event);
  audit_log_write(daemon->log, event->event, daemon->host, &members);
  text_free(&members);
}

static void on_log_trouble(void *context, bool failing, const char *why)
{
  (void)context;
  if (failing)
    report(LOG_ERR, "audit log: %s", why);
  else
    report(LOG_NOTICE, "audit log: written again");
}

static void on_resolver_change(void *context, bool healthy, const char *why)
{
  struct daemon *daemon = context;
  const struct audit_event event = {.event = healthy ? "resolver-recovered" : "resolver-failure", .why = why};
  report(healthy ? LOG_NOTICE : LOG_ERR, "resolver: %s", healthy ? "DNSSEC validation works again" : why);
  /* The log of a daemon begins with "start": by that line its reader tells one daemon from the one before it. */
  pthread_mutex_lock(&daemon->starting);
  pthread_mutex_unlock(&daemon->starting);
  if (daemon->log)
    tell_event(daemon, &event);
}

/* SHA-256 of the configuration file, so that an auditor can say which one was in force. */
static const char *hash_file(const char *file, char hex[65])
{
  unsigned char bytes[8192], digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  FILE *stream = fopen(file, "re");
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool good = stream && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
  for (size_t count; good && (count = fread(bytes, 1, sizeof bytes, stream)) > 0;)
    good = EVP_DigestUpdate(context, bytes, count) == 1;
  good = good && !ferror(stream) && EVP_DigestFinal_ex(context, digest, &length) == 1;
  EVP_MD_CTX_free(context);
  if (stream)
    fclose(stream);
  for (unsigned i = 0; good && i < length && i < 32; i++)
    sprintf(hex + 2 * i, "%02x", digest[i]);
  return good ? hex : NULL;
}

/* Which key pseudonyms are made with, so that an auditor sees when it was changed. NULL for none. */
static const char *key_of(const struct config *config)
{
  return config->audit.keys.count > 0 ? config->audit.keys.keys[0].id : NULL;
}

/* Says which exceptions no longer apply (CONTRACT 3: at start, once a day, and in the audit log). */
static void tell_expired(struct daemon *daemon)
{
  struct config *config = service_config(&daemon->service);
  int64_t now = service_now(&daemon->service);
  for (size_t i = 0; i < config->exception_count; i++) {
    const struct config_exception *exception = &config->exceptions[i];
    if (now < exception->ends)
      continue;
    char why[160];
    snprintf(why, sizeof why, "ended after %s", exception->until);
    const struct audit_event event = {.event = "exception-expired", .exception = exception->id, .why = why};
    report(LOG_WARNING, "exception \"%s\" %s and no longer applies", exception->id, why);
    tell_event(daemon, &event);
  }
  config_release(config);
}

static bool is_same_list(const struct string_list *a, const struct string_list *b)
{
  bool same = a->count == b->count;
  for (size_t i = 0; same && i < a->count; i++)
    same = strcmp(a->items[i], b->items[i]) == 0;
  return same;
}

/* What a reload cannot change: the daemon was started with it. */
static void warn_of_restart(const struct config *old, const struct config *new)
{
  const struct {
    const char *option;
    bool changed;
  } rows[] = {
      {"listen", strcmp(old->listen, new->listen) != 0},
      {"socket-mode", old->socket_mode_bits != new->socket_mode_bits},
      {"socket-group", strcmp(old->socket_group, new->socket_group) != 0},
      {"user", strcmp(old->user, new->user) != 0},
      {"crash-journal", strcmp(old->crash_journal, new->crash_journal) != 0},
      {"isolation", old->isolation != new->isolation},
      {"audit.log", strcmp(old->audit.log, new->audit.log) != 0},
      {"resolver.trust-anchor", strcmp(old->resolver.trust_anchor, new->resolver.trust_anchor) != 0},
      {"resolver.timeout", old->resolver.timeout != new->resolver.timeout},
      {"resolver.budget", old->resolver.budget != new->resolver.budget},
      {"resolver.cache-size", old->resolver.cache_size != new->resolver.cache_size},
      {"resolver.servers", !is_same_list(&old->resolver.servers, &new->resolver.servers)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].changed)
      report(LOG_WARNING, "reload: %s takes effect at the next start", rows[i].option);
}

static void reload(struct daemon *daemon)
{
  char error[512], hash[65];
  sd_notify(0, "RELOADING=1");
  struct config *config = config_load(daemon->file, error, sizeof error);
  struct audit_event event = {.event = "reload"};
  if (config) {
    struct config *old = service_config(&daemon->service);
    warn_of_restart(old, config);
    config_release(old);
    service_reload(&daemon->service, config_hold(config));
    event.config = hash_file(daemon->file, hash);
    event.key = key_of(config);
    report(LOG_NOTICE, "reloaded %s", daemon->file);
  } else {
    event.why = error;
    report(LOG_ERR, "reload: %s; the old configuration stays", error);
  }
  if (audit_log_reopen(daemon->log) < 0)
    report(LOG_ERR, "audit log: cannot be opened anew");
  tell_event(daemon, &event);
  if (config)
    tell_expired(daemon);
  config_release(config);
  sd_notify(0, "READY=1");
}

/* Lets the messages in hand come to their end, then ends milter_run(). */
static void stop(void)
{
  sd_notify(0, "STOPPING=1");
  milter_drain();
  for (int tenths = 0; milter_in_hand() > 0 && tenths < 10 * DRAIN_SECONDS; tenths++) {
    const struct timespec tenth = {.tv_nsec = 100000000};
    nanosleep(&tenth, NULL);
  }
  if (milter_in_hand() > 0)
    report(LOG_WARNING, "stopping with %u messages in hand; the MTA defers them", milter_in_hand());
  milter_stop();
}

/* The thread that takes signals and looks at the calendar. */
static void *keep(void *context)
{
  struct daemon *daemon = context;
  int64_t day = service_now(&daemon->service) / DAY;
  for (;;) {
    int signal = signals_wait(60);
    if (signal == SIGUSR1)
      reload(daemon);
    else if (signal == SIGTERM || signal == SIGINT)
      break;
    guard_forget_old(daemon->guard);
    int64_t today = service_now(&daemon->service) / DAY;
    if (today != day)
      tell_expired(daemon);
    day = today;
  }
  stop();
  return NULL;
}

static int open_resolver(struct daemon *daemon, const struct config *config, char *error, size_t error_size)
{
  const struct resolver_config settings = {.servers = config->resolver.servers.items,
                                           .server_count = config->resolver.servers.count,
                                           .trust_anchor = config->resolver.trust_anchor,
                                           .timeout_ms = config->resolver.timeout * 1000,
                                           .budget_ms = config->resolver.budget * 1000,
                                           .cache_bytes = (size_t)config->resolver.cache_size << 20,
                                           .self_test_seconds = SELF_TEST_SECONDS,
                                           .on_change = on_resolver_change,
                                           .context = daemon};
  daemon->resolver = resolver_open(&settings, error, error_size);
  if (!daemon->resolver)
    return -1;
  report(LOG_NOTICE, "resolver: %s", resolver_servers(daemon->resolver));
  return 0;
}

/* A descriptor for each connection, each query in flight and each thread's needs. */
static void raise_limits(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0)
    pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

static int open_socket(struct daemon *daemon, const struct config *config, char *error, size_t error_size)
{
  /* Nobody may connect in the moment between making the socket and giving it its mode. */
  mode_t mask = umask(0177);
  int status = privileges_check_socket(config->listen, error, error_size);
  if (status == 0)
    status = milter_open(&daemon->service, config->listen, error, error_size);
  umask(mask);
  if (status == 0)
    status = privileges_give_socket(config, error, error_size);
  return status;
}

/* Mail goes on without a journal: what is lost is a means against a second crash. */
static void open_guard(struct daemon *daemon, const struct config *config)
{
  char error[512];
  if (!*config->crash_journal)
    return;
  daemon->guard = guard_open(config->crash_journal, &daemon->died_with, error, sizeof error);
  if (!daemon->guard)
    report(LOG_WARNING, "crash-journal: %s: a message that ends the daemon will not be known again", error);
  else if (daemon->died_with > 0)
    report(LOG_WARNING, "the daemon before this one died with %u message%s in hand: suspects are examined one by one",
           daemon->died_with, daemon->died_with == 1 ? "" : "s");
  milter_guard(daemon->guard);
}

static void tell_start(struct daemon *daemon, const struct config *config)
{
  char hash[65], why[80];
  snprintf(why, sizeof why, "the daemon before died with %u message%s in hand", daemon->died_with,
           daemon->died_with == 1 ? "" : "s");
  const struct audit_event event = {.event = "start",
                                    .why = daemon->died_with > 0 ? why : NULL,
                                    .version = PACKAGE_VERSION,
                                    .servers = resolver_servers(daemon->resolver),
                                    .config = hash_file(daemon->file, hash),
                                    .key = key_of(config)};
  tell_event(daemon, &event);
  tell_expired(daemon);
}

static int start(struct daemon *daemon, const struct config *config, char *error, size_t error_size)
{
  raise_limits();
  if (open_socket(daemon, config, error, error_size) < 0 || privileges_drop(config, error, error_size) < 0)
    return -1;
  umask(0027);
  daemon->log = audit_log_open(config->audit.log, on_log_trouble, daemon, error, error_size);
  open_guard(daemon, config);
  /* Behind this the process cannot get at more than it has; and the resolver is what makes the first threads. */
  if (!daemon->log || isolation_begin(config, error, error_size) < 0)
    return -1;
  pthread_mutex_lock(&daemon->starting);
  int status = open_resolver(daemon, config, error, error_size);
  daemon->service.resolver = daemon->resolver;
  if (status == 0 && (status = signatures_set_up()) < 0)
    snprintf(error, error_size, "libopendkim cannot be set up");
  if (status == 0)
    tell_start(daemon, config);
  pthread_mutex_unlock(&daemon->starting);
  return status;
}

int daemon_serve(struct config *config, void (*ready)(void), char *error, size_t error_size)
{
  struct daemon daemon = {.file = memory_copy_string(config->file), .starting = PTHREAD_MUTEX_INITIALIZER};
  int status = EX_UNAVAILABLE;
  if (*config->authserv_id)
    snprintf(daemon.host, sizeof daemon.host, "%s", config->authserv_id);
  else if (gethostname(daemon.host, sizeof daemon.host - 1) < 0)
    strcpy(daemon.host, "localhost");
  service_init(&daemon.service, config, NULL, tell, &daemon);
  struct config *held = service_config(&daemon.service); /* a reload may come as soon as there is a keeper */
  if (start(&daemon, config, error, error_size) == 0) {
    if (pthread_create(&daemon.keeper, NULL, keep, &daemon) == 0) {
      if (ready)
        ready();
      sd_notify(0, "READY=1");
      report(LOG_NOTICE, "sluisd %s listens on %s", PACKAGE_VERSION, held->listen);
      status = milter_run() == 0 ? 0 : EX_UNAVAILABLE;
      if (status != 0) {
        snprintf(error, error_size, "libmilter ended with an error");
        pthread_kill(daemon.keeper, SIGTERM);
      }
      pthread_join(daemon.keeper, NULL);
    }
    const struct audit_event event = {.event = "stop"};
    tell_event(&daemon, &event);
    signatures_shut_down();
  }
  config_release(held);
  guard_end(daemon.guard);
  if (milter_in_hand() > 0)
    return status; /* a thread of libmilter still uses all of this; the process ends now anyway */
  guard_close(daemon.guard);
  resolver_close(daemon.resolver);
  audit_log_close(daemon.log);
  service_end(&daemon.service);
  free(daemon.file);
  return status;
}
