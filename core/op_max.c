/** @file
 *  Max: the largest of any number of broadcast inputs; equal ones share the signal, as in PyTorch.
 *  Source: ONNX operator specification, Max-8 to Max-13. */
#include "core/several.h"

SIMD_PART real folded(real a, real b)
{
  return b > a || b != b ? b : a;
}

BINARY_ROW(row, folded)

static void forward(const struct op_fwd *c)
{
  several_fold(c, row);
}

const struct op op_max = {
    .name = "Max",
    .source = "ONNX operators, Max-13",
    SEVERAL_SHARE_FIELDS,
};
