/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A JSON object on one line, read without an allocation for each value: an import reads millions of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one line; more is no log line. One with 10,000 recipients has half of it. */
enum { DOCUMENT_NODES_MAX = 1 << 20 };
/* Lists and maps in one another; a line of the audit log has less than ten. */
enum { DOCUMENT_DEPTH_MAX = 32 };

enum document_kind { DOCUMENT_NULL, DOCUMENT_BOOL, DOCUMENT_INTEGER, DOCUMENT_REAL, DOCUMENT_TEXT, DOCUMENT_LIST, DOCUMENT_MAP };

/* Borrowed until the next document_read(). */
struct document_node {
  enum document_kind kind;
  uint32_t key_length;
  const char *key;  /* in a map; else NULL */
  const char *text; /* valid UTF-8 without NUL, with a NUL behind it */
  int64_t number;   /* bool: 0, 1 */
  uint32_t next;    /* the node behind this one and all that is in it */
  uint32_t sought;  /* of a map: where the last member was found */
};

struct document;

struct document *document_new(void);
void document_free(struct document *document); /* takes NULL */
/* The top of a whole JSON value, or NULL where the line is none, has more than one, or goes beyond a bound above. The line
 * is changed, must end in NUL, and is borrowed. */
struct document_node *document_read(struct document *document, char *line, size_t length);
/* A member of a map; NULL where there is none, or `of` is NULL or no map. Fastest where members are asked for in the order
 * in which they stand. Where two have the name it may be either, and another one the next time. */
struct document_node *document_get(struct document *document, struct document_node *of, const char *key);
/* The first element of a list, and the one behind; NULL where there is none. */
struct document_node *document_first(struct document *document, struct document_node *list);
struct document_node *document_next(struct document *document, struct document_node *list, struct document_node *element);
/* NULL where it is no text. */
const char *document_text(const struct document_node *node);
