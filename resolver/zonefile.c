/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The zone text of the fake source (fake.h says what it looks like), line by line, into a struct zone.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "resolver/name.h"
#include "resolver/zone.h"

enum { MAX_WORDS = 300 };

struct word {
  const char *bytes; /* NUL behind */
  size_t length;
  bool quoted;
};

struct line {
  struct arena *arena;
  struct word words[MAX_WORDS];
  size_t count;
  const char *problem; /* NULL, or what is wrong */
};

/* One octet of a word: itself, \DDD or \X. Returns where it goes on, or NULL. */
static const char *read_octet(const char *at, const char *end, struct text *out)
{
  unsigned value;
  if (*at != '\\') {
    text_add_char(out, *at);
    return at + 1;
  }
  if (++at == end)
    return NULL;
  if (!isdigit((unsigned char)*at)) {
    text_add_char(out, *at);
    return at + 1;
  }
  if (end - at < 3 || sscanf(at, "%3u", &value) != 1 || value > 255 || !isdigit((unsigned char)at[1]) ||
      !isdigit((unsigned char)at[2]))
    return NULL;
  text_add_char(out, (char)value);
  return at + 3;
}

static const char *read_word(struct line *line, const char *at, const char *end)
{
  struct text text = {0};
  struct word *word = &line->words[line->count];
  word->quoted = *at == '"';
  if (word->quoted)
    at++;
  while (at && at < end && (word->quoted ? *at != '"' : *at != ' ' && *at != '\t'))
    at = read_octet(at, end, &text);
  if (!at)
    line->problem = "bad escape";
  else if (word->quoted && at == end)
    line->problem = "no closing quote";
  else if (word->quoted)
    at++;
  word->length = text.length;
  word->bytes = arena_copy(line->arena, text.bytes, text.length);
  line->count++;
  text_free(&text);
  return line->problem ? end : at;
}

static void split(struct line *line, const char *at, const char *end)
{
  line->count = 0;
  line->problem = NULL;
  for (;;) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
      at++;
    if (at == end || *at == '#')
      return;
    if (line->count == MAX_WORDS) {
      line->problem = "too many words";
      return;
    }
    at = read_word(line, at, end);
  }
}

static bool is_word(const struct word *word, const char *text)
{
  return !word->quoted && strcmp(word->bytes, text) == 0;
}

static bool read_number(const struct word *word, unsigned long max, unsigned long *out)
{
  char *end;
  if (word->quoted || !isdigit((unsigned char)word->bytes[0]))
    return false;
  *out = strtoul(word->bytes, &end, 10);
  return *end == '\0' && *out <= max;
}

static bool read_security(const struct word *word, enum dnssec *out)
{
  static const enum dnssec all[] = {DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_BOGUS};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (is_word(word, dnssec_name(all[i]))) {
      *out = all[i];
      return true;
    }
  }
  return false;
}

/* What the RDATA of a type is made of: 4 and 6 addresses, n a name, b h w numbers of 8, 16 and 32 bits,
 * x the rest in hex, t one or more character-strings. */
static const struct format {
  unsigned type;
  const char *fields;
} formats[] = {
    {DNS_A, "4"},  {DNS_AAAA, "6"}, {DNS_NS, "n"},       {DNS_CNAME, "n"}, {DNS_PTR, "n"},     {DNS_MX, "hn"},
    {DNS_TXT, "t"}, {DNS_DS, "hbbx"}, {DNS_DNSKEY, "hbbx"}, {DNS_TLSA, "bbbx"}, {DNS_SOA, "nnwwwww"},
};

static const struct format *find_format(const char *name)
{
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (strcmp(dns_type_name(formats[i].type), name) == 0)
      return &formats[i];
  return NULL;
}

static bool add_number(struct text *out, const struct word *word, unsigned octets)
{
  unsigned long value;
  if (!read_number(word, 0xffffffffUL >> (32 - 8 * octets), &value))
    return false;
  while (octets-- > 0)
    text_add_char(out, (char)(value >> (8 * octets)));
  return true;
}

static bool add_name(struct text *out, const struct word *word)
{
  char name[DOMAIN_SIZE];
  if (strlen(word->bytes) != word->length || name_fold(name, word->bytes) < 0)
    return false;
  for (const char *label = name; label && strcmp(name, ".") != 0;) {
    size_t length = strcspn(label, ".");
    text_add_char(out, (char)length);
    text_add_bytes(out, label, length);
    label = label[length] ? label + length + 1 : NULL;
  }
  text_add_char(out, 0);
  return true;
}

static bool add_hex(struct text *out, const struct word *word)
{
  for (size_t i = 0; i < word->length; i += 2) {
    char pair[3] = {word->bytes[i], word->bytes[i + 1], 0};
    if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
      return false;
    text_add_char(out, (char)strtoul(pair, NULL, 16));
  }
  return true;
}

static bool add_address(struct text *out, const struct word *word, int family)
{
  uint8_t bytes[16];
  if (inet_pton(family, word->bytes, bytes) != 1)
    return false;
  text_add_bytes(out, bytes, family == AF_INET ? 4 : 16);
  return true;
}

static bool add_field(struct text *out, const struct word *word, char field)
{
  switch (field) {
  case '4':
    return add_address(out, word, AF_INET);
  case '6':
    return add_address(out, word, AF_INET6);
  case 'n':
    return add_name(out, word);
  case 'b':
    return add_number(out, word, 1);
  case 'h':
    return add_number(out, word, 2);
  case 'w':
    return add_number(out, word, 4);
  case 'x':
    return add_hex(out, word);
  case 't':
    if (word->length > 255)
      return false;
    text_add_char(out, (char)word->length);
    text_add_bytes(out, word->bytes, word->length);
    return true;
  default:
    return false;
  }
}

static bool encode(struct text *out, const char *fields, const struct word *words, size_t count)
{
  size_t used = 0;
  while (used < count && *fields) {
    if (!add_field(out, &words[used++], *fields))
      return false;
    if (*fields != 'x' && *fields != 't')
      fields++;
  }
  return used == count && count > 0 && (*fields == '\0' || *fields == 'x' || *fields == 't');
}

/* The words behind the data: a security, "after N". */
static void take_modifiers(struct line *line, size_t first, struct zone_record *like)
{
  unsigned long number;
  while (line->count > first + 1) {
    struct word *last = &line->words[line->count - 1];
    if (read_security(last, &like->security)) {
      line->count--;
    } else if (line->count > first + 2 && is_word(last - 1, "after") && read_number(last, 3600000, &number)) {
      like->after_ms = (unsigned)number;
      line->count -= 2;
    } else {
      return;
    }
  }
}

/* NAME [TTL] TYPE DATA... */
static const char *add_line(struct zone *zone, struct line *line)
{
  struct zone_record like = {.security = zone->security, .ttl = 3600}, *record;
  const struct word *words = line->words;
  unsigned long number;
  size_t at = 1;
  if (line->count == 2 && is_word(&words[0], "default"))
    return read_security(&words[1], &zone->security) ? NULL : "default what?";
  if (at < line->count && read_number(&words[at], 0x7fffffff, &number)) {
    like.ttl = (uint32_t)number;
    at++;
  }
  if (at < line->count && is_word(&words[at], "IN"))
    at++;
  if (at + 1 >= line->count)
    return "a line needs a name, a type and data";
  const struct format *format = find_format(words[at].bytes);
  bool any = is_word(&words[at], "ANY");
  if (!format && !any)
    return "unknown type";
  at++;
  if (strlen(words[0].bytes) != words[0].length)
    return "a NUL in a name";
  take_modifiers(line, at, &like);

  struct text rdata = {0};
  if (line->count == at + 1 && !words[at].quoted)
    like.fault = zone_fault_by_name(words[at].bytes);
  bool good = like.fault != ZONE_NONE || (!any && encode(&rdata, format->fields, words + at, line->count - at));
  unsigned type = any ? (unsigned)ZONE_ANY : format->type;
  record = good ? zone_add(zone, words[0].bytes, type, rdata.bytes, rdata.length) : NULL;
  text_free(&rdata);
  if (!record)
    return good ? "bad name" : "bad data";
  record->security = like.security;
  record->ttl = like.ttl;
  record->after_ms = like.after_ms;
  record->fault = like.fault;
  return NULL;
}

int zone_read(struct zone *zone, const char *text, char *error, size_t error_size)
{
  struct line line = {.arena = arena_new()};
  const char *problem = NULL;
  unsigned number = 0;
  while (*text && !problem) {
    const char *end = text + strcspn(text, "\n");
    number++;
    split(&line, text, end);
    problem = line.problem;
    if (!problem && line.count > 0)
      problem = add_line(zone, &line);
    text = *end ? end + 1 : end;
  }
  arena_free(line.arena);
  if (!problem)
    return 0;
  snprintf(error, error_size, "line %u: %s", number, problem);
  return -1;
}
