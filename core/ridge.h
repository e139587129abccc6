#pragma once
/* A linear classifier in closed form: least squares with a penalty, towards one-hot labels.
 *
 *    W = argmin |X W - Y|^2 + penalty n |W|^2,   class of x: argmax_c (x W)_c
 *
 *  X: features less their mean over their standard deviation, Y: one-hot less its mean, of n samples.
 *  Source: Hoerl, Kennard 1970, doi:10.1080/00401706.1970.10488634. */
#include "core/err.h"

#include <stdint.h>

struct ridge_data {
  int64_t n;
  int features, classes;
  const double *x;  /* [n][features] read only */
  const int *label; /* [n] 0 .. classes - 1 */
};

/** Learn from `train`; *accuracy: the share of `test` that is classified right.  Sums in index order.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err ridge_accuracy(const struct ridge_data *train, const struct ridge_data *test,
                              double penalty, double *accuracy);
