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

/** What the backward of a group wants to know: a row's part of a sum, and dx (+)= from that sum. */
typedef double softmax_row_sum(const real *y, const real *dy, int64_t n);
typedef void softmax_back_row(const real *y, const real *dy, int64_t n, double sum, bool set,
                              real *dx);
void softmax_backward(const struct op_bwd *c, softmax_row_sum *row_sum, softmax_back_row *back_row);

/** The fields that both have alike. */
#define SOFTMAX_FIELDS                                                                            \
  .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct softmax), .parse = softmax_parse,         \
  .infer = softmax_infer, .forward = forward, .backward = backward, .backward_reads = OP_READS_Y, \
  .can_set = true
