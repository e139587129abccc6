#pragma once
/* Sliding windows of convolutions and pools: kernel, stride, dilation, padding, output extents.
 * Axis 0 is rows, axis 1 columns.  Output o looks at input  o stride - begin + k dilation,
 * k = 0 .. kernel - 1, as far as that lies inside the input. */
#include "core/attr.h"
#include "core/err.h"
#include "core/shape.h"

enum window_auto { WINDOW_NOTSET, WINDOW_SAME_UPPER, WINDOW_SAME_LOWER, WINDOW_VALID };

struct window {
  int kernel[2], stride[2], dilation[2];
  int begin[2], end[2]; /* padding before and after; settled by window_settle */
  enum window_auto auto_pad;
  bool ceil_mode;
};

/** Read kernel_shape (0 where absent), strides, pads, dilations, auto_pad and ceil_mode.
 *  Explicit pads are ignored where auto_pad decides.
 *  Errors: ERR_FORMAT for values out of range, ERR_UNSUPPORTED for other than two axes. */
MUST_CHECK err window_parse(const struct attr_list *list, struct window *w);

/** Settle padding for an input [1, C, H, W], and give the output's extents.
 *
 *    floor((in + begin + end - reach) / stride) + 1,  reach = (kernel - 1) dilation + 1
 *
 *  With ceil_mode it is rounded up, less the window that would start in the padding at the end.
 *  auto_pad SAME_*: ceil(in / stride), the odd cell of padding at the end (UPPER) or the begin
 *  (LOWER); VALID: no padding, and rounded down.
 *  out [2].  Errors: ERR_SHAPE where the kernel is larger than the padded input, ERR_UNSUPPORTED
 *  where the input is not an image. */
MUST_CHECK err window_settle(struct window *w, const struct shape *x, int out[2]);

/** Every output sees at least one cell of the input (pools need that).  Errors: ERR_SHAPE. */
MUST_CHECK err window_check_seen(const struct window *w, const struct shape *x, const int out[2]);

/** A range of ints, first <= last; last excluded. */
struct window_range {
  int first, last;
};

/** Input position of output o and kernel position 0; may lie outside the input. */
static inline int window_start(const struct window *w, int axis, int o)
{
  return o * w->stride[axis] - w->begin[axis];
}

/** 0 .. n - 1 as far as  0 <= start + i step < in. */
struct window_range window_inside(int64_t start, int64_t step, int64_t in, int64_t n);

/** Kernel positions of output o that lie inside an input of extent `in`. */
static inline struct window_range window_taps(const struct window *w, int axis, int o, int in)
{
  const int start = window_start(w, axis, o), kernel = w->kernel[axis];
  const int64_t last = start + (int64_t)(kernel - 1) * w->dilation[axis];
  if (start >= 0 && last < in) return (struct window_range){0, kernel};
  return window_inside(start, w->dilation[axis], in, kernel);
}

/** Outputs, of `out` many, whose kernel position k lies inside an input of extent `in`. */
static inline struct window_range window_outputs(const struct window *w, int axis, int k, int in,
                                                 int out)
{
  return window_inside((int64_t)k * w->dilation[axis] - w->begin[axis], w->stride[axis], in, out);
}
