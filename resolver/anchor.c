/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The trust anchor file. See anchor.h.
 */
#include "resolver/anchor.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

enum { FILE_MAX = 1 << 20, WORD_SIZE = 64, MAX_WORDS = 9 };

/* The first words of a record. Longer words are cut: only a key or a digest is long. */
struct words {
  char word[MAX_WORDS][WORD_SIZE];
  size_t count;
};

/* Reads one record; parentheses join lines (RFC 1035 5.1). Returns where the next one starts. */
static const char *read_record(const char *at, struct words *words)
{
  unsigned depth = 0;
  size_t length = 0;
  *words = (struct words){0};
  for (; *at && (*at != '\n' || depth > 0); at++) {
    if (*at == ';') {
      at += strcspn(at, "\n");
      if (!*at)
        break;
      at--;
      length = 0;
      continue;
    }
    depth += *at == '(';
    depth -= *at == ')' && depth > 0;
    if (isspace((unsigned char)*at) || *at == '(' || *at == ')') {
      length = 0;
      continue;
    }
    if (length == 0 && words->count < MAX_WORDS)
      words->count++;
    else if (length == 0)
      continue;
    if (length < WORD_SIZE - 1)
      words->word[words->count - 1][length++] = *at;
  }
  return *at ? at + 1 : at;
}

static bool is_number(const char *word, unsigned long max)
{
  return word[0] && strspn(word, "0123456789") == strlen(word) && strlen(word) < 7 && strtoul(word, NULL, 10) <= max;
}

/* . [TTL] [IN] DS tag algorithm digest-type digest, or DNSKEY flags protocol algorithm key
 * (RFC 4034 2.2 and 5.3) */
static bool is_anchor(const struct words *words)
{
  size_t at = 1;
  if (words->count < 6 || strcmp(words->word[0], ".") != 0)
    return false;
  if (is_number(words->word[at], 9999999))
    at++;
  if (strcasecmp(words->word[at], "IN") == 0)
    at++;
  if (at < words->count && is_number(words->word[at], 9999999))
    at++;
  if (words->count < at + 5)
    return false;
  const char *type = words->word[at], *data = words->word[at + 4];
  if (!is_number(words->word[at + 1], 65535) || !is_number(words->word[at + 2], 255) ||
      !is_number(words->word[at + 3], 255))
    return false;
  if (strcasecmp(type, "DS") == 0)
    return strlen(data) >= 40 && strspn(data, "0123456789abcdefABCDEF") == strlen(data);
  return strcasecmp(type, "DNSKEY") == 0 && strcmp(words->word[at + 2], "3") == 0 && strlen(data) >= 40 &&
         data[strspn(data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")] == '\0';
}

unsigned anchor_count(const char *text)
{
  struct words words;
  unsigned count = 0;
  while (*text) {
    text = read_record(text, &words);
    count += is_anchor(&words);
  }
  return count;
}

int anchor_check(const char *path, char *error, size_t error_size)
{
  if (!path || !*path) {
    snprintf(error, error_size, "no trust anchor is configured");
    return -1;
  }
  FILE *file = fopen(path, "re");
  if (!file) {
    snprintf(error, error_size, "%s: %s", path, strerror(errno));
    return -1;
  }
  char *text = memory_new(FILE_MAX + 1);
  size_t length = fread(text, 1, FILE_MAX, file);
  int problem = ferror(file) ? errno : 0;
  fclose(file);
  text[length] = '\0';
  unsigned count = anchor_count(text);
  free(text);
  if (problem == 0 && count > 0)
    return 0;
  snprintf(error, error_size, "%s: %s", path, problem ? strerror(problem) : "no DS or DNSKEY record of the root");
  return -1;
}
