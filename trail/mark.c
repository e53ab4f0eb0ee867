/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The facts of a line that the chain needs. See mark.h.
 */
#include "trail/mark.h"

#include <string.h>

#include "base/text.h"

static bool take(const char **p, const char *end, const char *word)
{
  size_t length = strlen(word);
  if ((size_t)(end - *p) < length || memcmp(*p, word, length) != 0)
    return false;
  *p += length;
  return true;
}

/* The content of a string whose opening quote was taken, and the closing quote. Escapes stay as they are: names of
 * events and hosts have none. */
static bool take_string(const char **p, const char *end, const char **string, size_t *length)
{
  const char *quote = memchr(*p, '"', (size_t)(end - *p));
  if (!quote)
    return false;
  *string = *p;
  *length = (size_t)(quote - *p);
  *p = quote + 1;
  return true;
}

/* RFC 3339 in UTC with milliseconds, and nothing else: the text is shown and compared. */
static bool is_time(const char *string, size_t length)
{
  static const char form[] = "0000-00-00T00:00:00.000Z";
  if (length != sizeof form - 1)
    return false;
  for (size_t i = 0; i < length; i++)
    if (form[i] == '0' ? string[i] < '0' || string[i] > '9' : string[i] != form[i])
      return false;
  return true;
}

static bool is_word(const char *string, size_t length, const char *word)
{
  return length == strlen(word) && memcmp(string, word, length) == 0;
}

/* In a text that stands in the line its quotes have a backslash, so these words are members. */
static void read_settings(struct mark *mark, const char *p, const char *end)
{
  static const char config[] = "\"config\":\"", key[] = "\"pseudonym_key\":\"";
  const char *string;
  size_t length;
  mark->configured = memmem(p, (size_t)(end - p), config, sizeof config - 1) != NULL;
  p = memmem(p, (size_t)(end - p), key, sizeof key - 1);
  if (p && (p += sizeof key - 1, take_string(&p, end, &string, &length)))
    text_ascii(mark->key, sizeof mark->key, string, length);
}

/* ,"time":"...","event":"...","host":"..." */
static void read_facts(struct mark *mark, const char *p, const char *end)
{
  const char *string;
  size_t length;
  if (!take(&p, end, ",\"time\":\"") || !take_string(&p, end, &string, &length))
    return;
  if (is_time(string, length))
    memcpy(mark->time, string, length); /* zeroed behind it */
  if (!take(&p, end, ",\"event\":\"") || !take_string(&p, end, &string, &length))
    return;
  if (is_word(string, length, "start"))
    mark->event = MARK_START;
  if (is_word(string, length, "stop"))
    mark->event = MARK_STOP;
  if (is_word(string, length, "reload"))
    mark->event = MARK_RELOAD;
  if (take(&p, end, ",\"host\":\"") && take_string(&p, end, &string, &length))
    text_ascii(mark->host, sizeof mark->host, string, length);
  if (mark->event == MARK_START || mark->event == MARK_RELOAD)
    read_settings(mark, p, end);
}

static const char beginning[] = "{\"v\":1,\"seq\":";

/* A crash can leave any number of a line's first bytes. */
static bool is_fragment(const char *line, size_t length)
{
  size_t fixed = sizeof beginning - 1 < length ? sizeof beginning - 1 : length;
  return length > 0 && memcmp(line, beginning, fixed) == 0;
}

void mark_read(struct mark *mark, const char *line, size_t length)
{
  *mark = (struct mark){0};
  chain_digest(mark->digest, line, length);
  mark->seq = chain_seq(line, length);
  mark->whole = mark->seq > 0;
  if (!mark->whole) {
    mark->fragment = is_fragment(line, length);
    return;
  }
  const char *p = line + sizeof beginning - 1, *end = line + length;
  while (*p >= '0' && *p <= '9')
    p++;
  read_facts(mark, p, end);
  /* chain_seq() has seen one of the two ends. */
  mark->root = end[-2] != '"';
  if (!mark->root)
    memcpy(mark->prev, end - 2 - (CHAIN_DIGEST_SIZE - 1), CHAIN_DIGEST_SIZE - 1);
}
