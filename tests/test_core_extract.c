/** @file
 *  Every extract with every aggregate against a reference that really makes gamma, entry by entry.
 *
 *  The reference repeats the products of METHODS section 1.1 in double and in another order.  Each of
 *  the two sums rounds relative to the sum of |gamma|, at most (entries + 20) times: the closed forms
 *  have at most 20 roundings a term more.  With fewer than 2000 entries that is below 1e-12 of the
 *  sum of |gamma| (of the largest |gamma| for max, of the result for a root of squares); then comes
 *  one rounding to float, 2^-24 of the result.
 *
 *  The depthwise extract makes squares of a and sums nine of them in the type of the fields: one
 *  rounding and two additions along each axis, of numbers that are not negative, so 5 u of the sum
 *  with u = 2^-24 in the program, and half of that of its root. */
#include "check.h"
#include "core/aggregate.h"
#include "core/extract_bands.h"
#include "ref_extract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, MOST_K = 7 };

enum { MOST_AGGREGATES = 8, MOST_MAPS = N_EXTRACTS * MOST_AGGREGATES };

/** Activation and signal of a unit as stored, the sample under test in the middle of it. */
struct site {
  struct field field;
  int samples;           /* BATCH: all are taken; 1: that one alone */
  double *a, *g;         /* dense, the sample's own */
  real *unit_a, *unit_g; /* [k][BATCH][h * w] */
  float *map;            /* [N_EXTRACTS, MOST_AGGREGATES, h * w] */
};

static uint64_t state = 1;

static int below(int n)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((state >> 33) % (uint64_t)n);
}

/** How values are drawn: all signs, small integers with zeros and ties, one sign only, all zero, and
 *  without negative ones but a few here and there. */
enum draw {
  DRAW_SPREAD,
  DRAW_TIES,
  DRAW_NEGATIVE,
  DRAW_POSITIVE,
  DRAW_ZERO,
  DRAW_RECTIFIED,
  N_DRAWS
};

static real draw(enum draw how)
{
  const double v = below(1 << 24) / (double)(1 << 23) - 1.0;
  switch (how) {
  case DRAW_TIES:
    return (real)(below(5) - 2);
  case DRAW_NEGATIVE:
    return (real)(float)(-0.01 - fabs(v));
  case DRAW_POSITIVE:
    return (real)(float)(0.01 + fabs(v));
  case DRAW_ZERO:
    return REAL(0.0);
  case DRAW_RECTIFIED:
    return v > 0.0 || !below(100) ? (real)(float)v : REAL(0.0);
  default:
    return (real)(float)v;
  }
}

static real *make_unit(ptrdiff_t k, ptrdiff_t n, enum draw how, double *dense)
{
  real *v = malloc((size_t)(k * BATCH * n) * sizeof *v);
  assert_non_null(v);
  for (ptrdiff_t i = 0; i < k * BATCH * n; i++) v[i] = draw(how);
  for (int c = 0; c < k; c++)
    for (ptrdiff_t u = 0; u < n; u++) dense[c * n + u] = (double)v[(c * BATCH + 1) * n + u];
  return v;
}

static void site_make(int k, int h, int w, enum draw a, enum draw g, struct site *s)
{
  const ptrdiff_t n = (ptrdiff_t)h * w;
  s->samples = BATCH;
  s->a = malloc((size_t)(k * n) * sizeof *s->a);
  s->g = malloc((size_t)(k * n) * sizeof *s->g);
  s->map = malloc((size_t)(MOST_MAPS * n) * sizeof *s->map);
  assert_true(s->a && s->g && s->map);
  s->unit_a = make_unit(k, n, a, s->a);
  s->unit_g = make_unit(k, n, g, s->g);
  s->field = (struct field){k, h, w, s->a, s->g};
}

static void site_free(struct site *s)
{
  free(s->a);
  free(s->g);
  free(s->map);
  free(s->unit_a);
  free(s->unit_g);
}

static float *map_of(const struct site *s, int extract, int aggregate)
{
  const ptrdiff_t n = (ptrdiff_t)s->field.h * s->field.w;
  return s->map + (extract * MOST_AGGREGATES + aggregate) * n;
}

/** Every aggregate whose sums are there. */
struct taker {
  const struct site *site;
  unsigned wanted;
};

static void take(void *who, int sample, int extract, int64_t first, int n, const struct stats *s)
{
  const struct taker *t = who;
  if (t->site->samples == BATCH && sample != 1) return;
  for (int i = 0; aggregate_all[i].name; i++) {
    if (!(aggregate_all[i].reads & ~t->wanted))
      aggregate_all[i].run(s, n, map_of(t->site, extract, i) + first);
  }
}

/** Maps of one extract, or of all with -1, from bands of so many rows.  What an extract does not ask
 *  for is not there, and the scratch holds NaN. */
static void run(const struct site *s, int extract, int rows, unsigned wanted)
{
  const struct field *f = &s->field;
  const ptrdiff_t n = (ptrdiff_t)f->h * f->w;
  const ptrdiff_t first = s->samples == BATCH ? 0 : n; /* of the unit */
  unsigned of[N_EXTRACTS] = {0};
  bool reads = false;
  struct taker t = {s, wanted};
  for (int i = 0; i < N_EXTRACTS; i++) {
    if (extract >= 0 && i != extract) continue;
    of[i] = wanted;
    reads = reads || extract_all[i]->reads_activation;
  }
  const struct window window = {
      .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .begin = {1, 1}, .end = {1, 1}};
  const struct extract_input input = {f->k, f->h, f->w, BATCH * n, s->unit_a + first, &window};
  const struct extract_site at = {
      f->k, f->h, f->w, BATCH * n, reads ? s->unit_a + first : NULL, s->unit_g + first, &input};
  const size_t bytes = extract_bands_bytes(&at, s->samples, rows, n);
  double *work = malloc(bytes);
  assert_non_null(work);
  memset(work, 0xff, bytes);
  extract_bands_run(&(struct extract_bands){.at = at,
                                            .samples = s->samples,
                                            .rows = rows,
                                            .wanted = of,
                                            .work = work,
                                            .who = &t,
                                            .take = take});
  free(work);
}

static void check_map(const struct field *f, const struct extract *x, const struct aggregate *a,
                      const float *map)
{
  double entries[9 * MOST_K * MOST_K];
  const struct extract_ref *e = ref_extract_find(x->name);
  const struct aggregate_ref *r = ref_aggregate_find(a->name);
  for (int u = 0; u < f->h * f->w; u++) {
    struct gamma y = {0, entries};
    e->make(f, u / f->w, u % f->w, &y);
    const double want = r->of(&y), size = r->size(&y);
    const double u_real = ldexp(1.0, sizeof(real) == sizeof(float) ? -24 : -53);
    const double squares = r->is_root ? e->roundings / 2 * u_real : 0.0;
    if (!(fabs((double)map[u] - want) <= (1e-12 + squares) * size + ldexp(fabs(want), -24))) {
      fail_msg("%s/%s at %d of [%d, %d, %d]: %.9g, expected %.9g", x->name, a->name, u, f->k, f->h,
               f->w, (double)map[u], want);
    }
    if (!a->is_signed) assert_true(map[u] >= 0.0F);
  }
}

static void check_site(int k, int h, int w, enum draw a, enum draw g)
{
  struct site s;
  site_make(k, h, w, a, g, &s);
  run(&s, -1, extract_bands_rows(h, w), STATS_ALL);
  for (int i = 0; i < N_EXTRACTS; i++) {
    for (int j = 0; aggregate_all[j].name; j++)
      check_map(&s.field, extract_all[i], &aggregate_all[j], map_of(&s, i, j));
  }
  site_free(&s);
}

/** Planes of one position, of one row or column, of two, and larger than a block of stats. */
static void closed_forms_equal_the_entries(void **unused)
{
  (void)unused;
  static const int size[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 9},   {9, 1}, {2, 2},
                                {3, 3}, {2, 5}, {6, 4}, {17, 19}, {3, 41}};
  for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
    for (int k = 1; k <= MOST_K; k += 2) {
      for (int d = 0; d < N_DRAWS * N_DRAWS; d++)
        check_site(k, size[i][0], size[i][1], d / N_DRAWS, d % N_DRAWS);
    }
  }
}

/** The sums that are made at once, and those that are made alone. */
static const unsigned nan_sets[] = {STATS_ALL,      STATS_SUM, STATS_SQUARES, STATS_POS2,
                                    STATS_EXTREMES, STATS_MAX, STATS_MIN};
enum { NAN_SETS = sizeof nan_sets / sizeof *nan_sets };

/** A NaN of the signal is a NaN in every map that it enters, never a zero. */
static void check_nan_signal(int channel, int height, int width, unsigned wanted)
{
  struct site s;
  const int at = width + 1, n = height * width;
  site_make(3, height, width, DRAW_SPREAD, DRAW_SPREAD, &s);
  s.unit_g[(channel * BATCH + 1) * n + at] = (real)NAN;
  run(&s, -1, height, wanted);
  for (int i = 0; i < N_EXTRACTS; i++) {
    for (int j = 0; aggregate_all[j].name; j++) {
      const float *map = map_of(&s, i, j);
      if (aggregate_all[j].reads & ~wanted) continue;
      if (!isnan(map[at]) && !extract_all[i]->no_signal)
        fail_msg("%s/%s hides a NaN", extract_all[i]->name, aggregate_all[j].name);
      if (isnan(map[at + 1]) && !extract_all[i]->begin)
        fail_msg("%s spreads it", extract_all[i]->name);
    }
  }
  site_free(&s);
}

static void a_nan_shows_in_every_aggregate(void **unused)
{
  (void)unused;
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < NAN_SETS; i++) {
      check_nan_signal(k, 3, 4, nan_sets[i]);
      check_nan_signal(k, 2, 45, nan_sets[i]);
    }
  }
}

/** Weights of channels that are made from activations carry a NaN to the whole map. */
static bool weighs_activations(const struct extract *x)
{
  return !strncmp(x->name, "cam_pp", 6) || !strcmp(x->name, "cam_x");
}

/** So is a NaN of the activation, in the maps of all windows that see it. */
static void check_nan_activation(int width, enum draw draw_a, unsigned wanted)
{
  struct site s;
  const int n = 3 * width;
  site_make(3, 3, width, draw_a, DRAW_SPREAD, &s);
  s.unit_a[(1 * BATCH + 1) * n + width + 1] = (real)NAN;
  run(&s, -1, 1, wanted);
  for (int i = 0; i < N_EXTRACTS; i++) {
    const bool window = !strncmp(extract_all[i]->name, "conv3x3", 7) || extract_all[i]->reads_input;
    const bool reads = extract_all[i]->reads_activation || extract_all[i]->reads_input;
    for (int j = 0; aggregate_all[j].name; j++) {
      for (int u = 0; u < n && !(aggregate_all[j].reads & ~wanted); u++) {
        const bool near = abs(u / width - 1) <= window && abs(u % width - 1) <= window;
        const bool sees = near || weighs_activations(extract_all[i]);
        assert_true(!isnan(map_of(&s, i, j)[u]) == !(sees && reads));
      }
    }
  }
  site_free(&s);
}

static void a_nan_activation_shows(void **unused)
{
  (void)unused;
  for (int i = 0; i < NAN_SETS; i++) {
    check_nan_activation(4, DRAW_SPREAD, nan_sets[i]);
    check_nan_activation(4, DRAW_POSITIVE, nan_sets[i]);
    check_nan_activation(45, DRAW_POSITIVE, nan_sets[i]);
  }
}

/** Maps of one extract in another way: the same bits as in `all`, for the aggregates that are there. */
static void check_bits(const struct site *s, int extract, int rows, unsigned wanted,
                       const float *all)
{
  const ptrdiff_t n = (ptrdiff_t)s->field.h * s->field.w;
  memset(s->map, 0xff, (size_t)(MOST_MAPS * n) * sizeof *s->map);
  run(s, extract, rows, wanted);
  for (int j = 0; aggregate_all[j].name; j++) {
    const float *map = map_of(s, extract, j);
    if (aggregate_all[j].reads & ~wanted) continue;
    if (memcmp(map, all + (map - s->map), (size_t)n * sizeof *map) != 0) {
      fail_msg("%s/%s of [%d, %d, %d] in bands of %d with sums %#x: other bits",
               extract_all[extract]->name, aggregate_all[j].name, s->field.k, s->field.h,
               s->field.w, rows, wanted);
    }
  }
}

/** Bits depend neither on the bands, nor on the other extracts, samples, or sums that others want. */
static void check_all_bits(int k, int h, int w, enum draw draw_a)
{
  struct site s;
  site_make(k, h, w, draw_a, DRAW_SPREAD, &s);
  const size_t n = (size_t)MOST_MAPS * (size_t)h * (size_t)w;
  float *all = malloc(n * sizeof *all);
  assert_non_null(all);
  run(&s, -1, h, STATS_ALL);
  memcpy(all, s.map, n * sizeof *all);
  for (int x = 0; x < N_EXTRACTS; x++) {
    s.samples = x % 2 ? 1 : BATCH;
    for (int rows = 1; rows <= h; rows++) check_bits(&s, x, rows, STATS_ALL, all);
    s.samples = x % 2 ? BATCH : 1;
    for (unsigned wanted = 1; wanted <= STATS_ALL; wanted++) check_bits(&s, x, 4, wanted, all);
  }
  free(all);
  site_free(&s);
}

static void bits_depend_on_the_fields_alone(void **unused)
{
  (void)unused;
  static const int size[][3] = {{5, 17, 19}, {6, 1, 33}, {9, 40, 1}, {8, 11, 7},
                                {1, 5, 8},   {3, 9, 39}, {3, 9, 40}, {7, 24, 64}};
  for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
    check_all_bits(size[i][0], size[i][1], size[i][2], DRAW_SPREAD);
    check_all_bits(size[i][0], size[i][1], size[i][2], DRAW_RECTIFIED);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_forms_equal_the_entries),
      cmocka_unit_test(a_nan_shows_in_every_aggregate),
      cmocka_unit_test(a_nan_activation_shows),
      cmocka_unit_test(bits_depend_on_the_fields_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
