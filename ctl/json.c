/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Results as JSON. See json.h.
 */
#include "ctl/json.h"

#include <string.h>
#include <yajl/yajl_gen.h>

static void add_bytes(void *context, const char *bytes, size_t length)
{
  text_add_bytes(context, bytes, length);
}

static void string(yajl_gen json, const char *value)
{
  char printable[TEXT_PRINTABLE_MAX + 1];
  text_printable(printable, sizeof printable, value, strlen(value));
  yajl_gen_string(json, (const unsigned char *)printable, strlen(printable));
}

/* NULL is null. */
static void member(yajl_gen json, const char *key, const char *value)
{
  string(json, key);
  if (value)
    string(json, value);
  else
    yajl_gen_null(json);
}

static void number(yajl_gen json, const char *key, long long value)
{
  string(json, key);
  yajl_gen_integer(json, value);
}

static void add_host(yajl_gen json, const struct dane_host *host)
{
  yajl_gen_map_open(json);
  member(json, "name", host->name);
  number(json, "preference", host->preference);
  member(json, "address", host->address);
  member(json, "tlsa", host->tlsa);
  member(json, "base", host->base);
  yajl_gen_map_close(json);
}

void json_dane(struct text *out, const struct dane_fact *fact)
{
  yajl_gen json = yajl_gen_alloc(NULL);
  yajl_gen_config(json, yajl_gen_print_callback, add_bytes, out);
  yajl_gen_map_open(json);
  member(json, "domain", fact->domain);
  string(json, "dane");
  yajl_gen_map_open(json);
  member(json, "verdict", dane_verdict_name(fact->verdict));
  member(json, "link", dane_link_name(fact->link));
  member(json, "mx", fact->mx);
  string(json, "hosts");
  yajl_gen_array_open(json);
  for (size_t i = 0; i < fact->host_count; i++)
    add_host(json, &fact->hosts[i]);
  yajl_gen_array_close(json);
  number(json, "ttl", fact->ttl);
  member(json, "why", fact->why);
  yajl_gen_map_close(json);
  yajl_gen_map_close(json);
  yajl_gen_free(json);
  text_add_char(out, '\n');
}
