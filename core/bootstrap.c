/** @file
 *  The percentile bootstrap. */
#include "core/bootstrap.h"

#include "core/random.h"
#include "core/simd.h"
#include "core/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most columns that are resampled together: their sums stay in the first cache. */
enum { COLUMNS = 32 };

/** The scratch of a call. */
struct work {
  int64_t rows;
  int groups, width; /* groups that have rows; columns of the block at hand */
  int *group;        /* [rows] from 0 to groups - 1, -1: left out */
  double *uniform;   /* [rows] */
  int64_t *pick;     /* [rows] */
  double *value;     /* [rows][width] 0 where there is none */
  double *there;     /* [rows][width] 1 or 0 */
  double *sum;       /* [groups][width] */
  double *count;     /* [groups][width] */
  double *result;    /* [COLUMNS][resamples] */
  double *scratch;   /* of sort_order, for resamples and for rows */
  int32_t *order;    /* likewise */
  int32_t *drawn;    /* [rows] how often a row was drawn */
};

static int64_t larger(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

static void work_free(struct work *w)
{
  free(w->group);
  free(w->uniform);
  free(w->pick);
  free(w->value);
  free(w->there);
  free(w->sum);
  free(w->count);
  free(w->result);
  free(w->scratch);
  free(w->order);
  free(w->drawn);
}

static err work_make(const struct bootstrap *how, int64_t rows, int groups, struct work *w)
{
  const int64_t most = larger(rows, how->resamples) + 1;
  const size_t n = (size_t)rows + 1, cells = (size_t)groups * COLUMNS;
  *w = (struct work){.rows = rows};
  w->group = calloc(n, sizeof *w->group);
  w->uniform = calloc(n, sizeof *w->uniform);
  w->pick = calloc(n, sizeof *w->pick);
  w->value = calloc(n * COLUMNS, sizeof *w->value);
  w->there = calloc(n * COLUMNS, sizeof *w->there);
  w->sum = calloc(cells, sizeof *w->sum);
  w->count = calloc(cells, sizeof *w->count);
  w->result = calloc((size_t)how->resamples * COLUMNS + 1, sizeof *w->result);
  w->scratch = calloc(sort_work_doubles(most), sizeof *w->scratch);
  w->order = calloc((size_t)most, sizeof *w->order);
  w->drawn = calloc(n, sizeof *w->drawn);
  if (w->group && w->uniform && w->pick && w->value && w->there && w->sum && w->count &&
      w->result && w->scratch && w->order && w->drawn)
    return ERR_OK;
  work_free(w);
  return FAIL(ERR_MEMORY, "no memory to resample %lld rows", (long long)rows);
}

/** The rows of resample r; r < 0: all as they are. */
static void draw(const struct bootstrap *how, int r, struct work *w)
{
  const struct random_place at = {
      .seed = how->seed, .stream = RANDOM_BOOTSTRAP, .copy = (uint32_t)(r < 0 ? 0 : r)};
  if (r >= 0) random_uniform(&at, w->rows, w->uniform);
  for (int64_t i = 0; i < w->rows; i++)
    w->pick[i] = r < 0 ? i : (int64_t)((double)w->rows * w->uniform[i]);
}

/** Number the groups that have rows, in their order: of a thousand classes a few dozen do. */
static err number_groups(const int *group, int n_groups, struct work *w)
{
  int *place = calloc((size_t)n_groups + 1, sizeof *place);
  CHECK(place, ERR_MEMORY, "no memory for %d groups", n_groups);
  for (int64_t i = 0; group && i < w->rows; i++)
    if (group[i] >= 0) place[group[i]] = 1;
  for (int g = 0; g < n_groups; g++)
    if (place[g]) place[g] = w->groups++;
  for (int64_t i = 0; group && i < w->rows; i++) w->group[i] = group[i] < 0 ? -1 : place[group[i]];
  free(place);
  if (!group) w->groups = 1;
  return ERR_OK;
}

/** Take a block of columns: 0 where there is no value, and 1 or 0 for whether there is. */
static void take(const double *values, int n, int stride, struct work *w)
{
  w->width = n;
  for (int64_t i = 0; i < w->rows; i++) {
    for (int c = 0; c < n; c++) {
      const double v = values[i * stride + c];
      w->value[i * n + c] = v == v ? v : 0.0;
      w->there[i * n + c] = v == v;
    }
  }
}

SIMD_PART void add_rows(const struct work *w, int width)
{
  for (int64_t i = 0; i < w->rows; i++) {
    const int64_t row = w->pick[i] * width, to = (int64_t)w->group[w->pick[i]] * width;
    if (to < 0) continue;
    const double *restrict v = w->value + row, *restrict there = w->there + row;
    double *restrict sum = w->sum + to, *restrict count = w->count + to;
    for (int c = 0; c < width; c++) {
      sum[c] += v[c];
      count[c] += there[c];
    }
  }
}

/** Add the drawn rows to the sums and counts of their groups; full blocks with their width known. */
SIMD static void add(const struct work *w)
{
  if (w->width == COLUMNS) {
    add_rows(w, COLUMNS);
  } else {
    add_rows(w, w->width);
  }
}

/** Means of the drawn rows of the block: mean over groups of the mean of each. */
static void means(struct work *w, double *out)
{
  const int n = w->width;
  const size_t bytes = (size_t)w->groups * (size_t)n * sizeof *w->sum;
  memset(w->sum, 0, bytes);
  memset(w->count, 0, bytes);
  add(w);
  for (int c = 0; c < n; c++) {
    double total = 0.0, groups = 0.0;
    for (int64_t g = 0; g < w->groups; g++) {
      if (w->count[g * n + c] <= 0.0) continue;
      total += w->sum[g * n + c] / w->count[g * n + c];
      groups++;
    }
    out[c] = total / groups;
  }
}

/** Between neighbours of n sorted numbers in proportion; NaN where one of all is NaN. */
static double percentile(const double *v, const int32_t *order, int64_t n, double share)
{
  const double h = share * (double)(n - 1);
  const int64_t i = (int64_t)h, j = i + 1 < n ? i + 1 : i;
  if (n < 1 || isnan(v[order[n - 1]])) return NAN;
  return v[order[i]] + (h - (double)i) * (v[order[j]] - v[order[i]]);
}

static void ends(const struct bootstrap *how, const double *result, struct work *w,
                 struct interval *out)
{
  sort_order(result, how->resamples, w->order, w->scratch);
  out->low = percentile(result, w->order, how->resamples, 0.5 * (1.0 - how->level));
  out->high = percentile(result, w->order, how->resamples, 0.5 * (1.0 + how->level));
}

/** Rows that have a value, of those that count. */
static int64_t counted(const double *values, int64_t rows, int stride, const int *group)
{
  int64_t n = 0;
  for (int64_t i = 0; i < rows; i++)
    n += values[i * stride] == values[i * stride] && (!group || group[i] >= 0);
  return n;
}

err bootstrap_means(const struct bootstrap *how, const double *values, int64_t rows, int columns,
                    const int *group, int n_groups, struct interval *out)
{
  struct work w;
  double mean[COLUMNS];
  TRY(work_make(how, rows, group ? n_groups : 1, &w));
  const err e = number_groups(group, n_groups, &w);
  for (int first = 0; !e && first < columns; first += COLUMNS) {
    const int n = columns - first < COLUMNS ? columns - first : COLUMNS;
    take(values + first, n, columns, &w);
    for (int r = -1; r < how->resamples; r++) {
      draw(how, r, &w);
      means(&w, mean);
      for (int c = 0; c < n; c++) {
        if (r < 0) {
          out[first + c].value = mean[c];
        } else {
          w.result[(int64_t)c * how->resamples + r] = mean[c];
        }
      }
    }
    for (int c = 0; c < n; c++) {
      ends(how, w.result + (int64_t)c * how->resamples, &w, &out[first + c]);
      out[first + c].n = counted(values + first + c, rows, columns, group);
    }
  }
  work_free(&w);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Median of the drawn rows: `order` sorts the column, its first n rows have a value. */
static double median(const double *column, const int32_t *order, int64_t n, const struct work *w)
{
  int64_t total = 0, seen = 0, i = 0;
  double lower = NAN;
  for (int64_t k = 0; k < n; k++) total += w->drawn[order[k]];
  if (!total) return NAN;
  for (; seen < (total + 1) / 2; i++) {
    seen += w->drawn[order[i]];
    lower = column[order[i]];
  }
  if (total % 2 || seen > total / 2) return lower;
  while (!w->drawn[order[i]]) i++;
  return 0.5 * (lower + column[order[i]]);
}

/** Medians of a block of n columns; column and order [COLUMNS][rows]. */
static void block_medians(const struct bootstrap *how, int n, const double *column,
                          const int32_t *order, struct work *w, struct interval *out)
{
  for (int r = -1; r < how->resamples; r++) {
    draw(how, r, w);
    memset(w->drawn, 0, (size_t)w->rows * sizeof *w->drawn);
    for (int64_t k = 0; k < w->rows; k++) w->drawn[w->pick[k]]++;
    for (int c = 0; c < n; c++) {
      const double m = median(column + c * w->rows, order + c * w->rows, out[c].n, w);
      if (r < 0) {
        out[c].value = m;
      } else {
        w->result[(int64_t)c * how->resamples + r] = m;
      }
    }
  }
  for (int c = 0; c < n; c++) ends(how, w->result + (int64_t)c * how->resamples, w, &out[c]);
}

err bootstrap_medians(const struct bootstrap *how, const double *values, int64_t rows, int columns,
                      struct interval *out)
{
  struct work w;
  TRY(work_make(how, rows, 1, &w));
  double *column = calloc((size_t)rows * COLUMNS + 1, sizeof *column);
  int32_t *order = calloc((size_t)rows * COLUMNS + 1, sizeof *order);
  for (int first = 0; first < columns && column && order; first += COLUMNS) {
    const int n = columns - first < COLUMNS ? columns - first : COLUMNS;
    for (int c = 0; c < n; c++) {
      for (int64_t i = 0; i < rows; i++) column[c * rows + i] = values[i * columns + first + c];
      sort_order(column + c * rows, rows, order + c * rows, w.scratch);
      out[first + c].n = counted(column + c * rows, rows, 1, NULL);
    }
    block_medians(how, n, column, order, &w, out + first);
  }
  const int made = column && order;
  free(column);
  free(order);
  work_free(&w);
  CHECK(made, ERR_MEMORY, "no memory to resample %lld rows", (long long)rows);
  return ERR_OK;
}
