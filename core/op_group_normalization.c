/** @file
 *  GroupNormalization: num_groups groups of neighbouring channels of each sample over all their positions;
 *  one constant scale and bias a group before opset 21, a channel since.
 *  Source: ONNX operator specification, GroupNormalization-18, GroupNormalization-21, Wu, He 2018, arXiv:1803.08494. */
#include "core/normalise.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

enum { X = NORMALISE_X, SCALE = NORMALISE_SCALE, BIAS = NORMALISE_BIAS };

struct norm {
  struct normalise_attr common;
  bool by_channel; /* scale and bias are */
  int n_groups;
};

static struct normalise normalise_at(const struct op_site *at)
{
  const struct norm *a = at->attr;
  const int64_t inner = shape_inner(&at->ys), each = at->ys.dim[1] / a->n_groups;
  const int64_t step = inner * at->batch;
  const struct groups g = {a->n_groups, each * step, at->batch, inner, each, step, inner};
  return (struct normalise){g, a->common.epsilon, a->by_channel,
                            0, at->batch,         a->by_channel ? each : 1};
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct norm *a = attr;
  int64_t n;
  TRY(attr_int(list, "num_groups", 0, &n));
  CHECK(n > 0 && n <= INT_MAX, ERR_FORMAT, "attribute 'num_groups' is %" PRId64, n);
  a->n_groups = (int)n;
  a->by_channel = opset >= 21;
  return normalise_parse(list, normalise_at, &a->common);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct norm *a = attr;
  (void)n_in;
  TRY(operand_activation(in, X));
  const int channels = in[X].shape.dim[1];
  CHECK(channels % a->n_groups == 0, ERR_SHAPE, "%d channels do not make %d groups", channels,
        a->n_groups);
  for (int i = SCALE; i <= BIAS; i++)
    TRY(operand_vector(in, i, a->by_channel ? channels : a->n_groups));
  *ys = in[X].shape;
  return ERR_OK;
}

const struct op op_group_normalization = {
    .name = "GroupNormalization",
    .source = "ONNX operators, GroupNormalization-18",
    .min_in = 3,
    .max_in = 3,
    NORMALISE_FIELDS,
};
