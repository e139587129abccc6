/** @file
 *  FullGrad:  S = g.x + sum over nodes l with a bias of  sum b_l * dS/dz_l,  z_l what node l makes.  Operators that
 *  saturate or are curved have biases, too, the implicit ones of curve.h, so that this holds for networks of linear
 *  operators, functions of single elements, and products and quotients of these; not for normalisation by what is
 *  seen, softmax and products of matrices.  The map is
 *
 *    sum_c post(g * x) + sum_l sum_k up(post(b_l * g_l)),
 *    post(t) = (|t| - min) / (max - min + 1e-6) over channels and positions of one tensor of one sample
 *
 *  with bilinear enlargement between corners (align_corners = True).  Vectors, such as what fully connected
 *  layers make, count in the sum alone.
 *
 *  post = positive: max(t, 0) for |t|;  signed: t / (max |t| + 1e-6).
 *  In smoothgrad[fullgrad] g_l are means over noisy copies and x is the image itself; the authors' code multiplies
 *  each copy's own input, and adds the input's channels up before they are scaled.
 *  Source: Srinivas, Fleuret 2019, arXiv:1905.00780, and the authors' code; METHODS 5.12, 2.1. */
#include "core/bias.h"
#include "core/combination.h"
#include "core/curve.h"
#include "core/graph.h"
#include "core/method.h"
#include "core/upsample.h"

#include <math.h>
#include <string.h>

enum { ABSOLUTE, SIGNED, POSITIVE };
static const char *const posts[] = {"absolute", "signed", "positive", NULL};

static const double epsilon = 1e-6;

static const struct param params[] = {
    PARAM_WORD("post", posts, "what is added up: |t|, t over its largest |t|, or max(t, 0)"),
    PARAM_WHOLE("input", 1.0, 0.0, 1.0, "0: without the term of the input"),
    PARAM_WHOLE("implicit", 1.0, 0.0, 1.0,
                "0: without what curved and saturated operators add, as in the authors' code"),
    PARAM_WHOLE("simple", 0.0, 0.0, 1.0, "1: g_l alone instead of b_l * g_l"),
    {0},
};

static int given(const struct use *with, const char *name)
{
  return (int)use_number(with, params, name);
}

static double posted(int post, double t)
{
  if (post == SIGNED) return t;
  return post == POSITIVE ? (t > 0.0 ? t : 0.0) : fabs(t);
}

/** What the terms of one tap are made of. */
struct terms {
  const struct combination_site *s;
  int post;
  bool simple; /* the map is of g alone; the total is not */
};

/** b g of an element, or x g at the input. */
static double term(const struct terms *t, int k, int64_t u)
{
  const struct combination_site *s = t->s;
  const int64_t i = k * s->at.stride + u;
  const double by =
      s->bias ? (double)s->bias[k * s->bias_channel + u * s->bias_step] : (double)s->at.a[i];
  return by * (double)s->at.g[i];
}

static double shown(const struct terms *t, int k, int64_t u)
{
  const double of = t->simple ? (double)t->s->at.g[k * t->s->at.stride + u] : term(t, k, u);
  return posted(t->post, of);
}

/** The sum over channels of what is shown, scaled; behind it the sum of all terms. */
static void take(const struct combination_site *s)
{
  const struct terms t = {s, given(s->with, "post"), given(s->with, "simple") && s->bias};
  const int64_t n = (int64_t)s->at.height * s->at.width;
  double low = (double)INFINITY, high = -(double)INFINITY, total = 0.0;
  for (int64_t u = 0; u < n; u++) s->work[u] = 0.0;
  for (int k = 0; k < s->at.channels; k++) {
    for (int64_t u = 0; u < n; u++) {
      const double v = shown(&t, k, u);
      total += term(&t, k, u);
      s->work[u] += v;
      low = v < low ? v : low;
      high = v > high ? v : high;
    }
  }
  const double most = high > -low ? high : -low;
  const double from = t.post == SIGNED ? 0.0 : low * s->at.channels;
  const double over = (t.post == SIGNED ? most : high - low) + epsilon;
  for (int64_t u = 0; u < n; u++) s->out[u] = (float)((s->work[u] - from) / over);
  memcpy(s->out + n, &total, sizeof total);
}

static const struct combination_take of_input = {
    .reads = {.name = "fullgrad_input", .reads_activation = true},
    .run = take,
};

static const struct combination_take of_node = {
    .reads = {.name = "fullgrad_bias"},
    .reads_bias = true,
    .run = take,
};

static const struct combination_take of_result = {
    .reads = {.name = "fullgrad_result", .reads_activation = true},
    .reads_curve = true,
    .run = take,
};

static const struct combination_take of_function = {
    .reads = {.name = "fullgrad_function", .reads_activation = true, .reads_input = true},
    .reads_curve = true,
    .run = take,
};

/** What makes the term of a node; NULL where it has none. */
static err take_of(const struct combination_parts *p, const struct use *with, const struct node *n,
                   const struct op_site *at, const struct combination_take **out)
{
  const enum curve curve = given(with, "implicit") ? curve_of(n->op, at) : CURVE_NONE;
  *out = bias_is_there(n->op, at) ? &of_node
         : !curve_adds(curve)     ? NULL
         : curve_reads_x(curve)   ? &of_function
                                  : &of_result;
  CHECK(*out != &of_function || !p->method->average.average, ERR_UNSUPPORTED,
        "method '%s': averages of what the curved operator %s (node '%s') adds are not available; "
        "give implicit=0",
        p->method->given, n->op->name, n->name);
  return ERR_OK;
}

static err parts(struct combination_parts *p, const struct use *with)
{
  const struct graph *g = p->graph;
  struct combination_part part = {.rule = rule_default(rule_find("gradient")), .take = &of_input};
  part.weight = given(with, "input");
  TRY(combination_add(p, &part));
  for (int i = 1; i < g->n_taps; i++) {
    struct operand in[COMBINATION_INPUTS];
    const struct node *n = &g->nodes[g->values[g->taps[i]].producer];
    if (n->n_in > COMBINATION_INPUTS) continue;
    const struct op_site at = combination_site_of(g, n, in);
    TRY(take_of(p, with, n, &at, &part.take));
    if (!part.take) continue;
    part.tap = i;
    part.weight = at.ys.rank >= 4 && (part.take == &of_node || !given(with, "simple"));
    TRY(combination_add(p, &part));
  }
  return ERR_OK;
}

static double run(const struct combination_call *c)
{
  const int64_t n = (int64_t)c->height * c->width;
  double all = 0.0;
  for (int64_t u = 0; u < n; u++) c->sum[u] = 0.0;
  for (int i = 0; i < c->n; i++) {
    const struct combination_input *in = &c->in[i];
    double total;
    memcpy(&total, in->map + (int64_t)in->height * in->width, sizeof total);
    all += total;
    if (in->weight == 0.0) continue;
    upsample_corners(in->map, in->height, in->width, c->up, c->height, c->width);
    for (int64_t u = 0; u < n; u++) c->sum[u] += (double)c->up[u];
  }
  for (int64_t u = 0; u < n; u++) c->out[u] = (float)c->sum[u];
  return all;
}

static bool is_signed(const struct use *with)
{
  return given(with, "post") == SIGNED;
}

const struct combination combination_fullgrad = {
    .name = "fullgrad",
    .formula =
        "sum_c post(x g) + sum over nodes l with a bias of sum_k up(post(b_l g_l)), post(t) = |t| "
        "from 0 to 1 over a tensor",
    .cost = "1 forward, 1 backward",
    .limits = "much of the class: absolute terms of many layers follow the image's energy; for or "
              "against",
    .source = "Srinivas, Fleuret 2019, arXiv:1905.00780",
    .params = params,
    .complete = true,
    .is_signed = is_signed,
    .parts = parts,
    .run = run,
};
