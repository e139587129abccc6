/** @file
 *  Sums in plain C, number by number: what the instruction sets are compared with. */
#include "core/real.h"

typedef real vf;
typedef double vd;
enum { LANES = 1, HALF = 1, HALVES = 1 };

#define LOAD_F(p)            (*(p))
#define LOAD_WIDE(p)         ((double)*(p))
#define WIDE(v, h)           ((void)(h), (double)(v))
#define SPLAT_F(x)           (x)
#define SPLAT_D(x)           (x)
#define STORE_D(p, v)        (*(p) = (v))
#define LARGER(a, b)         ((a) < (b) ? (b) : (a))
#define SMALLER(a, b)        ((a) > (b) ? (b) : (a))
#define IF_ABOVE(v, a, b)    ((v) > REAL(0.0) ? (a) : (b))
#define ABOVE(v)             (!((v) <= 0.0))
#define BELOW(v)             (!((v) > 0.0))
#define ADD_WHERE(acc, m, q) ((m) ? (acc) + (q) : (acc))
#define UNLESS_NAN(e, w)     ((w) != (w) ? (double)NAN : (e))
#define NOT_ABOVE_OR_ZERO(v) (!((v) >= REAL(0.0)))
#include "core/sums_kernels.inc"

const struct sums_kernels sums_plain = SUMS_KERNELS;
