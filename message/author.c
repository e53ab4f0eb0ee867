/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The author domain of a message. See author.h.
 */
#include "message/author.h"

#include <string.h>

#include "base/memory.h"
#include "message/address.h"

/* What one From field says. RFC 9989 5.3.1: exactly one domain, though it may be that of several addresses. */
static struct author read_field(struct arena *arena, const char *value, size_t length)
{
  struct address_list list = address_list_parse(arena, value, length);
  struct author author = {.status = AUTHOR_INVALID};
  if (list.status != ADDRESS_OK) {
    author.why = arena_printf(arena, "the From field has %s", list.why);
    return author;
  }
  if (list.count == 0) {
    author.why = list.group ? "the From field has a group without an address" : "the From field has no address";
    return author;
  }
  for (size_t i = 0; i < list.count; i++) {
    const struct mailbox *mailbox = &list.mailboxes[i];
    if (!*mailbox->domain) {
      author.why = mailbox->literal ? "the From field has an address literal in place of a domain"
                                    : "the From field has an address without a domain";
      return author;
    }
  }
  for (size_t i = 1; i < list.count; i++)
    if (strcmp(list.mailboxes[i].domain, list.mailboxes[0].domain) != 0) {
      author.status = AUTHOR_SEVERAL_DOMAINS;
      author.why = "the From field has addresses of different domains";
      return author;
    }
  return (struct author){.status = AUTHOR_ONE, .domain = list.mailboxes[0].domain};
}

void author_field(struct author_fields *fields, struct arena *arena, const char *value, size_t length)
{
  /* Only the first is read: a second one settles the matter, and thousands cost nothing. */
  if (fields->count++ == 0)
    fields->first = read_field(arena, value, length);
}

struct author author_find(const struct author_fields *fields)
{
  if (fields->count == 0)
    return (struct author){.status = AUTHOR_NO_FROM, .why = "there is no From field"};
  if (fields->count > 1)
    return (struct author){.status = AUTHOR_SEVERAL_FIELDS, .why = "there is more than one From field"};
  return fields->first;
}
