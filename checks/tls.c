/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The TLS of the session, graded by the NCSC-NL guideline. See tls.h; the table is tls_ncsc_2025_05.c.
 */
#include "checks/tls.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "checks/tls_guideline.h"

static const struct tls_guideline *const guideline = &tls_ncsc_2025_05;

/* The longest name that the table knows has 47 bytes. */
enum { WORD_SIZE = 101 };

const char *tls_guideline_edition(void)
{
  return guideline->edition;
}

static enum tls_grade grade_of(const struct tls_guideline_row *rows, size_t count, const char *name)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(rows[i].name, name) == 0)
      return rows[i].grade;
  return TLS_GRADE_INSUFFICIENT;
}

static const char *keep(struct arena *arena, const char *word)
{
  char out[WORD_SIZE];
  return arena_string(arena, text_ascii(out, sizeof out, word, strlen(word)));
}

/* Key sizes have at most four digits; anything else is not a number that an MTA would give. */
static unsigned read_bits(const char *digits)
{
  unsigned value = 0;
  size_t length = digits ? strlen(digits) : 0;
  if (length > 4 || strspn(length ? digits : "", "0123456789") != length)
    return 0;
  for (size_t i = 0; i < length; i++)
    value = value * 10 + (unsigned)(digits[i] - '0');
  return value;
}

struct tls_fact tls_check(struct arena *arena, const char *version, const char *cipher, const char *bits)
{
  version = version ? version : "";
  cipher = cipher ? cipher : "";
  if (!*version && !*cipher)
    return (struct tls_fact){.version = "", .cipher = "", .grade = TLS_GRADE_NONE};
  enum tls_grade by_version =
      *version ? grade_of(guideline->versions, guideline->version_count, version) : TLS_GRADE_NONE;
  enum tls_grade by_cipher = *cipher ? grade_of(guideline->ciphers, guideline->cipher_count, cipher) : TLS_GRADE_NONE;
  return (struct tls_fact){.used = true,
                           .version = keep(arena, version),
                           .cipher = keep(arena, cipher),
                           .bits = read_bits(bits),
                           .grade = by_version > by_cipher ? by_version : by_cipher};
}
