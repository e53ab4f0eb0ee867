/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The output of postconf. See postconf.h.
 */
#include "evidence/postconf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSTCONF_SIZE_MAX = 1 << 20 };

struct found {
  char level[200], maps[1000], loglevel[200];
  bool use_tls, enforce_tls, any;
};

static void copy(char *to, size_t room, const char *value)
{
  snprintf(to, room, "%s", value);
  for (char *c = to; *c; c++)
    *c = (char)tolower((unsigned char)*c);
}

/* "name = value" */
static void take_line(struct found *found, char *line)
{
  char *equals = strchr(line, '=');
  if (!equals)
    return;
  char *end = equals, *value = equals + 1 + strspn(equals + 1, " \t");
  while (end > line && isspace((unsigned char)end[-1]))
    end--;
  *end = '\0';
  found->any = true;
  if (strcmp(line, "smtp_tls_security_level") == 0)
    copy(found->level, sizeof found->level, value);
  else if (strcmp(line, "smtp_tls_policy_maps") == 0 || strcmp(line, "smtp_tls_per_site") == 0)
    copy(found->maps, sizeof found->maps, *value ? value : found->maps);
  else if (strcmp(line, "smtp_tls_loglevel") == 0)
    copy(found->loglevel, sizeof found->loglevel, value);
  else if (strcmp(line, "smtp_use_tls") == 0)
    found->use_tls = strcmp(value, "yes") == 0;
  else if (strcmp(line, "smtp_enforce_tls") == 0)
    found->enforce_tls = strcmp(value, "yes") == 0;
}

/* One table, and it is a known server of MTA-STS policies: postfix-mta-sts-resolver listens on 8461, and is mostly named
 * after its job. A server that knows DANE too (postfix-tlspol) decides by more than MTA-STS. */
static bool is_mta_sts(const char *maps)
{
  bool is_one = strncmp(maps, "socketmap:", 10) == 0 && !strpbrk(maps, ", \t");
  return is_one && (strstr(maps, "mta-sts") || strstr(maps, "mta_sts") || strstr(maps, ":8461:"));
}

/* tls_log_mask() of Postfix: levels 1 and up, their names, and the summary alone. */
static bool tells_summary(const char *loglevel)
{
  return (*loglevel >= '1' && *loglevel <= '9') || strstr(loglevel, "summary") || strstr(loglevel, "routine") ||
         strstr(loglevel, "debug") || strstr(loglevel, "ssl-");
}

static void decide(struct postconf *to, const struct found *found)
{
  /* postconf(5): the level replaces the older smtp_use_tls and smtp_enforce_tls where it is set. */
  const char *level = *found->level ? found->level : found->enforce_tls ? "verify" : found->use_tls ? "may" : "none";
  const char *told = level;
  if (strchr(level, '$'))
    told = "policy";
  if (*found->maps)
    told = is_mta_sts(found->maps) && !strchr(level, '$') && strcmp(level, "verify") != 0 && strcmp(level, "secure") != 0 &&
                   strcmp(level, "fingerprint") != 0
               ? "mta-sts"
               : "policy";
  snprintf(to->level, sizeof to->level, "%.20s", told);
  to->logs_tls = tells_summary(found->loglevel);
}

int postconf_read(struct postconf *to, const char *path, struct text *error)
{
  struct found found = {0};
  FILE *file = fopen(path, "re");
  char *line = NULL;
  size_t size = 0, total = 0;
  ssize_t length;
  if (!file) {
    text_printf(error, "%s: %s", path, strerror(errno));
    return -1;
  }
  while (total < POSTCONF_SIZE_MAX && (length = getline(&line, &size, file)) > 0) {
    total += (size_t)length;
    while (length > 0 && isspace((unsigned char)line[length - 1]))
      line[--length] = '\0';
    take_line(&found, line);
  }
  free(line);
  fclose(file);
  decide(to, &found);
  if (found.any)
    return 0;
  text_printf(error, "%s: not the output of postconf -n", path);
  return -1;
}
