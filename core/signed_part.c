/** @file
 *  Signals of one sign. */
#include "core/signed_part.h"

#include "core/arena.h"
#include "core/simd.h"

#include <string.h>

static int64_t count(const struct op_site *at, const struct shape *s)
{
  return shape_count(s) * at->batch;
}

/* to may be from, element by element: no iteration reads what another one wrote. */
SIMD static void part(const real *from, int64_t n, bool positive, real *to)
{
  if (positive) {
    SIMD_INDEPENDENT
    for (int64_t i = 0; i < n; i++) to[i] = from[i] <= REAL(0.0) ? REAL(0.0) : from[i];
  } else {
    SIMD_INDEPENDENT
    for (int64_t i = 0; i < n; i++) to[i] = from[i] >= REAL(0.0) ? REAL(0.0) : from[i];
  }
}

SIMD static void add(const real *restrict from, int64_t n, real *restrict to)
{
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

static size_t own_work(const struct rule_site *r)
{
  return r->op->work_bytes ? r->op->work_bytes(r->at) : 0;
}

size_t signed_part_before_work(const struct rule_site *r)
{
  return arena_reals(count(r->at, &r->at->ys)) + own_work(r);
}

/** The part goes through dx where that is set and the operator works in place, else through the
 *  scratch. */
void signed_part_before(const struct op_bwd *c, bool positive)
{
  const struct op *op = c->rule->op;
  const bool through_dx = op_sets(c, 0) && op->in_place & OP_IN_PLACE_BACKWARD;
  real *kept = through_dx ? c->dx[0] : c->work;
  struct op_bwd with = *c;

  const int64_t n = count(c->at, &c->at->ys);
  if (!c->dx[0]) return;
  part(c->dy, n, positive, kept);
  if (op_sets(c, 0) && !op->can_set) memset(c->dx[0], 0, (size_t)n * sizeof *kept);
  with.dy = kept;
  with.work = (unsigned char *)c->work + arena_reals(n);
  op->backward(&with);
}

static int data_operand(const struct op_site *at)
{
  int k = 0;
  while (!at->in[k].present || at->in[k].fixed) k++;
  return k;
}

size_t signed_part_behind_work(const struct rule_site *r)
{
  return arena_reals(count(r->at, &r->at->in[data_operand(r->at)].shape)) + own_work(r);
}

void signed_part_behind(const struct op_bwd *c, bool positive)
{
  enum { INPUTS = 8 };
  const struct op *op = c->rule->op;
  const int k = data_operand(c->at);
  const int64_t n = count(c->at, &c->at->in[k].shape);
  const bool sets = op_sets(c, k), set[INPUTS] = {true, true, true, true, true, true, true, true};
  real *dx[INPUTS] = {0}, *apart = c->work;
  struct op_bwd own = *c;

  if (!c->dx[k]) return;
  /* in place where the operator may be: dy may lie there */
  dx[k] = sets && op->can_set ? c->dx[k] : apart;
  if (!op->can_set) memset(dx[k], 0, (size_t)n * sizeof **dx);
  own.dx = dx;
  own.set = op->can_set ? set : NULL;
  own.work = (unsigned char *)c->work + arena_reals(n);
  op->backward(&own);
  part(dx[k], n, positive, sets ? c->dx[k] : dx[k]);
  if (!sets) add(dx[k], n, c->dx[k]);
}
