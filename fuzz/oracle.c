/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A DNS whose answers stand in the input. See oracle.h.
 */
#include "fuzz/oracle.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/memory.h"
#include "resolver/answer.h"
#include "resolver/name.h"
#include "resolver/resolver.h"
#include "resolver/source.h"

enum { ANSWERS_MAX = 64, RECORDS_MAX = 120, QUERIES_MAX = 400 };

struct reply {
  struct dns_answer answer;
  struct dns_record records[RECORDS_MAX];
};

/* The answers of one type. */
struct stock {
  const char *word;
  unsigned type;
  struct reply *replies[ANSWERS_MAX];
  size_t count, given;
};

struct source {
  struct dns_source source;
  struct arena *arena;
  struct stock stocks[10];
  bool repeat;
};

/* The name's wire form. Returns its length, or 0 where it has none. */
static size_t write_name(uint8_t *out, const char *name)
{
  char folded[DOMAIN_SIZE];
  size_t length = 0;
  if (name_fold(folded, name) < 0)
    return 0;
  for (const char *label = strcmp(folded, ".") == 0 ? "" : folded; *label;) {
    size_t size = strcspn(label, ".");
    out[length++] = (uint8_t)size;
    memcpy(out + length, label, size);
    length += size;
    label += size + (label[size] == '.');
  }
  out[length++] = 0;
  return length;
}

static size_t write_hex(uint8_t *out, const char *text)
{
  size_t length = 0;
  unsigned octet;
  for (; sscanf(text, "%2x", &octet) == 1 && text[1]; text += 2)
    out[length++] = (uint8_t)octet;
  return length;
}

static size_t write_text(uint8_t *out, const char *text, size_t left)
{
  size_t length = 0;
  do {
    size_t piece = left < 255 ? left : 255;
    out[length++] = (uint8_t)piece;
    memcpy(out + length, text, piece);
    length += piece;
    text += piece;
    left -= piece;
  } while (left > 0);
  return length;
}

/* RDATA from its text, 0 bytes where the text is none. out has twice the text's length and 300 bytes. */
static size_t write_rdata(uint8_t *out, unsigned type, const char *text, size_t length)
{
  struct ip ip;
  unsigned numbers[3];
  int used = 0;
  switch (type) {
  case DNS_A:
  case DNS_AAAA:
    if (ip_parse(&ip, text) < 0)
      return 0;
    memcpy(out, ip.bytes, ip_bits(&ip) / 8);
    return ip_bits(&ip) / 8;
  case DNS_PTR:
  case DNS_CNAME:
  case DNS_NS:
    return write_name(out, text);
  case DNS_MX:
    if (sscanf(text, "%5u %n", numbers, &used) != 1 || used == 0)
      return 0;
    out[0] = (uint8_t)(numbers[0] >> 8);
    out[1] = (uint8_t)numbers[0];
    length = write_name(out + 2, text + used);
    return length > 0 ? length + 2 : 0;
  case DNS_SOA:
  case DNS_DS:
    return 0; /* nobody looks into these */
  case DNS_TLSA:
    if (sscanf(text, "%3u %3u %3u %n", numbers, numbers + 1, numbers + 2, &used) != 3 || used == 0)
      return 0;
    for (size_t i = 0; i < 3; i++)
      out[i] = (uint8_t)numbers[i];
    return 3 + write_hex(out + 3, text + used);
  default:
    return write_text(out, text, length);
  }
}

static void add_record(struct source *source, struct stock *stock, const char *text, size_t length)
{
  struct reply *reply = stock->replies[stock->count - 1];
  if (reply->answer.status != DNS_FOUND || reply->answer.count == RECORDS_MAX)
    return;
  uint8_t *rdata = arena_alloc(source->arena, 2 * length + 300);
  size_t size = write_rdata(rdata, stock->type, text, length);
  if (size == 0)
    memcpy(rdata, text, size = length);
  reply->records[reply->answer.count++] = (struct dns_record){rdata, size};
}

static void add_answer(struct source *source, struct stock *stock, char flag, const char *text, size_t length)
{
  static const struct {
    char flag;
    enum dns_status status;
    enum dnssec dnssec;
  } flags[] = {{'+', DNS_FOUND, DNSSEC_SECURE},         {'-', DNS_FOUND, DNSSEC_INSECURE},
               {'!', DNS_BOGUS, DNSSEC_BOGUS},          {'?', DNS_FAILURE, DNSSEC_INDETERMINATE},
               {'~', DNS_TIMEOUT, DNSSEC_INDETERMINATE}, {'0', DNS_NODATA, DNSSEC_SECURE},
               {'x', DNS_NXDOMAIN, DNSSEC_SECURE}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags && stock->count < ANSWERS_MAX; i++) {
    if (flags[i].flag != flag)
      continue;
    struct reply *reply = arena_alloc(source->arena, sizeof *reply);
    reply->answer = (struct dns_answer){
        .status = flags[i].status, .dnssec = flags[i].dnssec, .ttl = 60, .records = reply->records};
    stock->replies[stock->count++] = reply;
    add_record(source, stock, text, length);
    return;
  }
}

static void set_alias(struct source *source, struct stock *stock, const char *text)
{
  char name[DOMAIN_SIZE];
  if (domain_normalize(name, text, strlen(text)) == 0)
    stock->replies[stock->count - 1]->answer.canonical = arena_string(source->arena, name);
}

static void read_line(struct source *source, const char *line, size_t length)
{
  source->repeat |= strcmp(line, "repeat") == 0;
  for (size_t i = 0; i < sizeof source->stocks / sizeof *source->stocks; i++) {
    struct stock *stock = &source->stocks[i];
    size_t word = strlen(stock->word);
    if (strncmp(line, stock->word, word) != 0 || length == word)
      continue;
    const char *text = line + word + 1;
    size_t left = length - word - 1;
    if (line[word] == ',' && stock->count > 0)
      add_record(source, stock, text, left);
    else if (line[word] == '@' && stock->count > 0)
      set_alias(source, stock, text);
    else
      add_answer(source, stock, line[word], text, left);
  }
}

static void ask(struct dns_source *dns_source, const char *name, unsigned type, dns_source_done *done, void *ticket)
{
  struct source *source = (struct source *)(void *)dns_source; /* the first member */
  (void)name;
  for (size_t i = 0; i < sizeof source->stocks / sizeof *source->stocks; i++) {
    struct stock *stock = &source->stocks[i];
    if (stock->type != type || stock->count == 0)
      continue;
    if (stock->given == stock->count && source->repeat)
      stock->given = 0;
    if (stock->given < stock->count) {
      done(ticket, answer_new(&stock->replies[stock->given++]->answer));
      return;
    }
  }
  done(ticket, answer_new(&(struct dns_answer){.status = DNS_NXDOMAIN, .dnssec = DNSSEC_INSECURE, .ttl = 60}));
}

static void close_source(struct dns_source *source)
{
  free(source);
}

void oracle_open(struct oracle *oracle, struct input *input)
{
  static const struct resolver_config config = {.timeout_ms = 1000, .budget_ms = 1000, .cache_bytes = 4 << 20};
  static const struct stock stocks[] = {{.word = "TXT", .type = DNS_TXT}, {.word = "A", .type = DNS_A},
                                        {.word = "AAAA", .type = DNS_AAAA}, {.word = "MX", .type = DNS_MX},
                                        {.word = "PTR", .type = DNS_PTR}, {.word = "TLSA", .type = DNS_TLSA},
                                        {.word = "CNAME", .type = DNS_CNAME}, {.word = "NS", .type = DNS_NS},
                                        {.word = "SOA", .type = DNS_SOA}, {.word = "DS", .type = DNS_DS}};
  struct source *source = memory_new(sizeof *source);
  oracle->arena = arena_new();
  source->source = (struct dns_source){.ask = ask, .close = close_source};
  source->arena = oracle->arena;
  memcpy(source->stocks, stocks, sizeof stocks);
  while (input_length(input) > 0) {
    struct input line = input_until(input, '\n');
    size_t length = input_length(&line);
    if (length == 0)
      break;
    read_line(source, arena_copy(oracle->arena, line.at, length), length);
  }
  oracle->resolver = resolver_new(&config, &source->source);
  oracle->lookups = lookups_new(oracle->resolver, QUERIES_MAX);
}

void oracle_close(struct oracle *oracle)
{
  lookups_free(oracle->lookups);
  resolver_close(oracle->resolver);
  arena_free(oracle->arena);
}
