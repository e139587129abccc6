/** @file
 *  The tests of one class. */
#include "core/scan_decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const scan_test_names[SCAN_TESTS + 1] = {
#define E(id, name, size, about) name,
    SCAN_TEST_LIST(E)
#undef E
        NULL};

static const int sides[SCAN_TESTS] = {
#define E(id, name, size, about) size,
    SCAN_TEST_LIST(E)
#undef E
};

struct scan_room {
  struct scan_search search;
  real *map, *blend, *work;                /* [pixels] */
  real *pattern[SCAN_TESTS];               /* of the last class, where a test has a patch */
  struct scan_patch patch[SCAN_TESTS];     /* points into pattern */
  int *find, *measure[SCAN_NOISES], *seen; /* [images] */
};

int scan_patch_side(const struct scan_lab *l, int test)
{
  const int shorter = l->height < l->width ? l->height : l->width;
  if (!sides[test]) return 0;
  const int side = (int)(sides[test] * shorter / 32.0 + 0.5);
  return side < 2 ? (shorter < 2 ? shorter : 2) : side;
}

void scan_room_free(struct scan_room **room)
{
  struct scan_room *r = *room;
  if (!r) return;
  scan_search_free(&r->search);
  free(r->map);
  free(r->blend);
  free(r->work);
  for (int t = 0; t < SCAN_TESTS; t++) free(r->pattern[t]);
  free(r->find);
  for (int k = 0; k < SCAN_NOISES; k++) free(r->measure[k]);
  free(r->seen);
  free(r);
  *room = NULL;
}

static err fill(struct scan_room *r, const struct scan_lab *l, int images, int windows)
{
  int most = 1;
  const size_t pixels = (size_t)l->pixels;
  bool good = true;
  for (int t = 0; t < SCAN_TESTS; t++) {
    const int side = scan_patch_side(l, t);
    most = side > most ? side : most;
    if (side)
      r->pattern[t] = calloc((size_t)l->channels * (size_t)side * (size_t)side, sizeof(real));
    good = good && (!side || r->pattern[t]);
  }
  r->map = calloc(pixels, sizeof(real));
  r->blend = calloc(pixels, sizeof(real));
  r->work = calloc(pixels, sizeof(real));
  r->find = calloc((size_t)images, sizeof(int));
  for (int k = 0; k < SCAN_NOISES; k++) {
    r->measure[k] = calloc((size_t)images, sizeof(int));
    good = good && r->measure[k];
  }
  r->seen = calloc((size_t)images, sizeof(int));
  CHECK(good && r->map && r->blend && r->work && r->find && r->seen, ERR_MEMORY,
        "no memory for the tests of a class");
  return scan_search_make(l, windows, most, &r->search);
}

err scan_room_make(const struct scan_lab *l, int images, int windows, struct scan_room **out)
{
  struct scan_room *r = calloc(1, sizeof *r);
  CHECK(r, ERR_MEMORY, "no memory for the tests of a class");
  const err e = fill(r, l, images, windows);
  if (e) {
    scan_room_free(&r);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = r;
  return ERR_OK;
}

/** What a scan_class is about. */
struct subject {
  const struct scan_class_settings *settings;
  struct scan_lab *lab;
  const struct scan_pool *pool, *clean;
  int target, n_find, n_measure[SCAN_NOISES];
  struct scan_room *room;
  struct scan_scores *out;
};

/** What one test's pattern does to images that were not used to find it, of every noise. */
static void take(const struct subject *a, scan_change *change, const void *with, int test)
{
  struct scan_room *r = a->room;
  double logs = 0.0, rates = 0.0;
  int noises = 0;
  for (int k = 0; k < SCAN_NOISES; k++) {
    double rate = 0.0;
    if (!a->n_measure[k]) continue;
    logs += scan_log_gain(
        scan_gain(a->lab, a->pool, a->target, r->measure[k], a->n_measure[k], change, with, &rate));
    rates += rate;
    noises++;
  }
  a->out->gain[test] = exp(logs / noises);
  a->out->rate[test] = rates / noises;
  if (!a->clean) return;
  const int n = scan_choose(a->clean, a->target, (struct scan_part){-1, 0, 1}, false, r->seen);
  if (n) {
    (void)scan_gain(a->lab, a->clean, a->target, r->seen, n, change, with,
                    &a->out->clean_rate[test]);
  }
}

static void take_patch(const struct subject *a, int test)
{
  struct scan_room *r = a->room;
  struct scan_patch_settings with = a->settings->patch;
  struct scan_patch best;
  with.size = scan_patch_side(a->lab, test);
  scan_patch_find(&with, a->lab, a->pool, a->target, r->find, a->n_find, r->map, &r->search, &best);
  if (!best.size) return;
  memcpy(r->pattern[test], best.pattern,
         (size_t)(a->lab->channels * best.size * best.size) * sizeof(real));
  best.pattern = r->pattern[test];
  r->patch[test] = best;
  a->out->window[test][0] = best.row;
  a->out->window[test][1] = best.column;
  a->out->window[test][2] = best.size;
  take(a, scan_paste, &r->patch[test], test);
}

static void clear(struct scan_room *r, struct scan_scores *out)
{
  for (int t = 0; t < SCAN_TESTS; t++) {
    out->gain[t] = out->rate[t] = out->clean_rate[t] = (double)NAN;
    for (int k = 0; k < 3; k++) out->window[t][k] = -1;
    r->patch[t] = (struct scan_patch){0};
  }
}

void scan_class(const struct scan_class_settings *s, struct scan_lab *l, const struct scan_pool *p,
                const struct scan_pool *clean, int target, struct scan_part part,
                struct scan_room *r, struct scan_scores *out)
{
  struct subject a = {s, l, p, clean, target, 0, {0}, r, out};
  int measured = 0;
  a.n_find = scan_choose(p, target, part, false, r->find);
  for (int k = 0; k < SCAN_NOISES; k++) {
    const struct scan_part rest = {k, part.part, part.parts};
    const int n = scan_choose(p, target, rest, true, r->measure[k]);
    a.n_measure[k] = n < s->most ? n : s->most;
    measured += a.n_measure[k];
  }
  clear(r, out);
  if (!a.n_find || !measured) return;
  scan_map(&s->locate, l, p, target, r->find, a.n_find, r->work, r->map);
  if (s->tests[SCAN_BLEND]) {
    scan_map(&s->blend, l, p, target, r->find, a.n_find, r->work, r->blend);
    take(&a, scan_add, r->blend, SCAN_BLEND);
  }
  for (int t = 0; t < SCAN_TESTS; t++)
    if (s->tests[t] && sides[t]) take_patch(&a, t);
}

const real *scan_room_map(const struct scan_room *r)
{
  return r->map;
}

const real *scan_room_blend(const struct scan_room *r)
{
  return r->blend;
}

void scan_room_patch(const struct scan_room *r, const struct scan_lab *l, int test, real *to)
{
  for (int64_t u = 0; u < l->pixels; u++) to[u] = (real)NAN;
  if (r->patch[test].size) scan_paste(&r->patch[test], l, to);
}
