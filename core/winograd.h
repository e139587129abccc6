#pragma once
/* Winograd's minimal filtering: outputs of a tile from fewer products than direct sums take.
 *
 *    Y = A' [ (G g G') * (B' d B) ] A        d: a tile of inputs, g: 3x3 weights, Y: a tile of outputs
 *
 * Its adjoint in d, for the input gradient, uses the same transformed weights:
 *
 *    dd = B [ (G g G') * (A dY A') ] B'
 *
 * Tiles are independent, so a transform runs over WINOGRAD_LANES of them at once: every array below holds
 * so many numbers side by side for each place of a tile. */
#include "core/real.h"

#include <stdint.h>

enum {
  WINOGRAD_LANES = 32,
  WINOGRAD_MOST_IN = 6,
  WINOGRAD_MOST = WINOGRAD_MOST_IN * WINOGRAD_MOST_IN /* places of any tile */
};

struct winograd_form {
  int stride, in, out;        /* a tile has in x in inputs and products, out x out outputs */
  int kinds;                  /* different transformed weights: kinds x kinds */
  int kind[WINOGRAD_MOST_IN]; /* whose those of product (i, j) are: (kind[i], kind[j]) */
  double weights[WINOGRAD_MOST_IN][3]; /* [kinds] rows of G */
  /* v = B' d B.  d [in, in] read only;  v [in in], each v_stride apart, overwritten */
  void (*input)(const real *d, real *v, int64_t v_stride);
  /* y = A' m A.  m as v, read only;  y [out, out] overwritten */
  void (*output)(const real *m, int64_t m_stride, real *y);
  /* m = A y A', the adjoint of output */
  void (*output_adjoint)(const real *y, real *m, int64_t m_stride);
  /* d = B v B', the adjoint of input */
  void (*input_adjoint)(const real *v, int64_t v_stride, real *d);
};

/** F(4x4, 3x3), stride 1: 36 products for 144.
 *  Source: Lavin and Gray 2015, arXiv:1509.09308, section 4; points 0, 1, -1, 2, -2, infinity. */
extern const struct winograd_form winograd_4x4;

/** F(2x2, 3x3), stride 2: 25 products for 36, of 16 kinds of weights, by additions alone.  Even inputs
 *  meet the first and the last weight: F(2, 2) with points 0, 1, infinity; odd inputs meet the middle
 *  one, as they are. */
extern const struct winograd_form winograd_2x2_strided;

/** u[i][j] = G g G', in double, because these weights serve every unit.
 *  g [3, 3] read only;  u [kinds kinds] overwritten */
void winograd_weights(const struct winograd_form *w, const real *g, real *u);
