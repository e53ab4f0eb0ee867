/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report as JSON. See write.h.
 */
#include <string.h>

#include "audit/emitter.h"
#include "report/write.h"

static void put_time(struct emitter *emitter, int64_t moment)
{
  struct text shown = {0};
  write_time(&shown, moment);
  emitter_string(emitter, shown.bytes);
  text_free(&shown);
}

static void put_cell(struct emitter *emitter, const struct figures_cell *cell, enum figures_kind kind)
{
  if (!cell->known) {
    emitter_null(emitter);
  } else if (kind == FIGURES_TEXT || kind == FIGURES_WORD) {
    emitter_string(emitter, cell->text);
  } else if (kind == FIGURES_TIME || kind == FIGURES_DAY) {
    put_time(emitter, cell->number);
  } else if (kind == FIGURES_NUMBER) {
    emitter_number(emitter, cell->number);
  } else {
    emitter_open_map(emitter);
    emitter_key(emitter, "number");
    emitter_number(emitter, cell->number);
    emitter_key(emitter, "of");
    emitter_number(emitter, cell->base);
    emitter_close_map(emitter);
  }
}

static void put_table(struct emitter *emitter, const struct figures_table *table)
{
  const struct figures_column *columns = table->shape->columns;
  emitter_key(emitter, table->shape->name);
  emitter_open_list(emitter);
  for (size_t i = 0; i < table->count; i++) {
    emitter_open_map(emitter);
    for (int j = 0; j < FIGURES_COLUMNS_MAX && columns[j].name; j++) {
      emitter_key(emitter, columns[j].name);
      put_cell(emitter, &table->rows[i].cells[j], columns[j].kind);
    }
    if (table->merged > 0 && i + 1 == table->count) {
      emitter_key(emitter, "merged");
      emitter_number(emitter, table->merged);
    }
    emitter_close_map(emitter);
  }
  emitter_close_list(emitter);
}

void write_json(struct text *out, const struct figures *figures, enum language language)
{
  (void)language;
  struct emitter *emitter = emitter_new(out);
  const char *section = "";
  emitter_open_map(emitter);
  emitter_key(emitter, "v");
  emitter_number(emitter, 1);
  emitter_key(emitter, "from");
  put_time(emitter, figures->from);
  emitter_key(emitter, "to");
  put_time(emitter, figures->to);
  for (size_t i = 0; i < figures->count; i++) {
    if (strcmp(section, figures->tables[i].shape->section) != 0) {
      if (*section)
        emitter_close_map(emitter);
      section = figures->tables[i].shape->section;
      emitter_key(emitter, section);
      emitter_open_map(emitter);
    }
    put_table(emitter, &figures->tables[i]);
  }
  if (*section)
    emitter_close_map(emitter);
  emitter_close_map(emitter);
  emitter_free(emitter);
  text_add_char(out, '\n');
}
