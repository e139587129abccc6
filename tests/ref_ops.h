#pragma once
/* Every operator again, as naive loops in double over the logical row-major tensors of one sample,
 * written from the ONNX formulas and sharing no code with core. */
#include "core/attr.h"

enum { REF_RANK = 6, REF_INPUTS = 6 };

struct ref_tensor {
  int rank;
  int dim[REF_RANK];
  double *v; /* row-major; NULL when absent or integers */
  const int64_t *ints;
};

struct ref_call {
  const struct attr_list *attrs;
  int opset, n_in;
  struct ref_tensor in[REF_INPUTS];
  struct ref_tensor y; /* out: new, free v */
  double *scale; /* out: new; sum of |terms| of every element, 0 where no rounding is allowed */
  int terms;     /* out: at most so many roundings of numbers of that size */
};

/** The reference of an ONNX operator, or NULL. */
void (*ref_find(const char *op))(struct ref_call *c);

/** dx += the signal of every output of a MaxPool at its winner: the first maximum in row-major order, or
 *  the last NaN.  dy as y, dx as in[0]; after the reference of MaxPool. */
void ref_max_backward(const struct ref_call *c, const double *dy, double *dx);
