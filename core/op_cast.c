/** @file
 *  Cast of an activation to float: the identity, for activations are floats.
 *  Source: ONNX operator specification, Cast-6 to Cast-19. */
#include "core/elementwise.h"

#include <inttypes.h>

/* Nothing of it is needed later; `parse` and `attr_bytes` go together. */
struct cast {
  int64_t to;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  enum { FLOAT = 1, DOUBLE = 11 }; /* TensorProto.DataType */
  struct cast *a = attr;
  (void)opset;
  TRY(attr_int(list, "to", 0, &a->to));
  CHECK(a->to == FLOAT || a->to == DOUBLE, ERR_UNSUPPORTED,
        "a tensor that depends on the image becomes data type %" PRId64 "; it can only stay float",
        a->to);
  return ERR_OK;
}

const struct op op_cast = {
    .name = "Cast",
    .source = "ONNX operators, Cast-19",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct cast),
    .parse = parse,
    .infer = elementwise_infer,
    .forward = elementwise_copy,
    .backward = elementwise_pass,
    .can_set = true,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
