/** @file
 *  Activations and gates in 512-bit vectors. */
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
#include <immintrin.h>
#include <string.h>

typedef __m512 vec;
typedef __mmask16 lanes_of;
enum { LANES = 16 };

#define SPLAT                   _mm512_set1_ps
#define LOAD                    _mm512_loadu_ps
#define STORE                   _mm512_storeu_ps
#define MORE(a, b)              _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define LESS(a, b)              _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define NOT_LESS_OR_EQUAL(a, b) _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ)
#define ONLY                    _mm512_maskz_mov_ps
#define IN_LANES(m, v, w)       _mm512_mask_blend_ps(m, w, v)
#define BOTH(a, b)              ((lanes_of)((a) & (b)))
#define EITHER(a, b)            ((lanes_of)((a) | (b)))
#define STORE_BITS(to, m)       memcpy(to, &(lanes_of){m}, sizeof(lanes_of))
#include "core/gate_kernels.inc"

const struct gate_kernels gate_avx512 = {LANES, rectify, clamp};
#else
typedef int nothing_here; /* NOLINT(misc-unused-*): a source may not be empty */
#endif
