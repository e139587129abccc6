/** @file
 *  SpaceToDepth: a block of b x b positions becomes b b channels, (row of the block, column, channel).
 *  Source: ONNX operator specification, SpaceToDepth-1, SpaceToDepth-13. */
#include "core/blocks.h"
#include "core/operand.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  return blocks_parse(list, attr);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct blocks *a = attr;
  const struct shape *x = &in[0].shape;
  (void)n_in;
  TRY(operand_activation(in, 0));
  CHECK(x->rank == 4, ERR_SHAPE, "input 0 has %d dimensions; an image is expected", x->rank);
  CHECK(x->dim[2] % a->size == 0 && x->dim[3] % a->size == 0, ERR_SHAPE,
        "an image of %d x %d does not split into blocks of %d x %d", x->dim[2], x->dim[3], a->size,
        a->size);
  *ys = (struct shape){
      4, {1, x->dim[1] * a->size * a->size, x->dim[2] / a->size, x->dim[3] / a->size}};
  return operand_result(ys);
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = blocks_nest(c->at->attr, &c->at->ys, &c->at->in[0].shape, c->at->batch, 1);
  nest_copy(&s, c->x[0], false, c->y);
}

static void backward(const struct op_bwd *c)
{
  const struct nest s = blocks_nest(c->at->attr, &c->at->ys, &c->at->in[0].shape, c->at->batch, 0);
  if (c->dx[0]) nest_copy(&s, c->dy, !op_sets(c, 0), c->dx[0]);
}

const struct op op_space_to_depth = {
    .name = "SpaceToDepth",
    .source = "ONNX operators, SpaceToDepth-13",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct blocks),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
