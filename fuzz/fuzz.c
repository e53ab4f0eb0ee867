/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What fuzz targets require. See fuzz.h.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/memory.h"
#include "base/text.h"

void fuzz_fail(const char *condition, const char *file, int line)
{
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
  abort();
}

bool fuzz_is_printable(const char *text)
{
  if (!text)
    return true;
  size_t length = strlen(text);
  char *copy = memory_new(length + 1);
  text_printable(copy, length + 1, text, length);
  bool same = strcmp(copy, text) == 0;
  free(copy);
  return same;
}

bool fuzz_is_domain(const char *name)
{
  char normalized[DOMAIN_SIZE];
  return *name == '\0' || (domain_normalize(normalized, name, strlen(name)) == 0 && strcmp(normalized, name) == 0);
}
