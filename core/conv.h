#pragma once
/* Convolution: what its kernels share.  A kernel is one way of computing it (conv_<name>.c and a
 * line in the list of op_conv.c); the first that fits a geometry does both directions. */
#include "core/op.h"
#include "core/product.h"
#include "core/window.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>

struct conv_kernel;

/** The geometry of one convolution; the private attribute of the operator Conv. */
struct conv {
  int channels, outputs, groups; /* C, M, G */
  int in[2], out[2];             /* rows and columns */
  struct window window;
  const struct conv_kernel *kernel, *plain; /* the first that fits; without Winograd */
};

/** Inputs of the node: x [C, batch, H, W], w [M, C/G, KH, KW], and maybe b [M]. */
enum { CONV_X, CONV_W, CONV_B };

struct conv_kernel {
  const char *name;
  bool (*fits)(const struct conv *a);
  size_t (*work_bytes)(const struct conv *a, int batch); /* NULL: none */
  size_t (*prepared_bytes)(const struct conv *a);        /* NULL: none */
  void (*prepare)(const struct conv *a, const real *w, void *prepared);
  void (*forward)(const struct op_fwd *c);
  void (*backward)(const struct op_bwd *c); /* dx[0] is not NULL */
  bool can_set; /* backward obeys `set`; else dx[0] is zeros where it is set */
};

/** Kernel 1 x 1, stride 1, no padding: a matrix product without a copy. */
extern const struct conv_kernel conv_pointwise;

/** One input channel a group: direct loops over padded planes. */
extern const struct conv_kernel conv_depthwise;

/** Kernel 3 x 3, stride 1 or 2, many channels: Winograd's F(4x4, 3x3), a quarter of the products, or
 *  F(2x2, 3x3), 25 of 36. */
extern const struct conv_kernel conv_winograd;

/** Anything: receptive fields copied into columns, block by block, and matrix products. */
extern const struct conv_kernel conv_columns;

/** Weights as matrices [M/G, C/G KH KW], one a group, packed for products: bytes, 0 where they need no
 *  packing; and packing them. */
size_t conv_packed_bytes(const struct conv *a);
void conv_pack(const struct conv *a, const real *w, void *prepared);

/** Let a product have the weights of group g: packed where the node has them so, else plain.
 *  p->a_transposed is set already; first: the column that a transposed product begins with. */
void conv_give_weights(const struct op_site *at, const real *w, int g, int first,
                       struct product *p);

/** Positions of a plane over the whole unit: columns of the matrix products, whose extents are int.
 *  The plan keeps a unit small enough. */
static inline int conv_positions(int batch, const int extent[2])
{
  const int64_t n = (int64_t)batch * extent[0] * extent[1];
  assert(n <= INT_MAX);
  return (int)n;
}

/** The biases of all outputs, or NULL. */
static inline const real *conv_biases(const struct op_site *at, const real *const *x)
{
  return at->n_in > CONV_B && at->in[CONV_B].present ? x[CONV_B] : NULL;
}

/* For struct op_linear of convolutions in either direction. */
static inline int conv_weights(const struct op_site *at)
{
  (void)at;
  return CONV_W;
}
static inline int conv_channels(const struct op_site *at)
{
  return at->ys.dim[1];
}
static inline real conv_bias_at(const struct op_site *at, int output)
{
  const bool given = at->n_in > CONV_B && at->in[CONV_B].present;
  return given ? at->in[CONV_B].data[output] : REAL(0.0);
}

/** The bias of output m, or 0. */
static inline real conv_bias(const struct op_site *at, const real *const *x, int m)
{
  const real *b = conv_biases(at, x);
  return b ? b[m] : REAL(0.0);
}
