/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DMARC Policy Records. See dmarc_record.h.
 */
#include "checks/dmarc_record.h"

#include <string.h>
#include <strings.h>

/* One tag, white space around its name and value taken away. */
struct tag_text {
  const char *name, *value;
  size_t name_length, length;
};

enum tag_state { TAG_ABSENT, TAG_VALID, TAG_WRONG };

/* A tag whose value is one word of a list. */
struct word_tag {
  const char *name;
  const char *words[4]; /* ends in NULL */
  enum tag_state state;
  unsigned value; /* index into words */
};

enum { TAG_P, TAG_SP, TAG_NP, TAG_ADKIM, TAG_ASPF, TAG_T, TAG_PSD, TAG_COUNT };

static bool is_white(char c)
{
  return c == ' ' || c == '\t';
}

static void trim(const char **start, size_t *length)
{
  while (*length > 0 && is_white(**start))
    ++*start, --*length;
  while (*length > 0 && is_white((*start)[*length - 1]))
    --*length;
}

/* Takes the text up to a semicolon or the end. False where no text is left; a piece without "=" has no name. */
static bool next_tag(const char **p, const char *end, struct tag_text *tag)
{
  if (*p >= end)
    return false;
  const char *stop = memchr(*p, ';', (size_t)(end - *p));
  if (!stop)
    stop = end;
  const char *equals = memchr(*p, '=', (size_t)(stop - *p));
  *tag = (struct tag_text){.name = *p, .value = stop};
  if (equals) {
    tag->name_length = (size_t)(equals - *p);
    tag->value = equals + 1;
    tag->length = (size_t)(stop - tag->value);
    trim(&tag->name, &tag->name_length);
    trim(&tag->value, &tag->length);
  }
  *p = stop < end ? stop + 1 : end;
  return true;
}

/* RFC 6376 3.2, to which RFC 9989 4.7 refers: names of tags are case-sensitive. */
static bool is_named(const struct tag_text *tag, const char *name)
{
  return tag->name_length == strlen(name) && memcmp(tag->name, name, tag->name_length) == 0;
}

/* The values' words are not (RFC 5234 2.3). A tag that stands there twice has no one value. */
static void read_word(struct word_tag *known, const struct tag_text *tag)
{
  bool first = known->state == TAG_ABSENT;
  known->state = TAG_WRONG;
  for (unsigned i = 0; first && known->words[i]; i++)
    if (strlen(known->words[i]) == tag->length && strncasecmp(known->words[i], tag->value, tag->length) == 0) {
      known->state = TAG_VALID;
      known->value = i;
    }
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_scheme_character(char c)
{
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* RFC 3986 3: a scheme and characters of URIs; a mailto: (RFC 6068 2) needs an address. The obsolete "!10m" at its end
 * is of such characters too. */
static bool is_uri(const char *uri, size_t length)
{
  size_t scheme = 0;
  while (scheme < length && is_scheme_character(uri[scheme]))
    scheme++;
  if (scheme == 0 || !is_letter(uri[0]) || scheme + 1 >= length || uri[scheme] != ':')
    return false;
  for (size_t i = scheme + 1; i < length; i++)
    if (uri[i] <= ' ' || uri[i] >= 0x7f || strchr("\"<>\\^`{|}", uri[i]))
      return false;
  if (scheme != 6 || strncasecmp(uri, "mailto", 6) != 0)
    return true;
  const char *at = memchr(uri + 7, '@', length - 7);
  return at && at > uri + 7 && at + 1 < uri + length;
}

/* RFC 9989 4.8 dmarc-urilist: is one of them a URI? */
static bool has_uri(const char *list, size_t length)
{
  const char *end = list + length;
  while (list < end) {
    const char *comma = memchr(list, ',', (size_t)(end - list));
    const char *stop = comma ? comma : end;
    size_t uri_length = (size_t)(stop - list);
    trim(&list, &uri_length);
    if (is_uri(list, uri_length))
      return true;
    list = comma ? comma + 1 : end;
  }
  return false;
}

/* RFC 9989 4.10.1: without a valid p=, or with a wrong sp= or np=, the record asks for nothing, and where it does
 * not ask for reports either it does not count. */
static void settle_policies(struct dmarc_record *record, const struct word_tag tags[TAG_COUNT], bool reports)
{
  if (tags[TAG_P].state != TAG_VALID || tags[TAG_SP].state == TAG_WRONG || tags[TAG_NP].state == TAG_WRONG) {
    record->usable = reports;
    return;
  }
  record->usable = true;
  record->has_sp = tags[TAG_SP].state == TAG_VALID;
  record->has_np = tags[TAG_NP].state == TAG_VALID;
  record->p = (enum owner_policy)tags[TAG_P].value;
  record->sp = record->has_sp ? (enum owner_policy)tags[TAG_SP].value : record->p;
  record->np = record->has_np ? (enum owner_policy)tags[TAG_NP].value : record->sp;
}

int dmarc_record_read(struct dmarc_record *record, const char *text, size_t length)
{
  struct word_tag tags[TAG_COUNT] = {
      [TAG_P] = {"p", {"none", "quarantine", "reject"}, TAG_ABSENT, 0},
      [TAG_SP] = {"sp", {"none", "quarantine", "reject"}, TAG_ABSENT, 0},
      [TAG_NP] = {"np", {"none", "quarantine", "reject"}, TAG_ABSENT, 0},
      [TAG_ADKIM] = {"adkim", {"r", "s"}, TAG_ABSENT, 0},
      [TAG_ASPF] = {"aspf", {"r", "s"}, TAG_ABSENT, 0},
      [TAG_T] = {"t", {"n", "y"}, TAG_ABSENT, 0},
      [TAG_PSD] = {"psd", {"u", "y", "n"}, TAG_ABSENT, 0},
  };
  const char *p = text, *end = text + length;
  bool reports = false;
  struct tag_text tag;
  *record = (struct dmarc_record){0};
  /* RFC 9989 4.8: "v" equals %s"DMARC1", with nothing before it. */
  if (length == 0 || text[0] != 'v' || !next_tag(&p, end, &tag) || !is_named(&tag, "v") || tag.length != 6 ||
      memcmp(tag.value, "DMARC1", 6) != 0)
    return -1;
  while (next_tag(&p, end, &tag)) {
    for (unsigned i = 0; i < TAG_COUNT; i++)
      if (is_named(&tag, tags[i].name))
        read_word(&tags[i], &tag);
    if (is_named(&tag, "rua") && has_uri(tag.value, tag.length))
      reports = true;
  }
  settle_policies(record, tags, reports);
  /* RFC 9989 4.8: wrong values give way to the defaults, the first of each list. */
  record->strict_dkim = tags[TAG_ADKIM].state == TAG_VALID && tags[TAG_ADKIM].value == 1;
  record->strict_spf = tags[TAG_ASPF].state == TAG_VALID && tags[TAG_ASPF].value == 1;
  record->testing = tags[TAG_T].state == TAG_VALID && tags[TAG_T].value == 1;
  record->psd = tags[TAG_PSD].state == TAG_VALID ? (enum dmarc_psd)tags[TAG_PSD].value : PSD_UNSAID;
  return 0;
}

enum owner_policy dmarc_record_policy(const struct dmarc_record *record, bool is_subdomain, bool exists,
                                      const char **tag)
{
  if (is_subdomain && !exists && record->has_np) {
    *tag = "np";
    return record->np;
  }
  *tag = is_subdomain && record->has_sp ? "sp" : "p";
  return is_subdomain ? record->sp : record->p;
}
