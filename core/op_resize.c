/** @file
 *  Resize: nearest, linear or cubic, along any axes but dimension 0, by constant scales or sizes.
 *  Source: ONNX operator specification, Resize-10 to Resize-19. */
#include "core/operand.h"
#include "core/resample.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { X, ROI, SCALES, SIZES };

struct resize {
  struct resample by; /* first: the shared functions read it */
  bool old;           /* opset 10: the scales are input 1 */
  int n_axes;         /* named; 0: all */
  int axes[SHAPE_MAX_RANK];
};

/** The number of a string attribute in a list of names [n]. */
static err parse_name(const struct attr_list *list, const char *attribute, const char *otherwise,
                      const char *const *names, int n, int *out)
{
  const char *text;
  TRY(attr_string(list, attribute, otherwise, &text));
  for (*out = 0; *out < n; ++*out)
    if (!strcmp(text, names[*out])) return ERR_OK;
  return FAIL(ERR_UNSUPPORTED, "%s '%.40s' is not supported", attribute, text);
}

static err parse_modes(const struct attr_list *list, struct resize *a)
{
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  static const char *const places[] = {"half_pixel",         "half_pixel_symmetric",
                                       "pytorch_half_pixel", "align_corners",
                                       "asymmetric",         "tf_half_pixel_for_nn"};
  static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  int mode, place, round;
  TRY(parse_name(list, "mode", "nearest", modes, 3, &mode));
  TRY(parse_name(list, "coordinate_transformation_mode", a->old ? "asymmetric" : "half_pixel",
                 places, 6, &place));
  TRY(parse_name(list, "nearest_mode", a->old ? "floor" : "round_prefer_floor", rounds, 4, &round));
  a->by.mode = (enum resample_mode)mode;
  a->by.place = (enum resample_place)place;
  a->by.round = (enum resample_round)round;
  return ERR_OK;
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct resize *a = attr;
  const char *policy;
  int64_t exclude, antialias;
  float cubic;
  a->old = opset < 11;
  TRY(parse_modes(list, a));
  TRY(attr_float(list, "cubic_coeff_a", -0.75F, &cubic));
  TRY(attr_int(list, "exclude_outside", 0, &exclude));
  TRY(attr_int(list, "antialias", 0, &antialias));
  TRY(attr_string(list, "keep_aspect_ratio_policy", "stretch", &policy));
  CHECK(!antialias, ERR_UNSUPPORTED, "antialias is not supported");
  CHECK(!strcmp(policy, "stretch"), ERR_UNSUPPORTED,
        "keep_aspect_ratio_policy '%.40s' is not supported", policy);
  a->by.cubic = (double)cubic;
  a->by.exclude = exclude != 0;
  return attr_ints(list, "axes", SHAPE_MAX_RANK, -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, &a->n_axes,
                   a->axes);
}

/** How many numbers input i must hold. */
static int wanted(const struct resize *a, const struct shape *x)
{
  return a->n_axes ? a->n_axes : x->rank;
}

static err axis_of(const struct resize *a, const struct shape *x, int k, int *axis)
{
  return operand_any_axis(a->n_axes ? a->axes[k] : k, x->rank, axis);
}

static err by_sizes(struct resize *a, const struct operand *in)
{
  const struct shape *x = &in[X].shape;
  const int64_t *size;
  int n;
  TRY(operand_ints(in, SIZES, SHAPE_MAX_RANK, &n, &size));
  CHECK(n == wanted(a, x), ERR_FORMAT, "%d sizes for %d axes", n, wanted(a, x));
  for (int k = 0; k < n; k++) {
    int axis;
    TRY(axis_of(a, x, k, &axis));
    TRY(resample_axis(&a->by, x, axis, size[k], (double)size[k] / x->dim[axis]));
  }
  return ERR_OK;
}

static err by_scales(struct resize *a, const struct operand *in, int i)
{
  const struct shape *x = &in[X].shape;
  TRY(operand_vector(in, i, wanted(a, x)));
  for (int k = 0; k < wanted(a, x); k++) {
    int axis;
    TRY(axis_of(a, x, k, &axis));
    const double scale = (double)in[i].data[k], out = floor(x->dim[axis] * scale);
    CHECK(out >= 1.0 && out < 2147483648.0, ERR_SHAPE, "scale %g along axis %d", scale, axis);
    TRY(resample_axis(&a->by, x, axis, (int64_t)out, scale));
  }
  return ERR_OK;
}

/** An input that is there and not an empty list. */
static bool is_filled(const struct operand *in, int n_in, int i)
{
  return operand_given(in, n_in, i) && shape_count(&in[i].shape) > 0;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct resize *a = attr;
  TRY(operand_tensor(in, X));
  const struct shape *x = &in[X].shape;
  for (int i = 0; i < x->rank; i++) TRY(resample_axis(&a->by, x, i, x->dim[i], 1.0));
  if (a->old) {
    CHECK(is_filled(in, n_in, ROI), ERR_FORMAT, "scales are missing");
    TRY(by_scales(a, in, ROI));
  } else if (is_filled(in, n_in, SIZES)) {
    TRY(by_sizes(a, in));
  } else {
    CHECK(is_filled(in, n_in, SCALES), ERR_FORMAT, "neither scales nor sizes are given");
    TRY(by_scales(a, in, SCALES));
  }
  return resample_shape(&a->by, x, ys);
}

const struct op op_resize = {
    .name = "Resize",
    .source = "ONNX operators, Resize-19",
    .min_in = 1,
    .max_in = 4,
    .attr_bytes = sizeof(struct resize),
    .parse = parse,
    .infer = infer,
    .work_bytes = resample_work_bytes,
    .prepared_bytes = resample_prepared_bytes,
    .prepare = resample_prepare,
    .forward = resample_forward,
    .backward = resample_backward,
    .can_set = true,
};
