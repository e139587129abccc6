/** @file
 *  Slice: elements start, start + step, ... before end along each axis named; starts and ends count
 *  from the end when negative and are clamped.  All constant: attributes before opset 10, inputs since.
 *  Source: ONNX operator specification, Slice-1 to Slice-13. */
#include "core/box.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

struct slice {
  struct box box; /* first: box_forward; but for the batch */
  bool by_inputs;
  int n; /* axes named */
  int starts[SHAPE_MAX_RANK], ends[SHAPE_MAX_RANK], axes[SHAPE_MAX_RANK];
};

static int clamped(int64_t v)
{
  return v < INT_MIN ? INT_MIN : v > INT_MAX ? INT_MAX : (int)v;
}

/** Integers of an attribute, clamped: exporters write the largest int64 for "to the end". */
static err parse_list(const struct attr_list *list, const char *name, int *n, int *out)
{
  const struct attr *a = attr_find(list, name);
  *n = a ? a->n : 0;
  if (!a) return ERR_OK;
  CHECK(a->kind == ATTR_INTS, ERR_FORMAT, "attribute '%s' is not a list of integers", name);
  CHECK(a->n <= SHAPE_MAX_RANK, ERR_FORMAT, "attribute '%s' has %d values, at most %d are possible",
        name, a->n, SHAPE_MAX_RANK);
  for (int i = 0; i < a->n; i++) out[i] = clamped(a->ints[i]);
  return ERR_OK;
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct slice *a = attr;
  int n_starts, n_ends, n_axes;
  a->by_inputs = opset >= 10;
  if (a->by_inputs) return ERR_OK;
  TRY(parse_list(list, "starts", &n_starts, a->starts));
  TRY(parse_list(list, "ends", &n_ends, a->ends));
  TRY(parse_list(list, "axes", &n_axes, a->axes));
  CHECK(n_starts && n_starts == n_ends && (!n_axes || n_axes == n_starts), ERR_FORMAT,
        "%d starts, %d ends and %d axes are given", n_starts, n_ends, n_axes);
  for (int i = 0; !n_axes && i < n_starts; i++) a->axes[i] = i;
  a->n = n_starts;
  return ERR_OK;
}

/** One list of the inputs, which must be as long as the first. */
static err read_list(const struct operand *in, int i, int n, int *out)
{
  int count;
  const int64_t *v;
  TRY(operand_ints(in, i, SHAPE_MAX_RANK, &count, &v));
  CHECK(count == n, ERR_FORMAT, "input %d has %d values, input 1 has %d", i, count, n);
  for (int k = 0; k < n; k++) out[k] = clamped(v[k]);
  return ERR_OK;
}

/** steps [SHAPE_MAX_RANK] overwritten. */
static err read_inputs(struct slice *a, const struct operand *in, int n_in, int *steps)
{
  const int64_t *unused;
  CHECK(operand_given(in, n_in, 1) && operand_given(in, n_in, 2), ERR_FORMAT,
        "starts and ends are missing");
  TRY(operand_ints(in, 1, SHAPE_MAX_RANK, &a->n, &unused));
  TRY(read_list(in, 1, a->n, a->starts));
  TRY(read_list(in, 2, a->n, a->ends));
  for (int i = 0; i < a->n; i++) a->axes[i] = i;
  if (operand_given(in, n_in, 3)) TRY(read_list(in, 3, a->n, a->axes));
  if (operand_given(in, n_in, 4)) TRY(read_list(in, 4, a->n, steps));
  return ERR_OK;
}

static int64_t within(int64_t v, int64_t lo, int64_t hi)
{
  return v < lo ? lo : v > hi ? hi : v;
}

/** Axis k of those named: start, step and extent of the box. */
static err cut(struct slice *a, int k, int step)
{
  int axis;
  TRY(operand_any_axis(a->axes[k], a->box.whole.rank, &axis));
  CHECK(step, ERR_FORMAT, "step 0 along axis %d", axis);
  const int64_t n = a->box.whole.dim[axis], last = step < 0 ? n - 1 : n;
  int64_t start = a->starts[k], end = a->ends[k];
  start = within(start < 0 ? start + n : start, 0, last);
  end = within(end < 0 ? end + n : end, step < 0 ? -1 : 0, last);
  const int64_t room = step < 0 ? start - end : end - start,
                each = step < 0 ? -(int64_t)step : step;
  CHECK(room > 0, ERR_SHAPE, "nothing is left along axis %d: from %" PRId64 " to %" PRId64, axis,
        start, end);
  a->box.start[axis] = start;
  a->box.step[axis] = step;
  a->box.part.dim[axis] = (int)((room + each - 1) / each);
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct slice *a = attr;
  int steps[SHAPE_MAX_RANK] = {1, 1, 1, 1, 1, 1};
  TRY(operand_tensor(in, 0));
  CHECK(a->by_inputs || n_in == 1, ERR_FORMAT, "starts as inputs came with opset 10");
  if (a->by_inputs) TRY(read_inputs(a, in, n_in, steps));
  a->box = box_of(&in[0].shape, &in[0].shape, 0);
  for (int k = 0; k < a->n; k++) TRY(cut(a, k, steps[k]));
  *ys = a->box.part;
  return ERR_OK;
}

const struct op op_slice = {
    .name = "Slice",
    .source = "ONNX operators, Slice-13",
    .min_in = 1,
    .max_in = 5,
    .attr_bytes = sizeof(struct slice),
    .parse = parse,
    .infer = infer,
    .forward = box_forward,
    .backward = box_backward,
};
