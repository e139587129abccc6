/** @file
 *  Tables from the values of all samples: means, medians and their intervals. */
#include "io/dataset.h"
#include "jobs/evaluation_schema.h"
#include "pipeline/comm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** All samples of the study, and the scratch for one layer. */
struct tables {
  const struct evaluation *e;
  struct store *file;
  struct evaluation_vars vars;
  int64_t n;
  uint8_t *status;            /* [n] */
  uint8_t *there;             /* [n][n_targets] */
  int32_t *class;             /* [n][n_targets] */
  int n_classes;              /* largest class + 1 */
  int *group;                 /* [n] */
  double *rows;               /* [n][n_targets][methods of the layer][metrics] */
  double *part;               /* [n][methods][metrics] of one target */
  struct interval *each;      /* [methods][metrics] */
  double *value, *low, *high; /* one row of the tables */
  int32_t *count;
};

static void tables_free(struct tables *t)
{
  evaluation_vars_free(&t->vars);
  free(t->status);
  free(t->there);
  free(t->class);
  free(t->group);
  free(t->rows);
  free(t->part);
  free(t->each);
  free(t->value);
  free(t->low);
  free(t->high);
  free(t->count);
}

/** Numbers in one row of the tables. */
static int64_t row_of(const struct evaluation *e)
{
  return (int64_t)TABLE_SUBSETS * TABLE_AVERAGES * e->n_targets * e->n_methods * e->n_metrics;
}

static err allocate(struct tables *t)
{
  const struct evaluation *e = t->e;
  const size_t n = (size_t)t->n, slots = n * (size_t)e->n_targets;
  const size_t cells = (size_t)e->n_methods * (size_t)e->n_metrics, row = (size_t)row_of(e);
  t->status = calloc(n, 1);
  t->there = calloc(slots, 1);
  t->class = calloc(slots, sizeof *t->class);
  t->group = calloc(n, sizeof *t->group);
  t->rows = malloc(slots * cells * sizeof *t->rows);
  t->part = malloc(n * cells * sizeof *t->part);
  t->each = calloc(cells, sizeof *t->each);
  t->value = malloc(row * sizeof *t->value);
  t->low = malloc(row * sizeof *t->low);
  t->high = malloc(row * sizeof *t->high);
  t->count = malloc(row * sizeof *t->count);
  CHECK(t->status && t->there && t->class && t->group && t->rows && t->part && t->each &&
            t->value && t->low && t->high && t->count,
        ERR_MEMORY, "no memory for tables of %lld samples", (long long)t->n);
  return ERR_OK;
}

static err read_samples(struct tables *t)
{
  int status = 0, class = 0;
  TRY(store_find(t->file, "samples/status", &status));
  TRY(store_find(t->file, "samples/target_class", &class));
  TRY(store_read(t->file, status, 0, t->n, t->status));
  TRY(store_read(t->file, class, 0, t->n, t->class));
  TRY(store_read(t->file, t->vars.there, 0, t->n, t->there));
  for (int64_t i = 0; i < t->n * t->e->n_targets; i++)
    if (t->class[i] >= t->n_classes) t->n_classes = t->class[i] + 1;
  return ERR_OK;
}

/** Which samples count for a slot and a subset: group = their class, or 0 where classes do not matter. */
static int64_t choose(struct tables *t, int slot, int subset, bool by_class)
{
  int64_t n = 0;
  for (int64_t i = 0; i < t->n; i++) {
    const int64_t at = i * t->e->n_targets + slot;
    const bool counts = t->status[i] == SAMPLE_DONE && t->class[at] >= 0 &&
                        (subset == 0 || t->there[at] == OBJECT_DIFFICULT);
    t->group[i] = !counts ? -1 : by_class ? t->class[at] : 0;
    n += counts;
  }
  return n;
}

/** The values of one slot; those of samples that do not count are NaN. */
static void gather(struct tables *t, int slot, int64_t cells)
{
  for (int64_t i = 0; i < t->n; i++) {
    const double *from = t->rows + (i * t->e->n_targets + slot) * cells;
    for (int64_t c = 0; c < cells; c++) t->part[i * cells + c] = t->group[i] < 0 ? NAN : from[c];
  }
}

/** One slot, subset and average of a layer, into the row. */
static err fill(struct tables *t, const struct evaluation_layer *l, int slot, int subset,
                int average)
{
  const struct evaluation *e = t->e;
  const int cells = l->n_methods * e->n_metrics;
  const bool by_class = average == 1;
  int64_t at = (((int64_t)subset * TABLE_AVERAGES + average) * e->n_targets + slot) * e->n_methods;
  if (!choose(t, slot, subset, by_class)) return ERR_OK;
  gather(t, slot, cells);
  if (average == 2) {
    TRY(bootstrap_medians(&e->bootstrap, t->part, t->n, cells, t->each));
  } else {
    TRY(bootstrap_means(&e->bootstrap, t->part, t->n, cells, t->group, by_class ? t->n_classes : 1,
                        t->each));
  }
  for (int m = 0; m < l->n_methods; m++) {
    for (int k = 0; k < e->n_metrics; k++) {
      const struct interval *x = &t->each[m * e->n_metrics + k];
      const int64_t to = (at + l->method_at[m]) * e->n_metrics + k;
      t->value[to] = x->value;
      t->low[to] = x->low;
      t->high[to] = x->high;
      t->count[to] = (int32_t)x->n;
    }
  }
  return ERR_OK;
}

static err layer_tables(struct tables *t, int layer)
{
  const struct evaluation *e = t->e;
  const struct evaluation_layer *l = &e->layers[layer];
  for (int64_t i = 0; i < row_of(e); i++) {
    t->value[i] = t->low[i] = t->high[i] = NAN;
    t->count[i] = 0;
  }
  TRY(store_read(t->file, t->vars.values[layer], 0, t->n, t->rows));
  for (int slot = 0; slot < e->n_targets; slot++) {
    for (int subset = 0; subset < TABLE_SUBSETS; subset++) {
      for (int average = 0; average < TABLE_AVERAGES; average++)
        TRY(fill(t, l, slot, subset, average));
    }
  }
  TRY(store_write(t->file, t->vars.value, layer, 1, t->value));
  TRY(store_write(t->file, t->vars.low, layer, 1, t->low));
  TRY(store_write(t->file, t->vars.high, layer, 1, t->high));
  TRY(store_write(t->file, t->vars.n, layer, 1, t->count));
  return ERR_OK;
}

static err all_tables(struct tables *t)
{
  TRY(evaluation_vars_find(t->e, t->file, &t->vars));
  TRY(allocate(t));
  TRY(read_samples(t));
  for (int i = comm_rank(); i < t->e->n_layers; i += comm_size()) TRY(layer_tables(t, i));
  return ERR_OK;
}

err evaluation_tables(const struct evaluation *e, struct store *f)
{
  struct tables t = {.e = e, .file = f, .n = e->n_samples};
  const err x = all_tables(&t);
  tables_free(&t);
  if (x) return err_trace(x, __FILE__, __LINE__);
  return ERR_OK;
}
