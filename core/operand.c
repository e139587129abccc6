/** @file
 *  Checks of operands. */
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

bool operand_given(const struct operand *in, int n_in, int i)
{
  return i < n_in && in[i].present;
}

err operand_tensor(const struct operand *in, int i)
{
  CHECK(in[i].present, ERR_FORMAT, "input %d is missing", i);
  CHECK(!in[i].fixed, ERR_UNSUPPORTED,
        "input %d is a constant; a tensor that depends on the image is expected", i);
  return ERR_OK;
}

err operand_numbers(const struct operand *in, int i)
{
  CHECK(in[i].present, ERR_FORMAT, "input %d is missing", i);
  CHECK(!in[i].fixed || in[i].data, ERR_FORMAT, "input %d does not hold floats", i);
  return ERR_OK;
}

err operand_activation(const struct operand *in, int i)
{
  char text[96];
  TRY(operand_tensor(in, i));
  CHECK(in[i].shape.rank >= 2 && in[i].shape.dim[0] == 1, ERR_UNSUPPORTED,
        "input %d has shape %s; one image in dimension 0 and at least one more are expected", i,
        shape_text(&in[i].shape, NULL, text, sizeof text));
  return ERR_OK;
}

err operand_floats(const struct operand *in, int i)
{
  CHECK(in[i].present, ERR_FORMAT, "input %d is missing", i);
  CHECK(in[i].fixed, ERR_UNSUPPORTED, "input %d depends on the image; only a constant is supported",
        i);
  CHECK(in[i].data, ERR_FORMAT, "input %d does not hold floats", i);
  return ERR_OK;
}

err operand_vector(const struct operand *in, int i, int n)
{
  char text[96];
  TRY(operand_floats(in, i));
  CHECK(in[i].shape.rank == 1 && in[i].shape.dim[0] == n, ERR_SHAPE,
        "input %d has shape %s; a vector of %d is expected", i,
        shape_text(&in[i].shape, NULL, text, sizeof text), n);
  return ERR_OK;
}

err operand_scalar(const struct operand *in, int i, real *out)
{
  TRY(operand_floats(in, i));
  CHECK(shape_count(&in[i].shape) == 1, ERR_SHAPE,
        "input %d has %" PRId64 " elements; one is expected", i, shape_count(&in[i].shape));
  *out = in[i].data[0];
  return ERR_OK;
}

err operand_ints(const struct operand *in, int i, int max, int *n, const int64_t **out)
{
  CHECK(in[i].present, ERR_FORMAT, "input %d is missing", i);
  CHECK(in[i].fixed, ERR_UNSUPPORTED, "input %d depends on the image; only a constant is supported",
        i);
  CHECK(in[i].ints, ERR_FORMAT, "input %d does not hold integers", i);
  CHECK(in[i].shape.rank == 1 && in[i].shape.dim[0] <= max, ERR_UNSUPPORTED,
        "input %d is not a list of at most %d integers", i, max);
  *n = in[i].shape.dim[0];
  *out = in[i].ints;
  return ERR_OK;
}

err operand_any_axis(int64_t axis, int rank, int *out)
{
  CHECK(axis >= -rank && axis < rank, ERR_FORMAT,
        "axis %" PRId64 " is outside a tensor of %d dimensions", axis, rank);
  *out = (int)(axis < 0 ? axis + rank : axis);
  return ERR_OK;
}

err operand_axis(int64_t axis, const struct shape *s, int *out)
{
  int a;
  TRY(operand_any_axis(axis, s->rank, &a));
  CHECK(a > 0 || s->dim[0] > 1, ERR_UNSUPPORTED,
        "axis %" PRId64 " is the batch; samples must stay apart", axis);
  *out = a;
  return ERR_OK;
}

struct shape_steps operand_steps(const struct operand *in, int batch)
{
  return shape_steps(&in->shape, in->fixed ? 0 : batch);
}

err operand_result(const struct shape *ys)
{
  int64_t n = 1;
  CHECK(ys->rank <= SHAPE_MAX_RANK, ERR_UNSUPPORTED,
        "the output would have %d dimensions; at most %d are supported", ys->rank, SHAPE_MAX_RANK);
  for (int i = 0; i < ys->rank; i++) {
    CHECK(ys->dim[i] > 0, ERR_SHAPE, "dimension %d of the output would be %d", i, ys->dim[i]);
    n *= ys->dim[i];
    CHECK(n <= INT_MAX, ERR_SHAPE, "the output would have more than %d elements a sample", INT_MAX);
  }
  return ERR_OK;
}
