#pragma once
/* What Softmax and LogSoftmax share: the axis, and the sum of exponentials of a group.  Before opset 13
 * over all dimensions from `axis` on, since then along one axis. */
#include "core/groups.h"

struct softmax {
  bool to_the_end; /* over all dimensions from the axis on */
  int64_t given;
  int axis;
};

MUST_CHECK err softmax_parse(const struct attr_list *list, int opset, void *attr);
MUST_CHECK err softmax_infer(void *attr, const struct operand *in, int n_in, struct shape *ys);

struct groups softmax_groups(const struct op_site *at);

/** *top = the largest x of a group (-infinity where all are NaN), y_i = exp(x_i - top); returns their sum in
 *  double.  x and y at the group's first element; y may not be x. */
double softmax_exponentials(const struct groups *g, const real *x, real *y, real *top);
