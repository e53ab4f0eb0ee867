/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words for levels, modes, standards and actions. See level.h.
 */
#include "policy/level.h"

#include <stddef.h>
#include <string.h>

static const char *const level_names[] = {
    [LEVEL_OFF] = "off",
    [LEVEL_OBSERVE] = "observe",
    [LEVEL_ANNOTATE] = "annotate",
    [LEVEL_QUARANTINE] = "quarantine",
    [LEVEL_REJECT] = "reject",
};
static const char *const mode_names[] = {
    [MODE_OBSERVE] = "observe", [MODE_ANNOTATE] = "annotate", [MODE_ENFORCE] = "enforce"};
static const char *const standard_names[] = {
    [STANDARD_AUTHOR] = "author", [STANDARD_DMARC] = "dmarc", [STANDARD_SPF] = "spf",
    [STANDARD_DKIM] = "dkim",     [STANDARD_TLS] = "tls",     [STANDARD_DANE] = "dane",
};
static const char *const action_names[] = {
    [ACTION_ACCEPT] = "accept", [ACTION_QUARANTINE] = "quarantine", [ACTION_DEFER] = "defer",
    [ACTION_REJECT] = "reject", [ACTION_ABORT] = "abort",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int find_word(const char *const *names, size_t count, const char *word)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], word) == 0)
      return (int)i;
  return -1;
}

const char *level_name(enum level level)
{
  return level_names[level];
}

const char *mode_name(enum mode mode)
{
  return mode_names[mode];
}

const char *standard_name(enum standard standard)
{
  return standard_names[standard];
}

const char *action_name(enum action action)
{
  return action_names[action];
}

int level_parse(const char *word)
{
  return find_word(level_names, COUNT(level_names), word);
}

int mode_parse(const char *word)
{
  return find_word(mode_names, COUNT(mode_names), word);
}

int standard_parse(const char *word)
{
  return find_word(standard_names, COUNT(standard_names), word);
}

enum level mode_cap(enum mode mode, enum level level)
{
  static const enum level highest[] = {
      [MODE_OBSERVE] = LEVEL_OBSERVE, [MODE_ANNOTATE] = LEVEL_ANNOTATE, [MODE_ENFORCE] = LEVEL_REJECT};
  return level < highest[mode] ? level : highest[mode];
}
