/** @file
 *  Pad, forward and backward of  y[i] = x[m(i - begin)]  along every axis, where m names an element inside x:
 *
 *    constant  none: y is the value       edge     the nearest one
 *    reflect   mirrored at the border elements, which are not repeated     wrap     periodic
 *
 *  Negative pads cut off.  Pads and value are attributes before opset 11 and constant inputs since; the
 *  axes that they belong to may be named since opset 18.
 *  Source: ONNX operator specification, Pad-2 to Pad-19. */
#include "core/axes.h"
#include "core/nest.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum mode { CONSTANT, REFLECT, EDGE, WRAP };
enum { DATA, PADS, VALUE, AXES };

struct pad {
  bool by_inputs;
  enum mode mode;
  real value;
  const struct attr *given; /* during parse and infer only */
  int64_t begin[SHAPE_MAX_RANK], end[SHAPE_MAX_RANK];
};

static err parse_mode(const struct attr_list *list, enum mode *out)
{
  static const char *const names[] = {
      [CONSTANT] = "constant", [REFLECT] = "reflect", [EDGE] = "edge", [WRAP] = "wrap"};
  const char *text;
  TRY(attr_string(list, "mode", "constant", &text));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!strcmp(text, names[i])) {
      *out = (enum mode)i;
      return ERR_OK;
    }
  }
  return FAIL(ERR_FORMAT, "mode is '%.40s'; constant, reflect, edge or wrap is expected", text);
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct pad *a = attr;
  float value;
  a->by_inputs = opset >= 11;
  TRY(parse_mode(list, &a->mode));
  TRY(attr_float(list, "value", 0.0F, &value));
  a->value = value;
  a->given = a->by_inputs ? NULL : attr_find(list, "pads");
  CHECK(a->by_inputs || (a->given && a->given->kind == ATTR_INTS), ERR_FORMAT,
        "attribute 'pads' is missing or not a list of integers");
  return ERR_OK;
}

/** One axis: its pads, and the extent of the output. */
static err pad_axis(struct pad *a, int axis, int64_t begin, int64_t end, struct shape *s)
{
  enum { MAX_PAD = 1 << 24 };
  const int64_t n = s->dim[axis];
  CHECK(begin >= -MAX_PAD && begin <= MAX_PAD && end >= -MAX_PAD && end <= MAX_PAD, ERR_FORMAT,
        "pads %" PRId64 " and %" PRId64 " along axis %d", begin, end, axis);
  CHECK(n + begin + end > 0, ERR_SHAPE, "nothing is left along axis %d", axis);
  CHECK(a->mode != REFLECT || (begin < n && end < n), ERR_SHAPE,
        "axis %d of length %" PRId64 " is too short to be mirrored by %" PRId64 " and %" PRId64,
        axis, n, begin, end);
  CHECK(axis || n > 1 || (!begin && !end), ERR_UNSUPPORTED,
        "axis 0 is the batch; samples must stay apart");
  a->begin[axis] = begin;
  a->end[axis] = end;
  CHECK(n + begin + end <= INT_MAX, ERR_SHAPE, "axis %d would be longer than %d", axis, INT_MAX);
  s->dim[axis] = (int)(n + begin + end);
  return ERR_OK;
}

/** Axis that pads k and k + n belong to: the k-th named one, else k. */
static err named_axis(const struct operand *in, int n_in, int k, int n, int rank, int *axis)
{
  int count;
  const int64_t *named;
  *axis = k;
  if (!operand_given(in, n_in, AXES)) {
    CHECK(n == rank, ERR_FORMAT, "%d pads for %d dimensions; two for each are expected", 2 * n,
          rank);
    return ERR_OK;
  }
  TRY(operand_ints(in, AXES, SHAPE_MAX_RANK, &count, &named));
  CHECK(count == n, ERR_FORMAT, "%d pads for %d axes", 2 * n, count);
  return operand_any_axis(named[k], rank, axis);
}

static err take_pads(struct pad *a, const struct operand *in, int n_in, struct shape *s)
{
  int n = a->given ? a->given->n : 0;
  const int64_t *pads = a->given ? a->given->ints : NULL;
  a->given = NULL;
  if (a->by_inputs) {
    CHECK(operand_given(in, n_in, PADS), ERR_FORMAT, "pads are missing");
    TRY(operand_ints(in, PADS, 2 * SHAPE_MAX_RANK, &n, &pads));
  }
  CHECK(n % 2 == 0, ERR_FORMAT, "%d pads; an even number is expected", n);
  for (int k = 0; k < n / 2; k++) {
    int axis;
    TRY(named_axis(in, n_in, k, n / 2, s->rank, &axis));
    TRY(pad_axis(a, axis, pads[k], pads[k + n / 2], s));
  }
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct pad *a = attr;
  TRY(operand_tensor(in, DATA));
  CHECK(in[DATA].shape.rank > 0, ERR_SHAPE, "input 0 is a scalar, which has no axes");
  CHECK(a->by_inputs || n_in == 1, ERR_FORMAT, "pads as an input came with opset 11");
  struct shape s = in[DATA].shape;
  TRY(take_pads(a, in, n_in, &s));
  if (operand_given(in, n_in, VALUE)) TRY(operand_scalar(in, VALUE, &a->value));
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

/** The element of x, of n, that position i of its padded axis is; -1: none. */
static int64_t source(enum mode mode, int64_t i, int64_t n)
{
  if (i >= 0 && i < n) return i;
  if (mode == EDGE) return i < 0 ? 0 : n - 1;
  if (mode == WRAP) return (i % n + n) % n;
  if (mode == REFLECT) return i < 0 ? -i : 2 * (n - 1) - i;
  return -1;
}

/** Loops over the output: arrays y and x, in the order batch, then dimension 0 to the last. */
static struct nest nest_of(const struct op_site *at)
{
  const struct shape_steps x = operand_steps(&at->in[DATA], at->batch);
  const struct shape_steps y = shape_steps(&at->ys, at->batch);
  struct nest s = {0};
  nest_add(&s, at->batch, (int64_t[]){y.batch, x.batch, 0, 0});
  for (int i = 0; i < at->ys.rank; i++)
    nest_add(&s, at->ys.dim[i], (int64_t[]){y.axis[i], x.axis[i], 0, 0});
  return s;
}

/** Offset in x of the row that a walk is at, -1 where it is all padding. */
static int64_t row_source(const struct op_site *at, const struct nest_walk *w)
{
  const struct pad *a = at->attr;
  int64_t from = w->index[0] * w->s->step[1][0];
  for (int i = 0; i + 1 < at->ys.rank; i++) {
    const int64_t k = source(a->mode, w->index[i + 1] - a->begin[i], at->in[DATA].shape.dim[i]);
    if (k < 0) return -1;
    from += k * w->s->step[1][i + 1];
  }
  return from;
}

/** One row along the last dimension, whose elements are `y` and `x` apart. */
struct row {
  int64_t n, inside, begin, y, x;
  enum mode mode;
  real value;
};

static struct row row_of(const struct op_site *at, const struct nest *s)
{
  const struct pad *a = at->attr;
  const int last = at->ys.rank - 1;
  return (struct row){at->ys.dim[last],
                      at->in[DATA].shape.dim[last],
                      a->begin[last],
                      s->step[0][last + 1],
                      s->step[1][last + 1],
                      a->mode,
                      a->value};
}

static void forward_row(const struct row *r, const real *x, real *y)
{
  for (int64_t i = 0; i < r->n; i++) {
    const int64_t k = x ? source(r->mode, i - r->begin, r->inside) : -1;
    y[i * r->y] = k < 0 ? r->value : x[k * r->x];
  }
}

static void backward_row(const struct row *r, const real *dy, real *dx)
{
  for (int64_t i = 0; i < r->n; i++) {
    const int64_t k = source(r->mode, i - r->begin, r->inside);
    if (k >= 0) dx[k * r->x] += dy[i * r->y];
  }
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = nest_of(c->at);
  const struct row r = row_of(c->at, &s);
  struct nest_walk w = nest_begin(&s, 1);
  do {
    const int64_t from = row_source(c->at, &w);
    forward_row(&r, from < 0 ? NULL : c->x[DATA] + from, c->y + w.at[0]);
  } while (nest_next(&w));
}

static void backward(const struct op_bwd *c)
{
  const struct nest s = nest_of(c->at);
  const struct row r = row_of(c->at, &s);
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[DATA]) return;
  do {
    const int64_t from = row_source(c->at, &w);
    if (from >= 0) backward_row(&r, c->dy + w.at[0], c->dx[DATA] + from);
  } while (nest_next(&w));
}

const struct op op_pad = {
    .name = "Pad",
    .source = "ONNX operators, Pad-19",
    .min_in = 1,
    .max_in = 4,
    .attr_bytes = sizeof(struct pad),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
