/** @file
 *  Tiles of 6 x 16 in 256-bit vectors: 12 accumulators of 16 registers. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

#define LANES                 8
#define VEC                   __m256
#define FMA                   _mm256_fmadd_ps
#define SPLAT                 _mm256_set1_ps
#define ROWS(X)               X(1) X(2) X(3) X(4) X(5) X(6)
#define FIRST(n)              _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define STORE_FIRST(to, n, v) _mm256_maskstore_ps(to, FIRST(n), v)
#define LOAD_FIRST(from, n)   _mm256_maskload_ps(from, FIRST(n))
#include "core/product_thin.inc"

const struct product_kernel product_avx2 = {"AVX2",     6,       2 * LANES, copy,
                                            TILE_TABLE, &sparse, THIN_TABLE};
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
