/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An aggregate report as XML, with libxml2. See document.h.
 */
#include "feedback/document.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "feedback/destination.h"
#include "feedback/tally.h"

enum { DAY_SECONDS = 86400 };

#define NAMESPACE "urn:ietf:params:xml:ns:dmarc-2.0"

struct document {
  xmlTextWriterPtr writer;
  bool failed;
};

static const xmlChar *x(const char *string)
{
  return (const xmlChar *)string;
}

static void open_element(struct document *document, const char *name)
{
  document->failed |= xmlTextWriterStartElement(document->writer, x(name)) < 0;
}

static void close_element(struct document *document)
{
  document->failed |= xmlTextWriterEndElement(document->writer) < 0;
}

static void element(struct document *document, const char *name, const char *value)
{
  char printable[TEXT_PRINTABLE_MAX + 1];
  text_printable(printable, sizeof printable, value, strlen(value));
  document->failed |= xmlTextWriterWriteElement(document->writer, x(name), x(printable)) < 0;
}

static void number(struct document *document, const char *name, int64_t value)
{
  char digits[32];
  snprintf(digits, sizeof digits, "%" PRId64, value);
  element(document, name, digits);
}

void document_id(struct text *out, const struct reporter *reporter, const struct tally_report *report)
{
  text_printf(out, "%.4s%.2s%.2s.%s@%s", report->day, report->day + 5, report->day + 8, report->policy_domain,
              reporter->submitter);
}

void document_name(struct text *out, const struct reporter *reporter, const struct tally_report *report)
{
  text_printf(out, "%s!%s!%" PRId64 "!%" PRId64, reporter->submitter, report->policy_domain, report->begin,
              report->begin + DAY_SECONDS - 1);
}

static void write_metadata(struct document *document, const struct reporter *reporter,
                           const struct tally_report *report)
{
  struct text id = {0};
  document_id(&id, reporter, report);
  open_element(document, "report_metadata");
  element(document, "org_name", reporter->organization);
  element(document, "email", reporter->email);
  element(document, "report_id", id.bytes);
  open_element(document, "date_range");
  number(document, "begin", report->begin);
  number(document, "end", report->begin + DAY_SECONDS - 1);
  close_element(document);
  element(document, "generator", reporter->generator);
  close_element(document);
  text_free(&id);
}

/* The record as it stands when the report is made: the log has only what was asked of each message. RFC 9990, "Changes
 * in Policy During Reporting Period", allows for that. */
static void write_policy(struct document *document, const struct tally_report *report,
                         const struct dmarc_record *record)
{
  open_element(document, "policy_published");
  element(document, "domain", report->policy_domain);
  element(document, "p", owner_policy_name(record->p));
  element(document, "sp", owner_policy_name(record->sp));
  element(document, "np", owner_policy_name(record->np));
  element(document, "adkim", record->strict_dkim ? "s" : "r");
  element(document, "aspf", record->strict_spf ? "s" : "r");
  element(document, "discovery_method", "treewalk");
  element(document, "testing", record->testing ? "y" : "n");
  close_element(document);
}

static void write_row(struct document *document, const struct tally_row *row)
{
  open_element(document, "row");
  element(document, "source_ip", row->source_ip);
  number(document, "count", (int64_t)row->count);
  open_element(document, "policy_evaluated");
  element(document, "disposition", row->disposition);
  element(document, "dkim", row->aligned_dkim ? "pass" : "fail");
  element(document, "spf", row->aligned_spf ? "pass" : "fail");
  if (row->reason) {
    open_element(document, "reason");
    element(document, "type", row->reason);
    if (row->comment)
      element(document, "comment", row->comment);
    close_element(document);
  }
  close_element(document);
  close_element(document);
}

static void write_results(struct document *document, const struct tally_row *row)
{
  open_element(document, "auth_results");
  for (size_t i = 0; i < row->signature_count; i++) {
    open_element(document, "dkim");
    element(document, "domain", row->signatures[i].domain);
    element(document, "selector", row->signatures[i].selector);
    element(document, "result", row->signatures[i].result);
    close_element(document);
  }
  if (row->spf_domain && row->spf_result) {
    open_element(document, "spf");
    element(document, "domain", row->spf_domain);
    element(document, "scope", "mfrom");
    element(document, "result", row->spf_result);
    close_element(document);
  }
  close_element(document);
}

/* envelope_to is left out: whose mail it was is nobody's business. */
static void write_record(struct document *document, const struct tally_row *row)
{
  open_element(document, "record");
  write_row(document, row);
  open_element(document, "identifiers");
  element(document, "header_from", row->header_from);
  if (row->envelope_from)
    element(document, "envelope_from", row->envelope_from);
  close_element(document);
  write_results(document, row);
  close_element(document);
}

int document_write(struct text *out, const struct reporter *reporter, const struct tally_report *report,
                   const struct destination *destination)
{
  xmlBufferPtr buffer = xmlBufferCreate();
  struct document document = {.writer = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL};
  document.failed = !document.writer || xmlTextWriterSetIndent(document.writer, 1) < 0 ||
                    xmlTextWriterStartDocument(document.writer, "1.0", "UTF-8", NULL) < 0 ||
                    xmlTextWriterStartElementNS(document.writer, NULL, x("feedback"), x(NAMESPACE)) < 0;
  if (!document.failed) {
    element(&document, "version", "1.0");
    write_metadata(&document, reporter, report);
    write_policy(&document, report, &destination->record);
    for (const struct tally_row *row = report->first; row; row = row->next)
      write_record(&document, row);
    document.failed |= xmlTextWriterEndDocument(document.writer) < 0;
  }
  xmlFreeTextWriter(document.writer);
  if (!document.failed)
    text_add_bytes(out, xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
  xmlBufferFree(buffer);
  return document.failed ? -1 : 0;
}
