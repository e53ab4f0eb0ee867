/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whole sessions of the milter protocol, through libmilter and everything above it. The input: a line with the number
 * of a configuration, the DNS (oracle.h), an empty line, and commands, parted by octets 0x1e: each a letter and its
 * data, which are sent as a packet; what stands behind a "!" is sent as it is.
 *
 * libmilter runs in a thread of its own, for all inputs; each is one connection. Whatever is sent, what comes back
 * must be packets that an MTA understands, with nothing in them that could end a line, and the audit lines must be
 * JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"
#include "checks/dkim.h"
#include "fuzz/fuzz.h"
#include "fuzz/oracle.h"
#include "milter/milter.h"
#include "milter/report.h"
#include "milter/signals.h"
#include "session/service.h"

enum { SEPARATOR = 0x1e, CONFIGS = 4, SECONDS_MAX = 9, FOLDER_SIZE = 80, PATH_SIZE = 100 };

#define TOP "authserv-id = \"mx1.example.nl\"\nmode = "
static const char *const texts[CONFIGS] = {
    (TOP "enforce\nlocal-domains = {\"example.nl\"}\n"
         "inbound { spf = reject\n dkim = reject\n dmarc = reject\n tls = reject\n author = reject\n}\n"
         "outbound { dane = reject\n contact = \"https://example.nl/100%\"\n}\n"),
    (TOP "annotate\ninbound { dmarc = quarantine\n}\naudit { addresses = full\n}\n"),
    (TOP "enforce\ninternal-networks = {\"0.0.0.0/0\", \"::/0\"}\noutbound { dane = quarantine\n}\n"
         "domain \"strict.example\" { standard = {\"dane\"}\n level = reject\n}\n"),
    (TOP "enforce\noriginating-daemons = {}\ninbound { spf = off\n dkim = off\n dmarc = reject\n}\n"
         "outbound { dane = reject\n on-temporary-failure = accept\n}\n"
         "audit { addresses = pseudonym\n pseudonym-key = \"keys\"\n}\n")};
static const char keys[] = "2027-q1 0123456789abcdef0123456789abcdef\n";

static struct service service;
static struct config *configs[CONFIGS];
static char folder[FOLDER_SIZE], path[PATH_SIZE];

/* In the place of milter/report.c: what the daemon has to say is put together, and goes nowhere. */
void report_open(bool to_standard_error)
{
  (void)to_standard_error;
}

void report(int priority, const char *format, ...)
{
  char line[2048];
  va_list arguments;
  (void)priority;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
}

static int tell(void *context, const char *event, const char *host, const struct text *members)
{
  struct text line = {0};
  json_error_t error;
  (void)context, (void)event;
  fuzz_require(fuzz_is_printable(host));
  fuzz_require(!memchr(members->bytes, '\n', members->length));
  text_add(&line, "{\"v\":1");
  text_add_bytes(&line, members->bytes, members->length);
  text_add(&line, "}");
  json_t *object = json_loadb(line.bytes, line.length, JSON_REJECT_DUPLICATES, &error);
  fuzz_require(object);
  json_decref(object);
  text_free(&line);
  return 0;
}

static int64_t now(void *context)
{
  (void)context;
  return 1700000000;
}

static void *serve(void *unused)
{
  fuzz_require(milter_run() == 0);
  return unused;
}

static void clean_up(void)
{
  unlink(path);
  rmdir(folder);
}

/* The last one reads its keys from the working folder. */
static void read_configs(void)
{
  char error[200];
  int home = open(".", O_RDONLY | O_CLOEXEC), file;
  fuzz_require(home >= 0 && chdir(folder) == 0);
  file = open("keys", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  fuzz_require(file >= 0 && write(file, keys, sizeof keys - 1) == sizeof keys - 1);
  for (size_t i = 0; i < CONFIGS; i++)
    fuzz_require((configs[i] = config_parse(texts[i], "fuzz", error, sizeof error)));
  close(file);
  fuzz_require(unlink("keys") == 0 && fchdir(home) == 0);
  close(home);
}

static void set_up(void)
{
  const char *parent = getenv("TMPDIR");
  char error[200], listen[PATH_SIZE + 8];
  pthread_t thread;
  signals_block();
  snprintf(folder, sizeof folder, "%.50s/sluis-fuzz-XXXXXX", parent ? parent : "/tmp");
  fuzz_require(mkdtemp(folder));
  read_configs();
  snprintf(path, sizeof path, "%s/socket", folder);
  snprintf(listen, sizeof listen, "unix:%s", path);
  service_init(&service, config_hold(configs[0]), NULL, tell, NULL);
  service.now = now;
  fuzz_require(signatures_set_up() == 0);
  fuzz_require(milter_open(&service, listen, error, sizeof error) == 0);
  fuzz_require(pthread_create(&thread, NULL, serve, NULL) == 0);
  atexit(clean_up);
}

static int call(void)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct timeval limit = {.tv_sec = SECONDS_MAX};
  int peer = socket(AF_UNIX, SOCK_STREAM, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  fuzz_require(peer >= 0 && connect(peer, (struct sockaddr *)&address, sizeof address) == 0);
  setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return peer;
}

/* The commands as they go over the wire. */
static void write_packets(struct text *out, struct input commands)
{
  while (input_length(&commands) > 0) {
    struct input command = input_until(&commands, SEPARATOR);
    if (input_length(&command) > 0 && *command.at == '!') {
      command.at++;
    } else {
      uint32_t length = htonl((uint32_t)input_length(&command));
      text_add_bytes(out, &length, sizeof length);
    }
    text_add_bytes(out, command.at, input_length(&command));
  }
}

static void require_strings(const char *at, size_t length)
{
  fuzz_require(length > 0 && at[length - 1] == '\0');
  for (size_t i = 0; i < length; i++)
    fuzz_require(at[i] != '\r' && (at[i] != '\n' || at[i + 1] == '\t'));
}

static void require_reply(const char *at, size_t length)
{
  fuzz_require(length > 4 && (*at == '4' || *at == '5') && at[3] == ' ' && at[length - 1] == '\0');
  for (; *at; at++)
    fuzz_require(*at >= ' ' && *at < 0x7f);
}

static void require_answers(const struct text *answers)
{
  const char *at = answers->bytes ? answers->bytes : "", *end = at + answers->length;
  while (at < end) {
    uint32_t length;
    fuzz_require(end - at > 4);
    memcpy(&length, at, sizeof length);
    length = ntohl(length);
    fuzz_require(length > 0 && length <= (size_t)(end - at - 4));
    /* Go on, accept, reject, defer, skip, wait; negotiation, macros; reply, insert, change, quarantine. */
    fuzz_require(at[4] && strchr("cartspOlyimhq", at[4]));
    if (at[4] == 'y')
      require_reply(at + 5, length - 1);
    if (at[4] == 'i' || at[4] == 'm')
      require_strings(at + 9, length - 5);
    at += 4 + length;
  }
}

/* libFuzzer's clock interrupts. */
static void send_all(int peer, const struct text *packets)
{
  for (size_t at = 0; at < packets->length;) {
    ssize_t count = send(peer, packets->bytes + at, packets->length - at, MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR)
      return;
    at += count > 0 ? (size_t)count : 0;
  }
}

static void receive_all(int peer, struct text *answers)
{
  char block[4096];
  ssize_t count;
  while ((count = recv(peer, block, sizeof block, 0)) > 0 || (count < 0 && errno == EINTR))
    text_add_bytes(answers, block, count > 0 ? (size_t)count : 0);
  /* The end, and no timeout. The other side closes after its last callback. */
  fuzz_require(count == 0 || errno == ECONNRESET);
}

static void converse(struct input commands)
{
  struct text sent = {0}, answers = {0};
  int peer = call();
  write_packets(&sent, commands);
  send_all(peer, &sent);
  shutdown(peer, SHUT_WR);
  receive_all(peer, &answers);
  close(peer);
  require_answers(&answers);
  fuzz_require(milter_in_hand() == 0);
  text_free(&sent);
  text_free(&answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size), line = input_until(&input, '\n');
  struct oracle oracle;
  if (!*folder)
    set_up();
  service_reload(&service, config_hold(configs[input_length(&line) > 0 ? (uint8_t)*line.at % CONFIGS : 0]));
  oracle_open(&oracle, &input);
  service.resolver = oracle.resolver;
  converse(input);
  oracle_close(&oracle);
  return 0;
}
