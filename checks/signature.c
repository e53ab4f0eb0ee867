/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What one DKIM-Signature field says. See signature.h.
 *
 * RFC 6376 6.1.1: any inconsistency makes a verifier ignore the field and report PERMFAIL, which is permerror in
 * the words of RFC 8601 2.7.1. "policy" is left for what is well-formed and not acceptable.
 */
#include "checks/signature.h"

#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"
#include "checks/taglist.h"

/* Each reader returns NULL, or why the signature is refused. */
typedef const char *reader(struct arena *arena, struct signature *signature, const struct taglist *tags);

/* A decimal number of at most max digits; false where it is none. */
static bool read_number(uint64_t *number, const struct tag *tag, size_t max)
{
  *number = 0;
  if (tag->length == 0 || tag->length > max)
    return false;
  for (size_t i = 0; i < tag->length; i++) {
    if (tag->value[i] < '0' || tag->value[i] > '9')
      return false;
    *number = *number * 10 + (uint64_t)(tag->value[i] - '0');
  }
  return true;
}

/* RFC 8616 section 5: d= and s= may hold U-labels, which are looked up as A-labels. "" where it is no name. */
static const char *read_name(struct arena *arena, const struct tag *tag)
{
  char name[DOMAIN_SIZE];
  /* RFC 6376 3.5 takes its names from RFC 5321, where no dot stands at the end. */
  if (!tag || tag->repeated || tag->length == 0 || tag->value[tag->length - 1] == '.')
    return "";
  domain_normalize(name, tag->value, tag->length);
  return arena_string(arena, name);
}

/* What names the signature in header and log, as far as it can be read, also where the list is refused. */
static void read_labels(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  signature->domain = read_name(arena, taglist_find(tags, "d"));
  signature->selector = read_name(arena, taglist_find(tags, "s"));
  const struct tag *algorithm = taglist_find(tags, "a");
  if (algorithm && !algorithm->repeated) {
    char shown[33];
    text_ascii(shown, sizeof shown, algorithm->value, algorithm->length);
    for (char *p = shown; *p; p++)
      if (*p >= 'A' && *p <= 'Z')
        *p = (char)(*p + ('a' - 'A'));
    signature->algorithm = arena_string(arena, shown);
  }
  const struct tag *value = taglist_find(tags, "b");
  if (value && !value->repeated && taglist_is_base64(value)) {
    const char *compact = taglist_compact(arena, value);
    size_t length = strlen(compact);
    signature->shown = arena_copy(arena, compact, length < 8 ? length : 8);
  }
}

/* RFC 6376 6.1.1: version first, then the tags that must be there. */
static const char *read_version(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  (void)arena;
  (void)signature;
  static const char *const required[] = {"v", "a", "b", "bh", "d", "h", "s"};
  for (size_t i = 0; i < sizeof required / sizeof *required; i++)
    if (!taglist_find(tags, required[i]))
      return "a required tag is missing";
  return taglist_is(taglist_find(tags, "v"), "1") ? NULL : "the version is not 1";
}

static const char *read_names(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  (void)arena;
  (void)tags;
  if (!*signature->domain)
    return "d= is not a domain name";
  return *signature->selector ? NULL : "s= is not a selector";
}

static const char *read_algorithm(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  (void)arena;
  const struct tag *algorithm = taglist_find(tags, "a");
  signature->ed25519 = taglist_is(algorithm, "ed25519-sha256");
  if (signature->ed25519 || taglist_is(algorithm, "rsa-sha256"))
    return NULL;
  /* RFC 8301 3.1: rsa-sha1 must not be used for signing or verifying. */
  if (taglist_is(algorithm, "rsa-sha1")) {
    signature->refused = AUTH_POLICY;
    return "rsa-sha1 is no longer accepted (RFC 8301)";
  }
  return "the algorithm is unknown";
}

static const char *read_canonicalization(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  (void)arena;
  /* RFC 6376 3.5: the default is simple/simple, and simple for the body where only the header is named. */
  static const struct {
    const char *word;
    bool header, body;
  } words[] = {{"simple", false, false},        {"simple/simple", false, false}, {"relaxed", true, false},
               {"relaxed/simple", true, false}, {"simple/relaxed", false, true}, {"relaxed/relaxed", true, true}};
  const struct tag *tag = taglist_find(tags, "c");
  if (!tag)
    return NULL;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (taglist_is(tag, words[i].word)) {
      signature->relaxed_header = words[i].header;
      signature->relaxed_body = words[i].body;
      return NULL;
    }
  return "the canonicalization is unknown";
}

/* RFC 6376 3.5: hdr-name *([FWS] ":" [FWS] hdr-name); names are RFC 5322 ftext without the semicolon. */
static const char *read_fields(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  const struct tag *tag = taglist_find(tags, "h");
  char *fields = taglist_compact(arena, tag);
  unsigned names = 0;
  const char *p = fields;
  for (;;) {
    size_t length = strcspn(p, ":");
    if (length == 0)
      return "h= is malformed";
    for (size_t i = 0; i < length; i++)
      if ((unsigned char)p[i] > 126)
        return "h= is malformed";
    if (++names > SIGNATURE_MAX_NAMES)
      return "h= names too many header fields";
    signature->from_names += length == 4 && strncasecmp(p, "from", 4) == 0;
    signature->own_names += length == 14 && strncasecmp(p, "dkim-signature", 14) == 0;
    if (!p[length])
      break;
    p += length + 1;
  }
  /* The library cuts the list at 4,096 bytes without a word. */
  if (strlen(fields) > 4000)
    return "h= is too long";
  signature->fields = fields;
  /* RFC 6376 6.1.1: if h= does not include From, PERMFAIL. */
  return signature->from_names ? NULL : "From is not signed";
}

static const char *read_values(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  const struct tag *value = taglist_find(tags, "b"), *hash = taglist_find(tags, "bh");
  if (!taglist_is_base64(value))
    return "b= is not base64";
  signature->value = taglist_compact(arena, value);
  if (!taglist_is_base64(hash))
    return "bh= is not base64";
  char *compact = taglist_compact(arena, hash);
  compact[strcspn(compact, "=")] = '\0';
  /* 32 octets of SHA-256 are 43 digits and "=", which RFC 6376 2.10 lets a signer leave away. */
  if (strlen(compact) != 43)
    return "bh= is not a SHA-256 hash";
  signature->body_hash = arena_printf(arena, "%s=", compact);
  return NULL;
}

static const char *read_limit(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  (void)arena;
  const struct tag *tag = taglist_find(tags, "l");
  if (!tag)
    return NULL;
  signature->limited = true;
  /* RFC 6376 3.5 allows 76 digits; 15 are more than any message has. */
  return read_number(&signature->body_length, tag, 15) ? NULL : "l= is not a usable number";
}

static const char *read_query(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  (void)arena;
  (void)signature;
  const struct tag *tag = taglist_find(tags, "q");
  return !tag || taglist_has(tag, "dns/txt") ? NULL : "q= does not offer dns/txt";
}

static int hex(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 6376 2.11: dkim-quoted-printable, "=" and two upper-case hexadecimal digits. Decodes in place; false where
 * it is malformed. */
static bool decode_quoted_printable(char *text, size_t *length)
{
  char *to = text;
  for (const char *from = text; *from; from++) {
    if (*from != '=') {
      *to++ = *from;
      continue;
    }
    if (hex(from[1]) < 0 || hex(from[2]) < 0)
      return false;
    *to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
    from += 2;
  }
  *length = (size_t)(to - text);
  return true;
}

/* RFC 6376 3.5: i= is [local-part] "@" domain-name, and the domain is d= or below it. */
static const char *read_identity(struct arena *arena, struct signature *signature, const struct taglist *tags)
{
  const struct tag *tag = taglist_find(tags, "i");
  if (!tag)
    return NULL;
  char *identity = taglist_compact(arena, tag);
  size_t length;
  if (!decode_quoted_printable(identity, &length))
    return "i= is malformed";
  size_t domain = length; /* behind the last @: a quoted local part may hold others */
  while (domain > 0 && identity[domain - 1] != '@')
    domain--;
  char name[DOMAIN_SIZE];
  if (domain == 0 || domain_normalize(name, identity + domain, length - domain) < 0)
    return "i= is malformed";
  signature->identity_below = strcmp(name, signature->domain) != 0;
  return domain_is_under(name, signature->domain) ? NULL : "i= is not in the domain of d=";
}

/* RFC 6376 3.5: t= and x= have at most 12 digits, x= is greater than t=. Both MAY be enforced, and are: PERMFAIL
 * (signature expired) of 6.1.1 is a permerror. */
static const char *read_times(const struct taglist *tags, int64_t now)
{
  const struct tag *t = taglist_find(tags, "t"), *x = taglist_find(tags, "x");
  uint64_t made = 0, expires = 0, today = now > 0 ? (uint64_t)now : 0;
  if (t && !read_number(&made, t, 12))
    return "t= is not a time";
  if (x && !read_number(&expires, x, 12))
    return "x= is not a time";
  if (t && x && expires <= made)
    return "it expires before it was made";
  if (t && made > today + SIGNATURE_CLOCK_SKEW)
    return "it was made in the future";
  return x && today > expires ? "it has expired" : NULL;
}

/* The library takes the value of every tag whose name ends in b for the signature. */
static const char *check_for_library(const struct taglist *tags)
{
  for (size_t i = 0; i < tags->count; i++) {
    const struct tag *tag = &tags->tags[i];
    if (tag->name_length > 1 && tag->equals[-1] == 'b')
      return "a tag with this name cannot be verified here";
  }
  return NULL;
}

static void refuse(struct signature *signature, enum auth_result result, const char *why)
{
  if (signature->refused == AUTH_NONE)
    signature->refused = result;
  signature->why = why;
}

void signature_read(struct arena *arena, struct signature *signature, const char *value, size_t length, int64_t now)
{
  static reader *const readers[] = {read_version, read_names, read_algorithm, read_canonicalization, read_fields,
                                    read_values,  read_limit, read_query,     read_identity};
  *signature = (struct signature){.domain = "", .selector = "", .algorithm = "", .shown = ""};
  if (length > SIGNATURE_MAX_LENGTH) {
    refuse(signature, AUTH_PERMERROR, "the signature field is too long");
    return;
  }
  struct taglist tags;
  int status = taglist_read(&tags, value, length);
  read_labels(arena, signature, &tags);
  const char *why = status < 0 ? tags.why : NULL;
  for (size_t i = 0; !why && i < sizeof readers / sizeof *readers; i++)
    why = readers[i](arena, signature, &tags);
  if (!why)
    why = read_times(&tags, now);
  if (why) {
    refuse(signature, AUTH_PERMERROR, why);
    return;
  }
  const struct tag *tag = taglist_find(&tags, "b");
  signature->spaced = tag->equals[-1] != 'b';
  signature->value_start = (size_t)(tag->equals + 1 - value);
  signature->value_end = (size_t)(tag->end - value);
  /* RFC 8601 2.7.1: neutral is for what is not otherwise able to be processed. */
  why = check_for_library(&tags);
  if (why)
    refuse(signature, AUTH_NEUTRAL, why);
}
