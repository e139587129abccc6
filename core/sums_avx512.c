/** @file
 *  Sums in 512-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m512 vf;
typedef __m512d vd;
enum { LANES = 16, HALF = 8, HALVES = 2 };

#define LOAD_F        _mm512_loadu_ps
#define LOAD_WIDE(p)  _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define WIDE(v, h)    _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, h))
#define SPLAT_F       _mm512_set1_ps
#define SPLAT_D       _mm512_set1_pd
#define STORE_D       _mm512_storeu_pd
#define LARGER(a, b)  _mm512_max_ps(b, a)
#define SMALLER(a, b) _mm512_min_ps(b, a)
#define IF_ABOVE(v, a, b) \
  _mm512_mask_blend_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ), b, a)
#define ABOVE(v)             _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_NLE_UQ)
#define BELOW(v)             _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_NGT_UQ)
#define ADD_WHERE(acc, m, q) _mm512_mask_add_pd(acc, m, acc, q)
#define UNLESS_NAN(e, w) \
  _mm512_mask_blend_pd(_mm512_cmp_pd_mask(w, w, _CMP_UNORD_Q), e, SPLAT_D((double)NAN))
#define NOT_ABOVE_OR_ZERO(v) ((int)_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NGE_UQ))
#include "core/sums_kernels.inc"

const struct sums_kernels sums_avx512 = SUMS_KERNELS;
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
