/** @file
 *  ReduceMax: the largest element along axes; equal ones share the signal.
 *  Source: ONNX operator specification, ReduceMax-1 to ReduceMax-20. */
#include "core/extremum.h"

static void forward(const struct op_fwd *c)
{
  extremum_forward(c, 1);
}

static void backward(const struct op_bwd *c)
{
  extremum_backward(c);
}

const struct op op_reduce_max = {
    .name = "ReduceMax",
    .source = "ONNX operators, ReduceMax-20",
    .parse = reduce_parse_18,
    .aux_bytes = extremum_aux_bytes,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_X | OP_READS_Y | OP_READS_AUX,
    REDUCE_FIELDS,
};
