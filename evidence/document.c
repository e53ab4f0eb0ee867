/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON on one line. See document.h.
 *
 * yajl tells of values as they come; they are laid into one array in that order. Its handle is used for many lines, as
 * making one costs more than a line does.
 */
#include "evidence/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/memory.h"
#include "base/text.h"

enum { NODES_AT_FIRST = 1024 };

struct document {
  yajl_handle parser;
  struct document_node *nodes;
  uint32_t count, size;
  uint32_t open[DOCUMENT_DEPTH_MAX];
  unsigned depth, tops;
  const char *key;
  uint32_t key_length;
  char *line, *end;                    /* of the line at hand */
  char *scratch;                       /* for text that had escapes in it */
  size_t scratch_size, scratch_used;
};

/* The text with a NUL behind it; NULL where it has one in it. What stands in the line stays there: its closing quote was
 * read already and gives way to the NUL. */
static const char *settle_text(struct document *document, const unsigned char *bytes, size_t length)
{
  char *text = (char *)(uintptr_t)bytes;
  if (memchr(bytes, '\0', length))
    return NULL;
  if (text < document->line || text + length >= document->end) {
    text = document->scratch + document->scratch_used;
    memcpy(text, bytes, length);
    document->scratch_used += length + 1;
  }
  text[length] = '\0';
  return text;
}

static struct document_node *add(struct document *document, enum document_kind kind)
{
  if (document->count == DOCUMENT_NODES_MAX || (document->depth == 0 && document->tops++ > 0))
    return NULL;
  if (document->count == document->size) {
    document->size = document->size > 0 ? 2 * document->size : NODES_AT_FIRST;
    document->nodes = memory_resize(document->nodes, document->size * sizeof *document->nodes);
  }
  struct document_node *node = &document->nodes[document->count++];
  *node = (struct document_node){.kind = kind, .key = document->key, .key_length = document->key_length,
                                 .next = document->count};
  document->key = NULL;
  document->key_length = 0;
  return node;
}

static int take_null(void *context)
{
  return add(context, DOCUMENT_NULL) != NULL;
}

static int take_bool(void *context, int value)
{
  struct document_node *node = add(context, DOCUMENT_BOOL);
  if (node)
    node->number = value != 0;
  return node != NULL;
}

static int take_number(void *context, const char *digits, size_t length)
{
  bool is_whole = true;
  for (size_t i = 0; i < length; i++)
    is_whole = is_whole && (digits[i] == '-' || (digits[i] >= '0' && digits[i] <= '9'));
  struct document_node *node = add(context, is_whole ? DOCUMENT_INTEGER : DOCUMENT_REAL);
  if (!node || !is_whole)
    return node != NULL;
  errno = 0;
  node->number = strtoll(digits, NULL, 10); /* what follows in the line ends it */
  return errno == 0;
}

static int take_text(void *context, const unsigned char *bytes, size_t length)
{
  const char *text = settle_text(context, bytes, length);
  struct document_node *node = text ? add(context, DOCUMENT_TEXT) : NULL;
  if (node)
    node->text = text;
  return node != NULL;
}

static int take_key(void *context, const unsigned char *bytes, size_t length)
{
  struct document *document = context;
  document->key = settle_text(document, bytes, length);
  document->key_length = (uint32_t)length;
  return document->key != NULL;
}

static int open_node(struct document *document, enum document_kind kind)
{
  if (document->depth == DOCUMENT_DEPTH_MAX || !add(document, kind))
    return 0;
  document->open[document->depth++] = document->count - 1;
  return 1;
}

static int open_map(void *context)
{
  return open_node(context, DOCUMENT_MAP);
}

static int open_list(void *context)
{
  return open_node(context, DOCUMENT_LIST);
}

static int close_node(void *context)
{
  struct document *document = context;
  struct document_node *node = &document->nodes[document->open[--document->depth]];
  node->next = document->count;
  node->sought = document->open[document->depth] + 1;
  return 1;
}

static const yajl_callbacks callbacks = {.yajl_null = take_null, .yajl_boolean = take_bool, .yajl_number = take_number,
                                         .yajl_string = take_text, .yajl_start_map = open_map, .yajl_map_key = take_key,
                                         .yajl_end_map = close_node, .yajl_start_array = open_list,
                                         .yajl_end_array = close_node};

static void start_parser(struct document *document)
{
  document->parser = yajl_alloc(&callbacks, NULL, document);
  if (!document->parser)
    abort(); /* Out of memory, as base/memory.h says. */
  yajl_config(document->parser, yajl_allow_multiple_values, 1);
}

struct document *document_new(void)
{
  struct document *document = memory_new(sizeof *document);
  start_parser(document);
  return document;
}

void document_free(struct document *document)
{
  if (!document)
    return;
  yajl_free(document->parser);
  free(document->nodes);
  free(document->scratch);
  free(document);
}

struct document_node *document_read(struct document *document, char *line, size_t length)
{
  /* yajl lets pass what only looks like UTF-8: surrogates, and characters in more octets than they need. */
  if (!text_is_utf8(line, length))
    return NULL;
  document->count = 0;
  document->depth = document->tops = 0;
  document->key = NULL;
  document->key_length = 0;
  document->line = line;
  document->end = line + length;
  document->scratch_used = 0;
  if (document->scratch_size < 2 * length + 2) { /* every text gets a NUL, and has two quotes */
    document->scratch_size = 2 * length + 2;
    free(document->scratch);
    document->scratch = memory_new(document->scratch_size);
  }
  yajl_status status = yajl_parse(document->parser, (const unsigned char *)line, length);
  /* A newline ends a number at the top, which otherwise could go on. */
  if (status == yajl_status_ok)
    status = yajl_parse(document->parser, (const unsigned char *)"\n", 1);
  if (status == yajl_status_ok && document->depth == 0 && document->tops == 1 && document->count > 0)
    return document->nodes;
  yajl_free(document->parser);
  start_parser(document);
  return NULL;
}

struct document_node *document_get(struct document *document, struct document_node *of, const char *key)
{
  if (!of || of->kind != DOCUMENT_MAP)
    return NULL;
  uint32_t first = (uint32_t)(of - document->nodes) + 1, at = of->sought;
  size_t length = strlen(key);
  if (first == of->next)
    return NULL;
  if (at >= of->next)
    at = first;
  uint32_t begun = at;
  do {
    struct document_node *node = &document->nodes[at];
    if (node->key_length == length && memcmp(node->key, key, length) == 0) {
      of->sought = node->next;
      return node;
    }
    at = node->next < of->next ? node->next : first;
  } while (at != begun);
  return NULL;
}

struct document_node *document_first(struct document *document, struct document_node *list)
{
  if (!list || list->kind != DOCUMENT_LIST)
    return NULL;
  uint32_t at = (uint32_t)(list - document->nodes) + 1;
  return at < list->next ? &document->nodes[at] : NULL;
}

struct document_node *document_next(struct document *document, struct document_node *list, struct document_node *element)
{
  return element->next < list->next ? &document->nodes[element->next] : NULL;
}

const char *document_text(const struct document_node *node)
{
  return node && node->kind == DOCUMENT_TEXT ? node->text : NULL;
}
