/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The addresses of a header field. See address.h; path.c reads those of the envelope.
 *
 * A parser by recursive descent over RFC 5322 3.4 with the obsolete forms of 4.4, where they leave no doubt. A field
 * that two programs could read differently is refused as a whole: what a mail reader shows must be what DMARC judged.
 */
#include "message/address.h"

#include <string.h>

#include "base/domain.h"
#include "base/ip.h"
#include "base/memory.h"
#include "base/text.h"
#include "message/scan.h"

enum { MAILBOXES_MAX = 1000, FIELD_MAX = 64 * 1024 };

struct parser {
  struct scan scan;
  struct arena *arena;
  struct address_list list;
  size_t room;
  struct text words; /* the words before an @, < or : as a local part would be */
};

/* What a run of words and dots was. A phrase need not be a local part, nor the other way round. */
struct words {
  unsigned count;  /* of words */
  bool dots;       /* a dot stands somewhere */
  bool is_local;   /* no two words without a dot between them */
  bool is_quoted;  /* a quoted string is among them */
};

static int refuse(struct parser *parser, const char *why)
{
  if (!parser->list.why)
    parser->list.why = why;
  return -1;
}

static int skip_space(struct parser *parser)
{
  int found = scan_space(&parser->scan);
  return found < 0 ? refuse(parser, parser->scan.why) : found;
}

/* The next character, 0 at the end. */
static char peek(const struct parser *parser)
{
  return parser->scan.next < parser->scan.end ? *parser->scan.next : '\0';
}

static bool take(struct parser *parser, char c)
{
  if (peek(parser) != c || parser->scan.next == parser->scan.end)
    return false;
  parser->scan.next++;
  return true;
}

/* True where a reader may see the start of an encoded-word (RFC 2047 2). Its end may stand elsewhere. */
static bool has_encoded_word(const char *bytes, size_t length)
{
  for (size_t i = 0; i + 1 < length; i++)
    if (bytes[i] == '=' && bytes[i + 1] == '?')
      return true;
  return false;
}

/* RFC 5322 4.1 obs-phrase and 4.4 obs-local-part: words and dots with CFWS anywhere. Stops before any other
 * character; parser->words has the text. Dots may also lead, end or be doubled: not legal, yet some providers gave out
 * such addresses, and they leave no doubt. */
static int parse_words(struct parser *parser, struct words *words)
{
  bool after_word = false;
  *words = (struct words){.is_local = true};
  text_clear(&parser->words);
  for (;;) {
    if (skip_space(parser) < 0)
      return -1;
    char c = peek(parser);
    if (take(parser, '.')) {
      text_add_char(&parser->words, '.');
      words->dots = true;
      after_word = false;
      continue;
    }
    if (c == '"') {
      words->is_quoted = true;
      if (scan_quoted(&parser->scan, &parser->words) < 0)
        return refuse(parser, parser->scan.why);
    } else {
      const char *start = parser->scan.next;
      while (parser->scan.next < parser->scan.end && scan_is_atext(*parser->scan.next))
        parser->scan.next++;
      if (parser->scan.next == start)
        return 0;
      text_add_bytes(&parser->words, start, (size_t)(parser->scan.next - start));
    }
    if (after_word)
      words->is_local = false;
    words->count++;
    after_word = true;
  }
}

/* The words become the local part of an address. */
static int take_local(struct parser *parser, const struct words *words, struct mailbox *mailbox)
{
  if (words->count == 0)
    return refuse(parser, "an address without a local part");
  if (!words->is_local)
    return refuse(parser, "an @ in text that is not quoted");
  /* RFC 2047 5: never in an address; who decodes it there sees another one. */
  if (has_encoded_word(parser->words.bytes, parser->words.length))
    return refuse(parser, "an encoded-word inside an address");
  if (!text_is_utf8(parser->words.bytes, parser->words.length))
    return refuse(parser, "a local part that is not UTF-8");
  mailbox->local = arena_copy(parser->arena, parser->words.bytes, parser->words.length);
  return 0;
}

/* RFC 5322 3.4.1 domain-literal, behind its opening bracket. What it says does not matter to anybody here. */
static int parse_literal(struct parser *parser, struct mailbox *mailbox)
{
  mailbox->literal = true;
  mailbox->domain = "";
  for (;;) {
    char c = peek(parser);
    if (take(parser, ']'))
      return skip_space(parser) < 0 ? -1 : 0;
    if (parser->scan.next == parser->scan.end || c == '[' || c == '\\' || (unsigned char)c >= 0x7f)
      return refuse(parser, "an address literal that does not end or is malformed");
    parser->scan.next++;
  }
}

/* RFC 5322 3.4.1 dot-atom and 4.4 obs-domain, RFC 6532 3.2; CFWS around it is taken too. One final dot is taken away
 * by the normalization. */
static int parse_domain(struct parser *parser, struct mailbox *mailbox)
{
  char normalized[DOMAIN_SIZE];
  struct words words;
  struct ip ip;
  if (skip_space(parser) < 0)
    return -1;
  if (take(parser, '['))
    return parse_literal(parser, mailbox);
  if (parse_words(parser, &words) < 0)
    return -1;
  if (words.count == 0)
    return refuse(parser, "an address without a domain");
  if (!words.is_local)
    return refuse(parser, "text behind an address");
  if (words.is_quoted || domain_normalize(normalized, parser->words.bytes, parser->words.length) < 0)
    return refuse(parser, "an illegal domain");
  if (ip_parse(&ip, normalized) == 0)
    return refuse(parser, "an IP address in place of a domain");
  mailbox->domain = arena_string(parser->arena, normalized);
  return 0;
}

/* RFC 5322 4.4 obs-route: "@a,@b:", next standing on its first character. Routes lead nowhere today and are
 * skipped, but must be well formed. */
static int skip_route(struct parser *parser)
{
  struct mailbox hop;
  for (;;) {
    if (take(parser, '@')) {
      if (parse_domain(parser, &hop) < 0)
        return -1;
    } else if (!take(parser, ',')) {
      break;
    }
    if (skip_space(parser) < 0)
      return -1;
  }
  return take(parser, ':') ? 0 : refuse(parser, "an address without a local part");
}

/* local-part "@" domain, or a local part alone, the words of which have been read. */
static int finish_address(struct parser *parser, const struct words *words, struct mailbox *mailbox)
{
  *mailbox = (struct mailbox){.local = "", .domain = ""};
  if (take_local(parser, words, mailbox) < 0)
    return -1;
  if (!take(parser, '@'))
    return 0;
  if (parse_domain(parser, mailbox) < 0)
    return -1;
  return peek(parser) == '@' ? refuse(parser, "a second @ in an address") : 0;
}

/* RFC 5322 3.4 angle-addr, behind its opening bracket. */
static int parse_angle(struct parser *parser, struct mailbox *mailbox)
{
  struct words words;
  if (skip_space(parser) < 0)
    return -1;
  char c = peek(parser);
  if ((c == '@' || c == ',') && skip_route(parser) < 0)
    return -1;
  if (parse_words(parser, &words) < 0)
    return -1;
  if (words.count == 0 && peek(parser) == '>')
    return refuse(parser, "an empty address");
  if (words.count > 0 && !words.is_local && peek(parser) != '@')
    return refuse(parser, "text in place of an address");
  if (finish_address(parser, &words, mailbox) < 0)
    return -1;
  if (!take(parser, '>'))
    return refuse(parser, "an angle bracket that does not end behind the address");
  return skip_space(parser) < 0 ? -1 : 0;
}

static int add_mailbox(struct parser *parser, struct mailbox mailbox)
{
  struct address_list *list = &parser->list;
  if (list->count == MAILBOXES_MAX)
    return refuse(parser, "too many addresses");
  if (list->count == parser->room) {
    size_t room = parser->room ? 2 * parser->room : 4;
    struct mailbox *grown = arena_alloc(parser->arena, room * sizeof *grown);
    if (list->count)
      memcpy(grown, list->mailboxes, list->count * sizeof *grown);
    list->mailboxes = grown;
    parser->room = room;
  }
  list->mailboxes[list->count++] = mailbox;
  return 0;
}

/* RFC 5322 3.4 mailbox, the words of which have been read, up to a separator. */
static int parse_mailbox(struct parser *parser, const struct words *words)
{
  struct mailbox mailbox, shown;
  bool has_shown = false;
  if (peek(parser) == '<' || peek(parser) == '@') {
    if (peek(parser) == '@') {
      if (finish_address(parser, words, &shown) < 0)
        return -1;
      has_shown = true;
      mailbox = shown;
    }
    if (take(parser, '<')) {
      if (parse_angle(parser, &mailbox) < 0)
        return -1;
      /* An unquoted @ has no place in a display name. Some mailers repeat the address there; only the same one is
       * harmless. */
      if (has_shown && (shown.literal || mailbox.literal || strcmp(shown.local, mailbox.local) != 0 ||
                        strcmp(shown.domain, mailbox.domain) != 0))
        return refuse(parser, "two addresses where one belongs");
    }
  } else if (!words->is_local) {
    return refuse(parser, "text without an address");
  } else if (finish_address(parser, words, &mailbox) < 0) {
    return -1;
  }
  char c = peek(parser);
  if (c == '<' || c == '@')
    return refuse(parser, "two addresses where one belongs");
  if (parser->scan.next < parser->scan.end && c != ',' && c != ';')
    return refuse(parser, "text behind an address");
  return add_mailbox(parser, mailbox);
}

/* RFC 5322 3.4 and 4.4: elements between commas, any of which may be empty. In a group up to its semicolon, at the
 * top up to the end. */
static int parse_list(struct parser *parser, bool in_group)
{
  struct words words;
  for (;;) {
    if (parse_words(parser, &words) < 0)
      return -1;
    char c = peek(parser);
    bool at_end = parser->scan.next == parser->scan.end;
    if (words.count == 0 && !words.dots && (at_end || c == ',' || c == ';')) {
      /* an empty element */
    } else if (c == ':' && !in_group) {
      /* RFC 5322 3.4 group, RFC 6854 in From. A display name is needed. */
      if (words.count == 0)
        return refuse(parser, "a group without a name");
      parser->scan.next++;
      parser->list.group = true;
      if (parse_list(parser, true) < 0 || skip_space(parser) < 0)
        return -1;
      if (parser->scan.next < parser->scan.end && peek(parser) != ',')
        return refuse(parser, "text behind a group");
    } else if (parse_mailbox(parser, &words) < 0) {
      return -1;
    }
    if (take(parser, ','))
      continue;
    if (in_group)
      return take(parser, ';') ? 0 : refuse(parser, "a group that does not end");
    if (parser->scan.next == parser->scan.end)
      return 0;
    return refuse(parser, "a character that is out of place");
  }
}

struct address_list address_list_parse(struct arena *arena, const char *value, size_t length)
{
  struct parser parser = {.arena = arena};
  int answer;
  if (length > FIELD_MAX)
    answer = refuse(&parser, "a field that is too long");
  else if (scan_begin(&parser.scan, value, length) < 0)
    answer = refuse(&parser, parser.scan.why);
  else
    answer = parse_list(&parser, false);
  text_free(&parser.words);
  parser.list.status = answer < 0 ? ADDRESS_INVALID : ADDRESS_OK;
  return parser.list;
}
