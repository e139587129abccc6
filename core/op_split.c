/** @file
 *  Split: one of the pieces of x along an axis.  A node of the graph has one output, so an ONNX node with
 *  several becomes one node for each that is used; which one, and of how many, the reader says by two
 *  more integer attributes:  output  0 .. outputs - 1,  outputs  of the ONNX node.
 *
 *  Lengths are an attribute before opset 13 and a constant input since; without them the pieces are
 *  equal, but that the last may be shorter since opset 18.
 *  Source: ONNX operator specification, Split-2, Split-11, Split-13, Split-18. */
#include "core/box.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

enum { MAX_PIECES = 4096 };

struct split {
  struct box box; /* first: box_forward; but for the batch */
  bool by_input, uneven;
  int64_t given;
  int output, outputs;
  const struct attr *lengths; /* during parse and infer only */
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct split *a = attr;
  int64_t output, outputs;
  a->by_input = opset >= 13;
  a->uneven = opset >= 18;
  TRY(attr_int(list, "axis", 0, &a->given));
  TRY(attr_int(list, "output", 0, &output));
  TRY(attr_int(list, "outputs", 1, &outputs));
  CHECK(outputs > 0 && outputs <= MAX_PIECES && output >= 0 && output < outputs, ERR_FORMAT,
        "output %" PRId64 " of %" PRId64, output, outputs);
  a->lengths = a->by_input ? NULL : attr_find(list, "split");
  CHECK(!a->lengths || a->lengths->kind == ATTR_INTS, ERR_FORMAT,
        "attribute 'split' is not a list of integers");
  a->output = (int)output;
  a->outputs = (int)outputs;
  return ERR_OK;
}

/** Where the piece lies along the axis, from all lengths. */
static err take_lengths(struct split *a, int axis, const int64_t *length, int n)
{
  int64_t total = 0;
  CHECK(n == a->outputs, ERR_FORMAT, "%d lengths for %d outputs", n, a->outputs);
  for (int i = 0; i < n; i++) {
    CHECK(length[i] > 0 && length[i] <= INT_MAX, ERR_SHAPE, "piece %d has length %" PRId64, i,
          length[i]);
    if (i == a->output) a->box.start[axis] = total;
    total += length[i];
  }
  CHECK(total == a->box.whole.dim[axis], ERR_SHAPE,
        "the pieces are %" PRId64 " long together, axis %d has %d", total, axis,
        a->box.whole.dim[axis]);
  a->box.part.dim[axis] = (int)length[a->output];
  return ERR_OK;
}

static err take_equal(struct split *a, int axis)
{
  const int64_t n = a->box.whole.dim[axis], each = (n + a->outputs - 1) / a->outputs;
  const int64_t start = each * a->output, end = start + each < n ? start + each : n;
  CHECK((a->uneven || n % a->outputs == 0) && start < end, ERR_SHAPE,
        "axis %d of length %" PRId64 " does not split into %d pieces", axis, n, a->outputs);
  a->box.start[axis] = start;
  a->box.part.dim[axis] = (int)(end - start);
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct split *a = attr;
  int axis, n = a->lengths ? a->lengths->n : 0;
  const int64_t *length = a->lengths ? a->lengths->ints : NULL;
  a->lengths = NULL;
  TRY(operand_tensor(in, 0));
  TRY(operand_axis(a->given, &in[0].shape, &axis));
  a->box = box_of(&in[0].shape, &in[0].shape, 0);
  CHECK(a->by_input || n_in == 1, ERR_FORMAT, "lengths as an input came with opset 13");
  if (operand_given(in, n_in, 1)) TRY(operand_ints(in, 1, MAX_PIECES, &n, &length));
  if (length) TRY(take_lengths(a, axis, length, n));
  if (!length) TRY(take_equal(a, axis));
  *ys = a->box.part;
  return ERR_OK;
}

const struct op op_split = {
    .name = "Split",
    .source = "ONNX operators, Split-18",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct split),
    .parse = parse,
    .infer = infer,
    .forward = box_forward,
    .backward = box_backward,
};
