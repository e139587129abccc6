/** @file
 *  Relevance through operators without weights of their own. */
#include "core/relevance.h"

#include "core/arena.h"
#include "core/elementwise.h"
#include "core/relevance_impl.h"

#include <string.h>

int64_t relevance_count(const struct shape *s, int batch)
{
  return shape_count(s) * batch;
}

SIMD static void divide(const real *dy, const real *y, real epsilon, int64_t n, real *s)
{
  relevance_divide(dy, y, REAL(1.0), epsilon, n, s);
}

/* dx may not be t or x. */
SIMD static void take_share(const real *restrict x, const real *restrict t, int64_t n, bool set,
                            real *restrict dx)
{
  if (set) {
    for (int64_t i = 0; i < n; i++) dx[i] = x[i] * t[i];
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += x[i] * t[i];
  }
}

/** The quotients, a signal for every input, and the operator's own scratch. */
static size_t linear_work(const struct rule_site *r)
{
  size_t n = arena_reals(relevance_count(&r->at->ys, r->at->batch));
  for (int k = 0; k < r->at->n_in; k++) {
    if (r->at->in[k].present && !r->at->in[k].fixed)
      n += arena_reals(relevance_count(&r->at->in[k].shape, r->at->batch));
  }
  return n + (r->op->work_bytes ? r->op->work_bytes(r->at) : 0);
}

/** R_x = x * J' (R_y / stab(y)), input by input so that one array of pointers is enough. */
static void linear(const struct op_bwd *c)
{
  enum { INPUTS = 64 };
  const struct op *op = c->rule->op;
  const int n_in = c->at->n_in < INPUTS ? c->at->n_in : INPUTS;
  real *t[INPUTS] = {0};
  bool set[INPUTS];
  unsigned char *work = c->work;
  real *s = (real *)(void *)work;
  const int64_t n = relevance_count(&c->at->ys, c->at->batch);
  struct op_bwd own = *c;
  work += arena_reals(n);
  divide(c->dy, c->y, (real)c->rule->use->rule->weighted(c->rule).epsilon, n, s);
  for (int k = 0; k < n_in; k++) {
    set[k] = true;
    if (!c->dx[k]) continue;
    const int64_t count = relevance_count(&c->at->in[k].shape, c->at->batch);
    t[k] = (real *)(void *)work;
    work += arena_reals(count);
    if (!op->can_set) memset(t[k], 0, (size_t)count * sizeof(real));
  }
  own.dy = s;
  own.dx = t;
  own.set = op->can_set ? set : NULL;
  own.work = work;
  op->backward(&own);
  for (int k = 0; k < n_in; k++) {
    if (!c->dx[k]) continue;
    take_share(c->x[k], t[k], relevance_count(&c->at->in[k].shape, c->at->batch), op_sets(c, k),
               c->dx[k]);
  }
}

/** A bound that no model of the field reaches; more inputs would not fit `linear`. */
static err linear_check(const struct rule_site *r)
{
  CHECK(r->at->n_in <= 64, ERR_UNSUPPORTED, "node '%s' sums %d values, more than 64", r->node,
        r->at->n_in);
  return ERR_OK;
}

/** Of two factors that are both wanted and equally large each gets a half. */
static void product_of_two(const struct op_bwd *c)
{
  const int64_t n[2] = {shape_count(&c->at->in[0].shape), shape_count(&c->at->in[1].shape)};
  const int64_t all = relevance_count(&c->at->ys, c->at->batch);
  for (int k = 0; k < 2; k++) {
    if (!c->dx[k]) continue;
    if (n[k] > n[!k]) {
      elementwise_scale(c->dy, REAL(1.0), all, op_sets(c, k), c->dx[k]);
    } else if (n[k] == n[!k]) {
      elementwise_scale(c->dy, REAL(0.5), all, op_sets(c, k), c->dx[k]);
    } else if (op_sets(c, k)) {
      memset(c->dx[k], 0, (size_t)(n[k] * c->at->batch) * sizeof(real));
    }
  }
}

static err product_check(const struct rule_site *r)
{
  const struct operand *in = r->at->in;
  const int64_t a = shape_count(&in[0].shape), b = shape_count(&in[1].shape);
  CHECK((a > b ? a : b) == shape_count(&r->at->ys), ERR_UNSUPPORTED,
        "node '%s' multiplies two activations of which neither has the shape of the product",
        r->node);
  return ERR_OK;
}

/* dx may be dy, element by element: no iteration reads what another one wrote. */
SIMD static void set_where_active(const real *y, const real *dy, int64_t n, real *dx)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) dx[i] = y[i] == REAL(0.0) ? REAL(0.0) : dy[i];
}

SIMD static void add_where_active(const real *restrict y, const real *restrict dy, int64_t n,
                                  real *restrict dx)
{
  for (int64_t i = 0; i < n; i++) dx[i] += y[i] == REAL(0.0) ? REAL(0.0) : dy[i];
}

/** What is not active was not excited by anything. */
static void excited(const struct op_bwd *c)
{
  const int64_t n = elementwise_count(c->at);
  if (!c->dx[0]) return;
  if (op_sets(c, 0)) {
    set_where_active(c->y, c->dy, n, c->dx[0]);
  } else {
    add_where_active(c->y, c->dy, n, c->dx[0]);
  }
}

/* What all relevance rules share: everything but activations. */
#define SHARED                                                                              \
  {.role = OP_WEIGHTED,                                                                     \
   .backward = relevance_weighted,                                                          \
   .reads = OP_READS_X | OP_READS_WEIGHTS,                                                  \
   .can_set = true,                                                                         \
   .work_bytes = relevance_weighted_work,                                                   \
   .prepared_bytes = relevance_weighted_prepared,                                           \
   .prepare = relevance_weighted_prepare,                                                   \
   .check = relevance_weighted_check},                                                      \
      {.role = OP_LINEAR,                                                                   \
       .backward = linear,                                                                  \
       .reads = OP_READS_X | OP_READS_Y | OP_READS_OWN,                                     \
       .can_set = true,                                                                     \
       .work_bytes = linear_work,                                                           \
       .check = linear_check},                                                              \
      {.role = OP_SCALING, .backward = elementwise_pass, .can_set = true},                  \
  {                                                                                         \
    .role = OP_PRODUCT, .backward = product_of_two, .can_set = true, .check = product_check \
  }

const struct override relevance_overrides[] = {
    SHARED, {.role = OP_POINTWISE, .backward = elementwise_pass, .can_set = true}, {0}};

const struct override excitation_overrides[] = {
    SHARED, {.role = OP_POINTWISE, .backward = excited, .reads = OP_READS_Y, .can_set = true}, {0}};
