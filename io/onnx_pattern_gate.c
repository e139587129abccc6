/** @file
 *  Gates x f(x): Gelu, Swish, HardSwish. */
#include "io/onnx_pattern.h"

#include <string.h>

/** 1 + erf(x / sqrt 2) */
static int erf_part(const struct look *l, int value)
{
  const struct onnx_node *erf = onnx_match_node(l, onnx_match_plus(l, value, 1.0), "Erf");
  return erf && erf->n_in == 1 ? onnx_match_scaled(l, erf->in[0], 0.70710678) : -1;
}

/** 0.5 x (1 + erf(x / sqrt 2)).  Source: Hendrycks and Gimpel 2016, arXiv:1606.08415. */
bool onnx_pattern_gelu_erf(struct look *l, const struct onnx_node *n)
{
  return onnx_match_two_factors(l, n, 0.5, erf_part);
}

/** 0.044715 x^3 */
static bool is_cube(const struct look *l, int value, int x)
{
  const struct product p = onnx_match_product(l, onnx_match_node(l, value, "Mul"), x);
  if (p.many || !onnx_match_near(p.scale, 0.044715)) return false;
  bool all = p.n == 3;
  for (int k = 0; k < p.n; k++) all = all && onnx_match_same(l, p.factor[k], x);
  const struct onnx_node *pow = p.n == 1 ? onnx_match_node(l, p.factor[0], "Pow") : NULL;
  return all || (pow && pow->n_in == 2 && onnx_match_same(l, pow->in[0], x) &&
                 onnx_match_is(l, pow->in[1], 3.0));
}

/** 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
static int tanh_part(const struct look *l, int value)
{
  const struct onnx_node *tanh_node = onnx_match_node(l, onnx_match_plus(l, value, 1.0), "Tanh");
  if (!tanh_node || tanh_node->n_in != 1) return -1;
  const struct onnx_node *sum =
      onnx_match_node(l, onnx_match_scaled(l, tanh_node->in[0], 0.79788456), "Add");
  if (!sum || sum->n_in != 2) return -1;
  if (is_cube(l, sum->in[1], sum->in[0])) return sum->in[0];
  return is_cube(l, sum->in[0], sum->in[1]) ? sum->in[1] : -1;
}

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), the same source's approximation. */
bool onnx_pattern_gelu_tanh(struct look *l, const struct onnx_node *n)
{
  if (!onnx_match_two_factors(l, n, 0.5, tanh_part)) return false;
  l->found.attr[l->found.n_attrs++] =
      (struct attr){.name = "approximate", .kind = ATTR_STRING, .s = "tanh"};
  return true;
}

static int sigmoid_part(const struct look *l, int value)
{
  const struct onnx_node *s = onnx_match_node(l, value, "Sigmoid");
  return s && s->n_in == 1 ? s->in[0] : -1;
}

/** x sigmoid(x).  Source: Ramachandran, Zoph and Le 2017, arXiv:1710.05941. */
bool onnx_pattern_swish(struct look *l, const struct onnx_node *n)
{
  return onnx_match_two_factors(l, n, 1.0, sigmoid_part);
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
  const struct onnx_node *s = onnx_match_node(l, value, "HardSigmoid");
  const bool right = s && s->n_in == 1 &&
                     onnx_match_near((double)attribute(s, "alpha", 0.2F), 1.0 / 6.0) &&
                     onnx_match_near((double)attribute(s, "beta", 0.5F), 0.5);
  return right ? s->in[0] : -1;
}

/** min(max(x + 3, 0), 6) */
static int clip_part(const struct look *l, int value)
{
  const struct onnx_node *c = onnx_match_node(l, value, "Clip");
  double low = 1.0;
  if (!c || c->n_in < 1) return -1;
  if (c->n_in == 3) {
    if (!onnx_match_number(l, c->in[1], &low) || low != 0.0 || !onnx_match_is(l, c->in[2], 6.0))
      return -1;
  } else if (attribute(c, "min", 1.0F) != 0.0F || attribute(c, "max", 0.0F) != 6.0F) {
    return -1;
  }
  return onnx_match_plus(l, c->in[0], 3.0);
}

/** x min(max(x + 3, 0), 6) / 6.  Source: Howard et al. 2019, arXiv:1905.02244. */
bool onnx_pattern_hard_swish(struct look *l, const struct onnx_node *n)
{
  return onnx_match_two_factors(l, n, 1.0, hard_sigmoid_part) ||
         onnx_match_two_factors(l, n, 1.0 / 6.0, clip_part);
}
