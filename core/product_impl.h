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

/** How a's part of a tile lies: copied for this product, as the steps above say, or in a matrix that was
 *  packed once (struct product_order), whose blocks are as high as the kernel's highest tile.  A COPYING
 *  tile reads b in place, and leaves the panel for tiles that come later. */
enum product_layout {
  PRODUCT_PLAIN,
  PRODUCT_TRANSPOSED,
  PRODUCT_BLOCKS,            /* [depth][block] */
  PRODUCT_BLOCKS_TRANSPOSED, /* [depth / block] blocks a_block apart, in each [rows][block] */
  PRODUCT_COPYING = 2,       /* BLOCKS + COPYING, BLOCKS_TRANSPOSED + COPYING */
  PRODUCT_LAYOUTS = 6
};

/** c[i, j] = start + sum over l < depth of a[i, l] b[l, j] for a tile of rows and columns; start is
 *  c[i, j] itself, or begin[i] where that is given. */
struct product_tile {
  int depth;
  const float *a;
  const float *b;      /* [depth][PRODUCT_PANEL], or rows b_step apart */
  float *c;            /* rows c_step apart */
  const float *c_next; /* c of the tile that comes next, which is asked for */
  const float *begin;  /* [rows] or NULL */
  int64_t c_step;
  int64_t a_block, a_ahead; /* of BLOCKS; memory is asked for that far ahead of a */
  int64_t b_step;           /* of COPYING */
  float *panel;             /* overwritten with b */
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
  /* [layout][narrow][rows - 1] */
  product_tile_of *tile[PRODUCT_LAYOUTS][2][PRODUCT_MAX_ROWS];
};

/** A product under way: panel j of b and of c begin at b + j b_panel, c + j c_panel. */
struct product_run {
  const struct product_kernel *kernel;
  int m, n;
  bool a_transposed, edges; /* edges: columns beyond n are not c's */
  const float *a;
  int64_t a_step;
  struct product_packed packed_a;
  struct product_order order; /* of packed_a */
  const float
      *in_place; /* b, rows in_place_step apart, whose whole panels are to be copied; or NULL */
  int64_t in_place_step;
  float *b; /* written to where b is in place */
  float *c;
  int64_t b_panel, c_panel, c_step;
  float *packed, *edge, *row; /* scratch: tiles of a, a tile of c, a row of b */
};

enum {
  PRODUCT_PAD =
      80, /* floats between what is written side by side: powers of two share sets of a cache */
  PRODUCT_TILE_FLOATS =
      PRODUCT_DEPTH * PRODUCT_ROW_STEP + PRODUCT_PAD, /* of a packed tile of rows */
  PRODUCT_GROUP = 8, /* such tiles packed at once: long enough pieces of a transposed a's rows */
};

/** Part of k. */
struct product_depth {
  int from, depth, k; /* k in [from, from + depth) of all k */
};

/** All rows of c at a part of k, where r->b is. */
void product_all_rows(const struct product_run *r, struct product_depth d, bool add,
                      const float *bias);

/** The widest vectors that this CPU has with fused multiply-add; NULL for none. */
const struct product_kernel *product_native(void);

/** What computes: those, or plain C. */
const struct product_kernel *product_own_kernel(void);

extern const struct product_kernel product_portable; /* fmaf(): right everywhere, slow */
#ifdef PRODUCT_X86
extern const struct product_kernel product_avx2, product_avx512;
#endif

#endif
