/* SPDX-License-Identifier: BSD-2-Clause
 *
 * In which language. See language.h.
 */
#include "ctl/language.h"

#include <string.h>

bool language_read(enum language *language, const char *word)
{
  for (int i = 0; i < LANGUAGE_COUNT; i++)
    if (strcmp(words_code((enum language)i), word) == 0) {
      *language = (enum language)i;
      return true;
    }
  return false;
}

enum language language_choose(const char *lc_all, const char *lc_messages, const char *lang)
{
  const char *values[] = {lc_all, lc_messages, lang};
  for (int i = 0; i < 3; i++)
    if (values[i] && *values[i])
      return strncmp(values[i], "nl", 2) == 0 && strchr("_.@", values[i][2]) ? LANGUAGE_DUTCH : LANGUAGE_ENGLISH;
  return LANGUAGE_ENGLISH;
}
