/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Does libopendkim get right answers with keys that are kept? A message with a known signature tells. See key_cache.h.
 */
#include "checks/key_cache.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

static const char record[] =
    "k=rsa;p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmxUvboAkzzSm2M6MFEC2Cdi011iFmJo/biTl0HQKWeqwHOfLJtJALPoD"
    "AdoZYuiRRyI1YepDVCnINBJzVHnwrULH1AZrmrBTBXdYOl5B20lOJCgdYxM33FtQl7lDcD7m3TmkzKPWL9y1TIqQ2k/tjFcWqRDO"
    "ZsmmrxV1BfXIrRrCHW4SZ2Y9ZgVperlkjJCT6e96L07H7Nj5qZyCukMDgbkZ7bqM320MUOLA27SbkMe0Eofwylb5zV6xQgFSRKeJ"
    "dCtDwR98jhzromsdLzAOgu+JKMWbDdE6AC7p+32N77MnR52iTH/YnJ1BLLoLrEr+f91xj2kEcggTBj9YoFH7gwIDAQAB";
/* Signed once with the private key, which was thrown away then. */
static const char signature[] =
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sluis.example; s=k; h=from; "
    "bh=xWGkB7JvEA6dc7+3ijlo6sWWwdwPTQYPhDXlax7p02g=; b="
    "NcTViLbCrf5lhCK8aHf1dNeGbboHYX9PvxAq8LwKiR9ylEoV484CAQPx6W1w6E5wFnhWgz8ZofCZNhTfZ732XWVRgwKZvwoN1KC+"
    "qZqyg+iFwIkGaASkvReh9+6PdUwM7UR0918JjiZv77sQjP7XpGQZQMKySZZ3vV8wnp1GN4HSQRPT6OCUlYHFfARMGBYtbCspW3WR"
    "Z356Bz5ZOYnG2AZ7lZ0d+JTuHMZyfHCQedn0Qk0jXXlVtss4iM/DaLJfsGi4nKpqthwulJ3M9XDWvGrZpZZ0+WFhJ13gZbY3W1aQ"
    "1XmYyhhPS5wReQhr0efKXF2kK8jr36vW+th2DighHg==";
static const char good_author[] = "From: trial@sluis.example";
static const char other_author[] = "From: other@sluis.example";
static const char body[] = "Trial.\r\n";

static DKIM_CBSTAT give_record(DKIM *message, DKIM_SIGINFO *info, unsigned char *buffer, size_t size)
{
  (void)message;
  (void)info;
  int length = snprintf((char *)buffer, size, "%s", record);
  return length > 0 && (size_t)length < size ? DKIM_CBSTAT_CONTINUE : DKIM_CBSTAT_ERROR;
}

/* The library wants its input writable and does not write to it. */
static unsigned char *writable(const char *bytes)
{
  return (unsigned char *)(uintptr_t)bytes;
}

/* Does the message with this author verify? */
static bool verifies(DKIM_LIB *library, const char *author)
{
  DKIM_STAT status;
  DKIM *message = dkim_verify(library, (const unsigned char *)"trial", NULL, &status);
  if (!message)
    return false;
  bool good = dkim_header(message, writable(signature), strlen(signature)) == DKIM_STAT_OK &&
              dkim_header(message, writable(author), strlen(author)) == DKIM_STAT_OK &&
              dkim_eoh(message) == DKIM_STAT_OK && dkim_body(message, writable(body), strlen(body)) == DKIM_STAT_OK &&
              dkim_eom(message, NULL) == DKIM_STAT_OK;
  dkim_free(message);
  return good;
}

bool key_trial(void)
{
  DKIM_LIB *library = dkim_init(NULL, NULL);
  bool good = library && dkim_set_key_lookup(library, give_record) == DKIM_STAT_OK && verifies(library, good_author) &&
              verifies(library, good_author) && !verifies(library, other_author) && verifies(library, good_author);
  if (library)
    dkim_close(library);
  return good;
}
