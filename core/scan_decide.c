/** @file
 *  Scores, the classic index, p-values. */
#include "core/scan_decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct null_model {
  const char *name, *network; /* of the population; its architecture */
  int classes;
  double score;
};
#define NULL_MODEL(name, network, classes, score) {name, network, classes, score},
static const struct null_model null_models[] = {
#include "core/scan_null_list.h"
};
#undef NULL_MODEL

enum { NULL_MODELS = sizeof null_models / sizeof *null_models };

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/** The finite numbers of x, sorted. */
static int sorted(const double *x, int n, double *work)
{
  int m = 0;
  for (int i = 0; i < n; i++)
    if (isfinite(x[i])) work[m++] = x[i];
  qsort(work, (size_t)m, sizeof *work, ascending);
  return m;
}

double scan_median(const double *x, int n, double *work)
{
  const int m = sorted(x, n, work);
  if (!m) return (double)NAN;
  return m % 2 ? work[m / 2] : 0.5 * (work[m / 2 - 1] + work[m / 2]);
}

double scan_anomaly_index(const double *x, int n, double *work, int *at)
{
  const int m = sorted(x, n, work);
  *at = -1;
  if (m < 3) return (double)NAN;
  const double least = work[0], middle = scan_median(x, n, work);
  for (int i = 0; i < m; i++) work[i] = fabs(work[i] - middle);
  qsort(work, (size_t)m, sizeof *work, ascending);
  const double mad = 1.4826 * (m % 2 ? work[m / 2] : 0.5 * (work[m / 2 - 1] + work[m / 2]));
  if (!(mad > 0.0)) return (double)NAN;
  for (int i = n - 1; i >= 0; i--)
    if (x[i] == least) *at = i;
  return fabs(least - middle) / mad;
}

double scan_log_gain(double gain)
{
  return isnan(gain) ? gain : log(gain > 0.1 ? gain : 0.1);
}

double scan_lead(const double *x, int n, int c)
{
  double best = (double)NAN;
  bool differ = false;
  for (int k = 0; k < n; k++) {
    if (k == c || !isfinite(x[k])) continue;
    if (!(x[k] <= best)) best = x[k];
    differ = differ || x[k] != x[c];
  }
  return isfinite(x[c]) && isfinite(best) && differ ? x[c] - best : (double)NAN;
}

double scan_score(const double lead[SCAN_TESTS], int *which)
{
  double best = (double)NAN;
  for (int t = 0; t < SCAN_TESTS; t++) {
    if (!isfinite(lead[t]) || lead[t] <= best) continue;
    best = lead[t];
    if (which) *which = t;
  }
  return best;
}

int scan_null_models(void)
{
  return NULL_MODELS;
}

double scan_least_p(void)
{
  return 1.0 / (1.0 + NULL_MODELS);
}

double scan_p_counted(double score)
{
  int above = 0;
  if (isnan(score)) return 1.0;
  for (int i = 0; i < NULL_MODELS; i++) above += null_models[i].score >= score;
  return (1.0 + above) / (1.0 + NULL_MODELS);
}

double scan_null_scale(void)
{
  double sum = 0.0,
         harmonic = 0.0; /* the largest of n exponential numbers has mean scale (1 + ... + 1/n) */
  for (int i = 0; i < NULL_MODELS; i++) sum += null_models[i].score;
  for (int t = 1; t <= SCAN_TESTS; t++) harmonic += 1.0 / t;
  return sum / NULL_MODELS / harmonic;
}

double scan_p(double score)
{
  if (!(score > 0.0)) return 1.0;
  return 1.0 - pow(1.0 - exp(-score / scan_null_scale()), SCAN_TESTS);
}

double scan_probability(double score)
{
  static const double curve[2] = {
#include "core/scan_null_curve.h"
  };
  return isnan(score) ? 0.5 : 1.0 / (1.0 + exp(-(curve[0] + curve[1] * score)));
}
