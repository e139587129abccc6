/** @file
 *  Broadcasting loops over strided axes.  Equal shapes merge into one long axis, a scalar or
 *  per-channel operand into a constant along the innermost one. */
#include "core/broadcast.h"

#include "core/operand.h"
#include "core/simd.h"

#include <string.h>

enum { BLOCK = 256 };

/** Extent of an operand along axis i of the output, which has `rank` dimensions. */
static int extent_at(const struct shape *s, int rank, int i)
{
  const int mine = i - (rank - s->rank);
  return mine < 0 ? 1 : s->dim[mine];
}

/** The largest extent 0 that an activation has, if it has all dimensions of the output. */
static int first_extent(const struct operand *in, int n_in, int rank)
{
  int most = 1;
  for (int i = 0; i < n_in; i++) {
    if (!in[i].fixed && in[i].shape.rank == rank && rank && in[i].shape.dim[0] > most)
      most = in[i].shape.dim[0];
  }
  return most;
}

/** An activation has all dimensions of the output, so that the batch stays where it is; a constant does
 *  not give dimension 0 an extent that no activation has. */
static err check_batch(const struct operand *in, int i, int rank, int first)
{
  const struct shape *s = &in[i].shape;
  char text[96];
  CHECK(in[i].present, ERR_FORMAT, "input %d is missing", i);
  CHECK(in[i].fixed || s->rank == rank, ERR_UNSUPPORTED,
        "broadcasting to %d dimensions would move the batch of input %d, shape %s", rank, i,
        shape_text(s, "N", text, sizeof text));
  CHECK(!in[i].fixed || !rank || extent_at(s, rank, 0) == 1 || first > 1, ERR_UNSUPPORTED,
        "constant input %d, shape %s, would fix the batch to %d", i,
        shape_text(s, NULL, text, sizeof text), s->dim[0]);
  return ERR_OK;
}

/** Extents of *s, whose rank is the largest, with those of one more operand. */
static err join(const struct shape *a, struct shape *s)
{
  char a_text[96], s_text[96];
  struct shape out = *s;
  for (int i = 0; i < s->rank; i++) {
    const int da = extent_at(a, s->rank, i), ds = s->dim[i];
    CHECK(da == ds || da == 1 || ds == 1, ERR_SHAPE, "shapes %s and %s do not broadcast",
          shape_text(s, NULL, s_text, sizeof s_text), shape_text(a, NULL, a_text, sizeof a_text));
    out.dim[i] = da == 1 ? ds : da;
  }
  *s = out;
  return ERR_OK;
}

err broadcast_infer_all(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct shape s = {.rank = 0};
  (void)attr;
  for (int i = 0; i < n_in; i++) s.rank = in[i].shape.rank > s.rank ? in[i].shape.rank : s.rank;
  for (int i = 0; i < s.rank; i++) s.dim[i] = 1;
  const int first = first_extent(in, n_in, s.rank);
  for (int i = 0; i < n_in; i++) TRY(check_batch(in, i, s.rank, first));
  for (int i = 0; i < n_in; i++) TRY(join(&in[i].shape, &s));
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

err broadcast_infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)n_in;
  for (int i = 0; i < 2; i++) TRY(operand_numbers(in, i));
  return broadcast_infer_all(attr, in, 2, ys);
}

/** Loops over the output in the order of its memory; steps are set for each operand. */
static void add_axis(const struct op_site *at, const int input[2], int axis, struct broadcast *s)
{
  const struct shape *ys = &at->ys;
  s->extent[s->n] = axis < 0 ? at->batch : ys->dim[axis];
  for (int k = 0; k < 2; k++) {
    const struct shape *mine = &at->in[input[k]].shape;
    const struct shape_steps steps = operand_steps(&at->in[input[k]], at->batch);
    const bool wide = axis < 0 || extent_at(mine, ys->rank, axis) > 1;
    s->step[k][s->n] = axis < 0 ? steps.batch
                       : wide   ? steps.axis[axis - (ys->rank - mine->rank)]
                                : 0;
  }
  s->n++;
}

/** Axis i + 1 continues axis i for operand k. */
static bool continues(const struct broadcast *s, int k, int i)
{
  return s->step[k][i] == s->step[k][i + 1] * s->extent[i + 1];
}

static void drop_axis(struct broadcast *s, int i)
{
  for (int j = i; j + 1 < s->n; j++) {
    s->extent[j] = s->extent[j + 1];
    for (int k = 0; k < 2; k++) s->step[k][j] = s->step[k][j + 1];
  }
  s->n--;
}

struct broadcast broadcast_of_inputs(const struct op_site *at, int i, int j)
{
  const int channels = shape_channel_axis(&at->ys), input[2] = {i, j};
  struct broadcast s = {0};
  for (int axis = channels; axis < at->ys.rank; axis++) {
    add_axis(at, input, axis, &s);
    if (axis == channels) add_axis(at, input, -1, &s);
  }
  if (!at->ys.rank) add_axis(at, input, -1, &s);
  for (int k = s.n - 1; k >= 0 && s.n > 1; k--)
    if (s.extent[k] == 1) drop_axis(&s, k);
  for (int k = s.n - 2; k >= 0; k--) {
    if (!continues(&s, 0, k) || !continues(&s, 1, k)) continue;
    s.extent[k + 1] *= s.extent[k];
    drop_axis(&s, k);
  }
  return s;
}

struct broadcast broadcast_of(const struct op_site *at)
{
  return broadcast_of_inputs(at, 0, 1);
}

/** Nested loops as an odometer: index[] and, for three arrays, the offset that belongs to it. */
struct walk {
  int n;
  int64_t extent[BROADCAST_AXES], index[BROADCAST_AXES];
  int64_t step[3][BROADCAST_AXES];
  int64_t offset[3];
};

static void walk_add_axis(struct walk *w, int64_t extent, int64_t s0, int64_t s1, int64_t s2)
{
  w->extent[w->n] = extent;
  w->step[0][w->n] = s0;
  w->step[1][w->n] = s1;
  w->step[2][w->n] = s2;
  w->n++;
}

/** Go to the next place; false after the last, when all is back at the start. */
static bool walk_next(struct walk *w)
{
  for (int i = w->n - 1; i >= 0; i--) {
    for (int k = 0; k < 3; k++) w->offset[k] += w->step[k][i];
    if (++w->index[i] < w->extent[i]) return true;
    for (int k = 0; k < 3; k++) w->offset[k] -= w->step[k][i] * w->extent[i];
    w->index[i] = 0;
  }
  return false;
}

/* y may be a, element by element: no iteration reads what another one wrote. */
SIMD static void add_row(const real *a, int64_t sa, const real *b, int64_t sb, int64_t n, real *y)
{
  if (sa == 1 && sb == 1) {
    SIMD_INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] = a[i] + b[i];
  } else if (sb == 0 && sa == 1) {
    const real one = b[0];
    SIMD_INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] = a[i] + one;
  } else {
    for (int64_t i = 0; i < n; i++) y[i] = a[i * sa] + b[i * sb];
  }
}

SIMD static void mul_row(const real *restrict a, int64_t sa, const real *restrict b, int64_t sb,
                         int64_t n, real *restrict y)
{
  if (sa == 1 && sb == 1) {
    for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
  } else if (sb == 0 && sa == 1) {
    for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[0];
  } else {
    for (int64_t i = 0; i < n; i++) y[i] = a[i * sa] * b[i * sb];
  }
}

void broadcast_forward(const struct broadcast *s, bool product, const real *a, const real *b,
                       real *y)
{
  const int last = s->n - 1;
  const int64_t n = s->extent[last], sa = s->step[0][last], sb = s->step[1][last];
  struct walk w = {0};
  int64_t row = n;
  for (int i = last - 1; i >= 0; i--) row *= s->extent[i];
  for (int i = 0; i < last; i++) {
    row /= s->extent[i];
    walk_add_axis(&w, s->extent[i], s->step[0][i], s->step[1][i], row);
  }
  const bool swap = sa == 0; /* the row functions are fast where the second one stands still */
  do {
    const real *p = a + w.offset[0], *q = b + w.offset[1];
    (product ? mul_row : add_row)(swap ? q : p, swap ? sb : sa, swap ? p : q, swap ? sa : sb, n,
                                  y + w.offset[2]);
  } while (walk_next(&w));
}

/** The loops of a backward pass split into those over dx (kept) and those summed over. */
struct split {
  struct walk kept, summed;       /* offsets: dx, other, dy */
  int64_t n, dx_step, other_step; /* the innermost axis, contiguous in dy */
};

static struct split split_of(const struct broadcast *s, int mine)
{
  const int last = s->n - 1;
  struct split out = {
      .n = s->extent[last], .dx_step = s->step[mine][last], .other_step = s->step[!mine][last]};
  int64_t row = 1;
  for (int i = 0; i <= last; i++) row *= s->extent[i];
  for (int i = 0; i < last; i++) {
    const int64_t to = s->step[mine][i], from = s->step[!mine][i];
    row /= s->extent[i];
    walk_add_axis(to ? &out.kept : &out.summed, s->extent[i], to, from, row);
  }
  return out;
}

/** dx[i] += dy[i] * other[i * step], n elements; nothing is summed over. */
SIMD static void scale_row(const real *restrict dy, const real *restrict other, int64_t step,
                           int64_t n, real *restrict dx)
{
  if (!other) {
    for (int64_t i = 0; i < n; i++) dx[i] += dy[i];
  } else if (step == 1) {
    for (int64_t i = 0; i < n; i++) dx[i] += dy[i] * other[i];
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += dy[i] * other[i * step];
  }
}

/** sum[i] += dy[i] * other[i * step] in double, n elements. */
static void sum_row(const real *restrict dy, const real *restrict other, int64_t step, int64_t n,
                    double *restrict sum)
{
  for (int64_t i = 0; i < n; i++) sum[i] += (double)dy[i] * (other ? (double)other[i * step] : 1.0);
}

/** The sum of dy[i] * other[i * step] over n elements, in double. */
static double dot_row(const real *restrict dy, const real *restrict other, int64_t step, int64_t n)
{
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) sum += (double)dy[i] * (other ? (double)other[i * step] : 1.0);
  return sum;
}

static const real *moved(const real *other, int64_t by)
{
  return other ? other + by : NULL;
}

/** One row of dx, contiguous: block by block, all that is summed over in double. */
static void reduce_row(struct split *s, const real *dy, const real *other, real *restrict dx)
{
  double sum[BLOCK];
  for (int64_t i = 0; i < s->n; i += BLOCK) {
    const int64_t n = s->n - i < BLOCK ? s->n - i : BLOCK;
    memset(sum, 0, sizeof sum);
    do {
      const real *o = moved(other, s->summed.offset[1] + i * s->other_step);
      sum_row(dy + s->summed.offset[2] + i, o, s->other_step, n, sum);
    } while (walk_next(&s->summed));
    for (int64_t j = 0; j < n; j++) dx[i + j] += (real)sum[j];
  }
}

/** One element of dx, when the innermost axis is summed over. */
static void reduce_element(struct split *s, const real *dy, const real *other, real *dx)
{
  double sum = 0.0;
  do {
    sum +=
        dot_row(dy + s->summed.offset[2], moved(other, s->summed.offset[1]), s->other_step, s->n);
  } while (walk_next(&s->summed));
  *dx += (real)sum;
}

void broadcast_backward(const struct broadcast *s, int mine, const real *dy, const real *other,
                        real *dx)
{
  struct split p = split_of(s, mine);
  do {
    const real *from = dy + p.kept.offset[2], *o = moved(other, p.kept.offset[1]);
    real *to = dx + p.kept.offset[0];
    if (!p.dx_step) {
      reduce_element(&p, from, o, to);
    } else if (p.summed.n) {
      reduce_row(&p, from, o, to);
    } else {
      scale_row(from, o, p.other_step, p.n, to);
    }
  } while (walk_next(&p.kept));
}
