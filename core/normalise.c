/** @file
 *  Normalisation of groups.  Each pass goes over the group's rows, contiguous in memory. */
#include "core/normalise.h"

#include "core/operand.h"
#include "core/rows.h"

#include <math.h>

/** What is known of a group: aux holds one for each. */
struct moments {
  double mean, inv;
};

static struct normalise normalise_at(const struct op_site *at)
{
  return ((const struct normalise_attr *)at->attr)->of(at);
}

size_t normalise_aux_bytes(const struct op_site *at)
{
  const struct normalise n = normalise_at(at);
  return (size_t)groups_count(&n.groups) * sizeof(struct moments);
}

err normalise_parse(const struct attr_list *list, struct normalise (*of)(const struct op_site *at),
                    struct normalise_attr *a)
{
  float given;
  TRY(attr_float(list, "epsilon", 1e-5F, &given));
  CHECK(given >= 0.0F, ERR_FORMAT, "epsilon is %g", (double)given);
  *a = (struct normalise_attr){(double)given, of};
  return ERR_OK;
}

SIMD static double sum_row(const real *restrict x, int64_t n)
{
  double sum;
  ROWS_SUM(n, (double)x[i], sum);
  return sum;
}

SIMD static double square_row(const real *restrict x, int64_t n, double mean)
{
  double sum;
  ROWS_SUM(n, ((double)x[i] - mean) * ((double)x[i] - mean), sum);
  return sum;
}

static struct moments moments_of(const struct normalise *n, const real *x)
{
  const struct groups *g = &n->groups;
  const double size = (double)groups_size(g);
  double sum = 0.0, squares = 0.0;
  for (int64_t a = 0; a < g->a; a++) sum += sum_row(x + a * g->a_step, g->b);
  const double mean = sum / size;
  for (int64_t a = 0; a < g->a; a++) squares += square_row(x + a * g->a_step, g->b, mean);
  return (struct moments){mean, 1.0 / sqrt(squares / size + n->epsilon)};
}

/** y = (x - mean) inv scale + bias; scale and bias one number where `step` is 0. */
SIMD static void apply_row(const real *restrict x, const struct moments *m,
                           const real *restrict scale, const real *restrict bias, int64_t step,
                           int64_t n, real *restrict y)
{
  const double mean = m->mean, inv = m->inv;
  if (step) {
    for (int64_t i = 0; i < n; i++) y[i] = (real)(((double)x[i] - mean) * inv) * scale[i] + bias[i];
  } else {
    const real s = scale[0], b = bias[0];
    for (int64_t i = 0; i < n; i++) y[i] = (real)(((double)x[i] - mean) * inv) * s + b;
  }
}

/** The same without a bias. */
SIMD static void scale_row(const real *restrict x, const struct moments *m,
                           const real *restrict scale, int64_t step, int64_t n, real *restrict y)
{
  const double mean = m->mean, inv = m->inv;
  for (int64_t i = 0; i < n; i++) y[i] = (real)(((double)x[i] - mean) * inv) * scale[i * step];
}

static int64_t offset(const struct normalise *n, int64_t k)
{
  return k / n->offset_every * n->offset_step;
}

void normalise_forward(const struct op_fwd *c)
{
  const struct normalise n = normalise_at(c->at);
  const struct groups *g = &n.groups;
  const bool biased = operand_given(c->at->in, c->at->n_in, NORMALISE_BIAS);
  const real *x = c->x[NORMALISE_X], *scale = c->x[NORMALISE_SCALE];
  const real *bias = biased ? c->x[NORMALISE_BIAS] : NULL;
  struct moments *all = c->aux;
  for (int64_t k = 0; k < groups_count(g); k++) {
    const int64_t at = groups_at(g, k);
    all[k] = moments_of(&n, x + at);
    for (int64_t a = 0; a < g->a; a++) {
      const int64_t i = at + a * g->a_step, j = offset(&n, k) + a * n.step_a;
      if (bias) {
        apply_row(x + i, &all[k], scale + j, bias + j, n.step_b, g->b, c->y + i);
      } else {
        scale_row(x + i, &all[k], scale + j, n.step_b, g->b, c->y + i);
      }
    }
  }
}

/** Sums over a row of g and of g xhat. */
struct sums {
  double g, gx;
};

SIMD static struct sums sums_row(const real *restrict x, const struct moments *m,
                                 const real *restrict scale, int64_t step, const real *restrict dy,
                                 int64_t n)
{
  const double mean = m->mean, inv = m->inv;
  struct sums s;
  if (step) {
    ROWS_SUM(n, (double)dy[i] * (double)scale[i], s.g);
    ROWS_SUM(n, (double)dy[i] * (double)scale[i] * (((double)x[i] - mean) * inv), s.gx);
  } else {
    const double by = (double)scale[0];
    ROWS_SUM(n, (double)dy[i] * by, s.g);
    ROWS_SUM(n, (double)dy[i] * by * (((double)x[i] - mean) * inv), s.gx);
  }
  return s;
}

/** What the backward of an element wants to know of its group. */
struct known {
  struct moments m;
  struct sums means;
};

/** dx (+)= inv (g - means.g - xhat means.gx). */
SIMD static void back_row(const struct known *group, const real *restrict x,
                          const real *restrict scale, int64_t step, const real *restrict dy,
                          int64_t n, bool set, real *restrict dx)
{
  const struct known k = *group;
  for (int64_t i = 0; i < n; i++) {
    const double g = (double)dy[i] * (double)scale[i * step];
    const double xhat = ((double)x[i] - k.m.mean) * k.m.inv;
    const real d = (real)(k.m.inv * (g - k.means.g - xhat * k.means.gx));
    dx[i] = set ? d : dx[i] + d;
  }
}

void normalise_backward(const struct op_bwd *c)
{
  const struct normalise n = normalise_at(c->at);
  const struct groups *g = &n.groups;
  const struct moments *all = c->aux;
  const real *x = c->x[NORMALISE_X], *scale = c->x[NORMALISE_SCALE], *dy = c->dy;
  const double size = (double)groups_size(g);
  if (!c->dx[NORMALISE_X]) return;
  for (int64_t k = 0; k < groups_count(g); k++) {
    const int64_t at = groups_at(g, k), first = offset(&n, k);
    struct known group = {.m = all[k]};
    for (int64_t a = 0; a < g->a; a++) {
      const int64_t i = at + a * g->a_step;
      const struct sums s =
          sums_row(x + i, &all[k], scale + first + a * n.step_a, n.step_b, dy + i, g->b);
      group.means.g += s.g / size;
      group.means.gx += s.gx / size;
    }
    for (int64_t a = 0; a < g->a; a++) {
      const int64_t i = at + a * g->a_step;
      back_row(&group, x + i, scale + first + a * n.step_a, n.step_b, dy + i, g->b,
               op_sets(c, NORMALISE_X), c->dx[NORMALISE_X] + i);
    }
  }
}

/** One row: of one scale and bias where `step` is 0. */
static void weigh_row(const real *x, const struct moments *m, const real *dy, int64_t n,
                      int64_t step, real *scale, real *bias)
{
  double products = 0.0, sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    products += (double)dy[i] * ((double)x[i] - m->mean) * m->inv;
    sum += (double)dy[i];
    if (!step && i + 1 < n) continue;
    if (scale) scale[i * step] += (real)products;
    if (bias) bias[i * step] += (real)sum;
    products = sum = 0.0;
  }
}

static void weigh_run(const struct weigh_call *c)
{
  const struct normalise n = normalise_at(c->at);
  const struct groups *g = &n.groups;
  real *scale = c->dw[NORMALISE_SCALE];
  real *bias = c->at->n_in > NORMALISE_BIAS ? c->dw[NORMALISE_BIAS] : NULL;
  for (int64_t k = 0; k < groups_count(g); k++) {
    const real *x = c->x[NORMALISE_X] + groups_at(g, k), *dy = c->dy + groups_at(g, k);
    const struct moments m = moments_of(&n, x);
    for (int64_t a = 0; a < g->a; a++) {
      const int64_t i = a * g->a_step, j = offset(&n, k) + a * n.step_a;
      weigh_row(x + i, &m, dy + i, g->b, n.step_b, scale ? scale + j : NULL,
                bias ? bias + j : NULL);
    }
  }
}

const struct weigh normalise_weigh = {.parameters = 1U << NORMALISE_SCALE | 1U << NORMALISE_BIAS,
                                      .run = weigh_run};
