/** @file
 *  Parts of tensors. */
#include "core/box.h"

#include "core/nest.h"

#include <assert.h>

struct box box_of(const struct shape *whole, const struct shape *part, int batch)
{
  struct box b = {.whole = *whole, .part = *part, .whole_batch = batch, .part_batch = batch};
  for (int i = 0; i < SHAPE_MAX_RANK; i++) b.step[i] = 1;
  return b;
}

/** Where the box begins in the whole. */
static int64_t offset(const struct box *b)
{
  const struct shape_steps steps = shape_steps(&b->whole, b->whole_batch);
  int64_t at = 0;
  for (int i = 0; i < b->whole.rank; i++) at += b->start[i] * steps.axis[i];
  return at;
}

/** Array `part` of the loops is the part, the other one the whole; what is array 0 is written. */
static struct nest nest_of(const struct box *b, int part)
{
  const struct shape_steps w = shape_steps(&b->whole, b->whole_batch);
  const struct shape_steps p = shape_steps(&b->part, b->part_batch);
  const int batch = b->whole_batch > b->part_batch ? b->whole_batch : b->part_batch;
  struct nest s = {0};
  int64_t step[NEST_ARRAYS] = {0};
  assert(b->whole.rank == b->part.rank);
  step[part] = p.batch;
  step[!part] = w.batch;
  nest_add(&s, batch, step);
  for (int i = 0; i < b->part.rank; i++) {
    step[part] = p.axis[i];
    step[!part] = w.axis[i] * b->step[i];
    nest_add(&s, b->part.dim[i], step);
  }
  nest_settle(&s, 0);
  return s;
}

void box_take(const struct box *b, const real *whole, bool add, real *part)
{
  const struct nest s = nest_of(b, 0);
  nest_copy(&s, whole + offset(b), add, part);
}

void box_put(const struct box *b, const real *part, bool add, real *whole)
{
  const struct nest s = nest_of(b, 1);
  nest_copy(&s, part, add, whole + offset(b));
}

static struct box box_at(const struct op_site *at)
{
  struct box b = *(const struct box *)at->attr;
  b.whole_batch = b.part_batch = at->batch;
  return b;
}

void box_forward(const struct op_fwd *c)
{
  const struct box b = box_at(c->at);
  box_take(&b, c->x[0], false, c->y);
}

void box_backward(const struct op_bwd *c)
{
  const struct box b = box_at(c->at);
  if (c->dx[0]) box_put(&b, c->dy, true, c->dx[0]);
}
