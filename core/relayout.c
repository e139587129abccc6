/** @file
 *  Moving activations between two layouts.  Element f of a sample lies in channel f / inner at
 *  position f % inner, so runs of gcd(inner of x, inner of y) elements stay together. */
#include "core/relayout.h"

#include "core/nest.h"
#include "core/operand.h"

#include <assert.h>

static int64_t gcd(int64_t a, int64_t b)
{
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** Loops over runs where one inner extent divides the other; array 0 is the output. */
static struct nest nest_of(const struct op_site *at)
{
  const int64_t x = shape_inner(&at->in[0].shape), y = shape_inner(&at->ys), batch = at->batch;
  const int64_t run = x < y ? x : y, longer = x < y ? y : x;
  struct nest s = {0};
  assert(longer % run == 0);
  nest_add(&s, shape_count(&at->ys) / longer, (int64_t[]){longer * batch, longer * batch, 0, 0});
  nest_add(&s, longer / run,
           (int64_t[]){y == run ? run * batch : run, x == run ? run * batch : run, 0, 0});
  nest_add(&s, batch, (int64_t[]){y, x, 0, 0});
  nest_add(&s, run, (int64_t[]){1, 1, 0, 0});
  return s;
}

static bool divides(const struct op_site *at)
{
  const int64_t x = shape_inner(&at->in[0].shape), y = shape_inner(&at->ys);
  return x % y == 0 || y % x == 0;
}

/** Where element f of sample 0 is stored. */
static int64_t place(int64_t f, int64_t inner, int batch)
{
  assert(inner > 0);
  return f / inner * inner * batch + f % inner;
}

/** to (+)= from run by run; inner extents as stored. */
static void move_runs(const struct op_site *at, const real *from, int64_t inner_from, bool add,
                      real *to, int64_t inner_to)
{
  const int64_t run = gcd(inner_from, inner_to), count = shape_count(&at->ys);
  struct nest s = {0};
  nest_add(&s, at->batch, (int64_t[]){inner_to, inner_from, 0, 0});
  nest_add(&s, run, (int64_t[]){1, 1, 0, 0});
  nest_settle(&s, 0);
  for (int64_t f = 0; f < count; f += run)
    nest_copy(&s, from + place(f, inner_from, at->batch), add, to + place(f, inner_to, at->batch));
}

err relayout_check(const struct shape *x, const struct shape *ys)
{
  char from[96], to[96];
  TRY(operand_result(ys));
  CHECK(shape_count(x) == shape_count(ys), ERR_SHAPE, "a sample of shape %s does not fit into %s",
        shape_text(x, "N", from, sizeof from), shape_text(ys, "N", to, sizeof to));
  return ERR_OK;
}

void relayout_forward(const struct op_fwd *c)
{
  if (divides(c->at)) {
    struct nest s = nest_of(c->at);
    nest_settle(&s, 0);
    nest_copy(&s, c->x[0], false, c->y);
    return;
  }
  move_runs(c->at, c->x[0], shape_inner(&c->at->in[0].shape), false, c->y, shape_inner(&c->at->ys));
}

void relayout_backward(const struct op_bwd *c)
{
  if (!c->dx[0]) return;
  if (divides(c->at)) {
    struct nest s = nest_of(c->at);
    nest_swap(&s);
    nest_settle(&s, 0);
    nest_copy(&s, c->dy, !op_sets(c, 0), c->dx[0]);
    return;
  }
  move_runs(c->at, c->dy, shape_inner(&c->at->ys), !op_sets(c, 0), c->dx[0],
            shape_inner(&c->at->in[0].shape));
}
