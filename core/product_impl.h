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

enum {
  PRODUCT_SPARSE_VECTORS = 8, /* most vectors of rows of a column that are summed at once */
  PRODUCT_SPARSE_LEAST = 4,  /* fewest: each is a chain of its own, and several must be under way */
  PRODUCT_SPARSE_DEPTH = 64, /* most k of a mark */
  PRODUCT_SPARSE_COLUMNS = 512,            /* whose sums stay in the second-level cache */
  PRODUCT_SPARSE_MARK = 2 * PRODUCT_PANEL, /* a mark of all columns of a panel */
  PRODUCT_SPARSE_LANES = 16,               /* most of a vector */
  PRODUCT_SPARSE_ROWS = PRODUCT_SPARSE_VECTORS * PRODUCT_SPARSE_LANES
};

/** sums[j, :] = start + sum of b[l, j] a[l, :] over the l of a mark, in their order; start is sums[j, :]
 *  itself, or begin where that is given. */
struct product_skipping {
  int columns;
  const float *a;        /* [depth of a mark][vectors of rows] */
  const float *b;        /* panels, b_panel apart */
  const uint32_t *marks; /* [2][PRODUCT_PANEL] a panel, marks_panel apart */
  int64_t b_panel, marks_panel;
  float *sums;        /* [columns][vectors of rows] */
  const float *begin; /* [vectors of rows] or NULL */
};

/** Part of a packed a or of its transpose, as [depth][width]; what lies behind its rows stays. */
struct product_gather {
  const float *a;  /* the first block at k = 0 of the part */
  int64_t block;   /* between blocks */
  int first, rows; /* of op(a) */
  int depth, width;
  float *to;
};

/** Products that skip zeros of b, of one instruction set. */
struct product_sparse_kernel {
  int lanes; /* of a vector */
  int depth; /* of a mark */
  /* marks [k / depth][2][PRODUCT_PANEL] of a panel: bit l is set where b[l] of half a depth is not 0 */
  void (*mark)(int depth, const float *panel, uint32_t *marks);
  void (*sums[PRODUCT_SPARSE_VECTORS + 1])(const struct product_skipping *s);
  void (*rows)(const struct product_gather *g);
  void (*columns)(const struct product_gather *g);
  void (*transpose)(const float *from, int64_t from_step, float *to,
                    int64_t to_step); /* [lanes][lanes] */
};

enum {
  PRODUCT_THIN = 8,        /* most columns of a product that reads a once */
  PRODUCT_THIN_ROWS = 1024 /* whose sums stay in the first-level cache */
};

/** sums[j, i] += sum over l < depth of a[i, l] b[l, j], or of a[l, i], for a vector of rows i. */
struct product_thin {
  bool a_transposed;
  int rows, depth; /* rows: of the vector, that are there */
  const float *a, *b;
  int64_t a_step, b_step;
  float *sums; /* [columns][lanes] */
};

/** One instruction set. */
struct product_kernel {
  const char *vectors;
  int rows;  /* most rows of a tile */
  int width; /* columns of a tile; a narrow one has half of them */
  void (*copy)(const struct product_copy *c);
  /* [layout][narrow][rows - 1] */
  product_tile_of *tile[PRODUCT_LAYOUTS][2][PRODUCT_MAX_ROWS];
  const struct product_sparse_kernel *sparse;                   /* or NULL */
  void (*thin[PRODUCT_THIN + 1])(const struct product_thin *t); /* [columns], or NULL */
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
  float *sparse;              /* scratch of product_sparse */
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

/** Whether b at a part of k has so many zeros that to skip them takes less time; it looks at some rows of
 *  b [d.depth, r->n], those of `from` at [0, d.depth) or, with from_step 0, those of the panels. */
bool product_is_sparse(const struct product_run *r, struct product_depth d, const float *from,
                       int64_t from_step);

/** As product_all_rows, of a packed a, skipping zeros of b; the same bits. */
void product_sparse(const struct product_run *r, struct product_depth d, bool add,
                    const float *bias);

/** Floats of scratch of so many columns and so much of k at once; 0 where k is NULL. */
int product_sparse_floats(const struct product_sparse_kernel *k, int columns, int depth);

/** Whether a product has so few columns that product_thin takes less time. */
bool product_is_thin(const struct product *p);

/** As product_own; sums: scratch [PRODUCT_THIN_ROWS][PRODUCT_THIN]. */
void product_thin(const struct product_kernel *k, const struct product *p, float *sums);

/** The widest vectors that this CPU has with fused multiply-add; NULL for none. */
const struct product_kernel *product_native(void);

/** What computes: those, or plain C. */
const struct product_kernel *product_own_kernel(void);

extern const struct product_kernel product_portable; /* fmaf(): right everywhere, slow */
#ifdef PRODUCT_X86
extern const struct product_kernel product_avx2, product_avx512;
#endif

#endif
