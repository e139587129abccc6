/** @file
 *  Windows of a class's map, and short inversions of a patch there. */
#include "core/scan_push.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** Sum over the channels of map^2 in the window. */
static double energy_of(const struct scan_lab *l, const real *map, int row, int column, int size)
{
  double sum = 0.0;
  for (int c = 0; c < l->channels; c++) {
    for (int i = row; i < row + size; i++) {
      for (int j = column; j < column + size; j++) {
        const double p = (double)map[c * l->plane + (int64_t)i * l->width + j];
        sum += p * p;
      }
    }
  }
  return sum;
}

static bool is_near(const struct scan_patch *a, int row, int column, int apart)
{
  return abs(a->row - row) < apart && abs(a->column - column) < apart;
}

int scan_windows(const struct scan_lab *l, const real *map, int size, int n,
                 struct scan_search *search)
{
  const int apart = 3 * size / 5 > 3 ? 3 * size / 5 : 3, rows = l->height - size + 1,
            columns = l->width - size + 1;
  struct scan_patch *to = search->candidates;
  double *energy = search->energy;
  int found = 0;
  if (rows < 1 || columns < 1) return 0;
  for (int k = 0; k < rows * columns; k++)
    energy[k] = energy_of(l, map, k / columns, k % columns, size);
  while (found < n) {
    int best = -1;
    for (int k = 0; k < rows * columns; k++) {
      bool taken = best >= 0 && energy[k] <= energy[best];
      for (int f = 0; f < found && !taken; f++)
        taken = is_near(&to[f], k / columns, k % columns, apart);
      if (!taken) best = k;
    }
    if (best < 0) break;
    to[found] = (struct scan_patch){.row = best / columns,
                                    .column = best % columns,
                                    .size = size,
                                    .pattern = search->patterns +
                                               (int64_t)found * l->channels * size * size};
    found++;
  }
  return found;
}

void scan_paste(const void *patch, const struct scan_lab *l, real *image)
{
  const struct scan_patch *q = patch;
  for (int c = 0; c < l->channels; c++) {
    for (int i = 0; i < q->size; i++) {
      memcpy(image + c * l->plane + (int64_t)(q->row + i) * l->width + q->column,
             q->pattern + ((int64_t)c * q->size + i) * q->size, (size_t)q->size * sizeof *image);
    }
  }
}

static void start(const struct scan_lab *l, const real *map, struct scan_patch *q)
{
  for (int c = 0; c < l->channels; c++) {
    for (int i = 0; i < q->size; i++) {
      for (int j = 0; j < q->size; j++) {
        const real p = map[c * l->plane + (int64_t)(q->row + i) * l->width + q->column + j];
        q->pattern[(c * q->size + i) * q->size + j] = p > 0   ? REAL(1.0)
                                                      : p < 0 ? REAL(0.0)
                                                              : REAL(0.5);
      }
    }
  }
}

/** sum += the gradient of an image at the window. */
static void add_window(const struct scan_lab *l, const struct scan_patch *q, const real *g,
                       real *sum)
{
  for (int c = 0; c < l->channels; c++) {
    for (int i = 0; i < q->size; i++) {
      for (int j = 0; j < q->size; j++) {
        sum[(c * q->size + i) * q->size + j] +=
            g[c * l->plane + (int64_t)(q->row + i) * l->width + q->column + j];
      }
    }
  }
}

/** V = 0.7 V + g / mean|g|;  Q = clip(Q - by sign V) */
static void move(int n, double by, const real *g, real *v, real *q)
{
  double mean = 0.0;
  for (int i = 0; i < n; i++) mean += fabs((double)g[i]) / n;
  for (int i = 0; i < n; i++) {
    v[i] = (real)(0.7 * (double)v[i] + (mean > 0.0 ? (double)g[i] / mean : 0.0));
    q[i] = synthetic_clip((double)q[i] - (v[i] > 0 ? by : v[i] < 0 ? -by : 0.0));
  }
}

/** One step of `left` candidates, each from n images of the pool; their margins before the step.  Images of
 *  all candidates follow each other in the batches. */
static void advance(struct scan_lab *l, const struct scan_pool *p, int target, const int *index,
                    int n, int left, double by, struct scan_search *search)
{
  struct scan_patch *c = search->candidates;
  const int numbers = l->channels * c->size * c->size;
  memset(search->gradient, 0, (size_t)left * (size_t)numbers * sizeof(real));
  for (int k = 0; k < left; k++) c[k].margin = 0.0;
  for (int i = 0; i < left * n; i += l->batch) {
    const int m = left * n - i < l->batch ? left * n - i : l->batch;
    for (int b = 0; b < m; b++) {
      real *to = l->images + b * l->pixels;
      memcpy(to, p->images + index[(i + b) % n] * l->pixels, (size_t)l->pixels * sizeof *to);
      scan_paste(&c[(i + b) / n], l, to);
    }
    const real *g = scan_descend(l, m, target, l->margins);
    for (int b = 0; b < m; b++) {
      const int k = (i + b) / n;
      add_window(l, &c[k], g + b * l->pixels, search->gradient + (int64_t)k * numbers);
      c[k].margin += l->margins[b] / n;
    }
  }
  for (int k = 0; k < left; k++) {
    move(numbers, by, search->gradient + (int64_t)k * numbers,
         search->speed + (c[k].pattern - search->patterns), c[k].pattern);
  }
}

static int by_margin(const void *a, const void *b)
{
  const struct scan_patch *x = a, *y = b;
  if (x->margin != y->margin) return x->margin < y->margin ? 1 : -1;
  return x->row != y->row ? x->row - y->row : x->column - y->column;
}

/* NOLINTNEXTLINE(readability-function-size): pool, target and images are those of scan_map */
void scan_patch_find(const struct scan_patch_settings *s, struct scan_lab *l,
                     const struct scan_pool *p, int target, const int *index, int n,
                     const real *map, struct scan_search *search, struct scan_patch *best)
{
  struct scan_patch *c = search->candidates;
  int left = scan_windows(l, map, s->size, s->windows, search);
  const int backgrounds = n < s->backgrounds ? n : s->backgrounds;
  *best = (struct scan_patch){0};
  if (!left || !n) return;
  for (int k = 0; k < left; k++) start(l, map, &c[k]);
  memset(search->speed, 0, (size_t)left * (size_t)(l->channels * s->size * s->size) * sizeof(real));
  for (int t = 0; t < s->steps; t++) {
    if (t == s->early) {
      qsort(c, (size_t)left, sizeof *c, by_margin);
      left = left < s->kept ? left : s->kept;
    }
    advance(l, p, target, index, backgrounds, left, s->step * (1.0 - (double)t / s->steps), search);
  }
  qsort(c, (size_t)left, sizeof *c, by_margin);
  *best = c[0];
}

void scan_search_free(struct scan_search *s)
{
  free(s->candidates);
  free(s->patterns);
  free(s->speed);
  free(s->gradient);
  free(s->energy);
  *s = (struct scan_search){0};
}

err scan_search_make(const struct scan_lab *l, int windows, int size, struct scan_search *out)
{
  const size_t n = (size_t)windows, numbers = (size_t)l->channels * (size_t)size * (size_t)size;
  struct scan_search s = {.candidates = calloc(n, sizeof *s.candidates),
                          .patterns = calloc(n * numbers, sizeof(real)),
                          .speed = calloc(n * numbers, sizeof(real)),
                          .gradient = calloc(n * numbers, sizeof(real)),
                          .energy = calloc((size_t)l->plane, sizeof(double))};
  if (!s.candidates || !s.patterns || !s.speed || !s.gradient || !s.energy) {
    scan_search_free(&s);
    return FAIL(ERR_MEMORY, "no memory for a search of %d windows", windows);
  }
  *out = s;
  return ERR_OK;
}
