/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What was found out about a log, in plain words and as JSON. See verify.h.
 */
#include <inttypes.h>
#include <string.h>

#include "audit/emitter.h"
#include "trail/verify.h"

static const struct {
  const char *name;
  bool is_break;
} kinds[] = {
    [FINDING_MISSING] = {"missing", true},       [FINDING_CHANGED] = {"changed", true},
    [FINDING_ADDED] = {"added", true},           [FINDING_REORDERED] = {"reordered", true},
    [FINDING_RENUMBERED] = {"renumbered", true}, [FINDING_ANEW] = {"begun-anew", true},
    [FINDING_DAMAGED] = {"damaged", true},       [FINDING_TORN] = {"torn", false},
    [FINDING_UNFINISHED] = {"unfinished", false}, [FINDING_KILLED] = {"killed", false},
    [FINDING_EARLIER] = {"earlier", false},      [FINDING_REKEYED] = {"rekeyed", false},
    [FINDING_COPY] = {"copy", false},
    [FINDING_CLOCK] = {"clock", false},
};

const char *finding_name(enum finding_kind kind)
{
  return kinds[kind].name;
}

bool finding_is_break(enum finding_kind kind)
{
  return kinds[kind].is_break;
}

static const char *plural(uint64_t count)
{
  return count == 1 ? "" : "s";
}

static void tell_chain(struct text *out, const struct chain_summary *chain)
{
  text_printf(out, "%s\n", *chain->host ? chain->host : "(host not told)");
  text_printf(out, "  lines   %" PRIu64 ", seq %" PRIu64 " to %" PRIu64 "\n", chain->lines, chain->first.seq,
              chain->last.seq);
  text_printf(out, "  time    %s to %s\n", *chain->first.time ? chain->first.time : "?",
              *chain->last.time ? chain->last.time : "?");
  text_printf(out, "  daemon  %" PRIu64 " start%s", chain->starts, plural(chain->starts));
  if (chain->killed)
    text_printf(out, ", %" PRIu64 " of them after a daemon that had not said that it stopped", chain->killed);
  text_printf(out, "; at the end %s\n",
              chain->stopped ? "it said that it stops" : "it still ran, or ended without saying so");
  text_printf(out, "  hash    %s\n", chain->digest);
}

static void tell_findings(struct text *out, const struct verdict *verdict, bool breaks)
{
  for (size_t i = 0; i < verdict->finding_count; i++)
    if (finding_is_break(verdict->findings[i].kind) == breaks)
      text_printf(out, "%s  %s\n", breaks ? "BREAK" : "note ", verdict->findings[i].text);
}

void verdict_tell(struct text *out, const struct verdict *verdict)
{
  for (size_t i = 0; i < verdict->chain_count; i++)
    tell_chain(out, &verdict->chains[i]);
  tell_findings(out, verdict, true);
  tell_findings(out, verdict, false);
  text_printf(out, "%" PRIu64 " line%s in %zu file%s, %zu log%s: ", verdict->lines, plural(verdict->lines),
              verdict->survey.file_count, plural(verdict->survey.file_count), verdict->chain_count,
                  plural(verdict->chain_count));
  if (verdict->breaks)
    text_printf(out, "%zu break%s\n", verdict->breaks, plural(verdict->breaks));
  else if (verdict->unreadable)
    text_add(out, "no break in what could be read\n");
  else if (verdict->lines == 0)
    text_add(out, "nothing to verify\n");
  else
    text_add(out, "no break. Who can write to the files could still write all lines behind a change anew; that shows "
                  "where a hash like the one above was kept elsewhere\n");
}

static void write_spot(struct emitter *emitter, const struct verdict *verdict, const struct spot *spot)
{
  emitter_key(emitter, "file");
  emitter_string(emitter, verdict->survey.files[spot->file].path);
  emitter_key(emitter, "line");
  emitter_number(emitter, (long long)spot->line);
  emitter_key(emitter, "seq");
  if (spot->seq)
    emitter_number(emitter, (long long)spot->seq);
  else
    emitter_null(emitter);
  emitter_key(emitter, "time");
  emitter_known(emitter, spot->time);
}

static void write_number(struct emitter *emitter, const char *key, uint64_t value)
{
  emitter_key(emitter, key);
  emitter_number(emitter, (long long)value);
}

static void write_bool(struct emitter *emitter, const char *key, bool value)
{
  emitter_key(emitter, key);
  emitter_bool(emitter, value);
}

static void write_finding(struct emitter *emitter, const struct verdict *verdict, const struct finding *finding)
{
  emitter_key(emitter, "type");
  emitter_string(emitter, "finding");
  emitter_key(emitter, "kind");
  emitter_string(emitter, finding_name(finding->kind));
  write_bool(emitter, "break", finding_is_break(finding->kind));
  write_spot(emitter, verdict, &finding->at);
  emitter_key(emitter, "lines");
  if (finding->count)
    emitter_number(emitter, (long long)finding->count);
  else
    emitter_null(emitter);
  emitter_key(emitter, "text");
  emitter_string(emitter, finding->text);
}

static void write_chain(struct emitter *emitter, const struct verdict *verdict, const struct chain_summary *chain)
{
  emitter_key(emitter, "type");
  emitter_string(emitter, "log");
  emitter_key(emitter, "host");
  emitter_known(emitter, chain->host);
  write_number(emitter, "lines", chain->lines);
  emitter_key(emitter, "first");
  emitter_open_map(emitter);
  write_spot(emitter, verdict, &chain->first);
  emitter_close_map(emitter);
  emitter_key(emitter, "last");
  emitter_open_map(emitter);
  write_spot(emitter, verdict, &chain->last);
  emitter_close_map(emitter);
  write_number(emitter, "starts", chain->starts);
  write_number(emitter, "killed", chain->killed);
  write_bool(emitter, "stopped", chain->stopped);
  emitter_key(emitter, "hash");
  emitter_string(emitter, chain->digest);
}

static struct emitter *open_row(struct text *out)
{
  struct emitter *emitter = emitter_new(out);
  emitter_open_map(emitter);
  return emitter;
}

static void close_row(struct text *out, struct emitter *emitter)
{
  emitter_close_map(emitter);
  emitter_free(emitter);
  text_add_char(out, '\n');
}

void verdict_write(struct text *out, const struct verdict *verdict)
{
  struct emitter *emitter;
  for (size_t i = 0; i < verdict->finding_count; i++) {
    emitter = open_row(out);
    write_finding(emitter, verdict, &verdict->findings[i]);
    close_row(out, emitter);
  }
  for (size_t i = 0; i < verdict->chain_count; i++) {
    emitter = open_row(out);
    write_chain(emitter, verdict, &verdict->chains[i]);
    close_row(out, emitter);
  }
  emitter = open_row(out);
  emitter_key(emitter, "type");
  emitter_string(emitter, "summary");
  write_number(emitter, "files", verdict->survey.file_count);
  write_number(emitter, "lines", verdict->lines);
  write_number(emitter, "logs", verdict->chain_count);
  write_number(emitter, "breaks", verdict->breaks);
  write_bool(emitter, "unreadable", verdict->unreadable);
  close_row(out, emitter);
}
