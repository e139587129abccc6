/** @file
 *  Every extract with every aggregate against a reference that really makes gamma, entry by entry.
 *
 *  The reference repeats the products of METHODS section 1.1 in double and in another order.  Each of
 *  the two sums rounds relative to the sum of |gamma|, at most (entries + 20) times: the closed forms
 *  have at most 20 roundings a term more.  With fewer than 2000 entries that is below 1e-12 of the
 *  sum of |gamma| (of the largest |gamma| for max, of the result for a root of squares); then comes
 *  one rounding to float, 2^-24 of the result. */
#include "check.h"
#include "core/aggregate.h"
#include "core/extract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, MOST_K = 7 };

/** One sample at one tap, dense, in double. */
struct field {
  int k, h, w;
  const double *a, *g; /* [k, h, w] */
};

/** The entries at one position. */
struct gamma {
  int n;
  double *entry;
};

static double at(const struct field *f, const double *v, int k, int r, int c)
{
  if (r < 0 || c < 0 || r >= f->h || c >= f->w) return 0.0;
  return v[((int64_t)k * f->h + r) * f->w + c];
}

static void put(struct gamma *y, double v)
{
  y->entry[y->n++] = v;
}

static void bias(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, at(f, f->g, k, r, c));
}

static void scaling(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, at(f, f->a, k, r, c) * at(f, f->g, k, r, c));
}

static void conv1x1(const struct field *f, int r, int c, struct gamma *y)
{
  for (int i = 0; i < f->k; i++)
    for (int j = 0; j < f->k; j++) put(y, at(f, f->a, i, r, c) * at(f, f->g, j, r, c));
}

static void conv3x3(const struct field *f, int r, int c, struct gamma *y)
{
  for (int d = 0; d < 9; d++) {
    for (int i = 0; i < f->k; i++) {
      for (int j = 0; j < f->k; j++)
        put(y, at(f, f->a, i, r + d / 3 - 1, c + d % 3 - 1) * at(f, f->g, j, r, c));
    }
  }
}

static void conv3x3_depthwise(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) {
    for (int d = 0; d < 9; d++)
      put(y, at(f, f->a, k, r + d / 3 - 1, c + d % 3 - 1) * at(f, f->g, k, r, c));
  }
}

static void cam(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) {
    double total = 0.0; /* exact where signs differ: all are multiples of 2^-23 */
    for (int u = f->h * f->w - 1; u >= 0; u--) total += f->g[k * f->h * f->w + u];
    put(y, total / (f->h * f->w) * at(f, f->a, k, r, c));
  }
}

static const struct {
  const char *name;
  void (*make)(const struct field *f, int r, int c, struct gamma *y);
} extract_refs[] = {{"bias", bias},       {"scaling", scaling},
                    {"conv1x1", conv1x1}, {"conv3x3", conv3x3},
                    {"cam", cam},         {"conv3x3_depthwise", conv3x3_depthwise}};

static double root_of_squares(const struct gamma *y, double below)
{
  double sum = 0.0;
  for (int i = y->n - 1; i >= 0; i--) {
    const double v = y->entry[i] < below ? below : y->entry[i];
    sum += v * v;
  }
  return sqrt(sum);
}

static double sum(const struct gamma *y)
{
  double s = 0.0;
  for (int i = y->n - 1; i >= 0; i--) s += y->entry[i];
  return s;
}

static double max(const struct gamma *y)
{
  double m = y->entry[0];
  for (int i = 1; i < y->n; i++) m = fmax(m, y->entry[i]);
  return m;
}

static double maxabs(const struct gamma *y)
{
  double m = 0.0;
  for (int i = 0; i < y->n; i++) m = fmax(m, fabs(y->entry[i]));
  return m;
}

static double norm(const struct gamma *y)
{
  return root_of_squares(y, -INFINITY);
}
static double filter_norm(const struct gamma *y)
{
  return root_of_squares(y, 0.0);
}
static double relu_sum(const struct gamma *y)
{
  return fmax(sum(y), 0.0);
}

static double size_of_sum(const struct gamma *y)
{
  double s = 0.0;
  for (int i = 0; i < y->n; i++) s += fabs(y->entry[i]);
  return s;
}

/** The result, and what its rounding errors are relative to. */
static const struct {
  const char *name;
  double (*of)(const struct gamma *y);
  double (*size)(const struct gamma *y);
} aggregate_refs[] = {
    {"sum", sum, size_of_sum},
    {"max", max, maxabs},
    {"norm", norm, norm},
    {"maxabs", maxabs, maxabs},
    {"filter_norm", filter_norm, filter_norm},
    {"relu_sum", relu_sum, size_of_sum},
};

static int extract_ref(const char *name)
{
  for (size_t i = 0; i < sizeof extract_refs / sizeof *extract_refs; i++)
    if (!strcmp(extract_refs[i].name, name)) return (int)i;
  fail_msg("the extract %s has no reference here", name);
  return -1;
}

static int aggregate_ref(const char *name)
{
  for (size_t i = 0; i < sizeof aggregate_refs / sizeof *aggregate_refs; i++)
    if (!strcmp(aggregate_refs[i].name, name)) return (int)i;
  fail_msg("the aggregate %s has no reference here", name);
  return -1;
}

/** Activation and signal of a unit as stored, the sample under test in the middle of it. */
struct site {
  struct field field;
  double *a, *g;         /* dense, the sample's own */
  real *unit_a, *unit_g; /* [k][BATCH][h * w] */
  struct extract_call call;
  struct stats sa, sg, out;
  double *work;
};

static uint64_t state = 1;

static int below(int n)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((state >> 33) % (uint64_t)n);
}

/** How values are drawn: all signs, small integers with zeros and ties, one sign only, all zero. */
enum draw { DRAW_SPREAD, DRAW_TIES, DRAW_NEGATIVE, DRAW_POSITIVE, DRAW_ZERO, N_DRAWS };

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
  const ptrdiff_t own = extract_work_planes() * n;
  s->a = malloc((size_t)(k * n) * sizeof *s->a);
  s->g = malloc((size_t)(k * n) * sizeof *s->g);
  s->work = malloc((size_t)(15 * n + (own > k ? own : k)) * sizeof *s->work);
  assert_true(s->a && s->g && s->work);
  s->unit_a = make_unit(k, n, a, s->a);
  s->unit_g = make_unit(k, n, g, s->g);
  s->field = (struct field){k, h, w, s->a, s->g};
  s->sa = stats_at(s->work, n);
  s->sg = stats_at(s->work + 5 * n, n);
  s->out = stats_at(s->work + 10 * n, n);
  s->call = (struct extract_call){.at = {k, h, w, (int64_t)BATCH * n, s->unit_a + n, s->unit_g + n},
                                  .a = &s->sa,
                                  .g = &s->sg,
                                  .out = &s->out,
                                  .work = s->work + 15 * n};
}

static void site_free(struct site *s)
{
  free(s->a);
  free(s->g);
  free(s->work);
  free(s->unit_a);
  free(s->unit_g);
}

/** Run an extract as the tape does: what it does not ask for is not there. */
static void run(const struct site *s, const struct extract *x)
{
  const struct extract_site *p = &s->call.at;
  const ptrdiff_t n = (ptrdiff_t)p->height * p->width;
  struct extract_call c = s->call;
  for (ptrdiff_t i = 0; i < 15 * n; i++) s->work[i] = NAN;
  if (x->needs & EXTRACT_STATS_A) stats_of_channels(p->a, p->channels, n, p->stride, &s->sa);
  if (x->needs & EXTRACT_STATS_G) stats_of_channels(p->g, p->channels, n, p->stride, &s->sg);
  if (!x->reads_activation) c.at.a = NULL;
  x->run(&c);
}

static void check_map(const struct field *f, const struct extract *x, const struct aggregate *a,
                      const float *map)
{
  double entries[9 * MOST_K * MOST_K];
  const int e = extract_ref(x->name), r = aggregate_ref(a->name);
  for (int u = 0; u < f->h * f->w; u++) {
    struct gamma y = {0, entries};
    extract_refs[e].make(f, u / f->w, u % f->w, &y);
    const double want = aggregate_refs[r].of(&y), size = aggregate_refs[r].size(&y);
    if (!(fabs((double)map[u] - want) <= 1e-12 * size + ldexp(fabs(want), -24))) {
      fail_msg("%s/%s at %d of [%d, %d, %d]: %.9g, expected %.9g", x->name, a->name, u, f->k, f->h,
               f->w, (double)map[u], want);
    }
    if (!a->is_signed) assert_true(map[u] >= 0.0F);
  }
}

static void check_site(int k, int h, int w, enum draw a, enum draw g)
{
  struct site s;
  float *map = malloc((size_t)(h * w) * sizeof *map);
  assert_non_null(map);
  site_make(k, h, w, a, g, &s);
  for (const struct extract *const *x = extract_all; *x; x++) {
    run(&s, *x);
    for (const struct aggregate *y = aggregate_all; y->name; y++) {
      y->run(&s.out, (int64_t)h * w, map);
      check_map(&s.field, *x, y, map);
    }
  }
  site_free(&s);
  free(map);
}

/** Planes of one position, of one row or column, of two, and larger than a block of stats. */
static void closed_forms_equal_the_entries(void **unused)
{
  (void)unused;
  static const int size[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 9}, {9, 1},
                                {2, 2}, {3, 3}, {2, 5}, {6, 4}, {17, 19}};
  for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
    for (int k = 1; k <= MOST_K; k += 2) {
      for (int d = 0; d < N_DRAWS * N_DRAWS; d++)
        check_site(k, size[i][0], size[i][1], d / N_DRAWS, d % N_DRAWS);
    }
  }
}

/** A NaN of the signal is a NaN in every map that it enters, never a zero. */
static void a_nan_shows_in_every_aggregate(void **unused)
{
  (void)unused;
  struct site s;
  float map[12];
  for (int k = 0; k < 3; k++) {
    site_make(3, 3, 4, DRAW_SPREAD, DRAW_SPREAD, &s);
    s.unit_g[(k * BATCH + 1) * 12 + 5] = (real)NAN;
    for (const struct extract *const *x = extract_all; *x; x++) {
      run(&s, *x);
      for (const struct aggregate *y = aggregate_all; y->name; y++) {
        y->run(&s.out, 12, map);
        if (!isnan(map[5])) fail_msg("%s/%s hides a NaN", (*x)->name, y->name);
        if (isnan(map[6]) && strcmp((*x)->name, "cam") != 0) fail_msg("%s spreads it", (*x)->name);
      }
    }
    site_free(&s);
  }
}

/** So is a NaN of the activation, in the maps of all windows that see it. */
static void a_nan_activation_shows(void **unused)
{
  (void)unused;
  struct site s;
  float map[12];
  site_make(3, 3, 4, DRAW_SPREAD, DRAW_SPREAD, &s);
  s.unit_a[(1 * BATCH + 1) * 12 + 5] = (real)NAN;
  for (const struct extract *const *x = extract_all; *x; x++) {
    const bool window = !strncmp((*x)->name, "conv3x3", 7);
    run(&s, *x);
    for (const struct aggregate *y = aggregate_all; y->name; y++) {
      y->run(&s.out, 12, map);
      for (int u = 0; u < 12; u++) {
        const bool sees = abs(u / 4 - 1) <= window && abs(u % 4 - 1) <= window;
        assert_true(!isnan(map[u]) == !(sees && (*x)->reads_activation));
      }
    }
  }
  site_free(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_forms_equal_the_entries),
      cmocka_unit_test(a_nan_shows_in_every_aggregate),
      cmocka_unit_test(a_nan_activation_shows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
