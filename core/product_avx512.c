/** @file
 *  Tiles of 14 x 32 in 512-bit vectors: 28 accumulators of 32 registers. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

#define LANES                 16
#define VEC                   __m512
#define FMA                   _mm512_fmadd_ps
#define SPLAT                 _mm512_set1_ps
#define ROWS(X)               X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define STORE_FIRST(to, n, v) _mm512_mask_storeu_ps(to, (__mmask16)((1U << (n)) - 1U), v)
#define LOAD_FIRST(from, n)   _mm512_maskz_loadu_ps((__mmask16)((1U << (n)) - 1U), from)
#include "core/product_thin.inc"

const struct product_kernel product_avx512 = {"AVX-512",  14,      2 * LANES, copy,
                                              TILE_TABLE, &sparse, THIN_TABLE};
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
