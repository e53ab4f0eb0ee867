/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration: read once, then immutable. See config.h; the options themselves are rows in option.c.
 *
 * libconfuse parses. Each value is checked in its callback, where the line is known, and stored at the end of its
 * section. Its lexer is global, so only one file is read at a time, and it has habits that syntax.h tells of.
 */
#include "policy/config.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "base/memory.h"
#include "base/text.h"
#include "policy/option.h"
#include "policy/syntax.h"

enum { FILE_MAX = 1 << 20, SECTION_OPTIONS_MAX = 24 };

struct config_owned {
  struct config config; /* first: what callers hold points here */
  struct arena *arena;
  atomic_uint references;
};

static const struct section {
  const char *name;
  cfg_flag_t flags;
} sections[] = {
    {"resolver", CFGF_NONE},           {"inbound", CFGF_NONE},
    {"outbound", CFGF_NONE},           {"audit", CFGF_NONE},
    {"domain", CFGF_MULTI | CFGF_TITLE}, {"exception", CFGF_MULTI | CFGF_TITLE},
};

enum { SECTION_COUNT = sizeof sections / sizeof *sections };

/* One file being read. */
struct reading {
  struct config *config;
  struct arena *arena;   /* the configuration's */
  struct arena *scratch; /* for values that are only checked */
  struct syntax syntax;
  size_t sections_ended;
  unsigned lines[SECTION_COUNT]; /* where each section stands (the last of its name); 1 where it does not */
  char *error;
  size_t error_size;
  bool failed;
};

/* libconfuse's callbacks carry no context of ours. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static struct reading *reading;

static void __attribute__((format(printf, 2, 3))) fail(unsigned line, const char *format, ...)
{
  char message[1024];
  va_list arguments;
  if (reading->failed)
    return;
  reading->failed = true;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  struct text text = {0};
  text_printf(&text, "%s:%u: %s", reading->config->file, line, message);
  if (reading->error_size > 0)
    text_printable(reading->error, reading->error_size, text.bytes, text.length);
  text_free(&text);
}

static void __attribute__((format(printf, 2, 0))) on_error(cfg_t *cfg, const char *format, va_list arguments)
{
  char message[512];
  vsnprintf(message, sizeof message, format, arguments);
  fail((unsigned)cfg->line, "%s", message);
}

static const struct option *find_option(const char *section, const char *name)
{
  for (const struct option *option = option_table; option->name; option++)
    if (strcmp(option->section, section) == 0 && strcmp(option->name, name) == 0)
      return option;
  return NULL;
}

/* "resolver.timeout", or "mode" at the top. */
static const char *full_name(const struct option *option)
{
  return strcmp(option->section, OPTION_TOP) == 0
             ? option->name
             : arena_printf(reading->scratch, "%s.%s", option->section, option->name);
}

static int check_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
  union {
    const char *string;
    unsigned number;
    enum level level;
    struct network network;
    bool standards[STANDARD_COUNT];
  } unused;
  const struct option *option = find_option(cfg_name(cfg), cfg_opt_name(opt));
  if (!option) {
    fail((unsigned)cfg->line, "no such option here: \"%s\"", cfg_opt_name(opt));
    return -1;
  }
  const char *complaint = option->read(reading->scratch, &option->range, value, &unused);
  if (complaint) {
    fail((unsigned)cfg->line, "%s: \"%.200s\" %s", full_name(option), value, complaint);
    return -1;
  }
  *(const char **)result = value;
  return 0;
}

/* Values to store: those of the file, or else the default's words. */
struct words {
  const char **words;
  unsigned count;
};

static struct words collect(cfg_t *section, const struct option *option)
{
  struct words found = {0};
  cfg_opt_t *opt = cfg_getopt(section, option->name);
  /* An empty list in the file is not the default. */
  if (cfg_opt_size(opt) > 0 || (option->shape != OPTION_ONE && (opt->flags & CFGF_MODIFIED))) {
    found.words = arena_alloc(reading->scratch, (cfg_opt_size(opt) + 1) * sizeof *found.words);
    for (; found.count < cfg_opt_size(opt); found.count++)
      found.words[found.count] = cfg_opt_getnstr(opt, found.count);
    return found;
  }
  if (!option->initial)
    return found;
  char *rest = arena_string(reading->scratch, option->initial);
  found.words = arena_alloc(reading->scratch, (strlen(rest) / 2 + 2) * sizeof *found.words);
  if (option->shape == OPTION_ONE)
    found.words[found.count++] = rest;
  else
    for (char *word; (word = strsep(&rest, " ")) && *word;)
      found.words[found.count++] = word;
  return found;
}

static void read_into(const struct option *option, const char *word, void *target)
{
  if (option->read(reading->arena, &option->range, word, target))
    abort(); /* It was checked, or is a default of ours. */
}

static void store(const struct option *option, const struct words *words, void *base)
{
  void *target = (char *)base + option->offset;
  if (option->shape == OPTION_ONE || option->shape == OPTION_MARKS) {
    for (unsigned i = 0; i < words->count; i++)
      read_into(option, words->words[i], target);
  } else if (option->shape == OPTION_STRINGS) {
    struct string_list *list = target;
    list->items = arena_alloc(reading->arena, words->count * sizeof *list->items);
    for (; list->count < words->count; list->count++)
      read_into(option, words->words[list->count], &list->items[list->count]);
  } else {
    struct network_list *list = target;
    list->items = arena_alloc(reading->arena, words->count * sizeof *list->items);
    for (; list->count < words->count; list->count++)
      read_into(option, words->words[list->count], &list->items[list->count]);
  }
}

/* Stores every option of a section, and says which one is missing. */
static int store_section(cfg_t *section, unsigned line, void *base)
{
  for (const struct option *option = option_table; option->name; option++) {
    if (strcmp(option->section, cfg_name(section)) != 0)
      continue;
    struct words words = collect(section, option);
    if (words.count == 0 && !option->initial) {
      fail(line, "%s \"%.200s\" needs %s %s", option->section, cfg_title(section),
           option->shape == OPTION_ONE ? "a value for" : "a filled list", option->name);
      return -1;
    }
    store(option, &words, base);
  }
  return 0;
}

static int add_domain(cfg_t *section, unsigned line)
{
  struct config *config = reading->config;
  struct config_domain domain = {.line = line};
  const char *complaint = value_domain(reading->arena, NULL, cfg_title(section), &domain.domain);
  if (complaint) {
    fail(line, "domain \"%.200s\" %s", cfg_title(section), complaint);
    return -1;
  }
  if (store_section(section, line, &domain) < 0)
    return -1;
  config->domains = memory_resize(config->domains, (config->domain_count + 1) * sizeof domain);
  config->domains[config->domain_count++] = domain;
  return 0;
}

static int add_exception(cfg_t *section, unsigned line)
{
  struct config *config = reading->config;
  struct config_exception exception = {0};
  const char *complaint = value_name(reading->arena, NULL, cfg_title(section), &exception.id);
  for (size_t i = 0; !complaint && i < config->exception_count; i++)
    if (strcmp(config->exceptions[i].id, exception.id) == 0)
      complaint = "stands twice";
  if (complaint) {
    fail(line, "exception \"%.200s\" %s", cfg_title(section), complaint);
    return -1;
  }
  if (store_section(section, line, &exception) < 0)
    return -1;
  exception.ends = value_day_end(exception.until);
  config->exceptions = memory_resize(config->exceptions, (config->exception_count + 1) * sizeof exception);
  config->exceptions[config->exception_count++] = exception;
  return 0;
}

/* A section at the top has ended. */
static int end_section(cfg_t *cfg, cfg_opt_t *opt)
{
  unsigned line = (unsigned)cfg->line;
  if (reading->sections_ended < reading->syntax.section_count)
    line = reading->syntax.section_lines[reading->sections_ended++];
  size_t i = 0;
  while (strcmp(sections[i].name, cfg_opt_name(opt)) != 0)
    i++;
  reading->lines[i] = line;
  if (!(sections[i].flags & CFGF_TITLE))
    return 0;
  cfg_t *section = cfg_opt_getnsec(opt, 0);
  int status = strcmp(sections[i].name, "domain") == 0 ? add_domain(section, line) : add_exception(section, line);
  /* Taken out again: libconfuse would let a second section of the same title replace this one in silence. */
  cfg_opt_rmnsec(opt, 0);
  return status;
}

/* The words of a list's default as libconfuse reads them, so that "+=" adds to them. */
static char *default_list(const char *words)
{
  char *list = arena_string(reading->scratch, "{");
  char *rest = arena_string(reading->scratch, words);
  for (char *word; (word = strsep(&rest, " ")) && *word;)
    list = arena_printf(reading->scratch, "%s%s\"%s\"", list, list[1] ? ", " : "", word);
  return arena_printf(reading->scratch, "%s}", list);
}

static size_t add_options(cfg_opt_t *opts, const char *section)
{
  size_t count = 0;
  for (const struct option *option = option_table; option->name; option++) {
    if (strcmp(option->section, section) != 0)
      continue;
    if (option->shape == OPTION_ONE)
      opts[count++] = (cfg_opt_t)CFG_STR_CB(option->name, NULL, CFGF_NODEFAULT, check_value);
    else if (option->initial && *option->initial)
      opts[count++] = (cfg_opt_t)CFG_STR_LIST_CB(option->name, default_list(option->initial), CFGF_NONE, check_value);
    else
      opts[count++] = (cfg_opt_t)CFG_STR_LIST_CB(option->name, NULL, CFGF_NODEFAULT, check_value);
  }
  return count;
}

/* The table in libconfuse's form; it makes its own copy. */
static cfg_t *new_parser(void)
{
  cfg_opt_t top[SECTION_OPTIONS_MAX + SECTION_COUNT] = {0};
  cfg_opt_t inner[SECTION_COUNT][SECTION_OPTIONS_MAX] = {0};
  size_t count = add_options(top, OPTION_TOP);
  for (size_t i = 0; i < SECTION_COUNT; i++) {
    inner[i][add_options(inner[i], sections[i].name)] = (cfg_opt_t)CFG_END();
    top[count] = (cfg_opt_t)CFG_SEC(sections[i].name, inner[i], sections[i].flags);
    top[count++].validcb = end_section;
  }
  top[count] = (cfg_opt_t)CFG_END();
  cfg_t *parser = cfg_init(top, CFGF_NONE);
  if (!parser)
    abort(); /* Out of memory. */
  cfg_set_error_function(parser, on_error);
  return parser;
}

static unsigned line_of(const char *section)
{
  for (size_t i = 0; i < SECTION_COUNT; i++)
    if (strcmp(sections[i].name, section) == 0)
      return reading->lines[i] ? reading->lines[i] : 1;
  return 1;
}

static void read_keys(struct config *config)
{
  if (config->audit.addresses != ADDRESSES_PSEUDONYM)
    return;
  if (!*config->audit.pseudonym_key) {
    fail(line_of("audit"), "audit.addresses = pseudonym needs audit.pseudonym-key");
    return;
  }
  char error[400];
  if (keyring_read(&config->audit.keys, config->audit.pseudonym_key, error, sizeof error) < 0)
    fail(line_of("audit"), "audit.pseudonym-key: %s", error);
}

/* What no value alone can say. */
static void check_together(struct config *config)
{
  const struct string_list *servers = &config->resolver.servers;
  config->socket_mode_bits = (unsigned)strtoul(config->socket_mode, NULL, 8);
  if (config->resolver.budget < config->resolver.timeout)
    fail(line_of("resolver"), "resolver.budget (%u) is less than resolver.timeout (%u)", config->resolver.budget,
         config->resolver.timeout);
  for (size_t i = 0; servers->count > 1 && i < servers->count; i++)
    if (strcmp(servers->items[i], "recursive") == 0)
      fail(line_of("resolver"), "resolver.servers: \"recursive\" stands alone");
  read_keys(config);
}

static void read_text(const char *bytes, size_t length)
{
  struct config *config = reading->config;
  if (syntax_read(&reading->syntax, bytes, length) < 0) {
    fail(reading->syntax.line, "%s", reading->syntax.error);
    return;
  }
  cfg_t *parser = new_parser();
  if (cfg_parse_buf(parser, reading->syntax.text.bytes) != CFG_SUCCESS)
    fail((unsigned)parser->line, "syntax error");
  for (size_t i = 0; !reading->failed && i < SECTION_COUNT; i++)
    if (!(sections[i].flags & CFGF_TITLE))
      store_section(cfg_getsec(parser, sections[i].name), 1, config);
  if (!reading->failed)
    store_section(parser, 1, config);
  if (!reading->failed)
    check_together(config);
  cfg_free(parser);
}

static struct config *parse_bytes(const char *bytes, size_t length, const char *name, char *error, size_t error_size)
{
  struct config_owned *owned = memory_new(sizeof *owned);
  owned->arena = arena_new();
  atomic_init(&owned->references, 1);
  owned->config.file = arena_string(owned->arena, name);
  struct reading now = {.config = &owned->config,
                        .arena = owned->arena,
                        .scratch = arena_new(),
                        .error = error,
                        .error_size = error_size};
  pthread_mutex_lock(&one_at_a_time);
  reading = &now;
  read_text(bytes, length);
  reading = NULL;
  pthread_mutex_unlock(&one_at_a_time);
  syntax_free(&now.syntax);
  arena_free(now.scratch);
  if (!now.failed)
    return &owned->config;
  config_release(&owned->config);
  return NULL;
}

struct config *config_parse(const char *text, const char *name, char *error, size_t error_size)
{
  return parse_bytes(text, strlen(text), name, error, error_size);
}

struct config *config_load(const char *file, char *error, size_t error_size)
{
  struct config *config = NULL;
  FILE *stream = fopen(file, "re");
  char *bytes = NULL;
  if (!stream)
    goto failed;
  bytes = memory_new(FILE_MAX + 1);
  size_t length = fread(bytes, 1, FILE_MAX + 1, stream);
  if (ferror(stream))
    goto failed;
  if (length > FILE_MAX)
    snprintf(error, error_size, "%s: is larger than 1 MiB", file);
  else
    config = parse_bytes(bytes, length, file, error, error_size);
  goto done;
failed:
  snprintf(error, error_size, "%s: %s", file, strerror(errno));
done:
  free(bytes);
  if (stream)
    fclose(stream);
  return config;
}

struct config *config_hold(struct config *config)
{
  atomic_fetch_add_explicit(&((struct config_owned *)config)->references, 1, memory_order_relaxed);
  return config;
}

void config_release(struct config *config)
{
  struct config_owned *owned = (struct config_owned *)config;
  if (!owned || atomic_fetch_sub_explicit(&owned->references, 1, memory_order_acq_rel) > 1)
    return;
  free(config->domains);
  free(config->exceptions);
  keyring_wipe(&config->audit.keys);
  arena_free(owned->arena);
  free(owned);
}
