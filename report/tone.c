/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Good news and bad. See tone.h.
 */
#include "report/tone.h"

#include <string.h>

static const char *const names[TONE_COUNT] = {"unknown", "good", "attention", "bad"};

/* column NULL: in all columns. What is not here has no tone. */
static const struct {
  const char *column, *value;
  enum tone tone;
} tones[] = {
    {"result", "pass", TONE_GOOD},
    {"result", "softfail", TONE_ATTENTION},
    {"result", "neutral", TONE_ATTENTION},
    {"result", "none", TONE_ATTENTION},
    {"result", "fail", TONE_BAD},
    {"result", "permerror", TONE_BAD},
    {"grade", "good", TONE_GOOD},
    {"grade", "sufficient", TONE_GOOD},
    {"grade", "phase-out", TONE_ATTENTION},
    {"grade", "insufficient", TONE_BAD},
    {"grade", "no-tls", TONE_BAD},
    {"verdict", "dane", TONE_GOOD},
    {"verdict", "partial", TONE_ATTENTION},
    {"verdict", "insecure-mx", TONE_ATTENTION},
    {"verdict", "unusable", TONE_BAD},
    {"verdict", "none", TONE_BAD},
    {"verdict", "bogus", TONE_BAD},
    {"class", "dane-verified", TONE_GOOD},
    {"class", "dane-failed-deferred", TONE_ATTENTION}, /* the mail did not travel unprotected */
    {"class", "half-dane", TONE_ATTENTION},
    {"class", "mta-sts", TONE_ATTENTION},
    {"class", "verified-other", TONE_ATTENTION},
    {"class", "tls-trusted", TONE_ATTENTION},
    {"class", "dane-available-not-used", TONE_BAD},
    {"class", "tls-only", TONE_BAD},
    {"class", "plaintext", TONE_BAD},
    {"state", "unused", TONE_ATTENTION},
    {"state", "expired", TONE_BAD},
    {"state", "not-configured", TONE_BAD},
    {NULL, "passed", TONE_GOOD},
    {NULL, "failed", TONE_BAD},
    {NULL, "improvement", TONE_GOOD},
    {NULL, "regression", TONE_BAD},
};

const char *tone_name(enum tone tone)
{
  return names[tone];
}

enum tone tone_of(const char *column, const char *value)
{
  for (size_t i = 0; value && i < sizeof tones / sizeof *tones; i++)
    if (strcmp(tones[i].value, value) == 0 && (!tones[i].column || strcmp(tones[i].column, column) == 0))
      return tones[i].tone;
  return TONE_UNKNOWN;
}

enum tone tone_of_row(const struct figures_shape *shape, const struct figures_row *row)
{
  enum tone tone = TONE_UNKNOWN;
  for (int i = 0; tone == TONE_UNKNOWN && i < FIGURES_COLUMNS_MAX && shape->columns[i].name; i++)
    if (shape->columns[i].kind == FIGURES_WORD)
      tone = tone_of(shape->columns[i].name, row->cells[i].text);
  return tone;
}
