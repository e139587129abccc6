/** @file
 *  Statistics over samples. */
#include "jobs/summary.h"

#include "core/bootstrap.h"
#include "core/sort.h"
#include "io/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* columns that are in memory at a time */

static const char *const names[] = {
#define SUMMARY(name, text) #name,
#include "jobs/summary_list.h"
#undef SUMMARY
};

void summary_dim(struct attribute_schema *a, const char *group)
{
  (void)draft_dim(a->draft, group, "statistic", SUMMARIES, names,
                  "n samples with a value, their mean with its 95 % interval, their median");
}

/** The rows of a variable that count. */
struct rows {
  struct store *store;
  int var;
  int64_t n;      /* samples that are done */
  int64_t *index; /* [n] */
  int64_t columns;
  float *row;     /* [columns] */
  float *values;  /* [n][columns] */
  double *block;  /* [n][BLOCK] */
  double *column; /* [n] */
  double *work;   /* of the sort */
  int32_t *order; /* [n] */
};

static void rows_free(struct rows *r)
{
  free(r->index);
  free(r->row);
  free(r->values);
  free(r->block);
  free(r->column);
  free(r->work);
  free(r->order);
}

static err find_done(struct rows *r, int64_t samples)
{
  int var = 0;
  uint8_t *status = calloc((size_t)samples + 1, 1);
  r->index = calloc((size_t)samples + 1, sizeof *r->index);
  err e = status && r->index ? store_find(r->store, "samples/status", &var)
                             : FAIL(ERR_MEMORY, "no memory for %" PRId64 " samples", samples);
  if (!e) e = store_read(r->store, var, 0, samples, status);
  for (int64_t i = 0; !e && i < samples; i++)
    if (status[i] == SAMPLE_DONE) r->index[r->n++] = i;
  free(status);
  return e;
}

static err rows_read(struct rows *r)
{
  const size_t n = (size_t)r->n + 1, columns = (size_t)r->columns;
  r->values = calloc(n * columns, sizeof *r->values);
  r->block = calloc(n * BLOCK, sizeof *r->block);
  r->column = calloc(n, sizeof *r->column);
  r->work = calloc(sort_work_doubles(r->n + 1), sizeof *r->work);
  r->order = calloc(n, sizeof *r->order);
  CHECK(r->values && r->block && r->column && r->work && r->order, ERR_MEMORY,
        "no memory for %" PRId64 " rows of %" PRId64 " values", r->n, r->columns);
  for (int64_t i = 0; i < r->n; i++)
    TRY(store_read(r->store, r->var, r->index[i], 1, r->values + i * r->columns));
  return ERR_OK;
}

static double median_of(struct rows *r, int stride, int column, int64_t n)
{
  for (int64_t i = 0; i < r->n; i++) r->column[i] = r->block[i * stride + column];
  if (!n) return NAN;
  sort_order(r->column, r->n, r->order, r->work); /* NaN comes last */
  return 0.5 * (r->column[r->order[(n - 1) / 2]] + r->column[r->order[n / 2]]);
}

/** Columns [first, first + n) of all. */
static err summarise(struct rows *r, const struct bootstrap *how, int64_t first, int n, double *out)
{
  struct interval mean[BLOCK];
  for (int64_t i = 0; i < r->n; i++)
    for (int c = 0; c < n; c++) r->block[i * n + c] = (double)r->values[i * r->columns + first + c];
  TRY(bootstrap_means(how, r->block, r->n, n, NULL, 1, mean));
  for (int c = 0; c < n; c++) {
    double *at = out + (first + c) * SUMMARIES;
    at[SUMMARY_n] = (double)mean[c].n;
    at[SUMMARY_mean] = mean[c].value;
    at[SUMMARY_low] = mean[c].low;
    at[SUMMARY_high] = mean[c].high;
    at[SUMMARY_median] = median_of(r, n, c, mean[c].n);
  }
  return ERR_OK;
}

static err write_all(struct rows *r, const struct bootstrap *how, const char *to)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  double *out = calloc((size_t)r->columns * SUMMARIES, sizeof *out);
  err e = out ? store_find(r->store, to, &var) : FAIL(ERR_MEMORY, "no memory for %s", to);
  for (int64_t first = 0; !e && first < r->columns; first += BLOCK) {
    const int64_t left = r->columns - first;
    e = summarise(r, how, first, (int)(left < BLOCK ? left : BLOCK), out);
  }
  if (!e) {
    store_extent(r->store, var, &n_dims, dims);
    e = store_write(r->store, var, 0, dims[0], out);
  }
  free(out);
  return e;
}

static err fill(struct rows *r, const struct bootstrap *how, const char *from, const char *to)
{
  int n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(r->store, from, &r->var));
  store_extent(r->store, r->var, &n_dims, dims);
  r->columns = store_row_bytes(r->store, r->var) / (int64_t)sizeof(float);
  TRY(find_done(r, dims[0]));
  TRY(rows_read(r));
  TRY(write_all(r, how, to));
  return ERR_OK;
}

err summary_write(struct store *f, const char *from, const char *to, int resamples, uint64_t seed)
{
  struct rows r = {.store = f};
  const struct bootstrap how = {.seed = seed, .resamples = resamples, .level = 0.95};
  const err e = fill(&r, &how, from, to);
  rows_free(&r);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
