/** @file
 *  InstanceNormalization: each channel of each sample over its positions, with one constant scale and bias a
 *  channel.
 *  Source: ONNX operator specification, InstanceNormalization-6, Ulyanov, Vedaldi, Lempitsky 2016, arXiv:1607.08022. */
#include "core/normalise.h"
#include "core/operand.h"

enum { X, SCALE, BIAS };

struct norm {
  double epsilon;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct norm *a = attr;
  (void)opset;
  return normalise_parse(list, &a->epsilon);
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

static struct normalise normalise_at(const struct op_site *at)
{
  const struct norm *a = at->attr;
  const struct groups g = groups_along(&at->ys, at->batch, 2, true);
  return (struct normalise){g, a->epsilon, 0, 0, at->batch, 1};
}

static size_t aux_bytes(const struct op_site *at)
{
  const struct normalise n = normalise_at(at);
  return normalise_aux_bytes(&n);
}

static void forward(const struct op_fwd *c)
{
  const struct normalise n = normalise_at(c->at);
  const bool biased = operand_given(c->at->in, c->at->n_in, BIAS);
  normalise_forward(&n, c->x[X], c->x[SCALE], biased ? c->x[BIAS] : NULL, c->aux, c->y);
}

static void backward(const struct op_bwd *c)
{
  const struct normalise n = normalise_at(c->at);
  if (!c->dx[X]) return;
  normalise_backward(&n, c->x[X], c->x[SCALE], c->aux, c->dy, op_sets(c, X), c->dx[X]);
}

const struct op op_instance_normalization = {
    .name = "InstanceNormalization",
    .source = "ONNX operators, InstanceNormalization-6",
    .min_in = 3,
    .max_in = 3,
    .attr_bytes = sizeof(struct norm),
    .parse = parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X | OP_READS_AUX,
    .can_set = true,
};
