#pragma once
/* Matrix products: the program's own, or OpenBLAS's.
 *
 * The program's own run on every CPU with fused multiply-add.  Each element is one chain
 *
 *    c = fma(a[m, K-1], b[K-1, n], ... fma(a[m, 1], b[1, n], fma(a[m, 0], b[0, n], start)) ... )
 *
 * in the order of k, and 0 instead of -0 at its end, whatever the tiles, blocks and vectors: its bits
 * depend on its row of a and its column of b alone, not on the CPU, on the other columns or on how many
 * there are. */
#include "core/real.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRODUCT_PANEL = 32 }; /* columns of a panel of the program's own kernels */

/** Whose kernels: our own where the CPU has fused multiply-add, else OpenBLAS's; or one of the two
 *  whatever the CPU (our own is then slow without such instructions). */
enum product_choice { PRODUCT_AUTO, PRODUCT_OWN, PRODUCT_OPENBLAS };

/** Choose; before the first plan is made, because layouts depend on it.  Without it: PRODUCT_AUTO. */
void product_choose(enum product_choice choice);

/** Whether products are OpenBLAS's. */
bool product_is_blas(void);

/** The kernel family that decides the bits: "retrograd-fma 2", or blas_family(). */
const char *product_family(void);

/** What computes here, for people: "AVX-512", or OpenBLAS's core. */
const char *product_vectors(void);

enum {
  PRODUCT_ROOM = 16, /* elements behind a row that product_fill may overwrite */
  PRODUCT_TAIL =
      16 /* behind the blocks of a packed matrix: the first is 1 where all that is in them is
                        finite, else 0; vectors may read the others */
};

/** Makes columns [first, first + n) of row k of b, where b is not there as a matrix: row [n]. */
typedef void product_fill(const void *who, int k, int first, int n, real *row);

/** A constant matrix that product_pack packed, instead of a. */
struct product_packed {
  const real *at; /* NULL: none */
  int columns;    /* of it: k, or as many as m at least where it is transposed */
  int first;      /* the column that is row 0 of a transposed a; else 0 */
};

/** c = bias + op(a) b, or c += op(a) b; row-major. */
struct product {
  int m, n, k;
  bool a_transposed; /* a is [k, m] */
  bool add;
  const real *a; /* [m, k], rows a_step apart; read only */
  struct product_packed packed;
  const real *b; /* [k, n], rows b_step apart; read only */
  real *c;       /* [m, n], rows c_step apart; overwritten, or accumulated with `add` */
  int64_t a_step, b_step, c_step;
  const real *bias;   /* [m] begins every row; NULL: 0; not with `add` */
  product_fill *fill; /* instead of b: it is made row by row as it is wanted */
  const void *who;    /* handed to `fill` */
  void *work;         /* product_work_bytes */
};

/** Cannot fail; allocates nothing; one thread. */
void product(const struct product *p);
size_t product_work_bytes(int n);

/** Scratch of a product with `fill`. */
size_t product_fill_work_bytes(int n, int k);

/** A constant matrix in the order in which tiles read it, its rows in blocks: products with it as a,
 *  transposed or not, pack nothing.  The order depends on the CPU. */
struct product_order {
  int rows;     /* of a block */
  int64_t step; /* between blocks, in numbers */
};

/** The order of matrices with so many columns; rows is 0 where products pack nothing. */
struct product_order product_order_of(int columns);

/** Numbers of a packed matrix; 0 where there are none. */
int64_t product_packed_count(int rows, int columns);

/** Where element (row, column) of a packed matrix is; o->rows is not 0. */
static inline int64_t product_packed_at(const struct product_order *o, int row, int column)
{
  assert(o->rows > 0);
  return row / o->rows * o->step + (int64_t)column * o->rows + row % o->rows;
}

/** a [rows, columns], rows a_step apart, read only;  packed [product_packed_count] overwritten */
void product_pack(int rows, int columns, const real *a, int64_t a_step, real *packed);

/** Products whose right side and result lie in panels: columns [j width, (j + 1) width) of b are
 *  [k, width] at b + j b_panel, and those of c [m, width] at c + j c_panel.  width is that of
 *  product_panel_width. */
struct product_panels {
  int m, n, k, width;
  bool a_transposed;
  const real *a; /* as in struct product */
  int64_t a_step;
  struct product_packed packed;
  real *b; /* read only; columns from n to the end of the last panel hold any numbers */
  real *c; /* overwritten, with anything in those columns */
  int64_t b_panel, c_panel;
  void *work; /* product_panels_work_bytes */
};

void product_panels(const struct product_panels *p);
size_t product_panels_work_bytes(void);

/** Columns of a panel where `n` are wanted: PRODUCT_PANEL, or for OpenBLAS all of them in whole
 *  multiples of it. */
int product_panel_width(int n);
