/* SPDX-License-Identifier: BSD-2-Clause
 *
 * In which language a report is written.
 */
#pragma once

#include <stdbool.h>

#include "report/words.h"

/* "nl" or "en". False for another word. */
bool language_read(enum language *language, const char *word);
/* By the values of LC_ALL, LC_MESSAGES and LANG, NULL where they are not set: the first that is set and not empty counts
 * (POSIX 8.2). Dutch where it names Dutch ("nl", "nl_NL.UTF-8", "nl_BE@euro"), else English. */
enum language language_choose(const char *lc_all, const char *lc_messages, const char *lang);
