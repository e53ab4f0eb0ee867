/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of segments, and the host that each belongs to. See walk.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/unpack.h"
#include "trail/walk.h"

static struct row follow(const struct walk *walk, size_t head)
{
  struct row row = {.head = head, .tail = head, .host = "", .first = segment_at(walk, head)->first_whole.seq};
  row.last = segment_at(walk, head)->last.seq;
  for (size_t at = head; at != NONE; at = walk->steps[at].after) {
    const struct segment *segment = segment_at(walk, at);
    if (!*row.host)
      row.host = segment->host;
    if (row.first == 0)
      row.first = segment->first_whole.seq;
    bool goes_on = at == head || row.last == 0 || segment->first_whole.seq == row.last + 1;
    row.odd = !goes_on && walk->steps[at].after == NONE && path_lines(segment) == 1;
    row.last = row.odd ? row.last + 1 : segment->last.seq;
    row.tail = at;
  }
  return row;
}

static void find_rows(struct walk *walk)
{
  size_t count = walk->survey->segment_count;
  walk->rows = memory_new((count + 1) * sizeof *walk->rows);
  for (size_t i = 0; i < count; i++)
    if (!walk->steps[i].copy && (walk->steps[i].before == NONE || walk->steps[i].astray))
      walk->rows[walk->row_count++] = follow(walk, i);
}

/* The name of the log that a file belongs to, without what rotation adds: .1, .2.gz, -20261123. */
static size_t family_length(const char *path)
{
  size_t length = strlen(path) - unpack_suffix(path), end = length;
  while (end > 0 && path[end - 1] >= '0' && path[end - 1] <= '9')
    end--;
  return end < length && end > 1 && (path[end - 1] == '.' || path[end - 1] == '-') ? end - 1 : length;
}

static bool is_family(const struct walk *walk, size_t a, size_t b)
{
  const char *first = walk->survey->files[a].path, *second = walk->survey->files[b].path;
  size_t length = family_length(first);
  return length == family_length(second) && memcmp(first, second, length) == 0;
}

/* A row without a host, a few events or torn lines, belongs to what stands around it. */
static const char *host_around(const struct walk *walk, const struct row *row)
{
  size_t file = segment_at(walk, row->head)->first.file;
  const char *host = NULL;
  for (const struct row *other = walk->rows; other < walk->rows + walk->row_count; other++) {
    size_t there = segment_at(walk, other->head)->first.file;
    bool near = there == file && (other < row || !host);
    if (*other->host && (near || (!host && is_family(walk, there, file))))
      host = other->host;
  }
  return host ? host : "";
}

static void find_hosts(struct walk *walk)
{
  const char **hosts = memory_new((walk->row_count + 1) * sizeof *hosts);
  for (size_t i = 0; i < walk->row_count; i++)
    hosts[i] = *walk->rows[i].host ? walk->rows[i].host : host_around(walk, &walk->rows[i]);
  for (size_t i = 0; i < walk->row_count; i++)
    walk->rows[i].host = hosts[i];
  free(hosts);
}

void rows_find(struct walk *walk)
{
  find_rows(walk);
  find_hosts(walk);
}
