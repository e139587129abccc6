/** @file
 *  A transposed right side is handed to the product row by row. */
#include "core/matrix.h"

/** Row k of b is column k of what is there. */
static void fill(const void *who, int k, int first, int n, real *row)
{
  const struct matrix_product *p = who;
  const real *restrict column = p->b + first * p->b_step + k;
  for (int j = 0; j < n; j++) row[j] = column[j * p->b_step];
}

void matrix_product(const struct matrix_product *p)
{
  product(&(struct product){.m = p->m,
                            .n = p->n,
                            .k = p->k,
                            .a_transposed = p->a_transposed,
                            .add = p->add,
                            .a = p->a,
                            .a_step = p->a_step,
                            .b = p->b,
                            .b_step = p->b_step,
                            .c = p->c,
                            .c_step = p->c_step,
                            .fill = p->b_transposed ? fill : NULL,
                            .who = p,
                            .work = p->work});
}

size_t matrix_work_bytes(int n, int k)
{
  const size_t plain = product_work_bytes(n), filled = product_fill_work_bytes(n, k);
  return plain > filled ? plain : filled;
}
