/** @file
 *  InstanceNormalization: each channel of each sample over its positions, with one constant scale and bias a
 *  channel.
 *  Source: ONNX operator specification, InstanceNormalization-6, Ulyanov, Vedaldi, Lempitsky 2016, arXiv:1607.08022. */
#include "core/normalise.h"
#include "core/operand.h"

enum { X = NORMALISE_X, SCALE = NORMALISE_SCALE, BIAS = NORMALISE_BIAS };

struct norm {
  struct normalise_attr common;
};

static struct normalise normalise_at(const struct op_site *at)
{
  const struct norm *a = at->attr;
  const struct groups g = groups_along(&at->ys, at->batch, 2, true);
  return (struct normalise){g, a->common.epsilon, 0, 0, at->batch, 1};
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct norm *a = attr;
  (void)opset;
  return normalise_parse(list, normalise_at, &a->common);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)attr, (void)n_in;
  TRY(operand_activation(in, X));
  CHECK(in[X].shape.rank >= 3, ERR_SHAPE, "input 0 has no positions to normalise over");
  for (int i = SCALE; i <= BIAS; i++) TRY(operand_vector(in, i, in[X].shape.dim[1]));
  *ys = in[X].shape;
  return ERR_OK;
}

const struct op op_instance_normalization = {
    .name = "InstanceNormalization",
    .source = "ONNX operators, InstanceNormalization-6",
    .min_in = 3,
    .max_in = 3,
    NORMALISE_FIELDS,
};
