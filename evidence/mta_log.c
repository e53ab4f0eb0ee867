/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The frame of a line in an MTA's log. See mta_log.h.
 */
#include "evidence/mta_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "evidence/document.h"
#include "evidence/moment.h"

enum { HOST_MAX = 255, PROGRAM_MAX = 100 };

struct mta_log {
  struct document *document;          /* a line of the journal */
  struct text host, program, message; /* of it */
  int64_t before;                     /* the last time without a year in this file, or 0 */
};

struct mta_log *mta_log_new(void)
{
  struct mta_log *log = memory_new(sizeof *log);
  log->document = document_new();
  return log;
}

void mta_log_free(struct mta_log *log)
{
  if (!log)
    return;
  document_free(log->document);
  text_free(&log->host);
  text_free(&log->program);
  text_free(&log->message);
  free(log);
}

void mta_log_begin(struct mta_log *log, int64_t before)
{
  log->before = before;
}

bool mta_log_is_journal(const char *line, size_t length)
{
  static const char key[] = "\"__REALTIME_TIMESTAMP\"";
  return length > 0 && line[0] == '{' && strncmp(line, "{\"v\":", 5) != 0 && memmem(line, length, key, sizeof key - 1);
}

static void lower(char *name)
{
  for (; *name; name++)
    *name = (char)tolower((unsigned char)*name);
}

static char *keep(struct text *to, const char *value)
{
  text_clear(to);
  text_add(to, value ? value : "");
  return to->bytes;
}

static const char *text_of(struct mta_log *log, struct document_node *entry, const char *key)
{
  return document_text(document_get(log->document, entry, key));
}

static int64_t number_of(struct mta_log *log, struct document_node *entry, const char *key)
{
  const char *digits = text_of(log, entry, key);
  return digits ? strtoll(digits, NULL, 10) : 0;
}

/* systemd.journal-fields(7): text that is not UTF-8 comes as a list of octets. */
static char *keep_message(struct mta_log *log, struct document_node *message)
{
  keep(&log->message, document_text(message));
  for (struct document_node *octet = document_first(log->document, message); octet;
       octet = document_next(log->document, message, octet))
    text_add_char(&log->message, octet->number > 0 && octet->number < 256 ? (char)octet->number : '?');
  return log->message.bytes;
}

static int read_journal(struct mta_log *log, struct mta_line *to, char *line, size_t length, const char **why)
{
  struct document_node *entry = document_read(log->document, line, length);
  *why = entry ? NULL : "not JSON";
  if (!entry)
    return -1;
  to->time = number_of(log, entry, "__REALTIME_TIMESTAMP") / 1000;
  to->host = keep(&log->host, text_of(log, entry, "_HOSTNAME"));
  to->program = keep(&log->program, text_of(log, entry, "SYSLOG_IDENTIFIER"));
  to->pid = number_of(log, entry, "SYSLOG_PID");
  if (to->pid == 0)
    to->pid = number_of(log, entry, "_PID");
  to->message = keep_message(log, document_get(log->document, entry, "MESSAGE"));
  lower(to->host);
  if (to->time > 0)
    return *to->program && *to->message;
  *why = "without a time";
  return -1;
}

/* A word up to a space, which becomes its end; NULL where the line ends before, or the word is too long. */
static char *cut_word(char **rest, size_t most)
{
  char *word = *rest, *space = strchr(word, ' ');
  if (!space || space == word || (size_t)(space - word) > most)
    return NULL;
  *space = '\0';
  *rest = space + 1;
  return word;
}

static bool is_program_character(char c)
{
  return isalnum((unsigned char)c) || strchr("/_.-+()@", c);
}

/* RFC 3164 4.1.3: "program[pid]: message" or "program: message". 1, or 0 where it is neither. */
static int read_tag(struct mta_line *to, char *rest)
{
  char *end = rest;
  while (*end && is_program_character(*end))
    end++;
  if (end == rest || end - rest > PROGRAM_MAX)
    return 0;
  char *behind = end;
  to->pid = 0;
  if (*end == '[') {
    to->pid = strtoll(end + 1, &behind, 10);
    if (*behind != ']')
      return 0;
    behind++;
  }
  if (*behind != ':')
    return 0;
  to->message = behind + 1 + strspn(behind + 1, " ");
  *end = '\0';
  to->program = rest;
  return 1;
}

/* RFC 5424 6: what follows the time. */
static int read_structured(struct mta_line *to, char *rest)
{
  char *host = cut_word(&rest, HOST_MAX), *program = host ? cut_word(&rest, PROGRAM_MAX) : NULL;
  char *pid = program ? cut_word(&rest, PROGRAM_MAX) : NULL, *kind = pid ? cut_word(&rest, PROGRAM_MAX) : NULL;
  if (!kind)
    return 0;
  to->host = strcmp(host, "-") == 0 ? host + 1 : host;
  to->program = program;
  to->pid = strtoll(pid, NULL, 10);
  char *data = *rest == '[' ? strstr(rest, "] ") : strchr(rest, ' ');
  if (!data)
    return 0;
  to->message = data + (*rest == '[' ? 2 : 1);
  return 1;
}

/* What follows the time in the older forms. Some files name no host: then the tag comes at once. */
static int read_plain(struct mta_line *to, char *rest)
{
  char *colon = strchr(rest, ':'), *space = strchr(rest, ' ');
  to->host = rest + strlen(rest);
  if (space && (!colon || colon > space)) {
    to->host = cut_word(&rest, HOST_MAX);
    if (!to->host)
      return 0;
  }
  return read_tag(to, rest);
}

int mta_log_read(struct mta_log *log, struct mta_line *to, char *line, size_t length, int64_t latest, const char **why)
{
  bool structured = false;
  if (*line == '{')
    return read_journal(log, to, line, length, why);
  if (strlen(line) != length) {
    *why = "has a NUL in it";
    return -1;
  }
  if (strncmp(line, "-- ", 3) == 0) /* "-- Boot 3f2a... --" */
    return 0;
  if (*line == '<') { /* RFC 3164 4.1.1: the priority, which most files leave out */
    line += 1 + strspn(line + 1, "0123456789");
    line += *line == '>';
    structured = strncmp(line, "1 ", 2) == 0;
    line += structured ? 2 : 0;
  }
  size_t at = moment_read(&to->time, line);
  if (at == 0 && (at = moment_read_short(&to->time, line, latest, log->before)) > 0)
    log->before = to->time;
  if (at == 0 || line[at] != ' ') {
    *why = "does not begin with a time";
    return -1;
  }
  int status = structured ? read_structured(to, line + at + 1) : read_plain(to, line + at + 1);
  if (status == 1)
    lower(to->host);
  return status;
}
