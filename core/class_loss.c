/** @file
 *  Losses of a class. */
#include "core/class_loss.h"

#include "core/rows.h"
#include "core/vmath.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

int class_largest(const real *logits, int classes, int but)
{
  int best = -1;
  for (int c = 0; c < classes; c++)
    if (c != but && (best < 0 || logits[c] > logits[best])) best = c;
  return best;
}

/** y = exp(x - top); their sum. */
SIMD static double exponentials(const real *x, int n, real top, real *y)
{
  double sum;
  for (int i = 0; i < n; i++) y[i] = vmath_exp(x[i] - top);
  ROWS_SUM(n, (double)y[i], sum);
  return sum;
}

static double take_logit(const real *logits, int classes, int target, real *seed)
{
  memset(seed, 0, (size_t)classes * sizeof *seed);
  seed[target] = REAL(-1.0);
  return -(double)logits[target];
}

static double take_cross_entropy(const real *logits, int classes, int target, real *seed)
{
  const real top = logits[class_largest(logits, classes, -1)];
  const double sum = exponentials(logits, classes, top, seed);
  /* 1 - p of a sure class is the sum of the others: the difference would lose its digits */
  double others = 0.0;
  for (int c = 0; c < classes; c++) {
    others += c == target ? 0.0 : (double)seed[c];
    seed[c] = (real)((double)seed[c] / sum);
  }
  seed[target] = (real)(-others / sum);
  return (double)(top - logits[target]) + log(sum);
}

static double take_margin(const real *logits, int classes, int target, real *seed)
{
  const int other = class_largest(logits, classes, target);
  memset(seed, 0, (size_t)classes * sizeof *seed);
  seed[target] = REAL(-1.0);
  if (other < 0) return -(double)logits[target];
  seed[other] = REAL(1.0);
  return (double)logits[other] - (double)logits[target];
}

static const struct class_loss logit = {"logit", "-f_c(x)", take_logit};
static const struct class_loss cross_entropy = {"cross_entropy", "-log softmax_c(f(x))",
                                                take_cross_entropy};
static const struct class_loss margin = {"margin", "max of f_k(x), k not c, less f_c(x)",
                                         take_margin};

const struct class_loss *const class_loss_all[] = {&logit, &cross_entropy, &margin, NULL};

const struct class_loss *class_loss_find(const char *name)
{
  for (const struct class_loss *const *l = class_loss_all; *l; l++)
    if (!strcmp((*l)->name, name)) return *l;
  return NULL;
}
