/** @file
 *  Upsample: nearest (the input at or left of the position) or linear, by constant scales; what Resize
 *  replaced in opset 10.
 *  Source: ONNX operator specification, Upsample-7, Upsample-9. */
#include "core/operand.h"
#include "core/resample.h"

#include <math.h>
#include <string.h>

struct upsample {
  struct resample by;        /* first: the shared functions read it */
  const struct attr *scales; /* during parse and infer only */
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct upsample *a = attr;
  const char *mode;
  TRY(attr_string(list, "mode", "nearest", &mode));
  const bool linear = !strcmp(mode, "linear");
  CHECK(linear || !strcmp(mode, "nearest"), ERR_FORMAT,
        "mode is '%.40s'; nearest or linear is expected", mode);
  a->scales = opset < 9 ? attr_find(list, "scales") : NULL;
  CHECK(opset >= 9 || (a->scales && a->scales->kind == ATTR_FLOATS), ERR_FORMAT,
        "attribute 'scales' is missing or not a list of floats");
  a->by.mode = linear ? RESAMPLE_LINEAR : RESAMPLE_NEAREST;
  a->by.place = RESAMPLE_ASYMMETRIC;
  a->by.round = RESAMPLE_FLOOR;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct upsample *a = attr;
  const struct attr *given = a->scales;
  a->scales = NULL;
  TRY(operand_tensor(in, 0));
  const struct shape *x = &in[0].shape;
  CHECK(given || operand_given(in, n_in, 1), ERR_FORMAT, "scales are missing");
  if (!given) TRY(operand_vector(in, 1, x->rank));
  CHECK(!given || given->n == x->rank, ERR_FORMAT, "%d scales for %d dimensions", given->n,
        x->rank);
  for (int i = 0; i < x->rank; i++) {
    const double scale = given ? (double)given->floats[i] : (double)in[1].data[i];
    const double out = floor(x->dim[i] * scale);
    CHECK(out >= 1.0 && out < 2147483648.0, ERR_SHAPE, "scale %g along axis %d", scale, i);
    TRY(resample_axis(&a->by, x, i, (int64_t)out, scale));
  }
  return resample_shape(&a->by, x, ys);
}

const struct op op_upsample = {
    .name = "Upsample",
    .source = "ONNX operators, Upsample-9",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct upsample),
    .parse = parse,
    .infer = infer,
    .work_bytes = resample_work_bytes,
    .prepared_bytes = resample_prepared_bytes,
    .prepare = resample_prepare,
    .forward = resample_forward,
    .backward = resample_backward,
    .can_set = true,
};
