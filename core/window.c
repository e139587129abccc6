/** @file
 *  Geometry of sliding windows.  Source: ONNX operator specification, Conv-11, MaxPool-12,
 *  AveragePool-19. */
#include "core/window.h"

#include <string.h>

/* Large enough for any image, small enough that sums of a few of them fit into an int. */
enum { MAX_EXTENT = 1 << 24 };

static err parse_pair(const struct attr_list *list, const char *name, int otherwise, int *pair)
{
  int n;
  pair[0] = pair[1] = otherwise;
  TRY(attr_ints(list, name, 2, 1, MAX_EXTENT, &n, pair));
  CHECK(n == 0 || n == 2, ERR_UNSUPPORTED, "attribute '%s' has %d value; only images are supported",
        name, n);
  return ERR_OK;
}

static err parse_auto(const struct attr_list *list, enum window_auto *out)
{
  static const char *const names[] = {[WINDOW_NOTSET] = "NOTSET",
                                      [WINDOW_SAME_UPPER] = "SAME_UPPER",
                                      [WINDOW_SAME_LOWER] = "SAME_LOWER",
                                      [WINDOW_VALID] = "VALID"};
  const char *text;
  TRY(attr_string(list, "auto_pad", "NOTSET", &text));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!strcmp(text, names[i])) {
      *out = (enum window_auto)i;
      return ERR_OK;
    }
  }
  return FAIL(ERR_FORMAT,
              "auto_pad is '%.40s'; NOTSET, SAME_UPPER, SAME_LOWER or VALID is expected", text);
}

static err parse_pads(const struct attr_list *list, struct window *w)
{
  int n, pads[4] = {0};
  TRY(attr_ints(list, "pads", 4, 0, MAX_EXTENT, &n, pads));
  CHECK(n == 0 || n == 4, ERR_UNSUPPORTED, "attribute 'pads' has %d values; 4 are expected", n);
  for (int i = 0; i < 2; i++) {
    w->begin[i] = pads[i];
    w->end[i] = pads[i + 2];
  }
  return ERR_OK;
}

err window_parse(const struct attr_list *list, struct window *w)
{
  int64_t ceil_mode;
  TRY(parse_pair(list, "kernel_shape", 0, w->kernel));
  TRY(parse_pair(list, "strides", 1, w->stride));
  TRY(parse_pair(list, "dilations", 1, w->dilation));
  TRY(parse_auto(list, &w->auto_pad));
  TRY(parse_pads(list, w));
  TRY(attr_int(list, "ceil_mode", 0, &ceil_mode));
  w->ceil_mode = ceil_mode != 0;
  return ERR_OK;
}

/** From the first to the last cell of the window. */
static int64_t reach(const struct window *w, int axis)
{
  return (int64_t)(w->kernel[axis] - 1) * w->dilation[axis] + 1;
}

/** Padding that makes ceil(in / stride) outputs. */
static err pad_same(struct window *w, int axis, int in, int *out)
{
  *out = (in + w->stride[axis] - 1) / w->stride[axis];
  int64_t total = (int64_t)(*out - 1) * w->stride[axis] + reach(w, axis) - in;
  if (total < 0) total = 0;
  CHECK(total <= MAX_EXTENT, ERR_SHAPE, "auto_pad wants more than %d cells of padding", MAX_EXTENT);
  const int less = (int)(total / 2), more = (int)(total - less);
  w->begin[axis] = w->auto_pad == WINDOW_SAME_UPPER ? less : more;
  w->end[axis] = w->auto_pad == WINDOW_SAME_UPPER ? more : less;
  return ERR_OK;
}

static err settle_axis(struct window *w, int axis, int in, int *out)
{
  if (w->auto_pad == WINDOW_SAME_UPPER || w->auto_pad == WINDOW_SAME_LOWER)
    return pad_same(w, axis, in, out);
  if (w->auto_pad == WINDOW_VALID) w->begin[axis] = w->end[axis] = 0;
  const int64_t room = (int64_t)in + w->begin[axis] + w->end[axis] - reach(w, axis);
  CHECK(room >= 0, ERR_SHAPE,
        "a kernel of %d with dilation %d is larger than the padded input, %d + %d + %d",
        w->kernel[axis], w->dilation[axis], w->begin[axis], in, w->end[axis]);
  const bool up = w->ceil_mode && w->auto_pad == WINDOW_NOTSET;
  const int64_t stride = w->stride[axis];
  int64_t n = (up ? room + stride - 1 : room) / stride + 1;
  if (up && (n - 1) * stride >= (int64_t)in + w->begin[axis]) n--;
  *out = (int)n;
  return ERR_OK;
}

err window_settle(struct window *w, const struct shape *x, int out[2])
{
  CHECK(x->rank == 4, ERR_UNSUPPORTED,
        "input 0 has %d dimensions; only images [N, C, H, W] are supported", x->rank);
  for (int i = 0; i < 2; i++) {
    CHECK(w->kernel[i] > 0, ERR_FORMAT, "attribute 'kernel_shape' is missing");
    CHECK(x->dim[2 + i] <= MAX_EXTENT, ERR_SHAPE, "an image of %d x %d is too large", x->dim[2],
          x->dim[3]);
    TRY(settle_axis(w, i, x->dim[2 + i], &out[i]));
  }
  return ERR_OK;
}

err window_check_seen(const struct window *w, const struct shape *x, const int out[2])
{
  for (int axis = 0; axis < 2; axis++) {
    CHECK(w->begin[axis] < reach(w, axis) && w->end[axis] < reach(w, axis), ERR_SHAPE,
          "padding %d and %d is not less than the kernel's reach %d", w->begin[axis], w->end[axis],
          (int)reach(w, axis));
    for (int o = 0; o < out[axis]; o++) {
      const struct window_range taps = window_taps(w, axis, o, x->dim[2 + axis]);
      CHECK(taps.first < taps.last, ERR_SHAPE, "output %d of axis %d sees nothing but padding", o,
            2 + axis);
    }
  }
  return ERR_OK;
}

struct window_range window_inside(int64_t start, int64_t step, int64_t in, int64_t n)
{
  const int64_t first = start < 0 ? (-start + step - 1) / step : 0;
  const int64_t end = in - start <= 0 ? 0 : (in - start + step - 1) / step;
  const int64_t last = end < n ? end : n;
  return (struct window_range){(int)(first < last ? first : last), (int)last};
}
