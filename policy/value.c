/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One value of the configuration. See value.h.
 */
#include "policy/value.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/domain.h"
#include "base/ip.h"
#include "base/memory.h"
#include "base/text.h"
#include "policy/config.h"
#include "policy/level.h"

enum { WORD_MAX = 4096, SECONDS_OF_DAY = 86400 };

const char *value_text(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)range;
  char shown[WORD_MAX + 1];
  size_t length = strlen(word);
  if (length > WORD_MAX)
    return "is too long";
  if (strcmp(text_printable(shown, sizeof shown, word, length), word) != 0)
    return "is not one line of printable UTF-8";
  *(const char **)target = arena_string(arena, word);
  return NULL;
}

const char *value_name(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  return *word ? value_text(arena, range, word, target) : "is empty";
}

const char *value_ascii(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  if (strlen(word) > range->high)
    return arena_printf(arena, "is longer than %u characters", range->high);
  for (const char *p = word; *p; p++)
    if (*p < ' ' || *p > '~')
      return "is not printable ASCII";
  *(const char **)target = arena_string(arena, word);
  return NULL;
}

const char *value_authserv(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)range;
  /* RFC 8601 2.2: a value is a token (RFC 2045 5.1: no tspecials) or a quoted-string; none that needs quotes here. */
  if (strlen(word) > DOMAIN_MAX)
    return "is too long";
  for (const char *p = word; *p; p++)
    if (*p <= ' ' || *p > '~' || strchr("()<>@,;:\\\"/[]?=", *p))
      return "is no authserv-id: a host name is the usual one";
  *(const char **)target = arena_string(arena, word);
  return NULL;
}

const char *value_domain(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)range;
  char domain[DOMAIN_SIZE];
  if (domain_normalize(domain, word, strlen(word)) < 0)
    return "is not a domain name";
  *(const char **)target = arena_string(arena, domain);
  return NULL;
}

/* A decimal number without sign or space, within the range. */
static bool read_number(const char *digits, size_t length, unsigned low, unsigned high, unsigned *number)
{
  unsigned long long value = 0;
  if (length == 0 || length > 10)
    return false;
  for (size_t i = 0; i < length; i++) {
    if (digits[i] < '0' || digits[i] > '9')
      return false;
    value = value * 10 + (unsigned)(digits[i] - '0');
  }
  *number = (unsigned)value;
  return value >= low && value <= high;
}

const char *value_listen(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)range;
  unsigned port;
  const char *colon = strchr(word, ':');
  size_t kind = colon ? (size_t)(colon - word) : 0;
  const char *wanted = "is none of unix:PATH, local:PATH, inet:PORT@HOST and inet6:PORT@HOST";
  if ((kind == 4 && strncmp(word, "unix", 4) == 0) || (kind == 5 && strncmp(word, "local", 5) == 0)) {
    if (!colon[1])
      return wanted;
    if (strlen(colon + 1) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
      return "has a path that is too long for a socket";
  } else if ((kind == 4 && strncmp(word, "inet", 4) == 0) || (kind == 5 && strncmp(word, "inet6", 5) == 0)) {
    const char *at = strchr(colon, '@');
    /* libmilter takes the host away: it would then listen to the whole world, which nobody should get by omission. */
    if (!at || !at[1] || strpbrk(at + 1, " @"))
      return wanted;
    if (!read_number(colon + 1, (size_t)(at - colon - 1), 1, 65535, &port))
      return "has no port number from 1 to 65535";
  } else {
    return wanted;
  }
  return value_text(arena, range, word, target);
}

const char *value_server(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  char address[IP_TEXT_SIZE];
  struct ip ip;
  unsigned port;
  const char *at = strchr(word, '@');
  size_t length = at ? (size_t)(at - word) : strlen(word);
  const char *wanted = "is none of ADDRESS, ADDRESS@PORT and \"recursive\"";
  if (strcmp(word, "recursive") != 0) {
    if (length >= sizeof address)
      return wanted;
    memcpy(address, word, length);
    address[length] = '\0';
    if (ip_parse(&ip, address) < 0 || strncasecmp(address, "IPv6:", 5) == 0)
      return wanted;
    if (at && !read_number(at + 1, strlen(at + 1), 1, 65535, &port))
      return "has no port number from 1 to 65535";
  }
  return value_text(arena, range, word, target);
}

/* Days from 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a leap day ends one. */
static long long days_from_epoch(unsigned year, unsigned month, unsigned day)
{
  unsigned march_year = month > 2 ? year : year - 1;
  unsigned march_month = month > 2 ? month - 3 : month + 9;
  long long before = 365LL * march_year + march_year / 4 - march_year / 100 + march_year / 400;
  return before + (153 * march_month + 2) / 5 + day - 1 - 719468;
}

static bool read_date(const char *date, unsigned *year, unsigned *month, unsigned *day)
{
  static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (strlen(date) != 10 || date[4] != '-' || date[7] != '-' || !read_number(date, 4, 1970, 9999, year) ||
      !read_number(date + 5, 2, 1, 12, month) || !read_number(date + 8, 2, 1, 31, day))
    return false;
  bool leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
  return *day <= lengths[*month - 1] + (*month == 2 && leap);
}

const char *value_date(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)range;
  unsigned year, month, day;
  if (!read_date(word, &year, &month, &day))
    return "is not a day that exists, written YYYY-MM-DD";
  *(const char **)target = arena_string(arena, word);
  return NULL;
}

long long value_day_end(const char *date)
{
  unsigned year, month, day;
  return read_date(date, &year, &month, &day) ? (days_from_epoch(year, month, day) + 1) * SECONDS_OF_DAY : 0;
}

const char *value_octal(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  size_t length = strlen(word);
  if (length < 3 || length > 4 || strspn(word, "01234567") != length || strtoul(word, NULL, 8) > 0777)
    return "is not an octal mode from 0000 to 0777";
  return value_text(arena, range, word, target);
}

const char *value_number(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  if (!read_number(word, strlen(word), range->low, range->high, target))
    return arena_printf(arena, "is not a number from %u to %u", range->low, range->high);
  return NULL;
}

const char *value_bool(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  /* The words that libconfuse has for it. */
  bool yes = strcasecmp(word, "true") == 0 || strcasecmp(word, "yes") == 0 || strcasecmp(word, "on") == 0;
  if (!yes && strcasecmp(word, "false") != 0 && strcasecmp(word, "no") != 0 && strcasecmp(word, "off") != 0)
    return "is neither true nor false";
  *(bool *)target = yes;
  return NULL;
}

const char *value_mode(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  int mode = mode_parse(word);
  if (mode < 0)
    return "is none of observe, annotate and enforce";
  *(enum mode *)target = (enum mode)mode;
  return NULL;
}

const char *value_level(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  int level = level_parse(word);
  if (level < 0)
    return "is none of off, observe, annotate, quarantine and reject";
  *(enum level *)target = (enum level)level;
  return NULL;
}

const char *value_addresses(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  static const char *const words[] = {
      [ADDRESSES_DOMAIN] = "domain", [ADDRESSES_PSEUDONYM] = "pseudonym", [ADDRESSES_FULL] = "full"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i]) == 0) {
      *(enum address_form *)target = (enum address_form)i;
      return NULL;
    }
  return "is none of domain, pseudonym and full";
}

const char *value_temporary(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  bool defer = strcmp(word, "defer") == 0;
  if (!defer && strcmp(word, "accept") != 0)
    return "is neither defer nor accept";
  *(bool *)target = defer;
  return NULL;
}

const char *value_network(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  return network_parse(target, word) < 0 ? "is not an address or ADDRESS/PREFIX" : NULL;
}

const char *value_standard(struct arena *arena, const struct value_range *range, const char *word, void *target)
{
  (void)arena, (void)range;
  int standard = standard_parse(word);
  if (standard < 0)
    return "is none of author, dmarc, spf, dkim, tls and dane";
  ((bool *)target)[standard] = true;
  return NULL;
}
