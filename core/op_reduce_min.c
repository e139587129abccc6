/** @file
 *  ReduceMin: the smallest element along axes; equal ones share the signal.
 *  Source: ONNX operator specification, ReduceMin-1 to ReduceMin-20. */
#include "core/extremum.h"

static void forward(const struct op_fwd *c)
{
  extremum_forward(c, -1);
}

static void backward(const struct op_bwd *c)
{
  extremum_backward(c);
}

const struct op op_reduce_min = {
    .name = "ReduceMin",
    .source = "ONNX operators, ReduceMin-20",
    .parse = reduce_parse_18,
    .aux_bytes = extremum_aux_bytes,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_X | OP_READS_Y | OP_READS_AUX,
    REDUCE_FIELDS,
};
