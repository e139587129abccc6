#pragma once
/* Resize and Upsample: along each axis an output is a weighted sum of a few inputs, so several axes are
 * resampled one after the other. */
#include "core/op.h"

enum resample_mode { RESAMPLE_NEAREST, RESAMPLE_LINEAR, RESAMPLE_CUBIC };

/* Where output o lies among the inputs; the names of the ONNX specification. */
enum resample_place {
  RESAMPLE_HALF_PIXEL,
  RESAMPLE_HALF_PIXEL_SYMMETRIC,
  RESAMPLE_PYTORCH_HALF_PIXEL,
  RESAMPLE_ALIGN_CORNERS,
  RESAMPLE_ASYMMETRIC,
  RESAMPLE_TF_HALF_PIXEL_FOR_NN
};

enum resample_round {
  RESAMPLE_ROUND_PREFER_FLOOR,
  RESAMPLE_ROUND_PREFER_CEIL,
  RESAMPLE_FLOOR,
  RESAMPLE_CEIL
};

/** The private attribute of an operator begins with this. */
struct resample {
  enum resample_mode mode;
  enum resample_place place;
  enum resample_round round;
  double cubic; /* the coefficient a */
  bool
      exclude; /* what lies outside has no weight, and the others make up for it; else it is the border */
  int out[SHAPE_MAX_RANK];
  double scale[SHAPE_MAX_RANK];
};

/** Settle axis `axis` of x: its extent becomes `out`, its scale `scale`.
 *  Errors: ERR_SHAPE, ERR_UNSUPPORTED for dimension 0. */
MUST_CHECK err resample_axis(struct resample *a, const struct shape *x, int axis, int64_t out,
                             double scale);

/** Extents of the output of x, all of whose axes are settled.  Errors: ERR_SHAPE. */
MUST_CHECK err resample_shape(const struct resample *a, const struct shape *x, struct shape *ys);

/* Functions of struct op: weights of every axis, prepared; two results between axes as scratch. */
size_t resample_prepared_bytes(const struct op_site *at);
void resample_prepare(const struct op_site *at, void *prepared);
size_t resample_work_bytes(const struct op_site *at);
void resample_forward(const struct op_fwd *c);
void resample_backward(const struct op_bwd *c);
