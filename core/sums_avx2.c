/** @file
 *  Sums in 256-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m256 vf;
typedef __m256d vd;
enum { LANES = 8, HALF = 4, HALVES = 2 };

#define LOAD_F               _mm256_loadu_ps
#define LOAD_WIDE(p)         _mm256_cvtps_pd(_mm_loadu_ps(p))
#define WIDE(v, h)           _mm256_cvtps_pd(_mm256_extractf128_ps(v, h))
#define SPLAT_F              _mm256_set1_ps
#define SPLAT_D              _mm256_set1_pd
#define STORE_D              _mm256_storeu_pd
#define LARGER(a, b)         _mm256_max_ps(b, a)
#define SMALLER(a, b)        _mm256_min_ps(b, a)
#define IF_ABOVE(v, a, b)    _mm256_blendv_ps(b, a, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ))
#define ABOVE(v)             _mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_NLE_UQ)
#define BELOW(v)             _mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_NGT_UQ)
#define ADD_WHERE(acc, m, q) _mm256_add_pd(acc, _mm256_and_pd(m, q))
#define UNLESS_NAN(e, w) \
  _mm256_blendv_pd(e, SPLAT_D((double)NAN), _mm256_cmp_pd(w, w, _CMP_UNORD_Q))
#define NOT_ABOVE_OR_ZERO(v) _mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NGE_UQ))
#include "core/sums_kernels.inc"

const struct sums_kernels sums_avx2 = SUMS_KERNELS;
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
