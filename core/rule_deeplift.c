/** @file
 *  DeepLIFT, rescale rule: at every non-linearity the slope is that of the secant between the input and a
 *  reference that went forward as well.
 *
 *    dx += dy (y - y') / (x - x'),  dy f'(x) where |x - x'| <= 1e-10
 *
 *  At a maximum the winner of x gets dy (max(y, y') - y'), that of the reference dy (y - max(y, y')), each
 *  over its own x - x'.  Of two factors each takes the mean of the other one's two values.  So that
 *  sum (x - x') dx = f(x) - f(x'), exactly.
 *  Source: Shrikumar et al. 2017, arXiv:1704.02685; maxima as captum 0.6. */
#include "core/arena.h"
#include "core/average.h"
#include "core/rule.h"
#include "core/simd.h"

#include <string.h>

static const struct param params[] = {AVERAGE_BASELINE_PARAMS, {0}};

enum { INPUTS = 8 };
#define SMALLEST REAL(1e-10)

static int64_t count(const struct op_site *at, const struct shape *s)
{
  return shape_count(s) * at->batch;
}

static size_t own_work(const struct rule_site *r)
{
  return r->op->work_bytes ? r->op->work_bytes(r->at) : 0;
}

static int data_operand(const struct op_site *at)
{
  int k = 0;
  while (!at->in[k].present || at->in[k].fixed) k++;
  return k;
}

/** t = (or +=) the operator's own backward of dy, for input k alone. */
static void own_backward(const struct op_bwd *c, int k, const real *dy, bool set, void *work,
                         real *t)
{
  const struct op *op = c->rule->op;
  real *dx[INPUTS] = {0};
  bool sets[INPUTS] = {false};
  struct op_bwd own = *c;
  dx[k] = t;
  sets[k] = set;
  own.dy = dy;
  own.dx = dx;
  own.set = op->can_set ? sets : NULL;
  own.work = work;
  if (set && !op->can_set) memset(t, 0, (size_t)count(c->at, &c->at->in[k].shape) * sizeof(real));
  op->backward(&own);
}

/* dx may be dy where it is set: no iteration reads what another one wrote. */
/* NOLINTNEXTLINE(readability-function-size): the arrays of one loop */
SIMD static void secants(const real *x, const real *x0, const real *y, const real *y0,
                         const real *dy, const real *slope, int64_t n, bool set, real *dx)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) {
    const real way = x[i] - x0[i];
    const bool small = way <= SMALLEST && way >= -SMALLEST;
    const real v = small ? slope[i] : dy[i] * ((y[i] - y0[i]) / way);
    dx[i] = set ? v : dx[i] + v;
  }
}

static size_t pointwise_work(const struct rule_site *r)
{
  return arena_reals(count(r->at, &r->at->ys)) + own_work(r);
}

static void pointwise(const struct op_bwd *c)
{
  const int k = data_operand(c->at);
  const int64_t n = count(c->at, &c->at->ys);
  real *slope = c->work;
  if (!c->dx[k]) return;
  own_backward(c, k, c->dy, true, (unsigned char *)c->work + arena_reals(n), slope);
  secants(c->x[k], c->reference->x[k], c->y, c->reference->y, c->dy, slope, n, op_sets(c, k),
          c->dx[k]);
}

SIMD static void towards_reference(const real *restrict y, const real *restrict y0,
                                   const real *restrict dy, int64_t n, real *restrict t)
{
  for (int64_t i = 0; i < n; i++) t[i] = dy[i] * ((y[i] > y0[i] ? y[i] : y0[i]) - y0[i]);
}

SIMD static void from_reference(const real *restrict y, const real *restrict y0,
                                const real *restrict dy, int64_t n, real *restrict t)
{
  for (int64_t i = 0; i < n; i++) t[i] = dy[i] * (y[i] - (y[i] > y0[i] ? y[i] : y0[i]));
}

SIMD static void over_ways(const real *restrict x, const real *restrict x0,
                           const real *restrict given, const real *restrict slope, int64_t n,
                           bool set, real *restrict dx)
{
  for (int64_t i = 0; i < n; i++) {
    const real way = x[i] - x0[i];
    const bool small = way <= SMALLEST && way >= -SMALLEST;
    const real v = small ? slope[i] : given[i] / way;
    dx[i] = set ? v : dx[i] + v;
  }
}

static size_t maximum_work(const struct rule_site *r)
{
  return arena_reals(count(r->at, &r->at->ys)) +
         2 * arena_reals(count(r->at, &r->at->in[0].shape)) + own_work(r);
}

/** Operators that give the signal of a maximum to its winner. */
static void maximum(const struct op_bwd *c)
{
  const int64_t n = count(c->at, &c->at->in[0].shape), ny = count(c->at, &c->at->ys);
  unsigned char *work = c->work;
  real *part = (real *)(void *)work, *given = (real *)(void *)(work + arena_reals(ny));
  real *slope = (real *)(void *)(work + arena_reals(ny) + arena_reals(n));
  void *own = work + arena_reals(ny) + 2 * arena_reals(n);
  struct op_bwd reference = *c;
  if (!c->dx[0]) return;
  reference.x = c->reference->x;
  reference.y = c->reference->y;
  reference.aux = c->reference->aux;
  towards_reference(c->y, c->reference->y, c->dy, ny, part);
  own_backward(c, 0, part, true, own, given);
  from_reference(c->y, c->reference->y, c->dy, ny, part);
  own_backward(&reference, 0, part, false, own, given);
  own_backward(c, 0, c->dy, true, own, slope);
  over_ways(c->x[0], c->reference->x[0], given, slope, n, op_sets(c, 0), c->dx[0]);
}

static size_t product_work(const struct rule_site *r)
{
  return arena_reals(count(r->at, &r->at->in[0].shape)) +
         arena_reals(count(r->at, &r->at->in[1].shape)) + own_work(r);
}

SIMD static void middle(const real *restrict a, const real *restrict b, int64_t n, real *restrict m)
{
  for (int64_t i = 0; i < n; i++) m[i] = REAL(0.5) * a[i] + REAL(0.5) * b[i];
}

/** y = a b: dy (b + b') / 2 to a, dy (a + a') / 2 to b, by the operator's own backward. */
static void product_of_two(const struct op_bwd *c)
{
  const struct op *op = c->rule->op;
  unsigned char *work = c->work;
  const real *x[2];
  struct op_bwd own = *c;
  for (int k = 0; k < 2; k++) {
    const int64_t n = count(c->at, &c->at->in[k].shape);
    real *m = (real *)(void *)work;
    middle(c->x[k], c->reference->x[k], n, m);
    x[k] = m;
    work += arena_reals(n);
    if (c->dx[k] && op_sets(c, k) && !op->can_set) memset(c->dx[k], 0, (size_t)n * sizeof(real));
  }
  own.x = x;
  own.set = op->can_set ? c->set : NULL;
  own.work = work;
  op->backward(&own);
}

#define READS (OP_READS_REFERENCE | OP_READS_X | OP_READS_Y | OP_READS_OWN)
#define MAXIMUM(type)                                                                              \
  {                                                                                                \
    .op = (type), .backward = maximum, .reads = READS, .can_set = true, .work_bytes = maximum_work \
  }

static const struct override overrides[] = {
    MAXIMUM("MaxPool"),
    MAXIMUM("GlobalMaxPool"),
    MAXIMUM("ReduceMax"),
    {.role = OP_POINTWISE,
     .backward = pointwise,
     .reads = READS,
     .can_set = true,
     .work_bytes = pointwise_work},
    {.role = OP_PRODUCT,
     .backward = product_of_two,
     .reads = READS,
     .can_set = true,
     .work_bytes = product_work},
    {0},
};

const struct rule rule_deeplift = {
    .name = "deeplift",
    .formula = "at a non-linearity: dx = dy (y - y') / (x - x'), with the reference x', y'",
    .limits = "what is as in the reference",
    .source = "Shrikumar et al. 2017, arXiv:1704.02685 (rescale)",
    .params = params,
    .overrides = overrides,
    .differences = true,
    .conserves = true,
};
