/** @file
 *  Constant matrices in the order in which tiles read them. */
#include "core/product.h"
#include "core/product_impl.h"

#include <math.h>

#ifdef RETROGRAD_DOUBLE
static int block_rows(void)
{
  return 0;
}
#else
static int block_rows(void)
{
  return product_is_blas() ? 0 : product_own_kernel()->rows;
}
#endif

enum { LINE = 16, MIN_APART = 4 }; /* floats of a line of the cache; lines */

/* A transposed tile reads a piece of each of some twenty blocks over and over again: those must not
 * all begin in the same sets of the cache, nor in few of them.  Sets repeat every 64 lines. */
struct product_order product_order_of(int columns)
{
  struct product_order o = {.rows = block_rows()};
  int64_t lines = ((int64_t)o.rows * columns + LINE - 1) / LINE;
  while (o.rows > 1 && (lines % 32 < MIN_APART || lines % 32 > 32 - MIN_APART)) lines++;
  o.step = o.rows > 1 ? lines * LINE : columns;
  return o;
}

int64_t product_packed_count(int rows, int columns)
{
  const struct product_order o = product_order_of(columns);
  return o.rows ? (rows + o.rows - 1) / o.rows * o.step + PRODUCT_TAIL : 0;
}

void product_pack(int rows, int columns, const real *a, int64_t a_step, real *packed)
{
  const struct product_order o = product_order_of(columns);
  const int64_t n = product_packed_count(rows, columns);
  bool finite = true;
  for (int64_t i = 0; i < n; i++) packed[i] = REAL(0.0);
  for (int i = 0; o.rows && i < rows; i++) {
    for (int j = 0; j < columns; j++) {
      packed[product_packed_at(&o, i, j)] = a[i * a_step + j];
      finite = finite && isfinite(a[i * a_step + j]);
    }
  }
  if (o.rows) packed[n - PRODUCT_TAIL] = finite ? REAL(1.0) : REAL(0.0);
}
