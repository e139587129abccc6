/** @file
 *  ReduceMin: the smallest element along axes; equal ones share the signal.
 *  Source: ONNX operator specification, ReduceMin-1 to ReduceMin-20. */
#include "core/extremum.h"

static void forward(const struct op_fwd *c)
{
  extremum_forward(c, -1);
}

const struct op op_reduce_min = {
    .name = "ReduceMin",
    .source = "ONNX operators, ReduceMin-20",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct reduce),
    .parse = extremum_parse,
    .infer = reduce_infer,
    .aux_bytes = extremum_aux_bytes,
    .work_bytes = reduce_work_bytes,
    .forward = forward,
    .backward = extremum_backward,
    .backward_reads = OP_READS_X | OP_READS_Y | OP_READS_AUX,
    .can_set = true,
};
