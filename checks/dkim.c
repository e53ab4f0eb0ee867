/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DKIM: the signatures of one message, verified by libopendkim. See dkim.h.
 *
 * The library hashes the header and checks the signature; nothing else is left to it. What a
 * DKIM-Signature field and a key record say are read by signature.c and key.c, and body.c hashes the body. The library is
 * shown a field made of checked values alone, with a number for d= and s= and the hash of no body, and its copy is then
 * given the received text, which is what has to be hashed. So it never parses a tag list of a stranger, our clock decides
 * about t= and x=, a field with U-labels (RFC 8616) can be verified, and one that was refused can still be signed by another.
 */
#include "checks/dkim.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/body.h"
#include "checks/field.h"
#include "checks/key.h"
#include "checks/key_cache.h"
#include "checks/signature.h"
#include "resolver/resolver.h"

enum {
  MAX_FIELDS = 1000,       /* header fields times names in h= times signatures is what costs */
  MAX_COPIES = 8
};

/* One signature that is reported. */
struct entry {
  struct signature signature;
  const char *key_name;
  struct key key;
  size_t hash;        /* number of the body's hash, where there is an info */
  DKIM_SIGINFO *info; /* NULL: the library does not have it, or need not look at it */
};

_Static_assert((int)SIGNATURES_MAX <= (int)BODY_HASHES_MAX, "every signature may want a hash of its own");

/* RFC 6376 3.4.3: the SHA-256 hash of an empty simple body, in base64. All that the library sees of a body. */
static const char EMPTY_BODY_HASH[] = "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=";

struct signatures {
  struct arena *arena;
  struct lookups *lookups;
  int64_t now;
  DKIM *library;
  bool failed; /* the library did something that it was not expected to do */

  struct entry entries[SIGNATURES_MAX];
  size_t count;
  unsigned not_evaluated;

  size_t fields;
  unsigned from_fields;
  bool nul;       /* in a field's value */
  bool odd_space; /* likewise */

  struct body *body; /* NULL: no signature needs it */
  struct text field; /* as received, with CRLF */
  struct text shown; /* as the library is to parse it */

  size_t copy_size; /* not 0: allocations of this size are noted */
  void *copies[MAX_COPIES];
  size_t copy_count;
};

static DKIM_LIB *library;

/* The library's memory; context is the message, or NULL. */
static void *lend(void *context, size_t size)
{
  struct signatures *signatures = context;
  void *memory = memory_new(size ? size : 1);
  if (signatures && signatures->copy_size == size && size > 0 && signatures->copy_count < MAX_COPIES)
    signatures->copies[signatures->copy_count++] = memory;
  return memory;
}

static void take_back(void *context, void *memory)
{
  struct signatures *signatures = context;
  for (size_t i = 0; signatures && i < signatures->copy_count; i++)
    if (signatures->copies[i] == memory)
      signatures->copies[i] = NULL;
  free(memory);
}

/* The library wants its input writable and does not write to it. */
static unsigned char *writable(const char *bytes)
{
  return (unsigned char *)(uintptr_t)bytes;
}

static struct entry *find_entry(struct signatures *signatures, DKIM_SIGINFO *info)
{
  const unsigned char *number = dkim_sig_getdomain(info);
  size_t i = number && number[0] >= '0' && number[0] <= '9' && !number[1] ? (size_t)(number[0] - '0') : SIGNATURES_MAX;
  return i < signatures->count ? &signatures->entries[i] : NULL;
}

/* Called by the library in dkim_eom(): the record that key.c has read, or nothing. Never DKIM_CBSTAT_DEFAULT, which
 * would have the library ask the DNS by itself. */
static DKIM_CBSTAT give_key(DKIM *dkim, DKIM_SIGINFO *info, unsigned char *buffer, size_t size)
{
  struct signatures *signatures = dkim_get_user_context(dkim);
  const struct entry *entry = find_entry(signatures, info);
  if (!entry || !entry->key.value)
    return DKIM_CBSTAT_NOTFOUND;
  const char *type = entry->signature.ed25519 ? "k=ed25519;" : "";
  int length = snprintf((char *)buffer, size, "%sp=%s", type, entry->key.value);
  return length > 0 && (size_t)length < size ? DKIM_CBSTAT_CONTINUE : DKIM_CBSTAT_ERROR;
}

int signatures_set_up(void)
{
  if (library)
    return 0;
  unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC, bits = KEY_MIN_BITS;
  library = dkim_init(lend, take_back);
  if (!library)
    return -1;
  bool good = dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
              dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits) == DKIM_STAT_OK &&
              dkim_set_key_lookup(library, give_key) == DKIM_STAT_OK &&
              dkim_libfeature(library, DKIM_FEATURE_SHA256) && dkim_libfeature(library, DKIM_FEATURE_ED25519);
  /* Does this library keep its copy of a field where we can find it? */
  struct arena *arena = arena_new();
  struct signatures *trial = signatures_new(arena, NULL, 0);
  signatures_field(trial, "DKIM-Signature", " refused", 8);
  good = good && !trial->failed;
  signatures_free(trial);
  arena_free(arena);
  /* Where it does not do with keys that are kept, none are. */
  key_cache_open();
  if (!key_trial())
    key_cache_close();
  if (!good)
    signatures_shut_down();
  return good ? 0 : -1;
}

void signatures_shut_down(void)
{
  if (library)
    dkim_close(library);
  library = NULL;
  key_cache_close();
}

struct signatures *signatures_new(struct arena *arena, struct lookups *lookups, int64_t now)
{
  struct signatures *signatures = memory_new(sizeof *signatures);
  *signatures = (struct signatures){.arena = arena, .lookups = lookups, .now = now};
  DKIM_STAT status;
  if (library)
    signatures->library = dkim_verify(library, (const unsigned char *)"sluis", signatures, &status);
  if (signatures->library) {
    dkim_set_user_context(signatures->library, signatures);
    /* A name with a space cannot be signed. The library must have one field that no h= names. */
    dkim_header(signatures->library, writable("x guard:x"), 9);
  } else
    signatures->failed = true;
  return signatures;
}

static void close_library(struct signatures *signatures)
{
  if (signatures->library)
    dkim_free(signatures->library);
  signatures->library = NULL;
}

void signatures_free(struct signatures *signatures)
{
  if (!signatures)
    return;
  close_library(signatures);
  body_free(signatures->body);
  text_free(&signatures->field);
  text_free(&signatures->shown);
  free(signatures);
}

/* Feeds `shown` and puts `field` into the library's copy of it, which is at least as long. */
static void feed_in_place_of(struct signatures *signatures)
{
  struct text *shown = &signatures->shown;
  const struct text *field = &signatures->field;
  signatures->copy_size = shown->length + 1;
  signatures->copy_count = 0;
  dkim_header(signatures->library, writable(shown->bytes), shown->length);
  signatures->copy_size = 0;
  unsigned found = 0;
  for (size_t i = 0; i < signatures->copy_count; i++) {
    char *copy = signatures->copies[i];
    if (!copy || memcmp(copy, shown->bytes, shown->length + 1) != 0)
      continue;
    memset(copy, 0, shown->length);
    memcpy(copy, field->bytes, field->length);
    found++;
  }
  if (found != 1)
    signatures->failed = true;
  signatures->copy_count = 0;
}

/* What the library parses in place of the field: the same length, filled up with spaces. */
static void show_signature(struct signatures *signatures, size_t number)
{
  const struct signature *s = &signatures->entries[number].signature;
  struct text *shown = &signatures->shown;
  text_printf(shown, "v=1;a=%s;c=%s/simple;d=%zu;s=%zu;h=%s;bh=%s;b=%s;", s->ed25519 ? "ed25519-sha256" : "rsa-sha256",
              s->relaxed_header ? "relaxed" : "simple", number, number, s->fields, EMPTY_BODY_HASH, s->value);
  while (shown->length < signatures->field.length)
    text_add_char(shown, ' ');
}

/* Adds the value's signature to the list while there is room; false where the library must not evaluate it. */
static bool take_signature(struct signatures *signatures, const char *value, size_t length)
{
  if (signatures->count == SIGNATURES_MAX) {
    signatures->not_evaluated++;
    return false;
  }
  struct entry *entry = &signatures->entries[signatures->count++];
  signature_read(signatures->arena, &entry->signature, value, length, signatures->now);
  return entry->signature.refused == AUTH_NONE;
}

/* The library finds b= only where its "=" follows at once: elsewhere the value is taken out for it. */
static void strip_value(struct text *field, const char *name, const char *value, size_t length,
                        const struct signature *signature)
{
  struct text stripped = {0};
  text_add_bytes(&stripped, value, signature->value_start);
  text_add_bytes(&stripped, value + signature->value_end, length - signature->value_end);
  field_join(field, name, stripped.bytes, stripped.length);
  text_free(&stripped);
}

static void feed_signature(struct signatures *signatures, const char *name, const char *value, size_t length)
{
  bool good = take_signature(signatures, value, length);
  struct text *shown = &signatures->shown;
  text_clear(shown);
  text_printf(shown, "%s:", name);
  if (good) {
    size_t number = signatures->count - 1;
    show_signature(signatures, number);
    if (signatures->entries[number].signature.spaced)
      strip_value(&signatures->field, name, value, length, &signatures->entries[number].signature);
  } else
    /* No tag list: the library keeps the field, which others may have signed, and makes no signature of it. */
    while (shown->length < signatures->field.length)
      text_add_char(shown, '=');
  feed_in_place_of(signatures);
}

void signatures_field(struct signatures *signatures, const char *name, const char *value, size_t length)
{
  size_t named = field_name_length(name);
  bool is_signature = field_is(name, named, "DKIM-Signature");
  signatures->fields++;
  if (field_is(name, named, "From"))
    signatures->from_fields++;
  if (memchr(value, '\0', length))
    signatures->nul = true;
  if (field_has_odd_space(value, length))
    signatures->odd_space = true;
  bool feed = named > 0 && signatures->library && signatures->fields <= MAX_FIELDS && !signatures->nul;
  if (!feed) {
    if (is_signature)
      take_signature(signatures, value, length);
    return;
  }
  field_join(&signatures->field, name, value, length);
  if (is_signature)
    feed_signature(signatures, name, value, length);
  else
    /* A name that the library does not take (a semicolon in it) is one that no h= can hold. */
    dkim_header(signatures->library, writable(signatures->field.bytes), signatures->field.length);
}

static void refuse(struct entry *entry, enum auth_result result, const char *why)
{
  if (entry->signature.refused != AUTH_NONE)
    return;
  entry->signature.refused = result;
  entry->signature.why = why;
}

static void refuse_all(struct signatures *signatures, enum auth_result result, const char *why)
{
  for (size_t i = 0; i < signatures->count; i++)
    refuse(&signatures->entries[i], result, why);
}

/* What the header as a whole forbids. */
static void check_header(struct signatures *signatures)
{
  if (signatures->fields > MAX_FIELDS)
    refuse_all(signatures, AUTH_PERMERROR, "there are too many header fields");
  if (signatures->nul)
    refuse_all(signatures, AUTH_PERMERROR, "there is a NUL in the header");
  if (signatures->from_fields == 0)
    refuse_all(signatures, AUTH_PERMERROR, "there is no From field");
  for (size_t i = 0; i < signatures->count; i++) {
    /* RFC 6376 5.4.2: the last instances are signed; a reader looks at the first. */
    struct entry *entry = &signatures->entries[i];
    if (entry->signature.from_names < signatures->from_fields)
      refuse(entry, AUTH_PERMERROR, "there are several From fields, and not all are signed");
    /* RFC 6376 3.7: a signature does not sign its own field. The library would take it for one of those below. */
    size_t below = signatures->count + signatures->not_evaluated - i - 1;
    if (entry->signature.own_names > below)
      refuse(entry, AUTH_NEUTRAL, "h= names more DKIM-Signature fields than there are below it");
  }
}

static bool any_left(const struct signatures *signatures)
{
  for (size_t i = 0; i < signatures->count; i++)
    if (signatures->entries[i].signature.refused == AUTH_NONE)
      return true;
  return false;
}

/* Ends the header for the library and finds its signatures back. */
static void end_header(struct signatures *signatures)
{
  DKIM_SIGINFO **list = NULL;
  int count = 0;
  if (signatures->failed)
    return;
  DKIM_STAT status = dkim_eoh(signatures->library);
  if (status == DKIM_STAT_SYNTAX) /* the library wants to understand the first From field */
    refuse_all(signatures, AUTH_PERMERROR, "From cannot be parsed");
  if (status != DKIM_STAT_OK || dkim_getsiglist(signatures->library, &list, &count) != DKIM_STAT_OK)
    return;
  for (int i = 0; i < count; i++) {
    struct entry *entry = find_entry(signatures, list[i]);
    if (entry && entry->signature.refused == AUTH_NONE)
      entry->info = list[i];
    else
      dkim_sig_ignore(list[i]);
  }
}

void signatures_end_fields(struct signatures *signatures)
{
  check_header(signatures);
  if (any_left(signatures))
    end_header(signatures);
  for (size_t i = 0; i < signatures->count; i++) {
    struct entry *entry = &signatures->entries[i];
    if (!entry->info) {
      refuse(entry, AUTH_NEUTRAL, "the signature could not be processed");
      continue;
    }
    entry->key_name = key_name(signatures->arena, &entry->signature);
    lookups_start(signatures->lookups, entry->key_name, DNS_TXT);
    if (!signatures->body)
      signatures->body = body_new();
    entry->hash = body_want(signatures->body, entry->signature.relaxed_body,
                            entry->signature.limited ? entry->signature.body_length : UINT64_MAX);
  }
  if (!any_left(signatures))
    close_library(signatures);
}

bool signatures_want_body(const struct signatures *signatures)
{
  return signatures->body && body_wants_more(signatures->body);
}

void signatures_body(struct signatures *signatures, const void *bytes, size_t length)
{
  if (signatures_want_body(signatures))
    body_feed(signatures->body, bytes, length);
}

/* Waits for the keys; true where the library has something to verify. */
static bool read_keys(struct signatures *signatures, struct signature_facts *facts)
{
  bool any = false;
  for (size_t i = 0; i < signatures->count; i++) {
    struct entry *entry = &signatures->entries[i];
    facts->signatures[i].dnssec = DNSSEC_INDETERMINATE;
    if (!entry->info)
      continue;
    const struct dns_answer *answer = lookups_get(signatures->lookups, entry->key_name, DNS_TXT);
    facts->signatures[i].dnssec = answer->dnssec;
    key_read(signatures->arena, &entry->key, answer, &entry->signature);
    if (entry->key.refused != AUTH_NONE) {
      refuse(entry, entry->key.refused, entry->key.why);
      dkim_sig_ignore(entry->info);
    } else
      any = true;
  }
  return any;
}

/* What keeps the library from a right answer about this signature, or NULL. */
static const char *find_obstacle(const struct signatures *signatures, const struct entry *entry)
{
  DKIM_SIGERROR error = dkim_sig_geterror(entry->info);
  if (signatures->failed || error == DKIM_SIGERROR_UNKNOWN || dkim_sig_getbh(entry->info) == DKIM_SIGBH_MISMATCH)
    return "the signature could not be processed";
  /* RFC 6376 2.8: white space is SP and HTAB. The library takes what C takes for it. */
  if (signatures->odd_space && entry->signature.relaxed_header && error == DKIM_SIGERROR_BADSIG)
    return "the header has bare carriage returns or form feeds";
  return NULL;
}

/* What the library found out about a signature (RFC 8601 2.7.1 for the words). */
static void read_result(struct signatures *signatures, struct entry *entry, struct signature_fact *fact)
{
  if (dkim_sig_getkeysize(entry->info, &fact->bits) != DKIM_STAT_OK)
    fact->bits = 0;
  bool weak = fact->bits > 0 && fact->bits < KEY_MIN_BITS;
  if (entry->signature.ed25519) { /* for which the library tells the size of the signature, if any */
    fact->bits = 256;
    weak = false;
  }
  DKIM_SIGERROR error = dkim_sig_geterror(entry->info);
  bool verified = error == DKIM_SIGERROR_OK && DKIM_SIG_CHECK(entry->info);
  const char *obstacle = find_obstacle(signatures, entry);
  if (obstacle) {
    fact->result = AUTH_NEUTRAL;
    fact->why = obstacle;
  } else if (weak || error == DKIM_SIGERROR_KEYTOOSMALL) {
    /* RFC 8301 3.2: signatures with RSA keys of less than 1,024 bits must not be considered valid. */
    fact->result = AUTH_POLICY;
    fact->why = arena_printf(signatures->arena, "an RSA key of %u bits is too short (RFC 8301)", fact->bits);
  } else if (!verified && error != DKIM_SIGERROR_BADSIG) {
    fact->result = AUTH_PERMERROR;
    fact->why = error == DKIM_SIGERROR_KEYDECODE ? "the key cannot be decoded" : "the signature is unusable";
  } else if (body_falls_short(signatures->body, entry->hash)) {
    fact->result = AUTH_PERMERROR;
    fact->why = "l= is larger than the body";
  } else if (!body_hash_is(signatures->body, entry->hash, entry->signature.body_hash)) {
    fact->result = AUTH_FAIL;
    fact->why = "the body is not what was signed";
  } else if (!verified) {
    fact->result = AUTH_FAIL;
    fact->why = "the header is not what was signed";
  } else {
    fact->result = AUTH_PASS;
    fact->partial = body_goes_on(signatures->body, entry->hash);
    fact->why = fact->partial ? "the end of the body is not signed (l=)" : NULL;
  }
}

struct signature_facts signatures_finish(struct signatures *signatures)
{
  struct signature_facts facts = {.count = signatures->count, .not_evaluated = signatures->not_evaluated};
  if (signatures->body)
    body_end(signatures->body);
  if (read_keys(signatures, &facts) && !signatures->failed)
    dkim_eom(signatures->library, NULL); /* whose answer is about one signature only */
  for (size_t i = 0; i < signatures->count; i++) {
    struct entry *entry = &signatures->entries[i];
    struct signature_fact *fact = &facts.signatures[i];
    fact->domain = entry->signature.domain;
    fact->selector = entry->signature.selector;
    fact->algorithm = entry->signature.algorithm;
    fact->signature = entry->signature.shown;
    fact->testing = entry->key.testing;
    fact->result = entry->signature.refused;
    fact->why = entry->signature.why;
    if (fact->result == AUTH_NONE)
      read_result(signatures, entry, fact);
  }
  return facts;
}
