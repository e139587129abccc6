#pragma once
/* Winograd's minimal filtering F(4x4, 3x3): sixteen outputs of a 3x3 correlation from 36 products
 * instead of 144.
 *
 *    Y = A' [ (G g G') * (B' d B) ] A        d: 6x6 inputs, g: 3x3 weights, Y: 4x4 outputs
 *
 * Its adjoint in d, for the input gradient, uses the same transformed weights:
 *
 *    dd = B [ (G g G') * (A dY A') ] B'
 *
 * Tiles are independent, so a transform runs over n of them at once: every array below holds n
 * numbers side by side for each of the 36 (or 16) places of a tile.
 * Source: Lavin and Gray 2015, arXiv:1509.09308, section 4; points 0, 1, -1, 2, -2, infinity. */
#include "core/real.h"

#include <stdint.h>

enum { WINOGRAD_IN = 6, WINOGRAD_OUT = 4, WINOGRAD_PRODUCTS = 36 };

/** u[f, i] = G g_i G' for n kernels.
 *  g  [n, 3, 3] read only;  u  [36, n] overwritten */
void winograd_weights(const real *g, int64_t n, real *u);

/* Every d, m, v and y below is [places][n], n a multiple of WINOGRAD_LANES. */
enum { WINOGRAD_LANES = 32 };

/** v = B' d B.
 *  d [6][6][n] read only;  work [36][WINOGRAD_LANES];  v [36] at stride v_stride, overwritten */
void winograd_input(const real *d, int n, real *work, real *v, int64_t v_stride);

/** y = A' m A.
 *  m [36] at stride m_stride, read only;  work [24][WINOGRAD_LANES];  y [4][4][n] overwritten */
void winograd_output(const real *m, int64_t m_stride, int n, real *work, real *y);

/** m = A y A', the adjoint of winograd_output.
 *  y [4][4][n] read only;  work [24][WINOGRAD_LANES];  m [36] at stride m_stride, overwritten */
void winograd_output_adjoint(const real *y, int n, real *work, real *m, int64_t m_stride);

/** d = B v B', the adjoint of winograd_input.
 *  v [36] at stride v_stride, read only;  work [36][WINOGRAD_LANES];  d [6][6][n] overwritten */
void winograd_input_adjoint(const real *v, int64_t v_stride, int n, real *work, real *d);
