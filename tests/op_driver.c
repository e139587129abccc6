/** @file
 *  Running one operator outside any graph. */
#include "op_driver_impl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t driver_random(uint64_t *state, int64_t n)
{
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (int64_t)((*state >> 33) % (uint64_t)n);
}

static void *rubbish(size_t bytes)
{
  void *p = malloc(bytes + 1);
  if (p) memset(p, 0xAB, bytes + 1);
  return p;
}

err driver_make(struct op_driver *d, const struct op_case *c, int batch, enum driver_values how,
                uint64_t seed)
{
  uint64_t state = seed * 2654435761U + 12345U;
  *d = (struct op_driver){.op = op_find(c->op), .opset = c->opset, .batch = batch};
  assert(d->op);
  d->attrs.item = d->attr;
  driver_read(d, c, how, &state);
  d->attr_data = calloc(1, d->op->attr_bytes + 1);
  d->at.attr = d->attr_data;
  d->at.batch = batch;
  d->at.in = d->in;
  CHECK(d->at.n_in >= d->op->min_in && (d->op->max_in < 0 || d->at.n_in <= d->op->max_in),
        ERR_FORMAT, "%d inputs", d->at.n_in);
  if (d->op->parse) TRY(d->op->parse(&d->attrs, d->opset, d->attr_data));
  TRY(d->op->infer(d->attr_data, d->in, d->at.n_in, &d->at.ys));
  d->n_y = shape_count(&d->at.ys) * batch;
  d->y = calloc((size_t)d->n_y, sizeof *d->y);
  d->dy = malloc((size_t)d->n_y * sizeof *d->dy);
  driver_fill(d->dy, d->n_y, false, how, &state);
  for (int i = 0; i < d->at.n_in; i++) {
    if (d->in[i].present && !d->in[i].fixed)
      d->dx[i] = calloc((size_t)driver_count(d, i), sizeof *d->dx[i]);
  }
  d->at.plain = how == DRIVER_INTEGERS; /* fast algorithms round where plain sums are exact */
  if (d->op->prepared_bytes && d->op->prepared_bytes(&d->at)) {
    d->prepared = rubbish(d->op->prepared_bytes(&d->at));
    d->op->prepare(&d->at, d->prepared);
    d->at.prepared = d->prepared;
  }
  d->aux = rubbish(d->op->aux_bytes ? d->op->aux_bytes(&d->at) : 0);
  d->work = rubbish(d->op->work_bytes ? d->op->work_bytes(&d->at) : 0);
  return ERR_OK;
}

void driver_free(struct op_driver *d)
{
  free(d->prepared);
  for (int i = 0; i < DRIVER_INPUTS; i++) {
    free(d->value[i]);
    free(d->constant[i]);
    free(d->dx[i]);
    free(d->x_stored[i]);
  }
  free(d->attr_data);
  free(d->y);
  free(d->dy);
  free(d->y_stored);
  free(d->aux);
  free(d->work);
  *d = (struct op_driver){0};
}

/** Where element i of the logical [batch, C, inner] lies as stored. */
static int64_t stored_at(const struct shape *s, int batch, int64_t i)
{
  const int64_t inner = shape_inner(s), channels = shape_channels(s);
  const int64_t n = i / shape_count(s), c = i / inner % channels;
  return (c * batch + n) * inner + i % inner;
}

static real *store(const struct shape *s, int batch, const double *v)
{
  const int64_t n = shape_count(s) * batch;
  real *r = malloc((size_t)n * sizeof *r);
  for (int64_t i = 0; r && i < n; i++) r[stored_at(s, batch, i)] = (real)v[i];
  return r;
}

static void load(const struct shape *s, int batch, const real *r, double *v)
{
  const int64_t n = shape_count(s) * batch;
  for (int64_t i = 0; i < n; i++) v[i] = (double)r[stored_at(s, batch, i)];
}

void driver_forward(struct op_driver *d)
{
  const real *x[DRIVER_INPUTS] = {0};
  for (int i = 0; i < d->at.n_in; i++) {
    free(d->x_stored[i]);
    d->x_stored[i] = d->dx[i] ? store(&d->in[i].shape, d->batch, d->value[i]) : NULL;
    x[i] = d->in[i].fixed ? d->constant[i] : d->x_stored[i];
  }
  free(d->y_stored);
  d->y_stored = rubbish((size_t)d->n_y * sizeof *d->y_stored);
  const struct op_fwd call = {&d->at, x, d->y_stored, d->aux, d->work};
  d->op->forward(&call);
  load(&d->at.ys, d->batch, d->y_stored, d->y);
}

void driver_backward(struct op_driver *d, int times, unsigned skip)
{
  const real *x[DRIVER_INPUTS] = {0};
  real *dx[DRIVER_INPUTS] = {0};
  real *dy = store(&d->at.ys, d->batch, d->dy);
  const unsigned reads = op_reads(d->op, &d->at);
  for (int i = 0; i < d->at.n_in; i++) {
    x[i] = d->in[i].fixed ? d->constant[i] : (reads & OP_READS_X) ? d->x_stored[i] : NULL;
    if (d->dx[i] && !(skip >> i & 1U)) dx[i] = calloc((size_t)driver_count(d, i), sizeof *dx[i]);
  }
  const struct op_bwd call = {.at = &d->at,
                              .x = x,
                              .y = (reads & OP_READS_Y) ? d->y_stored : NULL,
                              .aux = (reads & OP_READS_AUX) ? d->aux : NULL,
                              .work = d->work,
                              .dy = dy,
                              .dx = dx};
  for (int t = 0; t < times; t++) d->op->backward(&call);
  for (int i = 0; i < d->at.n_in; i++) {
    if (dx[i]) load(&d->in[i].shape, d->batch, dx[i], d->dx[i]);
    free(dx[i]);
  }
  free(dy);
}

void driver_backward_set(struct op_driver *d, bool in_place)
{
  const real *x[DRIVER_INPUTS] = {0};
  real *dx[DRIVER_INPUTS] = {0};
  bool set[DRIVER_INPUTS];
  real *dy = store(&d->at.ys, d->batch, d->dy);
  const unsigned reads = op_reads(d->op, &d->at);
  for (int i = 0; i < d->at.n_in; i++) {
    const size_t bytes = (size_t)driver_count(d, i) * sizeof(real);
    set[i] = true;
    x[i] = d->in[i].fixed ? d->constant[i] : (reads & OP_READS_X) ? d->x_stored[i] : NULL;
    if (d->dx[i]) dx[i] = in_place && i == 0 ? dy : rubbish(bytes);
  }
  const struct op_bwd call = {.at = &d->at,
                              .x = x,
                              .y = (reads & OP_READS_Y) ? d->y_stored : NULL,
                              .aux = (reads & OP_READS_AUX) ? d->aux : NULL,
                              .work = d->work,
                              .dy = dy,
                              .dx = dx,
                              .set = set};
  d->op->backward(&call);
  for (int i = 0; i < d->at.n_in; i++) {
    if (dx[i]) load(&d->in[i].shape, d->batch, dx[i], d->dx[i]);
    if (dx[i] != dy) free(dx[i]);
  }
  free(dy);
}

void driver_forward_in_place(struct op_driver *d)
{
  const real *x[DRIVER_INPUTS] = {0};
  real *both = store(&d->in[0].shape, d->batch, d->value[0]);
  x[0] = both;
  for (int i = 1; i < d->at.n_in; i++) x[i] = d->in[i].fixed ? d->constant[i] : d->x_stored[i];
  const struct op_fwd call = {&d->at, x, both, d->aux, d->work};
  d->op->forward(&call);
  load(&d->at.ys, d->batch, both, d->y);
  free(both);
}

static void change(double *v, int64_t n, int batch, int keep, double fill, uint64_t *state)
{
  const int64_t one = n / batch;
  for (int64_t i = 0; i < n; i++) {
    if (i / one != keep)
      v[i] = isnan(fill) ? (double)(driver_random(state, 1001) - 500) / 128.0 : fill;
  }
}

void driver_change_others(struct op_driver *d, int keep, double fill, uint64_t seed)
{
  uint64_t state = seed;
  for (int i = 0; i < d->at.n_in; i++)
    if (d->dx[i]) change(d->value[i], driver_count(d, i), d->batch, keep, fill, &state);
  change(d->dy, d->n_y, d->batch, keep, fill, &state);
}
