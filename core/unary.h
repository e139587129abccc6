#pragma once
/* What operators y_i = f(x_i) share: loops around f and its derivative, which an operator gives as two
 * functions marked SIMD_PART, and at most two constants. */
#include "core/elementwise.h"
#include "core/simd.h"

/** The private attribute of every such operator. */
struct unary {
  real alpha, beta;
};

/** attr := the float attributes alpha and beta, or what they are otherwise. */
MUST_CHECK err unary_parse(const struct attr_list *list, float alpha, float beta, void *attr);

/** `parse` of operators without constants. */
MUST_CHECK err unary_parse_none(const struct attr_list *list, int opset, void *attr);

/** Loops, to be used once after
 *
 *    SIMD_PART real value(real x, const struct unary *a)   f(x)
 *    SIMD_PART real slope(real v, const struct unary *a)   f'(x) from v = x, or from v = f(x)
 *
 *  They are `forward`, and `backward_from_x` or `backward_from_y`:  dx (+)= dy slope(v).  y may be x, and
 *  dx may be dy where it is set. */
#define UNARY_FORWARD                                                                \
  SIMD static void map(const real *x, int64_t n, const struct unary *given, real *y) \
  {                                                                                  \
    const struct unary a = *given;                                                   \
    SIMD_INDEPENDENT                                                                 \
    for (int64_t i = 0; i < n; i++) y[i] = value(x[i], &a);                          \
  }                                                                                  \
  static void forward(const struct op_fwd *c)                                        \
  {                                                                                  \
    map(c->x[0], elementwise_count(c->at), c->at->attr, c->y);                       \
  }

#define UNARY_BACKWARD(name, v)                                                                \
  SIMD static void scale_set(const real *from, const real *dy, int64_t n,                      \
                             const struct unary *given, real *dx)                              \
  {                                                                                            \
    const struct unary a = *given;                                                             \
    SIMD_INDEPENDENT                                                                           \
    for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * slope(from[i], &a);                        \
  }                                                                                            \
  SIMD static void scale_add(const real *restrict from, const real *restrict dy, int64_t n,    \
                             const struct unary *given, real *restrict dx)                     \
  {                                                                                            \
    const struct unary a = *given;                                                             \
    for (int64_t i = 0; i < n; i++) dx[i] += dy[i] * slope(from[i], &a);                       \
  }                                                                                            \
  static void name(const struct op_bwd *c)                                                     \
  {                                                                                            \
    if (!c->dx[0]) return;                                                                     \
    (op_sets(c, 0) ? scale_set : scale_add)((v), c->dy, elementwise_count(c->at), c->at->attr, \
                                            c->dx[0]);                                         \
  }

#define UNARY_FROM_X UNARY_FORWARD UNARY_BACKWARD(backward, c->x[0])
#define UNARY_FROM_Y UNARY_FORWARD UNARY_BACKWARD(backward, c->y)

/** The fields that every such operator has alike. */
#define UNARY_FIELDS                                                                              \
  .min_in = 1, .max_in = 1, .infer = elementwise_infer, .forward = forward, .backward = backward, \
  .can_set = true, .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD

/** The same for operators without constants. */
#define UNARY_PLAIN_FIELDS \
  UNARY_FIELDS, .attr_bytes = sizeof(struct unary), .parse = unary_parse_none
