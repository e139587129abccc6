/** @file
 *  Identity: y = x.  Source: ONNX operator specification, Identity-19. */
#include "core/elementwise.h"

const struct op op_identity = {
    .name = "Identity",
    .source = "ONNX operators, Identity-19",
    .min_in = 1,
    .max_in = 1,
    .infer = elementwise_infer,
    .forward = elementwise_copy,
    .backward = elementwise_pass,
    .can_set = true,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
