/** @file
 *  Dropout at inference: y = x, whatever the ratio.  Source: ONNX operator specification, Dropout-13. */
#include "core/elementwise.h"
#include "core/operand.h"

/** training_mode is an input since opset 12: absent, or a constant false. */
static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  if (operand_given(in, n_in, 2)) {
    CHECK(in[2].fixed && (in[2].ints || in[2].data) && shape_count(&in[2].shape) == 1,
          ERR_UNSUPPORTED, "training_mode must be one constant");
    const bool training = in[2].ints ? in[2].ints[0] != 0 : in[2].data[0] != REAL(0.0);
    CHECK(!training, ERR_UNSUPPORTED, "training_mode is on; export the model for inference");
  }
  return elementwise_infer(attr, in, n_in, ys);
}

const struct op op_dropout = {
    .name = "Dropout",
    .source = "ONNX operators, Dropout-13",
    .min_in = 1,
    .max_in = 3,
    .infer = infer,
    .forward = elementwise_copy,
    .backward = elementwise_pass,
    .can_set = true,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
