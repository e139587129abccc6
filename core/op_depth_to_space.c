/** @file
 *  DepthToSpace: b b channels become a block of b x b positions.  DCR: input channel
 *  (row of the block, column, channel); CRD: (channel, row, column), which is PyTorch's PixelShuffle.
 *  Source: ONNX operator specification, DepthToSpace-1 to DepthToSpace-13. */
#include "core/blocks.h"
#include "core/operand.h"

#include <limits.h>
#include <string.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct blocks *a = attr;
  const char *mode;
  (void)opset;
  TRY(blocks_parse(list, a));
  TRY(attr_string(list, "mode", "DCR", &mode));
  a->depth_outer = !strcmp(mode, "CRD");
  CHECK(a->depth_outer || !strcmp(mode, "DCR"), ERR_FORMAT,
        "mode is '%.40s'; DCR or CRD is expected", mode);
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct blocks *a = attr;
  const struct shape *x = &in[0].shape;
  (void)n_in;
  TRY(operand_activation(in, 0));
  CHECK(x->rank == 4, ERR_SHAPE, "input 0 has %d dimensions; an image is expected", x->rank);
  CHECK(x->dim[1] % (a->size * a->size) == 0, ERR_SHAPE,
        "%d channels do not make blocks of %d x %d", x->dim[1], a->size, a->size);
  CHECK((int64_t)x->dim[2] * a->size <= INT_MAX && (int64_t)x->dim[3] * a->size <= INT_MAX,
        ERR_SHAPE, "an image of %d x %d in blocks of %d is too large", x->dim[2], x->dim[3],
        a->size);
  *ys = (struct shape){
      4, {1, x->dim[1] / (a->size * a->size), x->dim[2] * a->size, x->dim[3] * a->size}};
  return operand_result(ys);
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = blocks_nest(c->at->attr, &c->at->in[0].shape, &c->at->ys, c->at->batch, 0);
  nest_copy(&s, c->x[0], false, c->y);
}

static void backward(const struct op_bwd *c)
{
  const struct nest s = blocks_nest(c->at->attr, &c->at->in[0].shape, &c->at->ys, c->at->batch, 1);
  if (c->dx[0]) nest_copy(&s, c->dy, !op_sets(c, 0), c->dx[0]);
}

const struct op op_depth_to_space = {
    .name = "DepthToSpace",
    .source = "ONNX operators, DepthToSpace-13",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct blocks),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
