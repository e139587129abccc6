#pragma once
/* The inside of matrix products: the program's own and their kernels, in which a tile of c stays in
 * registers while k runs. */
#include "core/product.h"

/* The program's own: as product(), product_panels() and their bytes; in core/product_own.c, but for the
 * double build, which never gets there. */
#ifdef RETROGRAD_DOUBLE
static inline void product_own(const struct product *p)
{
  (void)p;
}
static inline void product_own_panels(const struct product_panels *p)
{
  (void)p;
}
static inline size_t product_own_bytes(int n)
{
  (void)n;
  return 0;
}
#else
void product_own(const struct product *p);
void product_own_panels(const struct product_panels *p);
size_t product_own_bytes(int n);

enum {
  PRODUCT_DEPTH = 256,   /* of k at once: a's part of a tile then stays in the first-level cache */
  PRODUCT_MAX_ROWS = 14, /* of a tile */
  PRODUCT_ROW_STEP = 16, /* between k of a packed transposed a: [k][16] */
  PRODUCT_DEPTH_STEP = 272 /* between rows of a packed a, not a power of two: [rows][272] */
};

/** c[i, j] = start + sum over l < depth of a[i, l] b[l, j] for a tile of rows and columns; start is
 *  c[i, j] itself, or begin[i] where that is given. */
struct product_tile {
  int depth;
  const float *a;     /* packed, as the steps above say */
  const float *b;     /* [depth][PRODUCT_PANEL] */
  float *c;           /* rows c_step apart */
  const float *begin; /* [rows] or NULL */
  int64_t c_step;
};

typedef void product_tile_of(const struct product_tile *t);

/** Copies rows of `pieces` times n floats; the steps are those between rows and between pieces.
 *  Memory is asked for `ahead` rows early. */
struct product_copy {
  int rows, pieces, n, ahead;
  const float *from;
  float *to;
  int64_t from_row, from_piece, to_row, to_piece;
};

/** One instruction set. */
struct product_kernel {
  const char *vectors;
  int rows;  /* most rows of a tile */
  int width; /* columns of a tile; a narrow one has half of them */
  void (*copy)(const struct product_copy *c);
  /* [a transposed][narrow][rows - 1] */
  product_tile_of *tile[2][2][PRODUCT_MAX_ROWS];
};

/** The widest vectors that this CPU has with fused multiply-add; NULL for none. */
const struct product_kernel *product_native(void);

/** What computes: those, or plain C. */
const struct product_kernel *product_own_kernel(void);

extern const struct product_kernel product_portable; /* fmaf(): right everywhere, slow */
#ifdef PRODUCT_X86
extern const struct product_kernel product_avx2, product_avx512;
#endif

#endif
