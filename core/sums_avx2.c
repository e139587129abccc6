/** @file
 *  Sums in 256-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m256 vf;
typedef __m256d vd;
typedef __m256i vi;
typedef __m256i some;
enum { LANES = 8, HALF = 4, HALVES = 2 };

#define LOAD_F          _mm256_loadu_ps
#define LOAD_SOME(p, m) _mm256_maskload_ps(p, m)
#define WIDE_SOME(p, m, h)                       \
  _mm256_cvtps_pd(                               \
      _mm_maskload_ps((p) + (ptrdiff_t)(h)*HALF, \
                      ((h) ? _mm256_extracti128_si256(m, 1) : _mm256_extracti128_si256(m, 0))))
#define SOME(n)      _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define NOT_FIRST(m) _mm256_and_si256(m, _mm256_setr_epi32(0, -1, -1, -1, -1, -1, -1, -1))
/* an index that is a constant without optimisation, too */
#define WIDE(v, h) \
  _mm256_cvtps_pd(((h) ? _mm256_extractf128_ps(v, 1) : _mm256_extractf128_ps(v, 0)))
#define SPLAT_F           _mm256_set1_ps
#define SPLAT_D           _mm256_set1_pd
#define STORE_D           _mm256_storeu_pd
#define LARGER(a, b)      _mm256_max_ps(b, a)
#define SMALLER(a, b)     _mm256_min_ps(b, a)
#define IF_ABOVE(v, a, b) _mm256_blendv_ps(b, a, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ))
#define ABOVE(v)          _mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_NLE_UQ)
#define BELOW(v)          _mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_NGT_UQ)
#define ABOVE_OF(g, h)    ABOVE(WIDE(g, h))
#define BELOW_OF(g, h)    BELOW(WIDE(g, h))
#define ADD_TO_ONE(p, n, above, below, q) \
  ((p) += _mm256_and_pd(above, q), (n) += _mm256_and_pd(below, q))
#define PAIRS              0
#define LOAD_PAIR(p, q, m) LOAD_SOME(p, m)
#define ONE_UP(v)          (v)
#define ONE_DOWN(v)        (v)
#define UNLESS_NAN(e, w) \
  _mm256_blendv_pd(e, SPLAT_D((double)NAN), _mm256_cmp_pd(w, w, _CMP_UNORD_Q))
#define BITS               _mm256_castps_si256
#define NUMBERS            _mm256_castsi256_ps
#define TOP                _mm256_max_epi32
#define LOW                _mm256_min_epu32
#define DEEP               _mm256_max_epu32
#define IF_SIGNED(b, x, y) _mm256_blendv_ps(y, x, NUMBERS(b))
#define HAS_SIGN(v)        _mm256_movemask_ps(_mm256_or_ps(v, _mm256_cmp_ps(v, v, _CMP_UNORD_Q)))
#include "core/sums_kernels.inc"

const struct sums_kernels sums_avx2 = SUMS_KERNELS;
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
