/** @file
 *  Concat of activations and constants along any axis but the batch.
 *  Source: ONNX operator specification, Concat-4 to Concat-13. */
#include "core/box.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

struct concat {
  int64_t given;
  int axis;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct concat *a = attr;
  CHECK(attr_find(list, "axis"), ERR_FORMAT, "attribute 'axis' is missing");
  return attr_int(list, "axis", 1, &a->given);
}

/** Input i agrees with *s in all dimensions but the axis, along which *total grows. */
static err join(const struct operand *in, int i, int axis, const struct shape *s, int64_t *total)
{
  char mine[96], first[96];
  const struct shape *x = &in[i].shape;
  bool agree = x->rank == s->rank;
  for (int d = 0; agree && d < x->rank; d++) agree = d == axis || x->dim[d] == s->dim[d];
  CHECK(agree, ERR_SHAPE, "input %d has shape %s, which does not continue %s along axis %d", i,
        shape_text(x, "N", mine, sizeof mine), shape_text(s, "N", first, sizeof first), axis);
  *total += x->dim[axis];
  CHECK(*total <= INT_MAX, ERR_SHAPE, "axis %d would be longer than %d", axis, INT_MAX);
  return ERR_OK;
}

/** Dimension 0 is not the batch where some activation is longer than 1 along it. */
static err check_axis(int axis, const struct operand *in, int n_in)
{
  bool longer = axis > 0;
  for (int i = 0; i < n_in; i++)
    longer = longer || (!in[i].fixed && in[i].shape.rank && in[i].shape.dim[0] > 1);
  CHECK(longer, ERR_UNSUPPORTED, "axis 0 is the batch; samples must stay apart");
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct concat *a = attr;
  int64_t total = 0;
  for (int i = 0; i < n_in; i++) TRY(operand_numbers(in, i));
  TRY(operand_any_axis(a->given, in[0].shape.rank, &a->axis));
  TRY(check_axis(a->axis, in, n_in));
  struct shape s = in[0].shape;
  for (int i = 0; i < n_in; i++) TRY(join(in, i, a->axis, &s, &total));
  s.dim[a->axis] = (int)total;
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

/** Where input i lies in the output; *start: its beginning along the axis, moved to that of the next. */
static struct box box_at(const struct op_site *at, int i, int64_t *start)
{
  const struct concat *a = at->attr;
  struct box b = box_of(&at->ys, &at->in[i].shape, at->batch);
  if (at->in[i].fixed) b.part_batch = 0;
  b.start[a->axis] = *start;
  *start += at->in[i].shape.dim[a->axis];
  return b;
}

static void forward(const struct op_fwd *c)
{
  int64_t start = 0;
  for (int i = 0; i < c->at->n_in; i++) {
    const struct box b = box_at(c->at, i, &start);
    box_put(&b, c->x[i], false, c->y);
  }
}

static void backward(const struct op_bwd *c)
{
  int64_t start = 0;
  for (int i = 0; i < c->at->n_in; i++) {
    const struct box b = box_at(c->at, i, &start);
    if (c->dx[i]) box_take(&b, c->dy, !op_sets(c, i), c->dx[i]);
  }
}

const struct op op_concat = {
    .name = "Concat",
    .source = "ONNX operators, Concat-13",
    .min_in = 1,
    .max_in = -1,
    .attr_bytes = sizeof(struct concat),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
