/** @file
 *  Rows of values. */
#include "jobs/evaluation_rows.h"

#include "jobs/evaluation_schema.h"
#include "jobs/evaluator.h"
#include "jobs/perturb.h"

#include <math.h>
#include <stdlib.h>

struct evaluation_rows {
  const struct evaluation *e;
  struct evaluator *evaluator;
  struct perturb *model; /* not owned; NULL: no metric asks it */
  struct evaluation_vars vars;
  double **values; /* [n_layers] of a unit */
  uint8_t *there;  /* [unit][n_targets] */
  double *share;   /* [unit][n_targets] */
};

static int64_t values_of(const struct evaluation *e, int layer)
{
  return (int64_t)e->n_targets * e->layers[layer].n_methods * e->n_metrics;
}

void evaluation_rows_free(struct evaluation_rows **rows)
{
  struct evaluation_rows *r = *rows;
  if (!r) return;
  for (int i = 0; r->values && i < r->e->n_layers; i++) free(r->values[i]);
  free((void *)r->values);
  free(r->there);
  free(r->share);
  evaluation_vars_free(&r->vars);
  evaluator_free(&r->evaluator);
  free(r);
  *rows = NULL;
}

static err allocate(struct evaluation_rows *r, int unit)
{
  const struct evaluation *e = r->e;
  const size_t slots = (size_t)unit * (size_t)e->n_targets;
  r->values = calloc((size_t)e->n_layers, sizeof *r->values);
  r->there = calloc(slots, 1);
  r->share = calloc(slots, sizeof *r->share);
  CHECK(r->values && r->there && r->share, ERR_MEMORY, "no memory for an evaluation");
  for (int i = 0; i < e->n_layers; i++) {
    r->values[i] = malloc((size_t)(unit * values_of(e, i)) * sizeof **r->values);
    CHECK(r->values[i], ERR_MEMORY, "no memory for an evaluation");
  }
  return evaluator_make(e, &r->evaluator);
}

err evaluation_rows_make(const struct evaluation *e, int unit, struct evaluation_rows **out)
{
  struct evaluation_rows *r = calloc(1, sizeof *r);
  CHECK(r, ERR_MEMORY, "no memory for an evaluation");
  r->e = e;
  const err x = allocate(r, unit);
  if (x) {
    evaluation_rows_free(&r);
    return err_trace(x, __FILE__, __LINE__);
  }
  *out = r;
  return ERR_OK;
}

void evaluation_rows_ask(struct evaluation_rows *r, struct perturb *p)
{
  r->model = p;
  evaluator_ask(r->evaluator, p);
}

err evaluation_rows_find(struct evaluation_rows *r, struct store *f)
{
  evaluation_vars_free(&r->vars);
  return evaluation_vars_find(r->e, f, &r->vars);
}

void evaluation_rows_blank(struct evaluation_rows *r, int b)
{
  const struct evaluation *e = r->e;
  for (int t = 0; t < e->n_targets; t++) {
    r->there[b * e->n_targets + t] = OBJECT_NONE;
    r->share[b * e->n_targets + t] = NAN;
  }
  for (int i = 0; i < e->n_layers; i++)
    for (int64_t k = 0; k < values_of(e, i); k++) r->values[i][b * values_of(e, i) + k] = NAN;
}

err evaluation_rows_begin(struct evaluation_rows *r, int b, int64_t i, const int32_t size[2],
                          const int32_t *target)
{
  const int64_t at = (int64_t)b * r->e->n_targets;
  if (r->model) perturb_sample(r->model, b);
  return evaluator_begin(r->evaluator, i, size, target, r->there + at, r->share + at);
}

void evaluation_rows_layer(struct evaluation_rows *r, int b, int layer, const float *maps)
{
  evaluator_layer(r->evaluator, layer, maps, r->values[layer] + b * values_of(r->e, layer));
}

void evaluation_rows_end(struct evaluation_rows *r)
{
  if (r->model) perturb_flush(r->model);
}

err evaluation_rows_write(const struct evaluation_rows *r, struct store *f, int64_t row, int64_t n)
{
  TRY(store_write(f, r->vars.there, row, n, r->there));
  TRY(store_write(f, r->vars.share, row, n, r->share));
  for (int i = 0; i < r->e->n_layers; i++)
    TRY(store_write(f, r->vars.values[i], row, n, r->values[i]));
  return ERR_OK;
}
