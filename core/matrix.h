#pragma once
/* Products of matrices either of which may lie transposed. */
#include "core/product.h"

/** c = op(a) op(b), or c += op(a) op(b). */
struct matrix_product {
  int m, n, k;
  bool a_transposed, b_transposed, add;
  const real *a, *b;      /* [m, k] and [k, n], or their transposes; read only */
  real *c;                /* [m, n] */
  int64_t a_step, b_step; /* between rows as they lie */
  int64_t c_step;
  void *work; /* matrix_work_bytes */
};

/** Cannot fail; allocates nothing; one thread. */
void matrix_product(const struct matrix_product *p);
size_t matrix_work_bytes(int n, int k);
