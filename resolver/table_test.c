/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of answers: what is kept, for how long, and who is woken. Time is an argument here.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/answer.h"
#include "resolver/table.h"

static struct table_key key_of(const struct table *table, const char *name, unsigned type)
{
  struct table_key key = {.name = name, .length = strlen(name), .type = type};
  table_hash(table, &key);
  return key;
}

static struct dns_answer_owned *answer_of(enum dns_status status, uint32_t ttl)
{
  static const struct dns_record record = {(const uint8_t *)"data", 4};
  return answer_new(&(struct dns_answer){
      .status = status, .ttl = ttl, .count = status == DNS_FOUND, .records = status == DNS_FOUND ? &record : NULL});
}

static void put(struct table *table, const char *name, struct dns_answer_owned *answer, uint64_t now)
{
  struct table_result result;
  struct table_key key = key_of(table, name, DNS_A);
  assert_int_equal(table_claim(table, &key, now, &result), TABLE_NEW);
  table_complete(result.entry, answer, now);
  table_leave(result.entry);
}

/* The seconds left of what is in the table, or -1. Leaves what is not there as it was. */
static int look(struct table *table, const char *name, uint64_t now)
{
  struct table_result result;
  struct table_key key = key_of(table, name, DNS_A);
  if (table_claim(table, &key, now, &result) == TABLE_ANSWERED) {
    answer_release(result.answer);
    if (result.refresh)
      table_refresh(result.refresh, NULL, now);
    return (int)result.ttl;
  }
  table_complete(result.entry, answer_of(DNS_FOUND, 0), now);
  table_leave(result.entry);
  return -1;
}

static void lifetimes_are_bounded(void **state)
{
  (void)state;
  static const struct {
    enum dns_status status;
    uint32_t ttl;
    int seconds; /* at once */
  } rows[] = {
      {DNS_FOUND, 60, 60},       {DNS_FOUND, 86400, 3600},   {DNS_FOUND, 0, -1},      {DNS_FOUND, UINT32_MAX, 3600},
      {DNS_NODATA, 3600, 300},   {DNS_NXDOMAIN, 3600, 300},  {DNS_NXDOMAIN, 20, 20},  {DNS_BOGUS, 3600, 60},
      {DNS_FAILURE, 32768, 5},   {DNS_FAILURE, 5, 5},        {DNS_TIMEOUT, 100, -1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct table *table = table_new(1 << 20, 10, NULL);
    put(table, "a.example", answer_of(rows[i].status, rows[i].ttl), 1000000);
    assert_int_equal(look(table, "a.example", 1000000), rows[i].seconds);
    if (rows[i].seconds > 0) {
      uint64_t end = 1000000 + 1000 * (uint64_t)rows[i].seconds;
      assert_int_equal(look(table, "a.example", 1002000), rows[i].seconds - 2);
      assert_int_equal(look(table, "a.example", end - 1), 1);
      assert_int_equal(look(table, "a.example", end), -1);
    }
    assert_int_equal(table_count(table), 0);
    assert_int_equal(table_bytes(table), 0);
    table_free(table);
  }
  table_free(NULL);
}

static void the_least_used_goes_first(void **state)
{
  (void)state;
  enum { NAMES = 2000, BYTES = 64 << 10 };
  struct table *table = table_new(BYTES, 10, NULL);
  char name[40];
  put(table, "favourite.example", answer_of(DNS_FOUND, 3600), 1000);
  for (int i = 0; i < NAMES; i++) {
    snprintf(name, sizeof name, "name%d.example", i);
    put(table, name, answer_of(DNS_FOUND, 3600), 1000);
    assert_int_equal(look(table, "favourite.example", 1000), 3600);
    assert_true(table_bytes(table) <= BYTES);
  }
  assert_true(table_count(table) > 100);
  assert_int_equal(look(table, name, 1000), 3600);
  assert_int_equal(look(table, "name0.example", 1000), -1);
  table_free(table);

  /* What is larger than all the room is handed out and not kept. */
  table = table_new(1024, 10, NULL);
  put(table, "a.example", answer_of(DNS_FOUND, 3600), 1000);
  assert_int_equal(table_count(table), 0);
  assert_int_equal(look(table, "a.example", 1000), -1);
  table_free(table);
}

static void questions_in_flight_are_joined_and_bounded(void **state)
{
  (void)state;
  struct table *table = table_new(1 << 20, 2, &table);
  struct table_result first, second, third;
  struct table_key a = key_of(table, "a.example", DNS_A), b = key_of(table, "a.example", DNS_TXT),
                   c = key_of(table, "c.example", DNS_A);
  uint64_t now = table_clock();
  assert_int_equal(table_claim(table, &a, now, &first), TABLE_NEW);
  assert_ptr_equal(table_owner(first.entry), &table);
  assert_int_equal(table_claim(table, &a, now, &second), TABLE_PENDING);
  assert_ptr_equal(second.entry, first.entry);
  assert_int_equal(table_claim(table, &b, now, &third), TABLE_NEW);
  struct table_entry *other = third.entry;
  assert_int_equal(table_claim(table, &c, now, &third), TABLE_FULL);
  assert_null(third.entry);
  assert_false(table_wait(first.entry, now, &third));

  table_complete(first.entry, answer_of(DNS_FOUND, 0), now);
  assert_true(table_wait(second.entry, now, &third));
  assert_int_equal(third.answer->answer.status, DNS_FOUND);
  assert_int_equal(third.ttl, 0);
  answer_release(third.answer);
  table_leave(first.entry);
  table_leave(second.entry);

  /* Nobody waits for the other any more; its answer is kept all the same. */
  table_leave(other);
  table_complete(other, answer_of(DNS_FOUND, 60), now);
  assert_int_equal(table_claim(table, &b, now, &third), TABLE_ANSWERED);
  answer_release(third.answer);
  assert_int_equal(table_claim(table, &c, now, &third), TABLE_NEW);
  table_complete(third.entry, answer_of(DNS_FOUND, 60), now);
  table_leave(third.entry);
  table_leave(NULL);
  table_free(table);
}

/* Uses the answer; true where it is to be asked for anew, with the turn. */
static struct table_entry *use(struct table *table, const char *name, uint64_t now, int *turn)
{
  struct table_result result;
  struct table_key key = key_of(table, name, DNS_A);
  assert_int_equal(table_claim(table, &key, now, &result), TABLE_ANSWERED);
  answer_release(result.answer);
  *turn = (int)result.turn;
  return result.refresh;
}

static void popular_answers_are_refreshed(void **state)
{
  (void)state;
  enum { START = 1000000 };
  struct table *table = table_new(1 << 20, 10, NULL);
  struct table_entry *refresh = NULL;
  int turn;
  put(table, "a.example", answer_of(DNS_FOUND, 100), START);
  for (int i = 0; i < 5; i++)
    assert_null(use(table, "a.example", START + 89999, &turn));
  refresh = use(table, "a.example", START + 90000, &turn);
  assert_non_null(refresh);
  assert_int_equal(turn, 1);
  assert_null(use(table, "a.example", START + 91000, &turn)); /* once */
  table_refresh(refresh, answer_of(DNS_FOUND, 100), START + 92000);
  assert_int_equal(look(table, "a.example", START + 92000), 100);
  assert_int_equal(table_count(table), 1);

  /* Anew it must be used, and the next time the first memory is asked. */
  assert_null(use(table, "a.example", START + 182000, &turn));
  refresh = use(table, "a.example", START + 182001, &turn);
  assert_non_null(refresh);
  assert_int_equal(turn, 0);

  /* Failures and what does not last longer change nothing. */
  table_refresh(refresh, answer_of(DNS_BOGUS, 60), START + 183000);
  assert_null(use(table, "a.example", START + 184000, &turn));
  assert_int_equal(look(table, "a.example", START + 191999), 1);
  assert_int_equal(look(table, "a.example", START + 192000), -1);
  assert_int_equal(table_bytes(table), 0);

  put(table, "b.example", answer_of(DNS_NXDOMAIN, 50), START);
  for (int i = 0; i < 3; i++)
    refresh = use(table, "b.example", START + 46000, &turn);
  assert_non_null(refresh);
  table_refresh(refresh, answer_of(DNS_FOUND, 4), START + 46000);
  assert_int_equal(look(table, "b.example", START + 49000), 1);
  for (int i = 0; i < 5; i++)
    assert_null(use(table, "b.example", START + 49000, &turn));
  table_free(table);
}

static void few_answers_are_refreshed(void **state)
{
  (void)state;
  static const struct {
    const char *label;
    enum dns_status status;
    uint32_t ttl;
    int uses, refreshed;
  } rows[] = {
      {"used twice", DNS_FOUND, 100, 2, 0},     {"used three times", DNS_FOUND, 100, 3, 1},
      {"no data", DNS_NODATA, 100, 5, 1},       {"no such name", DNS_NXDOMAIN, 100, 5, 1},
      {"bogus", DNS_BOGUS, 60, 5, 0},           {"failed", DNS_FAILURE, 5, 5, 0},
      {"brief", DNS_FOUND, 9, 5, 0},            {"hardly longer", DNS_FOUND, 10, 5, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct table *table = table_new(1 << 20, 10, NULL);
    uint64_t end = 1000000 + 1000 * (uint64_t)rows[i].ttl;
    int refreshed = 0, turn;
    put(table, "a.example", answer_of(rows[i].status, rows[i].ttl), 1000000);
    for (int use_number = 0; use_number < rows[i].uses; use_number++) {
      struct table_entry *refresh = use(table, "a.example", end - 1, &turn);
      refreshed += refresh != NULL;
      if (refresh)
        table_refresh(refresh, NULL, end - 1);
    }
    if (refreshed != rows[i].refreshed)
      fail_msg("%s: asked anew %d times", rows[i].label, refreshed);
    assert_int_equal(look(table, "a.example", end), -1);
    table_free(table);
  }
}

static void refreshing_is_bounded(void **state)
{
  (void)state;
  struct table *table = table_new(20 << 10, 4, NULL);
  struct table_entry *open[3];
  char name[40];
  int turn;
  for (int i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "name%d.example", i);
    put(table, name, answer_of(DNS_FOUND, 100), 0);
    struct table_entry *refresh = NULL;
    for (int j = 0; j < 3; j++)
      refresh = use(table, name, 95000, &turn);
    /* Half of the questions that may be in flight are for messages that wait. */
    assert_int_equal(refresh != NULL, i < 3);
    if (refresh)
      open[i] = refresh;
  }
  /* One is pushed out meanwhile, one ends and is asked for again, one is kept. */
  assert_int_equal(look(table, "name1.example", 100000), -1);
  put(table, "name1.example", answer_of(DNS_FOUND, 50), 100000);
  table_refresh(open[1], answer_of(DNS_FOUND, 100), 100000);
  assert_int_equal(look(table, "name1.example", 100000), 50);
  for (int i = 0; i < 1000; i++) {
    snprintf(name, sizeof name, "other%d.example", i);
    put(table, name, answer_of(DNS_FOUND, 100), 96000);
  }
  assert_int_equal(look(table, "name0.example", 96000), -1);
  table_refresh(open[0], answer_of(DNS_FOUND, 100), 96000);
  assert_int_equal(look(table, "name0.example", 96000), -1);
  table_refresh(open[2], answer_of(DNS_FOUND, 100), 96000);
  assert_true(table_bytes(table) <= 20 << 10);
  table_free(table);
}

/* We keep it for an hour: the memory that has it for a day can be asked again. */
static void long_lived_answers_stay_with_their_memory(void **state)
{
  (void)state;
  struct table *table = table_new(1 << 20, 10, NULL);
  struct table_entry *refresh = NULL;
  int turn = -1;
  put(table, "a.example", answer_of(DNS_FOUND, 86400), 0);
  for (int i = 0; i < 3; i++)
    refresh = use(table, "a.example", 3590000, &turn);
  assert_non_null(refresh);
  assert_int_equal(turn, 0);
  table_refresh(refresh, answer_of(DNS_FOUND, 3000), 3590000);
  for (int i = 0; i < 3; i++)
    refresh = use(table, "a.example", 6580000, &turn);
  assert_non_null(refresh);
  assert_int_equal(turn, 1);
  table_refresh(refresh, NULL, 6580000);
  table_free(table);
}

static void keys_differ(void **state)
{
  (void)state;
  struct table *one = table_new(1, 1, NULL), *two = table_new(1, 1, NULL);
  static const char *const names[] = {"a", "b", "aa", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "ab", "ba"};
  uint64_t seen[sizeof names / sizeof *names * 2];
  size_t count = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    seen[count++] = key_of(one, names[i], DNS_A).hash;
    seen[count++] = key_of(one, names[i], DNS_TXT).hash;
    assert_true(key_of(one, names[i], DNS_A).hash == seen[count - 2]);
    assert_true(key_of(two, names[i], DNS_A).hash != seen[count - 2]);
  }
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      assert_true(seen[i] != seen[j]);
  table_free(one);
  table_free(two);
}

enum { THREADS = 4, ROUNDS = 3000, NAMES = 150 };

static void *claim_and_complete(void *argument)
{
  struct table *table = argument;
  unsigned seed = (unsigned)(uintptr_t)&seed, wrong = 0;
  for (int i = 0; i < ROUNDS; i++) {
    char name[40];
    struct table_result result;
    seed = seed * 1103515245 + 12345;
    snprintf(name, sizeof name, "name%u.example", seed / 65536 % NAMES);
    struct table_key key = key_of(table, name, DNS_A);
    uint64_t now = table_clock();
    enum table_state state = table_claim(table, &key, i % 5 ? now : now + 59000, &result);
    struct table_entry *entry = result.entry;
    if (result.refresh)
      table_refresh(result.refresh, i % 3 ? answer_of(DNS_FOUND, 60) : NULL, now);
    if (state == TABLE_NEW)
      table_complete(entry, answer_of(DNS_FOUND, i % 7 ? 60 : 0), now);
    if (entry && !table_wait(entry, now + 60000, &result))
      wrong++;
    if (!result.answer || result.answer->answer.records[0].length != 4)
      wrong++;
    answer_release(result.answer);
    table_leave(entry);
  }
  return (void *)(uintptr_t)wrong;
}

static void threads_share_it(void **state)
{
  (void)state;
  struct table *table = table_new(16 << 10, THREADS, NULL);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, claim_and_complete, table), 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
  assert_true(table_bytes(table) <= 16 << 10);
  assert_true(table_count(table) < NAMES); /* so that eviction took part */
  table_free(table);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lifetimes_are_bounded),
      cmocka_unit_test(the_least_used_goes_first),
      cmocka_unit_test(questions_in_flight_are_joined_and_bounded),
      cmocka_unit_test(popular_answers_are_refreshed),
      cmocka_unit_test(few_answers_are_refreshed),
      cmocka_unit_test(refreshing_is_bounded),
      cmocka_unit_test(long_lived_answers_stay_with_their_memory),
      cmocka_unit_test(keys_differ),
      cmocka_unit_test(threads_share_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
