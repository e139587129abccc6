/** @file
 *  Resampling axis by axis.  Source: ONNX operator specification, Resize-19; cubic weights: Keys 1981. */
#include "core/resample.h"

#include "core/elementwise.h"
#include "core/groups.h"
#include "core/operand.h"
#include "core/simd.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

enum { TAPS = 4 };

/** What one output along an axis is made of. */
struct mix {
  int32_t from[TAPS];
  real weight[TAPS];
};

static int taps(enum resample_mode mode)
{
  return mode == RESAMPLE_NEAREST ? 1 : mode == RESAMPLE_LINEAR ? 2 : 4;
}

err resample_axis(struct resample *a, const struct shape *x, int axis, int64_t out, double scale)
{
  CHECK(out > 0 && out <= INT_MAX && scale > 0.0, ERR_SHAPE,
        "axis %d of length %d would get length %" PRId64 ", scale %g", axis, x->dim[axis], out,
        scale);
  CHECK(axis || (out == x->dim[0] && scale == 1.0), ERR_UNSUPPORTED,
        "dimension 0 is not resized: it may be the batch");
  a->out[axis] = (int)out;
  a->scale[axis] = scale;
  return ERR_OK;
}

err resample_shape(const struct resample *a, const struct shape *x, struct shape *ys)
{
  struct shape s = {.rank = x->rank};
  for (int i = 0; i < s.rank; i++) s.dim[i] = a->out[i];
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

/** Where output o of axis `axis` lies, as a position among its `in` inputs. */
static double position(const struct resample *a, int axis, int o, int in)
{
  const double scale = a->scale[axis], half = (o + 0.5) / scale - 0.5;
  const int out = a->out[axis];
  const double adjusted = out / (scale * in);
  const double at[] = {
      [RESAMPLE_HALF_PIXEL] = half,
      [RESAMPLE_HALF_PIXEL_SYMMETRIC] = in / 2.0 * (1.0 - adjusted) + half,
      [RESAMPLE_PYTORCH_HALF_PIXEL] = out > 1 ? half : 0.0,
      [RESAMPLE_ALIGN_CORNERS] = out > 1 ? o * (in - 1.0) / (out - 1.0) : 0.0,
      [RESAMPLE_ASYMMETRIC] = o / scale,
      [RESAMPLE_TF_HALF_PIXEL_FOR_NN] = (o + 0.5) / scale,
  };
  return at[a->place];
}

static double nearest(enum resample_round round, double at)
{
  const double all[] = {[RESAMPLE_ROUND_PREFER_FLOOR] = ceil(at - 0.5),
                        [RESAMPLE_ROUND_PREFER_CEIL] = floor(at + 0.5),
                        [RESAMPLE_FLOOR] = floor(at),
                        [RESAMPLE_CEIL] = ceil(at)};
  return all[round];
}

/** Keys' cubic weight at distance d >= 0. */
static double cubic(double a, double d)
{
  if (d <= 1.0) return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
  if (d < 2.0) return ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
  return 0.0;
}

/** Weight of the input at distance d (signed: input - position). */
static double weight(const struct resample *a, double d)
{
  if (a->mode == RESAMPLE_NEAREST) return 1.0;
  return a->mode == RESAMPLE_LINEAR ? 1.0 - fabs(d) : cubic(a->cubic, fabs(d));
}

static struct mix mix_of(const struct resample *a, int axis, int o, int in)
{
  const double at = position(a, axis, o, in);
  const int n = taps(a->mode);
  const double first = a->mode == RESAMPLE_NEAREST  ? nearest(a->round, at)
                       : a->mode == RESAMPLE_LINEAR ? floor(at)
                                                    : floor(at) - 1.0;
  double w[TAPS] = {0.0}, sum = 0.0;
  struct mix m = {{0}, {REAL(0.0)}};
  for (int t = 0; t < n; t++) {
    const double k = first + t;
    const bool outside = k < 0.0 || k > in - 1.0;
    w[t] = a->exclude && a->mode == RESAMPLE_CUBIC && outside ? 0.0 : weight(a, k - at);
    sum += w[t];
    m.from[t] = (int32_t)fmin(fmax(k, 0.0), in - 1.0);
  }
  for (int t = 0; t < n; t++)
    m.weight[t] = (real)(a->exclude && a->mode == RESAMPLE_CUBIC ? w[t] / sum : w[t]);
  return m;
}

static bool changes(const struct op_site *at, int axis)
{
  const struct resample *a = at->attr;
  return a->out[axis] != at->in[0].shape.dim[axis] || a->scale[axis] != 1.0;
}

size_t resample_prepared_bytes(const struct op_site *at)
{
  size_t n = 0;
  for (int i = 0; i < at->ys.rank; i++) n += changes(at, i) ? (size_t)at->ys.dim[i] : 0;
  return n * sizeof(struct mix);
}

void resample_prepare(const struct op_site *at, void *prepared)
{
  struct mix *m = prepared;
  for (int i = 0; i < at->ys.rank; i++) {
    for (int o = 0; changes(at, i) && o < at->ys.dim[i]; o++)
      *m++ = mix_of(at->attr, i, o, at->in[0].shape.dim[i]);
  }
}

/** One axis as it is stored: [outer][in or out][inner]. */
struct pass {
  int64_t outer, inner;
  int in, out, taps;
  const struct mix *mix; /* [out] */
};

SIMD static void scale_row(const real *restrict from, real w, int64_t n, bool add,
                           real *restrict to)
{
  if (add) {
    for (int64_t i = 0; i < n; i++) to[i] += w * from[i];
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = w * from[i];
  }
}

static void pass_forward(const struct pass *p, const real *from, real *to)
{
  for (int64_t o = 0; o < p->outer; o++) {
    for (int j = 0; j < p->out; j++) {
      const struct mix *m = &p->mix[j];
      real *y = to + (o * p->out + j) * p->inner;
      for (int t = 0; t < p->taps; t++)
        scale_row(from + (o * p->in + m->from[t]) * p->inner, m->weight[t], p->inner, t > 0, y);
    }
  }
}

/** The transpose: from += what to's adjoint gives it. */
static void pass_backward(const struct pass *p, const real *to, real *from)
{
  for (int64_t o = 0; o < p->outer; o++) {
    for (int j = 0; j < p->out; j++) {
      const struct mix *m = &p->mix[j];
      const real *dy = to + (o * p->out + j) * p->inner;
      for (int t = 0; t < p->taps; t++)
        scale_row(dy, m->weight[t], p->inner, true, from + (o * p->in + m->from[t]) * p->inner);
    }
  }
}

/** The passes of a node, in the order of axes; returns how many. */
static int passes_of(const struct op_site *at, struct pass *out)
{
  const struct resample *a = at->attr;
  const struct mix *mix = at->prepared;
  struct shape now = at->in[0].shape;
  int n = 0;
  for (int i = 0; i < at->ys.rank; i++) {
    if (!changes(at, i)) continue;
    const struct groups g = groups_along(&now, at->batch, i, false);
    const int64_t inner = g.a > 1 || g.inner > 1 ? g.inner : 1;
    const int64_t all = shape_count(&now) * at->batch;
    out[n++] =
        (struct pass){all / (inner * now.dim[i]), inner, now.dim[i], a->out[i], taps(a->mode), mix};
    mix = mix ? mix + a->out[i] : NULL; /* before `prepare` only the extents are wanted */
    now.dim[i] = a->out[i];
  }
  return n;
}

/** Elements of the largest result between two axes. */
static int64_t largest(const struct op_site *at)
{
  struct pass p[SHAPE_MAX_RANK];
  const int n = passes_of(at, p);
  int64_t most = shape_count(&at->in[0].shape) * at->batch;
  for (int i = 0; i < n; i++) {
    const int64_t count = p[i].outer * p[i].out * p[i].inner;
    most = count > most ? count : most;
  }
  return most;
}

size_t resample_work_bytes(const struct op_site *at)
{
  return 2 * (size_t)largest(at) * sizeof(real);
}

void resample_forward(const struct op_fwd *c)
{
  struct pass p[SHAPE_MAX_RANK];
  const int n = passes_of(c->at, p);
  real *between[2] = {c->work, (real *)c->work + largest(c->at)};
  const real *from = c->x[0];
  if (!n) elementwise_copy(c);
  for (int i = 0; i < n; i++) {
    real *to = i + 1 == n ? c->y : between[i % 2];
    pass_forward(&p[i], from, to);
    from = to;
  }
}

void resample_backward(const struct op_bwd *c)
{
  struct pass p[SHAPE_MAX_RANK];
  const int n = passes_of(c->at, p);
  real *between[2] = {c->work, (real *)c->work + largest(c->at)};
  const real *to = c->dy;
  if (!c->dx[0]) return;
  if (!n) elementwise_pass(c);
  for (int i = n - 1; i >= 0; i--) {
    const int64_t count = p[i].outer * p[i].in * p[i].inner;
    const bool direct = !i && op_sets(c, 0);
    real *from = direct ? c->dx[0] : between[i % 2];
    memset(from, 0, (size_t)count * sizeof *from);
    pass_backward(&p[i], to, from);
    if (!i && !direct) elementwise_scale(from, REAL(1.0), count, false, c->dx[0]);
    to = from;
  }
}
