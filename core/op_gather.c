/** @file
 *  Gather: the slices of x along an axis that constant indices name; negative ones count from the end.
 *  Their dimensions take the place of the axis.
 *  Source: ONNX operator specification, Gather-1 to Gather-13. */
#include "core/nest.h"
#include "core/operand.h"

#include <inttypes.h>

struct gather {
  int64_t given;
  int axis;
};

enum { DATA, INDICES };

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct gather *a = attr;
  (void)opset;
  return attr_int(list, "axis", 0, &a->given);
}

static err check_indices(const struct operand *in, int extent)
{
  CHECK(in->present, ERR_FORMAT, "input 1 is missing");
  CHECK(in->fixed && in->ints, ERR_UNSUPPORTED, "indices must be constant integers");
  for (int64_t i = 0; i < shape_count(&in->shape); i++) {
    CHECK(in->ints[i] >= -extent && in->ints[i] < extent, ERR_FORMAT,
          "index %" PRId64 " is outside an axis of length %d", in->ints[i], extent);
  }
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct gather *a = attr;
  (void)n_in;
  TRY(operand_tensor(in, DATA));
  const struct shape *x = &in[DATA].shape, *j = &in[INDICES].shape;
  TRY(operand_any_axis(a->given, x->rank, &a->axis));
  TRY(check_indices(&in[INDICES], x->dim[a->axis]));
  const bool batch = a->axis == 0 && x->dim[0] == 1;
  CHECK(!batch || shape_count(j) == 1, ERR_UNSUPPORTED,
        "axis 0 is the batch; samples must stay apart");
  struct shape s = {.rank = x->rank + j->rank - 1};
  CHECK(s.rank <= SHAPE_MAX_RANK, ERR_UNSUPPORTED,
        "the output would have %d dimensions; at most %d are supported", s.rank, SHAPE_MAX_RANK);
  for (int i = 0; i < a->axis; i++) s.dim[i] = x->dim[i];
  for (int i = 0; i < j->rank; i++) s.dim[a->axis + i] = j->dim[i];
  for (int i = a->axis + 1; i < x->rank; i++) s.dim[i + j->rank - 1] = x->dim[i];
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

/** Loops over one slice: array `y` is the output, the other one the input; what is array 0 is written. */
static struct nest nest_of(const struct op_site *at, int y)
{
  const struct gather *a = at->attr;
  const struct shape *x = &at->in[DATA].shape;
  const struct shape_steps from = operand_steps(&at->in[DATA], at->batch);
  const struct shape_steps to = shape_steps(&at->ys, at->batch);
  const int more = at->in[INDICES].shape.rank - 1;
  struct nest s = {0};
  int64_t step[NEST_ARRAYS] = {0};
  step[y] = to.batch;
  step[!y] = from.batch;
  nest_add(&s, at->batch, step);
  for (int i = 0; i < x->rank; i++) {
    if (i == a->axis) continue;
    step[y] = to.axis[i < a->axis ? i : i + more];
    step[!y] = from.axis[i];
    nest_add(&s, x->dim[i], step);
  }
  nest_settle(&s, 0);
  return s;
}

/** Where slice k lies in the input and in the output. */
static void place(const struct op_site *at, int64_t k, int64_t *x, int64_t *y)
{
  const struct gather *a = at->attr;
  const struct operand *j = &at->in[INDICES];
  const struct shape_steps to = shape_steps(&at->ys, at->batch);
  const int64_t index = j->ints[k], extent = at->in[DATA].shape.dim[a->axis];
  *x = (index < 0 ? index + extent : index) * operand_steps(&at->in[DATA], at->batch).axis[a->axis];
  *y = 0;
  for (int i = j->shape.rank - 1; i >= 0; i--) {
    *y += k % j->shape.dim[i] * to.axis[a->axis + i];
    k /= j->shape.dim[i];
  }
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = nest_of(c->at, 0);
  for (int64_t k = 0; k < shape_count(&c->at->in[INDICES].shape); k++) {
    int64_t x, y;
    place(c->at, k, &x, &y);
    nest_copy(&s, c->x[DATA] + x, false, c->y + y);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct nest s = nest_of(c->at, 1);
  if (!c->dx[DATA]) return;
  for (int64_t k = 0; k < shape_count(&c->at->in[INDICES].shape); k++) {
    int64_t x, y;
    place(c->at, k, &x, &y);
    nest_copy(&s, c->dy + y, true, c->dx[DATA] + x);
  }
}

const struct op op_gather = {
    .name = "Gather",
    .source = "ONNX operators, Gather-13",
    .min_in = 2,
    .max_in = 2,
    .attr_bytes = sizeof(struct gather),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
