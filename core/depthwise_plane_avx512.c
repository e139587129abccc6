/** @file
 *  Planes of depthwise convolutions in 512-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m512 vec;
typedef __mmask16 some;
enum { LANES = 16 };

#define SPLAT             _mm512_set1_ps
#define FMA               _mm512_fmadd_ps
#define BELOW(n)          ((n) >= LANES ? 0xffffU : (n) > 0 ? (1U << (n)) - 1U : 0U)
#define BETWEEN(from, to) ((some)(BELOW(to) & ~BELOW(from)))
#define NO_LANES          ((some)0)
#define PLACES(first)                                                                          \
  _mm512_setr_epi32((first), (first) + 2, (first) + 4, (first) + 6, (first) + 8, (first) + 10, \
                    (first) + 12, (first) + 14, (first) + 16, (first) + 18, (first) + 20,      \
                    (first) + 22, (first) + 24, (first) + 26, (first) + 28, (first) + 30)
#define EVEN(a, b) _mm512_permutex2var_ps(a, PLACES(0), b)
#define ODD(a, b)  _mm512_permutex2var_ps(a, PLACES(1), b)
#define TURNS(first)                                                                             \
  _mm512_setr_epi32((first), (first) + 16, (first) + 1, (first) + 17, (first) + 2, (first) + 18, \
                    (first) + 3, (first) + 19, (first) + 4, (first) + 20, (first) + 5,           \
                    (first) + 21, (first) + 6, (first) + 22, (first) + 7, (first) + 23)
#define LOW_IN_TURN(a, b)    _mm512_permutex2var_ps(a, TURNS(0), b)
#define HIGH_IN_TURN(a, b)   _mm512_permutex2var_ps(a, TURNS(8), b)
#define LOAD_SOME(from, m)   _mm512_maskz_loadu_ps(m, from)
#define STORE_SOME(to, m, v) _mm512_mask_storeu_ps(to, m, v)
#include "core/depthwise_plane.inc"

depthwise_plane_of *const depthwise_plane_avx512[DEPTHWISE_WAYS] = DEPTHWISE_PLANES;
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
