/** @file
 *  Patterns: several nodes of the file that are one operator of the engine, found from the last of
 *  them.  The nodes before it are in the graph by then, and leave it where nothing else reads them.
 *  One line in the table per pattern. */
#include "io/onnx_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FACTORS = 6, MAX_INPUTS = 3 };

/** What a pattern has found: inputs and attributes of the one operator. */
struct found {
  int n_in, in[MAX_INPUTS]; /* values */
  int n_attrs;
  struct attr attr[2];
};

struct look {
  struct onnx_model *m;
  struct found found;
};

/** The node of that operator that makes a value, or NULL. */
static const struct onnx_node *made_by(const struct look *l, int value, const char *op)
{
  if (value < 0) return NULL;
  const struct onnx_value *v = onnx_value_of(l->m, value);
  if (v->origin != ONNX_NODE || v->constant || v->slot) return NULL;
  const struct onnx_node *n = &l->m->nodes[v->index];
  return strcmp(n->proto->op_type, op) ? NULL : n;
}

static bool same_value(const struct look *l, int a, int b)
{
  return a >= 0 && b >= 0 && onnx_value_of(l->m, a) == onnx_value_of(l->m, b);
}

/** The number that a constant of one float is. */
static bool number(const struct look *l, int value, double *out)
{
  const struct onnx_constant *c = NULL;
  if (value < 0 || !onnx_value_is_constant(l->m, value)) return false;
  if (onnx_value_constant(l->m, value, &c)) return false;
  if (!c || !c->floats || shape_count(&c->shape) != 1) return false;
  *out = (double)c->floats[0];
  return true;
}

/** Exporters write constants with three to eight digits, in float32 or float16. */
static bool near(double x, double want)
{
  return fabs(x - want) <= 1e-3 * fabs(want);
}

static bool is_number(const struct look *l, int value, double want)
{
  double x = 0.0;
  return number(l, value, &x) && near(x, want);
}

/** A product taken apart: the numbers in it multiplied, and the other factors. */
struct product {
  double scale;
  int n, factor[MAX_FACTORS];
  bool many; /* more than fit */
};

/** Both operands of a product, or what a number divides, go on the stack; false for other nodes. */
static bool unfold(const struct look *l, const struct onnx_node *n, struct product *p, int *stack,
                   int *n_stack)
{
  double x = 0.0;
  if (!n || n->n_in != 2) return false;
  if (!strcmp(n->proto->op_type, "Mul")) {
    stack[(*n_stack)++] = n->in[0];
    stack[(*n_stack)++] = n->in[1];
    return true;
  }
  if (strcmp(n->proto->op_type, "Div") != 0 || !number(l, n->in[1], &x) || x == 0.0) return false;
  p->scale /= x;
  stack[(*n_stack)++] = n->in[0];
  return true;
}

/** Take the product that `last` makes apart, but leave the value `whole` as it is. */
static struct product take_apart(const struct look *l, const struct onnx_node *last, int whole)
{
  enum { DEPTH = 12 };
  struct product p = {.scale = 1.0};
  int stack[DEPTH + 2], n_stack = 0;
  double x = 0.0;
  p.many = !unfold(l, last, &p, stack, &n_stack);
  while (n_stack && !p.many) {
    const int value = stack[--n_stack];
    if (number(l, value, &x)) {
      p.scale *= x;
    } else if (same_value(l, value, whole) || n_stack >= DEPTH ||
               (!unfold(l, made_by(l, value, "Mul"), &p, stack, &n_stack) &&
                !unfold(l, made_by(l, value, "Div"), &p, stack, &n_stack))) {
      p.many = p.n == MAX_FACTORS;
      if (!p.many) p.factor[p.n++] = value;
    }
  }
  return p;
}

/** The other operand of value = operand + number, or -1. */
static int plus(const struct look *l, int value, double want)
{
  const struct onnx_node *n = made_by(l, value, "Add");
  if (!n || n->n_in != 2) return -1;
  if (is_number(l, n->in[1], want)) return n->in[0];
  return is_number(l, n->in[0], want) ? n->in[1] : -1;
}

/** x where value = scale * x, or -1. */
static int scaled(const struct look *l, int value, double scale)
{
  const struct onnx_node *mul = made_by(l, value, "Mul"), *div = made_by(l, value, "Div");
  if (div && div->n_in == 2 && is_number(l, div->in[1], 1.0 / scale)) return div->in[0];
  if (!mul || mul->n_in != 2) return -1;
  if (is_number(l, mul->in[1], scale)) return mul->in[0];
  return is_number(l, mul->in[0], scale) ? mul->in[1] : -1;
}

/** Whether n = scale * x * f(x), where `of` tells x from the value f(x), or -1. */
static bool two_factors(struct look *l, const struct onnx_node *n, double scale,
                        int (*of)(const struct look *l, int value))
{
  const struct product rough = take_apart(l, n, -1);
  for (int k = 0; k < rough.n; k++) {
    const int x = of(l, rough.factor[k]);
    if (x < 0) continue;
    const struct product p = take_apart(l, n, x);
    if (p.many || p.n != 2 || !near(p.scale, scale)) continue;
    if (!same_value(l, p.factor[0], x) && !same_value(l, p.factor[1], x)) continue;
    l->found = (struct found){.n_in = 1, .in = {x}};
    return true;
  }
  return false;
}

/** 1 + erf(x / sqrt 2) */
static int erf_part(const struct look *l, int value)
{
  const struct onnx_node *erf = made_by(l, plus(l, value, 1.0), "Erf");
  return erf && erf->n_in == 1 ? scaled(l, erf->in[0], 0.70710678) : -1;
}

/** 0.5 x (1 + erf(x / sqrt 2)).  Source: Hendrycks and Gimpel 2016, arXiv:1606.08415. */
static bool gelu_erf(struct look *l, const struct onnx_node *n)
{
  return two_factors(l, n, 0.5, erf_part);
}

/** 0.044715 x^3 */
static bool is_cube(const struct look *l, int value, int x)
{
  const struct product p = take_apart(l, made_by(l, value, "Mul"), x);
  if (p.many || !near(p.scale, 0.044715)) return false;
  bool all = p.n == 3;
  for (int k = 0; k < p.n; k++) all = all && same_value(l, p.factor[k], x);
  const struct onnx_node *pow = p.n == 1 ? made_by(l, p.factor[0], "Pow") : NULL;
  return all ||
         (pow && pow->n_in == 2 && same_value(l, pow->in[0], x) && is_number(l, pow->in[1], 3.0));
}

/** 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
static int tanh_part(const struct look *l, int value)
{
  const struct onnx_node *tanh_node = made_by(l, plus(l, value, 1.0), "Tanh");
  if (!tanh_node || tanh_node->n_in != 1) return -1;
  const struct onnx_node *sum = made_by(l, scaled(l, tanh_node->in[0], 0.79788456), "Add");
  if (!sum || sum->n_in != 2) return -1;
  if (is_cube(l, sum->in[1], sum->in[0])) return sum->in[0];
  return is_cube(l, sum->in[0], sum->in[1]) ? sum->in[1] : -1;
}

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), the same source's approximation. */
static bool gelu_tanh(struct look *l, const struct onnx_node *n)
{
  if (!two_factors(l, n, 0.5, tanh_part)) return false;
  l->found.attr[l->found.n_attrs++] =
      (struct attr){.name = "approximate", .kind = ATTR_STRING, .s = "tanh"};
  return true;
}

static int sigmoid_part(const struct look *l, int value)
{
  const struct onnx_node *s = made_by(l, value, "Sigmoid");
  return s && s->n_in == 1 ? s->in[0] : -1;
}

/** x sigmoid(x).  Source: Ramachandran, Zoph and Le 2017, arXiv:1710.05941. */
static bool swish(struct look *l, const struct onnx_node *n)
{
  return two_factors(l, n, 1.0, sigmoid_part);
}

static float attribute(const struct onnx_node *n, const char *name, float otherwise)
{
  const Onnx__NodeProto *p = n->proto;
  for (size_t i = 0; i < p->n_attribute; i++)
    if (p->attribute[i]->name && !strcmp(p->attribute[i]->name, name)) return p->attribute[i]->f;
  return otherwise;
}

static int hard_sigmoid_part(const struct look *l, int value)
{
  const struct onnx_node *s = made_by(l, value, "HardSigmoid");
  const bool right = s && s->n_in == 1 && near((double)attribute(s, "alpha", 0.2F), 1.0 / 6.0) &&
                     near((double)attribute(s, "beta", 0.5F), 0.5);
  return right ? s->in[0] : -1;
}

/** min(max(x + 3, 0), 6) */
static int clip_part(const struct look *l, int value)
{
  const struct onnx_node *c = made_by(l, value, "Clip");
  double low = 1.0;
  if (!c || c->n_in < 1) return -1;
  if (c->n_in == 3) {
    if (!number(l, c->in[1], &low) || low != 0.0 || !is_number(l, c->in[2], 6.0)) return -1;
  } else if (attribute(c, "min", 1.0F) != 0.0F || attribute(c, "max", 0.0F) != 6.0F) {
    return -1;
  }
  return plus(l, c->in[0], 3.0);
}

/** x min(max(x + 3, 0), 6) / 6.  Source: Howard et al. 2019, arXiv:1905.02244. */
static bool hard_swish(struct look *l, const struct onnx_node *n)
{
  return two_factors(l, n, 1.0, hard_sigmoid_part) || two_factors(l, n, 1.0 / 6.0, clip_part);
}

/** Axes that a list names, counted from the front; false where it is no list of different axes. */
static bool mark_axes(const int64_t *list, int64_t n, int rank, bool gone[SHAPE_MAX_RANK])
{
  for (int64_t i = 0; i < n; i++) {
    const int64_t axis = list[i] < 0 ? list[i] + rank : list[i];
    if (axis < 0 || axis >= rank || gone[axis]) return false;
    gone[axis] = true;
  }
  return n > 0;
}

/** How many axes a reduction names, all of them the last ones of `rank`; else 0. */
static int last_axes(const struct look *l, const struct onnx_node *n, const struct attr_list *attrs,
                     int rank)
{
  const struct attr *a = attr_find(attrs, "axes");
  const struct onnx_constant *c = NULL;
  bool gone[SHAPE_MAX_RANK] = {false};
  int64_t keepdims = 1;
  if (attr_int(attrs, "keepdims", 1, &keepdims) || keepdims != 1) return 0;
  if (!a && n->n_in > 1 && n->in[1] >= 0 && onnx_value_constant(l->m, n->in[1], &c)) return 0;
  const int64_t *list = a && a->kind == ATTR_INTS ? a->ints : c ? c->ints : NULL;
  const int64_t count = a ? a->n : c ? shape_count(&c->shape) : 0;
  if (!list || !mark_axes(list, count, rank, gone)) return 0;
  int last = 0;
  while (last < rank && gone[rank - 1 - last]) last++;
  return last == count && last < rank ? last : 0;
}

/** The same for a ReduceMean whose axes stay as 1. */
static int trailing_axes(const struct look *l, const struct onnx_node *mean)
{
  struct onnx_attrs *attrs = NULL;
  struct shape x;
  if (onnx_value_shape(l->m, mean->in[0], &x) || onnx_attrs_make(mean->proto, &attrs)) return 0;
  const int n = last_axes(l, mean, onnx_attrs_list(attrs), x.rank);
  onnx_attrs_free(&attrs);
  return n;
}

/** value = x - mean(x) for an x, over the axes that `axes` tells; or -1. */
static int centred(const struct look *l, int value, int *axes)
{
  const struct onnx_node *sub = made_by(l, value, "Sub");
  const struct onnx_node *mean =
      sub && sub->n_in == 2 ? made_by(l, sub->in[1], "ReduceMean") : NULL;
  if (!mean || mean->n_in < 1 || !same_value(l, mean->in[0], sub->in[0])) return -1;
  *axes = trailing_axes(l, mean);
  return *axes ? sub->in[0] : -1;
}

/** value = x^2 for a centred x */
static bool is_square(const struct look *l, int value, int x)
{
  const struct onnx_node *pow = made_by(l, value, "Pow"), *mul = made_by(l, value, "Mul");
  if (pow && pow->n_in == 2) return same_value(l, pow->in[0], x) && is_number(l, pow->in[1], 2.0);
  return mul && mul->n_in == 2 && same_value(l, mul->in[0], x) && same_value(l, mul->in[1], x);
}

/** (x - mean) / sqrt(mean((x - mean)^2) + epsilon): gives x, axes and epsilon. */
static bool normalised(const struct look *l, const struct onnx_node *div, int *x, int *axes,
                       double *epsilon)
{
  int other = 0, again = 0;
  const struct onnx_node *root = div && div->n_in == 2 ? made_by(l, div->in[1], "Sqrt") : NULL;
  const struct onnx_node *sum = root && root->n_in == 1 ? made_by(l, root->in[0], "Add") : NULL;
  *x = div ? centred(l, div->in[0], axes) : -1;
  if (!sum || sum->n_in != 2 || *x < 0 || !number(l, sum->in[1], epsilon)) return false;
  const struct onnx_node *mean = made_by(l, sum->in[0], "ReduceMean");
  if (!mean || mean->n_in < 1 || trailing_axes(l, mean) != *axes) return false;
  if (is_square(l, mean->in[0], div->in[0])) return true;
  const struct onnx_node *pow = made_by(l, mean->in[0], "Pow"); /* of a second subtraction */
  again =
      pow && pow->n_in == 2 && is_number(l, pow->in[1], 2.0) ? centred(l, pow->in[0], &other) : -1;
  return again >= 0 && other == *axes && same_value(l, again, *x);
}

/** Which input of a node is a constant of the last `axes` extents of x; the other is *rest. */
static int affine(const struct look *l, const struct onnx_node *n, int x, int axes, int *rest)
{
  struct shape s;
  if (!n || n->n_in != 2 || onnx_value_shape(l->m, x, &s)) return -1;
  for (int k = 0; k < 2; k++) {
    const struct onnx_constant *c = NULL;
    const int value = n->in[k];
    if (value < 0 || !onnx_value_is_constant(l->m, value)) continue;
    if (onnx_value_constant(l->m, value, &c) || !c->floats || c->shape.rank != axes) continue;
    bool same = true;
    for (int i = 0; i < axes; i++) same = same && c->shape.dim[i] == s.dim[s.rank - axes + i];
    *rest = n->in[1 - k];
    if (same) return value;
  }
  return -1;
}

/** normalised(x) * scale + shift.  Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450. */
static bool layer_normalization(struct look *l, const struct onnx_node *add)
{
  int rest = -1, x = -1, axes = 0;
  double epsilon = 0.0;
  if (add->n_in != 2) return false;
  for (int k = 0; k < 2; k++) {
    const struct onnx_node *mul = made_by(l, add->in[k], "Mul");
    for (int i = 0; mul && mul->n_in == 2 && i < 2; i++) {
      if (!normalised(l, made_by(l, mul->in[i], "Div"), &x, &axes, &epsilon)) continue;
      const int scale = affine(l, mul, x, axes, &rest), shift = affine(l, add, x, axes, &rest);
      if (scale < 0 || shift < 0) return false;
      l->found = (struct found){.n_in = 3, .in = {x, scale, shift}, .n_attrs = 2};
      l->found.attr[0] = (struct attr){.name = "axis", .kind = ATTR_INT, .i = -axes};
      l->found.attr[1] = (struct attr){.name = "epsilon", .kind = ATTR_FLOAT, .f = (float)epsilon};
      return true;
    }
  }
  return false;
}

static const struct pattern {
  const char *last, *makes;
  bool (*match)(struct look *l, const struct onnx_node *last);
} patterns[] = {
    {"Mul", "Gelu", gelu_erf},
    {"Mul", "Gelu", gelu_tanh},
    {"Div", "Gelu", gelu_erf},
    {"Mul", "HardSwish", hard_swish},
    {"Div", "HardSwish", hard_swish},
    {"Mul", "Swish", swish},
    {"Add", "LayerNormalization", layer_normalization},
};

static err replace(struct look *l, const struct pattern *p, const struct onnx_node *last)
{
  Onnx__NodeProto proto = *last->proto;
  char type[32];
  (void)strncpy(type, p->makes, sizeof type - 1);
  type[sizeof type - 1] = 0;
  proto.op_type = type;
  struct onnx_node n = {.proto = &proto,
                        .n_in = l->found.n_in,
                        .n_out = last->n_out,
                        .in = l->found.in,
                        .out = last->out,
                        .wanted = true};
  const struct attr_list attrs = {.n = l->found.n_attrs, .item = l->found.attr};
  return onnx_adapt(l->m, &n, &attrs);
}

err onnx_pattern(struct onnx_model *m, const struct onnx_node *n, bool *done)
{
  *done = false;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    const struct pattern *p = &patterns[i];
    struct look l = {.m = m};
    if (strcmp(p->last, n->proto->op_type) != 0 || !op_find(p->makes) || !p->match(&l, n)) continue;
    *done = true;
    return replace(&l, p, n);
  }
  return ERR_OK;
}
