/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What two sources know is told once. See story.h.
 */
#include "story/row.h"
#include "story/story.h"

/* Deletes the rows that `choose` gives (number, and then what `find` takes) and `find` knows. */
struct task {
  const char *choose, *find;
  int parameters; /* host, time, and others: whole numbers where there are no more than these, else text */
  const char *removals[2];
};

static const struct task tasks[] = {
    {"SELECT m.id, h.name, m.time, m.seq FROM message m JOIN host h ON h.id = m.host_id WHERE m.id > $1 ORDER BY m.id LIMIT 1",
     "SELECT 1 FROM message m JOIN host h ON h.id = m.host_id WHERE h.name = $1 AND m.time = $2 AND m.seq = $3",
     3,
     /* Its deliveries may be news. */
     {"UPDATE delivery SET message_id = NULL, recipient = NULL WHERE message_id = $1", "DELETE FROM message WHERE id = $1"}},
    {"SELECT d.id, h.name, d.time, coalesce(d.address, ''), d.queue_id, d.status FROM delivery d JOIN host h ON h.id = d.host_id"
     " WHERE d.id > $1 ORDER BY d.id LIMIT 1",
     "SELECT 1 FROM delivery d JOIN host h ON h.id = d.host_id WHERE h.name = $1 AND d.time = $2 AND"
     " coalesce(d.address, '') = $3 AND d.queue_id = $4 AND d.status = $5", 5,
     {"DELETE FROM delivery WHERE id = $1", NULL}},
};

static int is_known(struct database *known, const struct task *task, struct statement *row)
{
  struct statement *find = row_ask(known, task->find, statement_text(row, 1));
  if (!find)
    return -1;
  statement_bind_integer(find, 2, statement_integer(row, 2));
  if (task->parameters == 3)
    statement_bind_integer(find, 3, statement_integer(row, 3));
  for (int i = 3; i <= task->parameters && task->parameters > 3; i++)
    statement_bind(find, i, statement_text(row, i));
  int status = statement_step(find);
  statement_free(find);
  return status;
}

static int forget_row(struct database *log, const struct task *task, int64_t id)
{
  for (size_t i = 0; i < 2 && task->removals[i]; i++) {
    struct statement *statement = row_ask_number(log, task->removals[i], id);
    int status = statement ? statement_run(statement) : -1;
    statement_free(statement);
    if (status < 0)
      return -1;
  }
  return 0;
}

static int run(struct database *log, struct database *known, const struct task *task)
{
  int64_t id = 0;
  for (;;) {
    struct statement *row = row_ask_number(log, task->choose, id);
    int status = row ? statement_step(row) : -1, there = 0;
    if (status > 0) {
      id = statement_integer(row, 0);
      there = is_known(known, task, row);
    }
    statement_free(row);
    if (status <= 0)
      return status;
    if (there < 0 || (there > 0 && forget_row(log, task, id) < 0))
      return -1;
  }
}

int story_forget(struct database *log, struct database *known)
{
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
    if (run(log, known, &tasks[i]) < 0)
      return -1;
  return 0;
}
