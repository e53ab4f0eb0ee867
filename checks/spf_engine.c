/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Driving libspf2 with tokens. See spf_engine.h.
 *
 * The library ends the process where its memory or a hook fails it (SPF_error). Its server object is therefore made
 * here and not by its constructor, which also asks for the machine's name and compiles macros; its hooks never
 * return NULL; and its records hold nothing but qualifiers, a few names of mechanisms, prefixes and tokens.
 */
#include "checks/spf_engine.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The library's header declares ns_type by itself unless told that the system has it. */
#define HAVE_NS_TYPE 1
#include <spf2/spf.h>

#include "base/memory.h"
#include "base/text.h"
#include "resolver/rdata.h"
#include "resolver/resolver.h"

enum {
  RECORD_TERMS_MAX = SPF_TERMS_MAX + 1, /* terms with DNS that one record needs: the last is one too many */
  RECORDS_MAX = SPF_TERMS_MAX + 1,
  TOKENS_MAX = RECORDS_MAX * (RECORD_TERMS_MAX + 1) + SPF_TERMS_MAX * SPF_MX_MAX
};

/* A record under evaluation. */
struct frame {
  const struct spf_policy *policy;
  const struct token *reached; /* the last term that the library came to */
};

/* What "!N" in a record or in an MX answer stands for. */
struct token {
  struct frame *frame;
  const struct spf_term *term;
  const char *host;      /* an MX host of the term; NULL: the term itself */
  struct frame *inner;   /* the record that an include or redirect led to */
};

struct engine {
  struct spf_run *run;
  struct token tokens[TOKENS_MAX];
  unsigned token_count;
};

static unsigned new_token(struct engine *engine, struct frame *frame, const struct spf_term *term, const char *host)
{
  if (engine->token_count == TOKENS_MAX) {
    /* Not reached: the terms of a run are counted before their tokens are made. */
    spf_run_end(engine->run, AUTH_PERMERROR, "too many terms");
    return 0;
  }
  engine->tokens[engine->token_count] = (struct token){.frame = frame, .term = term, .host = host};
  return engine->token_count++;
}

static struct token *find_token(struct engine *engine, const char *name)
{
  char *end;
  unsigned long number = name[0] == '!' ? strtoul(name + 1, &end, 10) : TOKENS_MAX;
  return number < engine->token_count && *end == '\0' ? &engine->tokens[number] : NULL;
}

/* The prefix that a term compares the client's kind of address by. */
static unsigned term_prefix(const struct engine *engine, const struct spf_term *term)
{
  return engine->run->values.client->family == AF_INET ? term->prefix4 : term->prefix6;
}

static void write_term(struct engine *engine, struct text *out, struct frame *frame, const struct spf_term *term)
{
  /* ptr and what is certain become exists: the answer to their token says whether they match. */
  static const char *const words[] = {
    [TERM_INCLUDE] = "include:", [TERM_A] = "a:", [TERM_MX] = "mx:", [TERM_REDIRECT] = "redirect="};
  const char *word = term->kind < sizeof words / sizeof *words && words[term->kind] ? words[term->kind] : "exists:";
  text_add_char(out, ' ');
  if (term->kind != TERM_REDIRECT)
    text_add_char(out, term->qualifier);
  text_printf(out, "%s!%u", word, new_token(engine, frame, term, NULL));
  unsigned prefix = term_prefix(engine, term);
  /* The library knows no /0; see add_addresses(). */
  if ((term->kind == TERM_A || term->kind == TERM_MX) && prefix > 0 && prefix < ip_bits(engine->run->values.client))
    text_printf(out, "%s%u", engine->run->values.client->family == AF_INET ? "/" : "//", prefix);
}

/* The record as the library gets it: what cannot match is left out, and nothing stands behind what must. */
static void write_record(struct engine *engine, struct text *out, struct frame *frame)
{
  const struct spf_record *record = &frame->policy->record;
  unsigned terms = 0;
  text_add(out, "v=spf1");
  for (size_t i = 0; i < record->count; i++) {
    const struct spf_term *term = &record->terms[i];
    bool certain = spf_run_is_certain(engine->run, term);
    if (!certain && (term->kind == TERM_IP4 || term->kind == TERM_IP6))
      continue;
    write_term(engine, out, frame, term);
    if (certain || ++terms == RECORD_TERMS_MAX)
      return;
  }
  /* RFC 7208 6.1: redirect comes last wherever it stands, so it is ignored where there is an all. */
  if (record->redirect)
    write_term(engine, out, frame, record->redirect);
}

static void free_record(SPF_record_t *record)
{
  if (record) /* the library ends the process on NULL */
    SPF_record_free(record);
}

static SPF_errcode_t compile(struct engine *engine, SPF_server_t *server, SPF_response_t *response,
                             struct frame *frame, SPF_record_t **record)
{
  struct text text = {0};
  write_record(engine, &text, frame);
  SPF_errcode_t error = SPF_record_compile(server, response, record, text.bytes);
  text_free(&text);
  if (error != SPF_E_SUCCESS) {
    free_record(*record);
    *record = NULL;
    spf_run_end(engine->run, AUTH_TEMPERROR, "libspf2 refused a record that it should know");
  }
  return error;
}

/* Notes that the library has come to a term; false where the limits are exceeded by it. */
static bool reach(struct engine *engine, struct token *token)
{
  token->frame->reached = token;
  engine->run->values.domain = token->frame->policy->domain;
  return spf_run_is_certain(engine->run, token->term) || spf_run_count_term(engine->run);
}

/* Hook: the record behind an include or redirect, whose token is the current domain. */
static SPF_errcode_t get_record(SPF_server_t *server, SPF_request_t *request, SPF_response_t *response,
                                SPF_record_t **record)
{
  struct engine *engine = server->resolver->hook;
  struct spf_run *run = engine->run;
  struct token *token = find_token(engine, request->cur_dom);
  char name[DOMAIN_SIZE];
  *record = NULL;
  if (!token || run->ended || !reach(engine, token))
    return SPF_E_DNS_ERROR;
  if (spf_run_target(run, token->term, name) < 0) {
    /* RFC 8616 4: a term that can match nothing, as a record that never passes. */
    return SPF_record_compile(server, response, record, "v=spf1");
  }
  struct spf_policy *policy = spf_run_policy(run, name, false);
  if (!policy)
    return SPF_E_DNS_ERROR;
  token->inner = arena_alloc(run->arena, sizeof *token->inner);
  token->inner->policy = policy;
  return compile(engine, server, response, token->inner, record);
}

static SPF_dns_rr_t *new_answer(SPF_dns_server_t *dns, const char *name, ns_type type, SPF_dns_stat_t status)
{
  SPF_dns_rr_t *answer = SPF_dns_rr_new_init(dns, name, type, 0, status);
  if (!answer)
    abort(); /* out of memory, as base/memory.h has it: the library would do the same, with less order */
  return answer;
}

/* Room for one more value in an answer. */
static SPF_dns_rr_data_t *add_value(SPF_dns_rr_t *answer, size_t size)
{
  if (SPF_dns_rr_buf_realloc(answer, answer->num_rr, size) != SPF_E_SUCCESS)
    abort(); /* see new_answer() */
  return answer->rr[answer->num_rr++];
}

static void add_address(SPF_dns_rr_t *answer, const struct ip *ip)
{
  SPF_dns_rr_data_t *value = add_value(answer, sizeof *value);
  if (ip->family == AF_INET)
    memcpy(&value->a, ip->bytes, sizeof value->a);
  else
    memcpy(&value->aaaa, ip->bytes, sizeof value->aaaa);
}

/* The addresses of a name, of the client's family. */
static void add_addresses(struct engine *engine, SPF_dns_rr_t *answer, const struct token *token, const char *name)
{
  struct spf_run *run = engine->run;
  /* RFC 7208 4.6.4: an MX host without addresses of the client's family is no void lookup, or whoever has IPv4
   * hosts only would be in permerror for every client with IPv6. A host that does not exist is one. */
  const struct dns_answer *found = spf_run_ask(run, name, spf_run_address_type(run), !token->host);
  for (size_t i = 0; found && i < found->count; i++) {
    struct ip ip;
    if (rdata_read_address(&ip, &found->records[i]) < 0 || ip.family != run->values.client->family)
      continue;
    /* RFC 7208 5.3: with a prefix of 0 any address matches. */
    add_address(answer, term_prefix(engine, token->term) == 0 ? run->values.client : &ip);
  }
}

/* RFC 7208 5.4: the names of the MX records, as tokens. */
static void add_hosts(struct engine *engine, SPF_dns_rr_t *answer, const struct token *token, const char *name)
{
  struct spf_run *run = engine->run;
  const struct dns_answer *found = spf_run_ask(run, name, DNS_MX, true);
  /* RFC 7208 4.6.4: more than 10 is permerror. Even where one of the first 10 matches, for which ones these are is
   * chance. */
  if (found && found->count > SPF_MX_MAX)
    spf_run_end(run, AUTH_PERMERROR, arena_printf(run->arena, "%s has more than %d MX records", name, SPF_MX_MAX));
  for (size_t i = 0; found && !run->ended && i < found->count; i++) {
    char host[DOMAIN_SIZE], text[16];
    if (spf_run_read_exchange(host, &found->records[i]) < 0)
      continue;
    lookups_start(run->lookups, host, spf_run_address_type(run));
    int length = snprintf(text, sizeof text, "!%u",
                          new_token(engine, token->frame, token->term, arena_string(run->arena, host)));
    memcpy(add_value(answer, (size_t)length + 1)->mx, text, (size_t)length + 1);
  }
}

/* RFC 7208 5.7: exists asks for A records whatever the client's family is. */
static bool exists(struct spf_run *run, const char *name)
{
  const struct dns_answer *answer = spf_run_ask(run, name, DNS_A, true);
  return answer && answer->status == DNS_FOUND;
}

/* Hook: what the library wants to know about a token. */
static SPF_dns_rr_t *look_up(SPF_dns_server_t *dns, const char *name, ns_type type, int should_cache)
{
  (void)should_cache;
  struct engine *engine = dns->hook;
  struct spf_run *run = engine->run;
  struct token *token = find_token(engine, name);
  SPF_dns_rr_t *answer = new_answer(dns, name, type, NO_DATA);
  char target[DOMAIN_SIZE];
  if (!token || run->ended || (!token->host && !reach(engine, token)))
    goto done;
  if (token->host)
    add_addresses(engine, answer, token, token->host);
  else if (spf_run_is_certain(engine->run, token->term))
    add_address(answer, run->values.client);
  else if (spf_run_target(run, token->term, target) < 0)
    goto done;
  else if (token->term->kind == TERM_MX)
    add_hosts(engine, answer, token, target);
  else if (token->term->kind == TERM_A)
    add_addresses(engine, answer, token, target);
  else if (token->term->kind == TERM_PTR ? spf_run_client_is_under(run, target) : exists(run, target))
    add_address(answer, run->values.client);
done:
  /* What ends the run stops the library; its reason is noted in the run. */
  answer->herrno = run->ended ? TRY_AGAIN : answer->num_rr > 0 ? NETDB_SUCCESS : NO_DATA;
  return answer;
}

static enum auth_result result_of(const SPF_response_t *response)
{
  switch (response->result) {
  case SPF_RESULT_PASS: return AUTH_PASS;
  case SPF_RESULT_FAIL: return AUTH_FAIL;
  case SPF_RESULT_SOFTFAIL: return AUTH_SOFTFAIL;
  case SPF_RESULT_NEUTRAL: return AUTH_NEUTRAL;
  default: return AUTH_TEMPERROR;
  }
}

/* Follows redirects to the record that decided. */
static struct spf_decision decision_of(const SPF_response_t *response, const struct frame *frame)
{
  while (frame->reached && frame->reached->term->kind == TERM_REDIRECT && frame->reached->inner)
    frame = frame->reached->inner;
  const struct token *token = response->reason == SPF_REASON_MECH ? frame->reached : NULL;
  return (struct spf_decision){result_of(response), frame->policy, token ? token->term : NULL};
}

static SPF_request_t *new_request(SPF_server_t *server, const struct ip *client)
{
  SPF_request_t *request = SPF_request_new(server);
  if (!request)
    abort(); /* see new_answer() */
  if (client->family == AF_INET) {
    struct in_addr address;
    memcpy(&address, client->bytes, sizeof address);
    SPF_request_set_ipv4(request, address);
  } else {
    struct in6_addr address;
    memcpy(&address, client->bytes, sizeof address);
    SPF_request_set_ipv6(request, address);
  }
  request->cur_dom = "!"; /* no token: only compared with the targets of include and redirect */
  return request;
}

struct spf_decision spf_engine_evaluate(struct spf_run *run, const struct spf_policy *policy)
{
  struct engine *engine = arena_alloc(run->arena, sizeof *engine);
  struct frame frame = {.policy = policy};
  char receiver[] = "-";
  SPF_dns_server_t dns = {.lookup = look_up, .get_spf = get_record, .name = "sluis", .hook = engine};
  /* The limits are ours (LIBRARY_LIMIT is never reached): the library counts each include anew. */
  enum { LIBRARY_LIMIT = 1000 };
  SPF_server_t server = {.resolver = &dns,
                         .rec_dom = receiver,
                         .max_dns_mech = LIBRARY_LIMIT,
                         .max_dns_ptr = LIBRARY_LIMIT,
                         .max_dns_mx = LIBRARY_LIMIT};
  struct spf_decision decision = {AUTH_TEMPERROR, policy, NULL};
  engine->run = run;
  SPF_request_t *request = new_request(&server, run->values.client);
  SPF_response_t *response = SPF_response_new(request);
  SPF_record_t *record = NULL;
  if (!response)
    abort(); /* see new_answer() */
  if (compile(engine, &server, response, &frame, &record) == SPF_E_SUCCESS) {
    response->spf_record_exp = record;
    SPF_record_interpret(record, request, response, 0);
    decision = decision_of(response, &frame);
    if (decision.result == AUTH_TEMPERROR)
      spf_run_end(run, AUTH_TEMPERROR, "libspf2 came to no result");
    response->spf_record_exp = NULL;
  }
  free_record(record);
  SPF_response_free(response);
  SPF_request_free(request);
  return decision;
}
