/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The mail that carries a report: MIME, with the report as gzip, by zlib. See document.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zlib.h>

#include "base/memory.h"
#include "feedback/destination.h"
#include "feedback/document.h"
#include "feedback/tally.h"

enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8, LINE_OCTETS = 57 }; /* RFC 2045 6.8: 57 octets are 76 characters */

static int compress_gzip(struct text *out, const struct text *in)
{
  z_stream stream = {0};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    return -1;
  size_t room = deflateBound(&stream, in->length);
  unsigned char *bytes = memory_new(room);
  stream.next_in = (unsigned char *)in->bytes;
  stream.avail_in = (unsigned)in->length;
  stream.next_out = bytes;
  stream.avail_out = (unsigned)room;
  int status = in->length <= UINT32_MAX && room <= UINT32_MAX ? deflate(&stream, Z_FINISH) : Z_BUF_ERROR;
  if (status == Z_STREAM_END)
    text_add_bytes(out, bytes, stream.total_out);
  free(bytes);
  deflateEnd(&stream);
  return status == Z_STREAM_END ? 0 : -1;
}

static void add_base64(struct text *out, const struct text *in)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < in->length; i += 3) {
    unsigned char three[3] = {0};
    size_t count = in->length - i < 3 ? in->length - i : 3;
    memcpy(three, in->bytes + i, count);
    char four[4] = {digits[three[0] >> 2], digits[(three[0] & 3) << 4 | three[1] >> 4],
                    count > 1 ? digits[(three[1] & 15) << 2 | three[2] >> 6] : '=',
                    count > 2 ? digits[three[2] & 63] : '='};
    text_add_bytes(out, four, sizeof four);
    if (i % LINE_OCTETS == LINE_OCTETS - 3 || i + 3 >= in->length)
      text_add_char(out, '\n');
  }
}

/* RFC 5322 3.3, in English whatever the locale. */
static void add_date(struct text *out, int64_t now)
{
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  struct tm utc;
  time_t moment = (time_t)now;
  gmtime_r(&moment, &utc);
  text_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\n", days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon],
              1900 + utc.tm_year, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* One address or piece a line, so that no line grows long (RFC 5322 2.1.1). */
static void add_header(struct text *out, const struct reporter *reporter, const struct tally_report *report,
                       const struct destination *destination, const char *id, int64_t now)
{
  text_printf(out, "From: <%s>\nTo: ", reporter->email);
  for (size_t i = 0; i < destination->count; i++)
    text_printf(out, "%s<%s>", i ? ",\n " : "", destination->addresses[i]);
  text_add_char(out, '\n');
  add_date(out, now);
  /* RFC 9990, "Email": the form of the subject. */
  text_printf(out, "Subject: Report Domain: %s\n Submitter: %s\n Report-ID: <%s>\n", report->policy_domain,
              reporter->submitter, id);
  text_printf(out, "Message-ID: <%s>\n", id);
  text_add(out, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n");
  text_printf(out, "Content-Type: multipart/mixed;\n boundary=\"=_%" PRId64 "\"\n\n", report->begin);
}

int document_mail(struct text *out, const struct reporter *reporter, const struct tally_report *report,
                  const struct destination *destination, const struct text *xml, int64_t now)
{
  struct text packed = {0}, id = {0}, name = {0};
  int status = compress_gzip(&packed, xml);
  document_id(&id, reporter, report);
  document_name(&name, reporter, report);
  if (status == 0) {
    add_header(out, reporter, report, destination, id.bytes, now);
    text_printf(out, "--=_%" PRId64 "\nContent-Type: text/plain; charset=us-ascii\n\n", report->begin);
    text_printf(out, "This is a DMARC aggregate report (RFC 9990) about mail from\n%s\nof %s (UTC): %" PRIu64
                " message%s.\n\n", report->policy_domain, report->day, report->messages, report->messages == 1 ? "" :
                    "s");
    text_printf(out, "--=_%" PRId64 "\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n"
                "Content-Disposition: attachment;\n filename=\"%s.xml.gz\"\n\n", report->begin, name.bytes);
    add_base64(out, &packed);
    text_printf(out, "--=_%" PRId64 "--\n", report->begin);
  }
  text_free(&packed);
  text_free(&id);
  text_free(&name);
  return status;
}
