/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing HTML. See page.h.
 */
#include "report/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libxml/xmlwriter.h>

#include "base/memory.h"

struct page {
  xmlBufferPtr buffer;
  xmlTextWriterPtr writer;
};

/* The writer fails only for want of memory, or where the program nests wrongly. */
static void must(int status)
{
  if (status >= 0)
    return;
  fputs("cannot write HTML: out of memory\n", stderr);
  abort();
}

static const xmlChar *xml(const char *string)
{
  return (const xmlChar *)string;
}

struct page *page_new(void)
{
  struct page *page = memory_new(sizeof *page);
  page->buffer = xmlBufferCreate();
  page->writer = page->buffer ? xmlNewTextWriterMemory(page->buffer, 0) : NULL;
  must(page->writer ? 0 : -1);
  must(xmlTextWriterWriteDTD(page->writer, xml("html"), NULL, NULL, NULL));
  return page;
}

void page_finish(struct page *page, struct text *out)
{
  must(xmlTextWriterEndDocument(page->writer));
  xmlFreeTextWriter(page->writer);
  text_add_bytes(out, xmlBufferContent(page->buffer), (size_t)xmlBufferLength(page->buffer));
  xmlBufferFree(page->buffer);
  free(page);
}

void page_start(struct page *page, const char *element)
{
  must(xmlTextWriterStartElement(page->writer, xml(element)));
}

void page_attribute(struct page *page, const char *name, const char *value)
{
  must(xmlTextWriterWriteAttribute(page->writer, xml(name), xml(value)));
}

void page_text(struct page *page, const char *text)
{
  must(xmlTextWriterWriteString(page->writer, xml(text)));
}

void page_end(struct page *page)
{
  must(xmlTextWriterFullEndElement(page->writer));
}

void page_end_void(struct page *page)
{
  must(xmlTextWriterEndElement(page->writer));
}

void page_element(struct page *page, const char *element, const char *class, const char *text)
{
  page_start(page, element);
  if (class)
    page_attribute(page, "class", class);
  page_text(page, text);
  page_end(page);
}

void page_attributes(struct page *page, const char *const *pairs)
{
  for (; *pairs; pairs += 2)
    page_attribute(page, pairs[0], pairs[1]);
}

void page_number(struct page *page, const char *name, int64_t value)
{
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRId64, value);
  page_attribute(page, name, digits);
}

void page_percent(struct page *page, const char *name, double share)
{
  char shown[32];
  int hundredths = (int)(share * 10000 + 0.5); /* not %f, which knows a locale */
  snprintf(shown, sizeof shown, "%d.%02d%%", hundredths / 100, hundredths % 100);
  page_attribute(page, name, shown);
}

void page_label(struct page *page, const char *class, const char *x, int y, const char *text)
{
  page_start(page, "text");
  page_attributes(page, (const char *const[]){"class", class, "x", x, NULL});
  page_number(page, "y", y);
  page_text(page, text);
  page_end(page);
}

void page_style(struct page *page, const char *style)
{
  page_start(page, "style");
  must(xmlTextWriterWriteRaw(page->writer, xml(style)));
  page_end(page);
}
