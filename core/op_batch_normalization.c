/** @file
 *  BatchNormalization at inference, channel by channel:
 *
 *    y = a (x - mean) + b,   a = scale / sqrt(variance + epsilon)
 *
 *  Source: ONNX operator specification, BatchNormalization-7, -9, -14, -15. */
#include "core/batch_normalization.h"
#include "core/elementwise.h"
#include "core/operand.h"
#include "core/simd.h"
#include "core/weigh.h"

#include <math.h>

struct norm {
  float epsilon;
};

enum { SCALE = 1, BIAS, MEAN, VARIANCE };

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct norm *a = attr;
  int64_t training, spatial;
  TRY(attr_float(list, "epsilon", 1e-5F, &a->epsilon));
  TRY(attr_int(list, "training_mode", 0, &training));
  TRY(attr_int(list, "spatial", 1, &spatial));
  CHECK(!training, ERR_UNSUPPORTED, "training_mode is on; export the model for inference");
  CHECK(spatial || opset >= 9, ERR_UNSUPPORTED, "spatial = 0 is not supported");
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct norm *a = attr;
  (void)n_in;
  TRY(operand_activation(in, 0));
  const int channels = shape_channels(&in[0].shape);
  for (int i = SCALE; i <= VARIANCE; i++) TRY(operand_vector(in, i, channels));
  for (int k = 0; k < channels; k++) {
    CHECK((double)in[VARIANCE].data[k] + (double)a->epsilon > 0.0, ERR_FORMAT,
          "variance + epsilon of channel %d is %g, not positive", k,
          (double)in[VARIANCE].data[k] + (double)a->epsilon);
  }
  *ys = in[0].shape;
  return ERR_OK;
}

/** a of one channel. */
static real slope(const struct op_site *at, const real *const *x, int channel)
{
  const struct norm *a = at->attr;
  return (real)((double)x[SCALE][channel] /
                sqrt((double)x[VARIANCE][channel] + (double)a->epsilon));
}

void batch_normalization_affine(const struct op_site *at, int channel, double slope_shift[2])
{
  const struct norm *a = at->attr;
  const struct operand *in = at->in;
  slope_shift[0] = (double)in[SCALE].data[channel] /
                   sqrt((double)in[VARIANCE].data[channel] + (double)a->epsilon);
  slope_shift[1] = (double)in[BIAS].data[channel] - slope_shift[0] * (double)in[MEAN].data[channel];
}

/* y may be x, element by element: no iteration reads what another one wrote. */
SIMD static void normalise(const real *x, real a, real mean, real b, int64_t n, real *y)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) y[i] = a * (x[i] - mean) + b;
}

static void forward(const struct op_fwd *c)
{
  const int channels = shape_channels(&c->at->ys);
  const int64_t n = shape_inner(&c->at->ys) * c->at->batch;
  for (int k = 0; k < channels; k++) {
    const real a = slope(c->at, c->x, k), mean = c->x[MEAN][k], b = c->x[BIAS][k];
    normalise(c->x[0] + k * n, a, mean, b, n, c->y + k * n);
  }
}

static void backward(const struct op_bwd *c)
{
  const int channels = shape_channels(&c->at->ys);
  const int64_t n = shape_inner(&c->at->ys) * c->at->batch;
  if (!c->dx[0]) return;
  for (int k = 0; k < channels; k++) {
    const real a = slope(c->at, c->x, k);
    elementwise_scale(c->dy + k * n, a, n, op_sets(c, 0), c->dx[0] + k * n);
  }
}

/** dscale[k] += sum of dy (x - mean) / sqrt(variance + epsilon),  dbias[k] += sum of dy. */
static void weigh_run(const struct weigh_call *c)
{
  const struct norm *a = c->at->attr;
  const int64_t n = shape_inner(&c->at->ys);
  for (int k = 0; k < shape_channels(&c->at->ys); k++) {
    const real *x = c->x[0] + k * n, *dy = c->dy + k * n;
    const double mean = (double)c->x[MEAN][k];
    double of_scale = 0.0, of_bias = 0.0;
    for (int64_t i = 0; i < n; i++) {
      of_scale += (double)dy[i] * ((double)x[i] - mean);
      of_bias += (double)dy[i];
    }
    of_scale /= sqrt((double)c->x[VARIANCE][k] + (double)a->epsilon);
    if (c->dw[SCALE]) c->dw[SCALE][k] += (real)of_scale;
    if (c->dw[BIAS]) c->dw[BIAS][k] += (real)of_bias;
  }
}

static const struct weigh weigh = {.parameters = 1U << SCALE | 1U << BIAS, .run = weigh_run};

const struct op op_batch_normalization = {
    .name = "BatchNormalization",
    .source = "ONNX operators, BatchNormalization-15",
    .min_in = 5,
    .max_in = 5,
    .attr_bytes = sizeof(struct norm),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
    .weigh = &weigh,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
