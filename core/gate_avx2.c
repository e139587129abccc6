/** @file
 *  Activations and gates in 256-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>

typedef __m256 vec;
typedef __m256 lanes_of;
enum { LANES = 8 };

#define SPLAT                   _mm256_set1_ps
#define LOAD                    _mm256_loadu_ps
#define STORE                   _mm256_storeu_ps
#define MORE(a, b)              _mm256_cmp_ps(a, b, _CMP_GT_OQ)
#define LESS(a, b)              _mm256_cmp_ps(a, b, _CMP_LT_OQ)
#define NOT_LESS_OR_EQUAL(a, b) _mm256_cmp_ps(a, b, _CMP_NLE_UQ)
#define ONLY                    _mm256_and_ps
#define IN_LANES(m, v, w)       _mm256_blendv_ps(w, v, m)
#define BOTH                    _mm256_and_ps
#define EITHER                  _mm256_or_ps
#define STORE_BITS(to, m)       (*(to) = (unsigned char)_mm256_movemask_ps(m))
#include "core/gate_kernels.inc"

const struct gate_kernels gate_avx2 = {LANES, rectify, clamp};
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
