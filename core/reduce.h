#pragma once
/* What the operators that reduce axes to one number share: which axes, where each element goes, sums in
 * double. */
#include "core/axes.h"
#include "core/nest.h"
#include "core/rows.h"

struct reduce {
  struct axes axes;
  bool keep;       /* reduced axes stay, with extent 1 */
  bool noop;       /* no axes: nothing is reduced; else all are */
  unsigned set;    /* bit i: axis i is reduced */
  int64_t reduced; /* elements that make one */
};

/** Read axes, keepdims and noop_with_empty_axes; axes are an input from opset `since` on. */
MUST_CHECK err reduce_parse(const struct attr_list *list, int opset, int since, struct reduce *a);

/** `parse` of those whose axes are an input from opset 18 on. */
MUST_CHECK err reduce_parse_18(const struct attr_list *list, int opset, void *attr);

MUST_CHECK err reduce_infer(void *attr, const struct operand *in, int n_in, struct shape *ys);

/** Loops over the input in the order of its memory: array 0 the input, 1 the output. */
struct nest reduce_nest(const struct op_site *at);

/** What an operator makes of a row of x. */
struct reduce_rows {
  double start; /* before the first element */
  /** All n elements to one number. */
  double (*one)(const real *x, int64_t n, double before);
  /** Element i to acc[i step]. */
  void (*each)(const real *x, int64_t n, double *acc, int64_t step);
  /** The result, from that number and how many elements made it. */
  double (*finish)(double acc, double count);
};

/** The rows functions `one` and `each` that add up `term`, an expression in the double x. */
#define REDUCE_SUM_ROWS(term)                                                                  \
  SIMD_PART double term_of(double x)                                                           \
  {                                                                                            \
    return (term);                                                                             \
  }                                                                                            \
  SIMD static double one(const real *restrict x, int64_t n, double before)                     \
  {                                                                                            \
    double sum;                                                                                \
    ROWS_SUM(n, term_of((double)x[i]), sum);                                                   \
    return before + sum;                                                                       \
  }                                                                                            \
  SIMD static void each(const real *restrict x, int64_t n, double *restrict acc, int64_t step) \
  {                                                                                            \
    if (step == 1) {                                                                           \
      for (int64_t i = 0; i < n; i++) acc[i] += term_of((double)x[i]);                         \
    } else {                                                                                   \
      for (int64_t i = 0; i < n; i++) acc[i * step] += term_of((double)x[i]);                  \
    }                                                                                          \
  }

/** Scratch: a double for each element of the output. */
size_t reduce_work_bytes(const struct op_site *at);

void reduce_forward(const struct op_fwd *c, const struct reduce_rows *rows);

/** dx[i] (+)= dy slope(x[i], y, count); x and y may be NULL where the slope reads neither. */
void reduce_backward(const struct op_bwd *c, double (*slope)(double x, double y, double count));

/** dx[i] (+)= dy factor: the backward of sums. */
void reduce_spread(const struct op_bwd *c, double factor);

/** The fields that every such operator has alike. */
#define REDUCE_FIELDS                                                                   \
  .min_in = 1, .max_in = 2, .attr_bytes = sizeof(struct reduce), .infer = reduce_infer, \
  .forward = forward, .backward = backward, .can_set = true

/** Forward by the operator's `rows`, and backward by its `slope`. */
#define REDUCE_FORWARD                        \
  static void forward(const struct op_fwd *c) \
  {                                           \
    reduce_forward(c, &rows);                 \
  }
#define REDUCE_BACKWARD                        \
  static void backward(const struct op_bwd *c) \
  {                                            \
    reduce_backward(c, slope);                 \
  }
