#pragma once
/* What operators y = f(a, b) under numpy's broadcasting share: loops around f and its two derivatives,
 * which an operator gives as functions marked SIMD_PART. */
#include "core/op.h"
#include "core/simd.h"

/** y[i] = f(a[i step_a], b[i step_b]), n elements. */
typedef void binary_row(const real *a, int64_t step_a, const real *b, int64_t step_b, int64_t n,
                        real *y);

/** The row function `name` around `SIMD_PART real f(real a, real b)`; y may be a or b. */
#define BINARY_ROW(name, f)                                                                      \
  SIMD static void name(const real *a, int64_t step_a, const real *b, int64_t step_b, int64_t n, \
                        real *y)                                                                 \
  {                                                                                              \
    const real first_a = a[0], first_b = b[0];                                                   \
    if (step_a == 1 && step_b == 1) {                                                            \
      SIMD_INDEPENDENT                                                                           \
      for (int64_t i = 0; i < n; i++) y[i] = f(a[i], b[i]);                                      \
    } else if (step_a == 1 && step_b == 0) {                                                     \
      SIMD_INDEPENDENT                                                                           \
      for (int64_t i = 0; i < n; i++) y[i] = f(a[i], first_b);                                   \
    } else if (step_a == 0 && step_b == 1) {                                                     \
      SIMD_INDEPENDENT                                                                           \
      for (int64_t i = 0; i < n; i++) y[i] = f(first_a, b[i]);                                   \
    } else {                                                                                     \
      for (int64_t i = 0; i < n; i++) y[i] = f(a[i * step_a], b[i * step_b]);                    \
    }                                                                                            \
  }

/** y = f(x[i], x[j]) with inputs i and j of the node, or those arrays in their layout. */
void binary_rows(const struct op_site *at, int i, int j, binary_row *f, const real *a,
                 const real *b, real *y);

/** Forward of an operator with two inputs. */
void binary_forward(const struct op_fwd *c, binary_row *value);

/** dx[k] += sum over what input k was broadcast along of  dy slope_k(x[0], x[1]). */
void binary_backward(const struct op_bwd *c, binary_row *slope_a, binary_row *slope_b);

/** The fields that operators with two inputs and a derivative to each have alike. */
#define BINARY_FIELDS                                                                  \
  .min_in = 2, .max_in = 2, .infer = broadcast_infer, .work_bytes = binary_work_bytes, \
  .forward = forward, .backward = backward, .backward_reads = OP_READS_X

/** Scratch of binary_backward: one number an element of the output. */
size_t binary_work_bytes(const struct op_site *at);

/** dx += sum over what input i was broadcast along of w.  w as the output is stored, read only. */
void binary_sum(const struct op_site *at, int i, const real *w, real *dx);

/** w[i] *= dy[i], n elements. */
void binary_weigh(const real *dy, int64_t n, real *w);
