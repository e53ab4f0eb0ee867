/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding words, and writing numbers and dates in a language. See words.h.
 */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_SIZE = 100 };

/* What numbers are written with. */
static const struct {
  const char *code;
  char group, point;
} marks[LANGUAGE_COUNT] = {[LANGUAGE_ENGLISH] = {"en", ',', '.'}, [LANGUAGE_DUTCH] = {"nl", '.', ','}};

static int compare(const void *key, const void *word)
{
  return strcmp(key, ((const struct word *)word)->key);
}

const char *words_find(enum language language, const char *kind, const char *name)
{
  char key[KEY_SIZE];
  if ((size_t)snprintf(key, sizeof key, "%s.%s", kind, name) >= sizeof key)
    return NULL;
  const struct word *found = bsearch(key, words_all, words_count, sizeof *words_all, compare);
  return found ? found->in[language] : NULL;
}

const char *words_label(enum language language, const char *kind, const char *name)
{
  const char *found = words_find(language, kind, name);
  return found ? found : name;
}

const char *words_value(enum language language, const char *column, const char *value)
{
  const char *found = words_find(language, column, value);
  if (!found)
    found = words_find(language, "any", value);
  return found ? found : value;
}

const char *words_text(enum language language, const char *name)
{
  return words_label(language, "text", name);
}

void words_fill(struct text *out, enum language language, const char *name, const char *const *values)
{
  const char *rest = words_text(language, name);
  for (const char *mark; *values && (mark = strstr(rest, "{}")); values++) {
    text_add_bytes(out, rest, (size_t)(mark - rest));
    text_add(out, *values);
    rest = mark + 2;
  }
  text_add(out, rest);
}

const char *words_code(enum language language)
{
  return marks[language].code;
}

void words_number(struct text *out, enum language language, int64_t number)
{
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
  if (number < 0)
    text_add_char(out, '-');
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      text_add_char(out, marks[language].group);
    text_add_char(out, digits[i]);
  }
}

/* Rounded to a tenth, but never to all or nothing where it is neither. */
void words_percentage(struct text *out, enum language language, int64_t number, int64_t base)
{
  if (base <= 0)
    return;
  int64_t tenths = (int64_t)(1000.0 * (double)number / (double)base + 0.5);
  if (tenths == 0 && number > 0)
    tenths = 1;
  if (tenths >= 1000 && number < base)
    tenths = 999;
  text_printf(out, "%" PRId64 "%c%" PRId64 "%%", tenths / 10, marks[language].point, tenths % 10);
}

void words_date(struct text *out, enum language language, int64_t moment)
{
  time_t seconds = (time_t)(moment / 1000);
  struct tm parts;
  char month[24];
  if (!gmtime_r(&seconds, &parts))
    return;
  snprintf(month, sizeof month, "month-%d", parts.tm_mon + 1);
  text_printf(out, "%d %s %d", parts.tm_mday, words_text(language, month), parts.tm_year + 1900);
}
