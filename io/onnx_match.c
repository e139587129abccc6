/** @file
 *  Looking at what makes a value: nodes, numbers, products. */
#include "io/onnx_pattern.h"

#include <math.h>
#include <string.h>

const struct onnx_node *onnx_match_node(const struct look *l, int value, const char *op)
{
  if (value < 0) return NULL;
  const struct onnx_value *v = onnx_value_of(l->m, value);
  if (v->origin != ONNX_NODE || v->constant || v->slot) return NULL;
  const struct onnx_node *n = &l->m->nodes[v->index];
  return strcmp(n->proto->op_type, op) ? NULL : n;
}

bool onnx_match_same(const struct look *l, int a, int b)
{
  return a >= 0 && b >= 0 && onnx_value_of(l->m, a) == onnx_value_of(l->m, b);
}

bool onnx_match_number(const struct look *l, int value, double *out)
{
  const struct onnx_constant *c = NULL;
  if (value < 0 || !onnx_value_is_constant(l->m, value)) return false;
  if (onnx_value_constant(l->m, value, &c)) return false;
  if (!c || !c->floats || shape_count(&c->shape) != 1) return false;
  *out = (double)c->floats[0];
  return true;
}

bool onnx_match_near(double x, double want)
{
  return fabs(x - want) <= 1e-3 * fabs(want);
}

bool onnx_match_is(const struct look *l, int value, double want)
{
  double x = 0.0;
  return onnx_match_number(l, value, &x) && onnx_match_near(x, want);
}

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
  if (strcmp(n->proto->op_type, "Div") != 0 || !onnx_match_number(l, n->in[1], &x) || x == 0.0)
    return false;
  p->scale /= x;
  stack[(*n_stack)++] = n->in[0];
  return true;
}

struct product onnx_match_product(const struct look *l, const struct onnx_node *last, int whole)
{
  enum { DEPTH = 12 };
  struct product p = {.scale = 1.0};
  int stack[DEPTH + 2], n_stack = 0;
  double x = 0.0;
  p.many = !unfold(l, last, &p, stack, &n_stack);
  while (n_stack && !p.many) {
    const int value = stack[--n_stack];
    if (onnx_match_number(l, value, &x)) {
      p.scale *= x;
    } else if (onnx_match_same(l, value, whole) || n_stack >= DEPTH ||
               (!unfold(l, onnx_match_node(l, value, "Mul"), &p, stack, &n_stack) &&
                !unfold(l, onnx_match_node(l, value, "Div"), &p, stack, &n_stack))) {
      p.many = p.n == MAX_FACTORS;
      if (!p.many) p.factor[p.n++] = value;
    }
  }
  return p;
}

int onnx_match_plus(const struct look *l, int value, double want)
{
  const struct onnx_node *n = onnx_match_node(l, value, "Add");
  if (!n || n->n_in != 2) return -1;
  if (onnx_match_is(l, n->in[1], want)) return n->in[0];
  return onnx_match_is(l, n->in[0], want) ? n->in[1] : -1;
}

int onnx_match_scaled(const struct look *l, int value, double scale)
{
  const struct onnx_node *mul = onnx_match_node(l, value, "Mul"),
                         *div = onnx_match_node(l, value, "Div");
  if (div && div->n_in == 2 && onnx_match_is(l, div->in[1], 1.0 / scale)) return div->in[0];
  if (!mul || mul->n_in != 2) return -1;
  if (onnx_match_is(l, mul->in[1], scale)) return mul->in[0];
  return onnx_match_is(l, mul->in[0], scale) ? mul->in[1] : -1;
}

bool onnx_match_two_factors(struct look *l, const struct onnx_node *n, double scale,
                            int (*of)(const struct look *l, int value))
{
  const struct product rough = onnx_match_product(l, n, -1);
  for (int k = 0; k < rough.n; k++) {
    const int x = of(l, rough.factor[k]);
    if (x < 0) continue;
    const struct product p = onnx_match_product(l, n, x);
    if (p.many || p.n != 2 || !onnx_match_near(p.scale, scale)) continue;
    if (!onnx_match_same(l, p.factor[0], x) && !onnx_match_same(l, p.factor[1], x)) continue;
    l->found = (struct found){.n_in = 1, .in = {x}};
    return true;
  }
  return false;
}
