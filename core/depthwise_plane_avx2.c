/** @file
 *  Planes of depthwise convolutions in 256-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m256 vec;
typedef __m256i some;
enum { LANES = 8 };

#define SPLAT      _mm256_set1_ps
#define FMA        _mm256_fmadd_ps
#define AT_MOST(n) ((int)((n) < LANES ? (n) : LANES))
#define BELOW(n) \
  _mm256_cmpgt_epi32(_mm256_set1_epi32(AT_MOST(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define BETWEEN(from, to) _mm256_andnot_si256(BELOW(from), BELOW(to))
#define NO_LANES          _mm256_setzero_si256()
#define IN_ORDER(v) \
  _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), _MM_SHUFFLE(3, 1, 2, 0)))
#define EVEN(a, b)          IN_ORDER(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)))
#define ODD(a, b)           IN_ORDER(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)))
#define HALVES(a, b, which) _mm256_permute2f128_ps(a, b, which)
#define LOW_IN_TURN(a, b)   HALVES(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20)
#define HIGH_IN_TURN(a, b)  HALVES(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31)
#define LOAD_SOME           _mm256_maskload_ps
#define STORE_SOME          _mm256_maskstore_ps
#include "core/depthwise_plane.inc"

depthwise_plane_of *const depthwise_plane_avx2[DEPTHWISE_WAYS] = DEPTHWISE_PLANES;
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
