/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Makes and sends the reports. See dispatch.h.
 *
 * A report is sent, then written down. A crash between the two sends it again in the next run, under the same name and
 * Report-ID, by which its receiver knows it (RFC 9990, "Handling of Duplicates").
 */
#include "feedback/dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "feedback/destination.h"
#include "feedback/ledger.h"
#include "feedback/sendmail.h"
#include "feedback/tally.h"
#include "resolver/resolver.h"

enum { DAY_SECONDS = 86400, PATIENCE = 3 * DAY_SECONDS, ERROR_SIZE = 400 };

static void tell(const struct dispatch *dispatch, bool trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(const struct dispatch *dispatch, bool trouble, const char *format, ...)
{
  char text[4000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  dispatch->tell(dispatch->context, trouble, text);
}

void dispatch_want(struct tally *tally, const struct ledger *ledger, int64_t now)
{
  int64_t today = now - now % DAY_SECONDS;
  const char *first = ledger ? ledger_first(ledger) : NULL;
  for (int back = first ? DISPATCH_DAYS : 1; back > 0; back--) {
    char day[32];
    struct tm utc;
    time_t begin = (time_t)(today - (int64_t)back * DAY_SECONDS);
    gmtime_r(&begin, &utc);
    strftime(day, sizeof day, "%Y-%m-%d", &utc);
    if (!first || (strncmp(day, first, strlen(day)) >= 0 && !ledger_has(ledger, day, "*")))
      tally_want(tally, begin);
  }
}

static int save(const struct dispatch *dispatch, const char *name, const char *suffix, const struct text *text)
{
  struct text path = {0};
  text_printf(&path, "%s/%s%s", dispatch->folder, name, suffix);
  int file = open(path.bytes, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  ssize_t count = file < 0 ? -1 : write(file, text->bytes, text->length);
  int status = count == (ssize_t)text->length ? 0 : -1;
  if (file >= 0 && close(file) < 0)
    status = -1;
  if (status < 0)
    tell(dispatch, true, "%s: %s", path.bytes, strerror(errno ? errno : ENOSPC));
  text_free(&path);
  return status;
}

static const char *addresses_text(struct arena *arena, const struct destination *destination)
{
  const char *text = "";
  for (size_t i = 0; i < destination->count; i++)
    text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", destination->addresses[i]);
  return text;
}

/* What came of one report. */
enum end { END_SENT, END_UNASKED, END_WAITING, END_BROKEN };

static enum end write_down(const struct dispatch *dispatch, const struct tally_report *report, enum end end)
{
  char error[ERROR_SIZE];
  if (!dispatch->ledger || ledger_add(dispatch->ledger, report->day, report->policy_domain, error, sizeof error) == 0)
    return end;
  tell(dispatch, true, "%s", error);
  return END_BROKEN;
}

static enum end deliver(const struct dispatch *dispatch, struct arena *arena, const struct tally_report *report,
                        const struct destination *destination, const struct text *xml, const struct text *mail)
{
  char error[ERROR_SIZE];
  struct text name = {0};
  enum end end = END_SENT;
  document_name(&name, &dispatch->reporter, report);
  if (dispatch->folder) {
    if (save(dispatch, name.bytes, ".xml", xml) < 0 || save(dispatch, name.bytes, ".eml", mail) < 0)
      end = END_BROKEN;
  } else {
    sendmail_hold();
    if (sendmail_run(dispatch->sendmail, dispatch->reporter.email, mail, error, sizeof error) == 0) {
      end = write_down(dispatch, report, END_SENT);
    } else {
      tell(dispatch, true, "%s %s: not sent: %s", report->day, report->policy_domain, error);
      end = END_WAITING;
    }
    sendmail_release();
  }
  if (end == END_SENT)
    tell(dispatch, false, "%s %s: %" PRIu64 " message%s, %s %s%s%s", report->day, report->policy_domain,
         report->messages,
         report->messages == 1 ? "" : "s", dispatch->folder ? "would go to" : "sent to",
         addresses_text(arena, destination), destination->why ? "; not to " : "", destination->why ? destination->why :
             "");
  text_free(&name);
  return end;
}

static enum end make(const struct dispatch *dispatch, struct arena *arena, struct lookups *lookups,
                     const struct tally_report *report)
{
  struct destination destination = destination_find(arena, lookups, report->policy_domain);
  const char *why = destination.why ? destination.why : "no destination";
  /* After some days those that are known need not wait for the others any longer. */
  bool patient = dispatch->now - report->begin < DAY_SECONDS + PATIENCE;
  if (destination.unknown && (patient || !destination.found)) {
    tell(dispatch, true, "%s %s: not sent yet: %s", report->day, report->policy_domain, why);
    return END_WAITING;
  }
  if (destination.count == 0) {
    tell(dispatch, false, "%s %s: no report: %s", report->day, report->policy_domain, why);
    return write_down(dispatch, report, END_UNASKED);
  }
  struct text xml = {0}, mail = {0};
  enum end end = END_BROKEN;
  if (document_write(&xml, &dispatch->reporter, report, &destination) == 0 &&
      document_mail(&mail, &dispatch->reporter, report, &destination, &xml, dispatch->now) == 0)
    end = deliver(dispatch, arena, report, &destination, &xml, &mail);
  else
    tell(dispatch, true, "%s %s: the report cannot be made", report->day, report->policy_domain);
  text_free(&xml);
  text_free(&mail);
  return end;
}

static enum end make_one(const struct dispatch *dispatch, const struct tally_report *report)
{
  struct arena *arena = arena_new();
  struct lookups *lookups = lookups_new(dispatch->resolver, DESTINATION_QUERIES_MAX);
  enum end end = make(dispatch, arena, lookups, report);
  lookups_free(lookups);
  arena_free(arena);
  return end;
}

static int run_day(const struct dispatch *dispatch, const struct tally *tally, const char *day,
                   struct dispatched *dispatched)
{
  char error[ERROR_SIZE];
  bool waiting = false;
  for (const struct tally_report *report = tally->first; report; report = report->next) {
    if (report->day != day)
      continue;
    if (dispatch->ledger && ledger_has(dispatch->ledger, day, report->policy_domain)) {
      dispatched->earlier++;
      continue;
    }
    enum end end = make_one(dispatch, report);
    if (end == END_BROKEN)
      return -1;
    dispatched->sent += end == END_SENT;
    dispatched->unasked += end == END_UNASKED;
    dispatched->waiting += end == END_WAITING;
    waiting |= end == END_WAITING;
  }
  if (!dispatch->ledger || waiting || ledger_has(dispatch->ledger, day, "*") ||
      ledger_finish(dispatch->ledger, day, error, sizeof error) == 0)
    return 0;
  tell(dispatch, true, "%s", error);
  return -1;
}

int dispatch_run(const struct dispatch *dispatch, const struct tally *tally, struct dispatched *dispatched)
{
  char error[ERROR_SIZE];
  *dispatched = (struct dispatched){0};
  /* So that a day that is begun is not forgotten, whatever happens from now on. */
  for (size_t i = 0; dispatch->ledger && i < tally->day_count; i++)
    if (!ledger_has(dispatch->ledger, tally->days[i], "?") &&
        ledger_add(dispatch->ledger, tally->days[i], "?", error, sizeof error) < 0) {
      tell(dispatch, true, "%s", error);
      return -1;
    }
  for (size_t i = 0; i < tally->day_count; i++)
    if (run_day(dispatch, tally, tally->days[i], dispatched) < 0)
      return -1;
  return 0;
}
