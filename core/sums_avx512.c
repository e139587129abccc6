/** @file
 *  Sums in 512-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m512 vf;
typedef __m512d vd;
typedef __m512i vi;
typedef __mmask16 some;
enum { LANES = 16, HALF = 8, HALVES = 2 };

#define LOAD_F          _mm512_loadu_ps
#define LOAD_SOME(p, m) _mm512_maskz_loadu_ps(m, p)
#define WIDE_SOME(p, m, h) \
  _mm512_cvtps_pd(_mm256_maskz_loadu_ps(EIGHT(m, h), (p) + (ptrdiff_t)(h)*HALF))
#define EIGHT(m, h)  ((__mmask8)((unsigned)(m) >> (8 * (h))))
#define SOME(n)      ((__mmask16)((n) >= LANES ? 0xffff : (n) > 0 ? (1 << (n)) - 1 : 0))
#define NOT_FIRST(m) ((__mmask16)((m) & ~1))
/* an index that is a constant without optimisation, too */
#define WIDE(v, h) \
  _mm512_cvtps_pd(((h) ? _mm512_extractf32x8_ps(v, 1) : _mm512_extractf32x8_ps(v, 0)))
#define SPLAT_F       _mm512_set1_ps
#define SPLAT_D       _mm512_set1_pd
#define STORE_D       _mm512_storeu_pd
#define LARGER(a, b)  _mm512_max_ps(b, a)
#define SMALLER(a, b) _mm512_min_ps(b, a)
#define IF_ABOVE(v, a, b) \
  _mm512_mask_blend_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ), b, a)
#define ABOVE(v)       _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_NLE_UQ)
#define BELOW(v)       _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_NGT_UQ)
#define ABOVE_OF(g, h) EIGHT(_mm512_cmp_ps_mask(g, _mm512_setzero_ps(), _CMP_NLE_UQ), h)
#define BELOW_OF(g, h) EIGHT(_mm512_cmp_ps_mask(g, _mm512_setzero_ps(), _CMP_NGT_UQ), h)
#define ADD_TO_ONE(p, n, above, below, q) \
  ((p) = _mm512_mask_add_pd(p, above, p, q), (n) = _mm512_mask_add_pd(n, below, n, q))
#define PAIRS 1
#define LOAD_PAIR(p, q, m)                                                          \
  _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_maskz_loadu_ps(EIGHT(m, 0), p)), \
                     _mm256_maskz_loadu_ps(EIGHT(m, 0), q), 1)
#define ONE_UP(v)   NUMBERS(_mm512_alignr_epi32(BITS(v), _mm512_setzero_si512(), 15))
#define ONE_DOWN(v) NUMBERS(_mm512_alignr_epi32(_mm512_setzero_si512(), BITS(v), 1))
#define UNLESS_NAN(e, w) \
  _mm512_mask_blend_pd(_mm512_cmp_pd_mask(w, w, _CMP_UNORD_Q), e, SPLAT_D((double)NAN))
#define BITS               _mm512_castps_si512
#define NUMBERS            _mm512_castsi512_ps
#define TOP                _mm512_max_epi32
#define LOW                _mm512_min_epu32
#define DEEP               _mm512_max_epu32
#define IF_SIGNED(b, x, y) _mm512_mask_blend_ps(_mm512_movepi32_mask(b), y, x)
#define HAS_SIGN(v)        ((int)(_mm512_movepi32_mask(BITS(v)) | _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q)))
#include "core/sums_kernels.inc"

const struct sums_kernels sums_avx512 = SUMS_KERNELS;
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
