/** @file
 *  Laying out spans by their lifetimes. */
#include "check.h"
#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 120, STEPS = 40, ROUNDS = 400 };

static uint64_t state = 1;

/** 0 .. n - 1. */
static int below(int n)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((state >> 33) % (uint64_t)n);
}

static int64_t rounded(int64_t bytes)
{
  return (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

/** Spans of all sizes, some empty, some equal, some alive throughout. */
static void fill(struct span *s, int n)
{
  for (int i = 0; i < n; i++) {
    const int first = below(STEPS), most = 1 << below(20);
    s[i] = (struct span){.bytes = below(8) ? below(most) : 0, .first = first, .offset = -7};
    s[i].last = below(10) ? first + below(STEPS - first) : STEPS;
    if (i && !below(6)) s[i].bytes = s[i - 1].bytes;
  }
}

static void check_pair(const struct span *a, const struct span *b)
{
  const int together = a->first <= b->last && b->first <= a->last;
  const int apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
  if (together && !apart)
    fail_msg("[%d, %d] and [%d, %d] overlap in memory", a->first, a->last, b->first, b->last);
}

/** What has to be there at one step. */
static int64_t bytes_at(const struct span *s, int n, int step)
{
  int64_t sum = 0;
  for (int i = 0; i < n; i++)
    if (s[i].first <= step && step <= s[i].last) sum += rounded(s[i].bytes);
  return sum;
}

static void check_layout(const struct span *s, int n, int64_t total)
{
  int64_t end = 0;
  for (int i = 0; i < n; i++) {
    assert_true(s[i].offset >= 0 && s[i].offset % ARENA_ALIGN == 0);
    assert_true(s[i].offset + s[i].bytes <= total);
    if (s[i].offset + rounded(s[i].bytes) > end) end = s[i].offset + rounded(s[i].bytes);
    for (int k = 0; k < i; k++) check_pair(&s[i], &s[k]);
  }
  assert_true(total == end);
  for (int step = 0; step <= STEPS; step++) assert_true(bytes_at(s, n, step) <= total);
}

static void spans_alive_together_are_apart(void **unused)
{
  (void)unused;
  struct span s[MOST];
  for (int round = 0; round < ROUNDS; round++) {
    const int n = 1 + below(MOST);
    fill(s, n);
    check_layout(s, n, arena_place(s, n));
  }
}

static void the_same_spans_get_the_same_places(void **unused)
{
  (void)unused;
  struct span s[MOST], again[MOST];
  for (int round = 0; round < ROUNDS / 10; round++) {
    fill(s, MOST);
    memcpy(again, s, sizeof s);
    const int64_t total = arena_place(s, MOST);
    assert_true(arena_place(again, MOST) == total);
    for (int i = 0; i < MOST; i++) assert_true(again[i].offset == s[i].offset);
    assert_true(arena_place(again, MOST) == total); /* the offsets of before are not read */
    for (int i = 0; i < MOST; i++) assert_true(again[i].offset == s[i].offset);
  }
}

/** Spans that follow each other share their memory; spans alive together are simply summed. */
static void memory_is_reused_where_it_can_be(void **unused)
{
  (void)unused;
  struct span chain[STEPS], pile[STEPS];
  for (int i = 0; i < STEPS; i++) {
    chain[i] = (struct span){.bytes = 1000, .first = i, .last = i};
    pile[i] = (struct span){.bytes = 1000, .first = 0, .last = 5};
  }
  assert_true(arena_place(chain, STEPS) == rounded(1000));
  assert_true(arena_place(pile, STEPS) == rounded(1000) * STEPS);
}

/** A ping-pong of neighbours needs two places, not one and not n. */
static void neighbours_need_two_places(void **unused)
{
  (void)unused;
  struct span s[STEPS];
  for (int i = 0; i < STEPS; i++) s[i] = (struct span){.bytes = 640, .first = i, .last = i + 1};
  assert_true(arena_place(s, STEPS) == INT64_C(2) * 640);
}

static void empty_layouts_need_nothing(void **unused)
{
  (void)unused;
  struct span s[] = {{.first = 0, .last = 9}, {.first = 3, .last = 3}};
  assert_true(arena_place(s, 0) == 0);
  assert_true(arena_place(NULL, 0) == 0);
  assert_true(arena_place(s, 2) == 0);
  s[0].bytes = 1;
  assert_true(arena_place(s, 2) == ARENA_ALIGN);
  check_layout(s, 2, ARENA_ALIGN);
}

/** More bytes than 32 bits hold. */
static void large_spans_do_not_overflow(void **unused)
{
  (void)unused;
  const int64_t big = INT64_C(5) << 40;
  struct span s[] = {{.bytes = big, .first = 0, .last = 1}, {.bytes = big, .first = 1, .last = 2}};
  assert_true(arena_place(s, 2) == 2 * big);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spans_alive_together_are_apart),
      cmocka_unit_test(the_same_spans_get_the_same_places),
      cmocka_unit_test(memory_is_reused_where_it_can_be),
      cmocka_unit_test(neighbours_need_two_places),
      cmocka_unit_test(empty_layouts_need_nothing),
      cmocka_unit_test(large_spans_do_not_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
