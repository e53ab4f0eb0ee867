/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The header list as far as it says who wrote the message and who gets it: From, To, Cc. The input is a header; a line
 * that begins with white space goes on with the field before. A line end that is part of a value is told by CR.
 */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "message/address.h"
#include "message/author.h"

/* A field with its folds. Borrowed. */
static struct input next_field(struct input *input)
{
  struct input field = input_until(input, '\n');
  while (input_length(input) > 0 && (*input->at == ' ' || *input->at == '\t'))
    field.end = input_until(input, '\n').end;
  return field;
}

static void require_list(const struct address_list *list)
{
  fuzz_require((list->status == ADDRESS_OK) == (list->why == NULL));
  fuzz_require(fuzz_is_printable(list->why));
  fuzz_require(list->count <= 1000);
  for (size_t i = 0; i < list->count; i++) {
    fuzz_require(fuzz_is_domain(list->mailboxes[i].domain));
    fuzz_require(!list->mailboxes[i].literal || *list->mailboxes[i].domain == '\0');
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct input input = input_of(bytes, size);
  struct arena *arena = arena_new();
  struct author_fields fields = {0};
  while (input_length(&input) > 0) {
    struct input value = next_field(&input), name = input_until(&value, ':');
    if (input_length(&name) == 4 && strncasecmp(name.at, "From", 4) == 0) {
      author_field(&fields, arena, value.at, input_length(&value));
    } else {
      struct address_list list = address_list_parse(arena, value.at, input_length(&value));
      require_list(&list);
    }
  }
  struct author author = author_find(&fields);
  fuzz_require((author.status == AUTHOR_ONE) == (author.domain != NULL));
  fuzz_require((author.status == AUTHOR_ONE) == (author.why == NULL));
  fuzz_require(!author.domain || (*author.domain && fuzz_is_domain(author.domain)));
  fuzz_require(fuzz_is_printable(author.why));
  arena_free(arena);
  return 0;
}
