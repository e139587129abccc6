/** @file
 *  Integrated gradients: the signal averaged on the way from a baseline x' to the input, times x - x'.
 *  With the trapezoid both ends count half; with `right` the baseline itself is left out. */
#include "core/average.h"

#include <string.h>

enum { N, RULE };
enum { MIDPOINT, TRAPEZOID, RIGHT };
static const char *const rules[] = {"midpoint", "trapezoid", "right", NULL};

static const struct param params[] = {PARAM_WHOLE("n", 50.0, 2.0, 16777215.0, "points on the path"),
                                      PARAM_WORD("quadrature", rules, "rule of integration"),
                                      AVERAGE_BASELINE_PARAMS,
                                      {0}};

static int copies(const struct use *with)
{
  return (int)with->param[N];
}

static double weight(const struct use *with, int copy)
{
  const int n = copies(with);
  if ((int)with->param[RULE] != TRAPEZOID) return 1.0 / n;
  return (copy == 0 || copy == n - 1 ? 0.5 : 1.0) / (n - 1);
}

/** Where on the path a copy lies: 0 is the baseline, 1 the input. */
static double place(const struct use *with, int copy)
{
  const int n = copies(with), rule = (int)with->param[RULE];
  if (rule == TRAPEZOID) return (double)copy / (n - 1);
  return rule == RIGHT ? (copy + 1.0) / n : (copy + 0.5) / n;
}

static void make(const struct average_site *s, real *to, real *less)
{
  const struct average_image *a = &s->image;
  const double alpha = place(s->with, s->copy);
  average_baseline(s, params, to);
  for (int k = 0; k < a->channels; k++) {
    for (int64_t u = 0; u < (int64_t)a->height * a->width; u++) {
      const int64_t i = k * a->stride + u;
      const double begin = (double)to[i], way = (double)a->x[i] - begin;
      less[i] = (real)way;
      to[i] = (real)(begin + alpha * way);
    }
  }
}

const struct average average_integrated_gradients = {
    .name = "integrated_gradients",
    .formula = "g becomes (x - x') times the integral of g(x' + t (x - x')) over t from 0 to 1",
    .limits = "what is as in the baseline: dark parts under a black one",
    .source = "Sundararajan, Taly, Yan 2017, arXiv:1703.01365",
    .params = params,
    .of = "gradient/bias/sum",
    .input_only = true,
    .keeps = AVERAGE_PRODUCTS,
    .copies = copies,
    .weight = weight,
    .make = make,
};
