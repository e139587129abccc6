/** @file
 *  Lists of axes. */
#include "core/axes.h"

#include "core/operand.h"

err axes_parse(const struct attr_list *list, int opset, int since, struct axes *a)
{
  a->by_input = opset >= since;
  if (a->by_input) return ERR_OK;
  return attr_ints(list, "axes", SHAPE_MAX_RANK, -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, &a->n,
                   a->given);
}

err axes_settle(const struct axes *a, const struct operand *in, int n_in, int i, int rank,
                unsigned *set, int *n)
{
  int count = a->n;
  const int64_t *from_input = NULL;
  CHECK(a->by_input || n_in <= i, ERR_FORMAT, "axes as an input came with a later opset");
  if (operand_given(in, n_in, i)) TRY(operand_ints(in, i, SHAPE_MAX_RANK, &count, &from_input));
  *set = 0;
  *n = count;
  for (int k = 0; k < count; k++) {
    int axis;
    TRY(operand_any_axis(from_input ? from_input[k] : a->given[k], rank, &axis));
    CHECK(!(*set >> axis & 1U), ERR_FORMAT, "axis %d is named twice", axis);
    *set |= 1U << axis;
  }
  return ERR_OK;
}
