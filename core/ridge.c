/** @file
 *  Least squares with a penalty by Cholesky's factors of X'X + penalty n I. */
#include "core/ridge.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct ridge {
  const struct ridge_data *train;
  double *mean, *scale; /* [features] scale: one over the deviation, 0 where it is 0 */
  double *gram;         /* [features][features] */
  double *w;            /* [classes][features] */
  double *share;        /* [classes] of the samples */
};

static void standardise(struct ridge *r)
{
  const struct ridge_data *d = r->train;
  for (int k = 0; k < d->features; k++) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < d->n; i++) sum += d->x[i * d->features + k];
    r->mean[k] = sum / (double)d->n;
    for (int64_t i = 0; i < d->n; i++) {
      const double v = d->x[i * d->features + k] - r->mean[k];
      squares += v * v;
    }
    r->scale[k] = squares > 0.0 ? 1.0 / sqrt(squares / (double)d->n) : 0.0;
  }
  for (int64_t i = 0; i < d->n; i++) r->share[d->label[i]] += 1.0 / (double)d->n;
}

static double standard(const struct ridge *r, const double *x, int k)
{
  return (x[k] - r->mean[k]) * r->scale[k];
}

/** The lower half of X'X + penalty n I, and X'Y. */
static void sums(struct ridge *r, double penalty)
{
  const struct ridge_data *d = r->train;
  const int f = d->features;
  for (int64_t i = 0; i < d->n; i++) {
    const double *x = d->x + i * f;
    for (int j = 0; j < f; j++) {
      const double v = standard(r, x, j);
      for (int k = 0; k <= j; k++) r->gram[(int64_t)j * f + k] += v * standard(r, x, k);
      for (int c = 0; c < d->classes; c++)
        r->w[(int64_t)c * f + j] += v * ((c == d->label[i]) - r->share[c]);
    }
  }
  for (int j = 0; j < f; j++) r->gram[(int64_t)j * f + j] += penalty * (double)d->n;
}

/** gram = L L', L in its place. */
static void factor(struct ridge *r)
{
  const int f = r->train->features;
  for (int j = 0; j < f; j++) {
    double *row = r->gram + (int64_t)j * f;
    for (int k = 0; k <= j; k++) {
      const double *other = r->gram + (int64_t)k * f;
      double v = row[k];
      for (int i = 0; i < k; i++) v -= row[i] * other[i];
      row[k] = k < j ? v / other[k] : sqrt(v);
    }
  }
}

/** L L' w = b of one class, in place. */
static void solve(const struct ridge *r, double *w)
{
  const int f = r->train->features;
  for (int j = 0; j < f; j++) {
    for (int k = 0; k < j; k++) w[j] -= r->gram[(int64_t)j * f + k] * w[k];
    w[j] /= r->gram[(int64_t)j * f + j];
  }
  for (int j = f - 1; j >= 0; j--) {
    for (int k = j + 1; k < f; k++) w[j] -= r->gram[(int64_t)k * f + j] * w[k];
    w[j] /= r->gram[(int64_t)j * f + j];
  }
}

static int class_of(const struct ridge *r, const double *x)
{
  int best = 0;
  double most = -(double)INFINITY;
  for (int c = 0; c < r->train->classes; c++) {
    double v = r->share[c];
    for (int k = 0; k < r->train->features; k++)
      v += standard(r, x, k) * r->w[(int64_t)c * r->train->features + k];
    if (v > most) best = c;
    most = v > most ? v : most;
  }
  return best;
}

err ridge_accuracy(const struct ridge_data *train, const struct ridge_data *test, double penalty,
                   double *accuracy)
{
  const size_t f = (size_t)train->features, classes = (size_t)train->classes;
  struct ridge r = {.train = train,
                    .mean = calloc(f, sizeof(double)),
                    .scale = calloc(f, sizeof(double)),
                    .gram = calloc(f * f, sizeof(double)),
                    .w = calloc(classes * f, sizeof(double)),
                    .share = calloc(classes, sizeof(double))};
  const bool fine = r.mean && r.scale && r.gram && r.w && r.share;
  int64_t right = 0;
  if (fine) {
    standardise(&r);
    sums(&r, penalty);
    factor(&r);
    for (size_t c = 0; c < classes; c++) solve(&r, r.w + c * f);
    for (int64_t i = 0; i < test->n; i++)
      right += class_of(&r, test->x + i * test->features) == test->label[i];
    *accuracy = (double)right / (double)test->n;
  }
  free(r.mean);
  free(r.scale);
  free(r.gram);
  free(r.w);
  free(r.share);
  CHECK(fine, ERR_MEMORY, "no memory for a classifier of %d features", train->features);
  return ERR_OK;
}
