#pragma once
/* Normalisations of groups of elements at inference, forward and backward:
 *
 *    y = (x - mean) inv scale + bias,   inv = 1 / sqrt(variance + epsilon)
 *
 *  with mean and variance (that of the group, divided by its size) in double. */
#include "core/groups.h"

struct normalise {
  struct groups groups;
  double epsilon;
  /* Element (a, b) of group k is scaled by element  offset(k) + a step_a + b step_b  of the scale and of
   * the bias. */
  int64_t step_a, step_b;
  int64_t offset_every, offset_step; /* offset(k) = k / offset_every * offset_step */
};

/** Bytes for mean and inv of every group: the node's aux. */
size_t normalise_aux_bytes(const struct normalise *n);

/** scale, bias: constants; bias may be NULL.  aux overwritten. */
void normalise_forward(const struct normalise *n, const real *x, const real *scale,
                       const real *bias, void *aux, real *y);

/** dx (+)= inv (g - mean of g - xhat mean of (g xhat)),  g = dy scale,  xhat = (x - mean) inv. */
void normalise_backward(const struct normalise *n, const real *x, const real *scale,
                        const void *aux, const real *dy, bool set, real *dx);

/** Read `epsilon`, 1e-5 where absent.  Errors: ERR_FORMAT unless it is at least 0. */
MUST_CHECK err normalise_parse(const struct attr_list *list, double *epsilon);
