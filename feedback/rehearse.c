/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feedback/rehearse ZONE NOW SENDMAIL STATE FOLDER FILE...: `sluisctl audit aggregate-reports` with a DNS written as
 * text (resolver/fake.h) and a clock of its own, for tests. "-" as STATE or FOLDER: none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "feedback/dispatch.h"
#include "feedback/ledger.h"
#include "feedback/tally.h"
#include "resolver/fake.h"
#include "resolver/resolver.h"

static void tell(void *context, bool trouble, const char *text)
{
  (void)context;
  printf("%s%s\n", trouble ? "! " : "", text);
  fflush(stdout);
}

static struct resolver *open_zone(const char *path)
{
  static char text[100000], error[200];
  FILE *file = fopen(path, "r");
  if (!file || fread(text, 1, sizeof text - 1, file) == 0)
    return NULL;
  fclose(file);
  struct dns_source *source = fake_new();
  if (fake_add(source, text, error, sizeof error) < 0)
    fprintf(stderr, "%s: %s\n", path, error);
  return resolver_new(&(struct resolver_config){.timeout_ms = 1000, .budget_ms = 2000}, source);
}

int main(int count, char **words)
{
  char error[400];
  struct text why = {0};
  struct tally tally;
  struct dispatched dispatched;
  if (count < 7)
    return 64;
  struct dispatch dispatch = {.resolver = open_zone(words[1]),
                              .now = atoll(words[2]),
                              .sendmail = words[3],
                              .folder = strcmp(words[5], "-") == 0 ? NULL : words[5],
                              .reporter = {"Gemeente <Voorbeeld> & Co", "dmarc@mx.example.nl", "mx.example.nl", "test"},
                              .tell = tell};
  if (!dispatch.resolver)
    return 66;
  dispatch.ledger = strcmp(words[4], "-") == 0 ? NULL : ledger_open(words[4], error, sizeof error);
  if (strcmp(words[4], "-") != 0 && !dispatch.ledger) {
    printf("! %s\n", error);
    resolver_close(dispatch.resolver);
    return 75;
  }
  tally_open(&tally);
  dispatch_want(&tally, dispatch.ledger, dispatch.now);
  for (int i = 6; i < count; i++)
    if (tally_read(&tally, words[i], &why) < 0) {
      printf("! %s: %s\n", words[i], why.bytes);
      text_clear(&why);
    }
  int status = dispatch_run(&dispatch, &tally, &dispatched);
  printf("%zu sent, %zu unasked, %zu earlier, %zu waiting; %zu messages, %zu damaged\n", dispatched.sent,
         dispatched.unasked, dispatched.earlier, dispatched.waiting, (size_t)tally.messages, (size_t)tally.damaged);
  tally_free(&tally);
  text_free(&why);
  ledger_close(dispatch.ledger);
  resolver_close(dispatch.resolver);
  return status < 0 ? 73 : dispatched.waiting ? 75 : 0;
}
