/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing HTML, with libxml2: what is text is escaped by the writer, so that no value can become markup. The names of
 * elements and attributes are constant text of the program.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct page;

/* Never NULL: where memory runs out the process ends, as in memory.h. */
struct page *page_new(void);
/* Appends what was written, and frees the page. */
void page_finish(struct page *page, struct text *out);

/* page_end() writes an end tag also where nothing is in between, as HTML wants it; page_end_void() ends one that can have
 * nothing in it (meta), or an element of SVG. */
void page_start(struct page *page, const char *element);
void page_attribute(struct page *page, const char *name, const char *value);
void page_text(struct page *page, const char *text);
void page_end(struct page *page);
void page_end_void(struct page *page);

/* An element with text in it; class may be NULL. */
void page_element(struct page *page, const char *element, const char *class, const char *text);
/* Attributes in pairs, ended by NULL. */
void page_attributes(struct page *page, const char *const *pairs);
void page_number(struct page *page, const char *name, int64_t value);
/* "12.34%", for places in a plot. */
void page_percent(struct page *page, const char *name, double share);
/* Text in a plot, its base line at y. */
void page_label(struct page *page, const char *class, const char *x, int y, const char *text);
/* A style sheet: constant text of the program, as it is. */
void page_style(struct page *page, const char *style);
